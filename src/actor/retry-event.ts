// An event as an entry of a store, and back.

import type { Event, UuidSource } from "../event.ts"
import { decodeEvent, encodeEvent } from "../event-codec.ts"
import type { Entry, NewEntry } from "../store/store.ts"

const noUuid = Buffer.alloc(16)

/** The entry that keeps an event. @throws Invalid when its data cannot be written */
export function entryOf(event: Event, about: Omit<NewEntry, "uuid" | "codec" | "timestampMs" | "payload">): NewEntry {
  const { codec, payload, timestampMs } = encodeEvent(event)
  return { ...about, uuid: event.uuid, codec, timestampMs, payload }
}

/** The event of an entry, as it was kept. @throws Invalid when the bytes are not what their codec says */
export function eventOf(source: UuidSource, { uuid, codec, timestampMs, payload }: Entry): Event {
  const event = decodeEvent(source, { codec, timestampMs, payload, uuid: noUuid })
  event.uuid = uuid
  return event
}
