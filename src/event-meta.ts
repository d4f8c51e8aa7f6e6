// What most events never need: parents, attempts, failures, where it was read from. Made at the first touch.

import type { FailureKind, RetryWish } from "./errors.ts"

/** One failure on an event's way. */
export interface HistoryEntry {
  readonly time: number
  readonly instance: string
  readonly kind: FailureKind
  readonly code: string
  readonly message: string
}

/** `errors.<instance>`: line, type and message, as Wishbone records them. */
export type ErrorRecord = readonly [line: number, type: string, message: string]

/** Where an event was read from, so that it is recognised when it comes back. */
export interface Origin {
  readonly spool: string
  readonly sequence: number
}

/** A record of a spool that an event was made from. */
export interface Offer extends Origin {
  /** How often it was offered, this time included. */
  readonly offers: number
}

/** What most events never need. */
export class EventMeta {
  /** Uuids of the events this one was cloned from, the last 16, nearest last. */
  parents: string[] = []
  attempts = 0
  offers = 0
  /** The first and the last 15 failures; `failures` counts them all. */
  history: HistoryEntry[] = []
  failures = 0
  /** Lower is served first in a priority queue. */
  priority: number | undefined = undefined
  delivery: unknown = undefined
  args: unknown = undefined
  origin: Origin | undefined = undefined
  /** The reserve of hops was given out. */
  ttlSpent = false
  /** A copy of what had already been presumed delivered. */
  resent = false
  /** How its handler asked to see it again, on the way from there to whoever offers it again. Not written down. */
  wish: RetryWish | undefined = undefined
}

/** Parents kept, nearest last. */
export const parentsMax = 16
/** Failures kept at either end of a history. */
export const historyEdge = 15

/** What meta data says of the record that the event was made from. */
export function originOf({ spool, sequence, offers }: Offer): Pick<EventMeta, "origin" | "offers"> {
  return { origin: { spool, sequence }, offers }
}
