// What a handler that threw `Retry` asks for besides time: done to the event before it is kept.

import type { RetryWish } from "../errors.ts"
import type { Event } from "../event.ts"

/** Merges `patch` into `meta.args` and replaces the data by `payload`, as far as the wish has them. */
export function fulfil(event: Event, { patch, payload }: RetryWish): void {
  const { meta } = event
  if (patch !== undefined) {
    const { args } = meta
    meta.args = { ...(typeof args === "object" && args !== null && !Array.isArray(args) ? args : {}), ...patch }
  }
  if (payload !== undefined) event.data = payload
}
