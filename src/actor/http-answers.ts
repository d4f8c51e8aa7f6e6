// What an input that serves HTTP answers: JSON that says how many events it took, what became of them, or why it took none.

import { toJson } from "../event-codec.ts"
import type { HttpAnswer } from "../platform/http.ts"
import type { Ticket } from "../ticket.ts"

/** Bytes of the results that are sent back. */
const resultsBytesMax = 1024 * 1024

/** Some of the events did not make it: tells whether to send them again. */
export function failedAnswer({ failed }: Ticket): HttpAnswer {
  const kinds = [...(failed?.values() ?? [])].map(({ kind }) => kind)
  const isInvalid = kinds.every((kind) => kind === "invalid")
  const body = { error: "failed", kind: kinds.find((kind) => kind !== "invalid") ?? "invalid", failed: kinds.length }
  return isInvalid ? jsonAnswer(422, body) : jsonAnswer(503, body, { "retry-after": "1" })
}

/** What the handlers returned, a branch an item. Why one failed is not told to strangers, but for its kind. */
export function resultsAnswer(ticket: Ticket, status: number): HttpAnswer {
  const list = (ticket.results ?? []).map((result) =>
    result.ok
      ? { ok: true, event: result.slot, value: result.value ?? null, stored: result.stored, delivered: result.delivered }
      : { ok: false, event: result.slot, kind: result.kind },
  )
  const answer = jsonAnswer(ticket.failed === null ? status : failedAnswer(ticket).status, list)
  return (answer.body?.length ?? 0) > resultsBytesMax ? jsonAnswer(500, { error: "the results are too large" }) : answer
}

/** By far the most frequent answer. */
export function acceptedAnswer(status: number, events: number): HttpAnswer {
  return { status, headers: { "content-type": "application/json" }, body: `{"events":${events}}\n` }
}

/** An answer with a body of JSON, and one of status 500 when there is no JSON for it. */
export function jsonAnswer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  let body: string
  try {
    body = `${toJson(value)}\n`
  } catch {
    return jsonAnswer(500, { error: "the results cannot be written as JSON" })
  }
  return { status, headers: { ...headers, "content-type": "application/json" }, body }
}
