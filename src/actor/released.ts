// What is left of a batch whose bytes were sent, until it is known that they arrived: the bytes, and of each stretch of neighbours their
// ticket, hops and time. Thousands of event objects that live for the fifty milliseconds of a TCP tail cost a quarter of the speed;
// these cost next to nothing. An event is built anew only when somebody needs it, because the connection broke or `successful` is routed.
// An event that is more than its bytes is kept as it is.

import { type Encoding, Event, Standing, type UuidSource } from "../event.ts"
import type { Ticket } from "../ticket.ts"

/** Where the data of events lies in what was sent. */
export interface SentBytes {
  readonly bytes: Buffer
  /** For the event at index i, `bytes[pieces[2 * i], pieces[2 * i + 1])` is its data; an end of 0 stands for an event that is not there. */
  readonly pieces: Uint32Array
}

/** Neighbours that have all but their bytes in common, or one event that is kept. */
interface Stretch {
  /** Indexes of the batch: `[from, to)`. */
  readonly from: number
  to: number
  readonly ticket: Ticket | null
  /** Slot of the first; the others follow it. */
  readonly slot: number
  readonly ttl: number
  readonly timestamp: number
  readonly encoding: Encoding
  readonly event: Event | null
  /** What is offered again, made while the event is still ours. */
  readonly copy: Event | null
}

export class ReleasedEvents {
  /** Events that are kept as objects. */
  kept = 0
  /** An event was built anew: whoever has it uses the bytes. */
  lent = false
  private readonly source: UuidSource
  private readonly bytes: Buffer
  private readonly pieces: Uint32Array
  private readonly stretches: Stretch[] = []
  /** The stretch that was looked at last: events are settled in order. */
  private recent = 0

  /** `settled` marks those of `events` that are none of ours any more. `copies`: see {@link ReleasedEvents.copyAt}. */
  constructor(
    source: UuidSource,
    sent: SentBytes,
    of: { readonly events: readonly Event[]; readonly settled: Uint8Array | null; readonly copies: boolean },
  ) {
    this.source = source
    this.bytes = sent.bytes
    this.pieces = sent.pieces
    const { events, settled, copies } = of
    let last: Stretch | null = null
    for (let at = 0; at < events.length; at++) {
      if (settled?.[at] === 1) continue
      const event = events[at] as Event
      if (sent.pieces[2 * at + 1] === 0 || event.hasMoreThanData || event.result !== undefined) {
        this.stretches.push(keptEvent(event, at, copies))
        this.kept += 1
        last = null
      } else if (last !== null && follows(last, event, at)) last.to = at + 1
      else this.stretches.push((last = stretchFrom(event, at)))
    }
  }

  /** The event at `index` of the batch, kept or built anew; to be asked for once. */
  at(index: number): Event {
    const stretch = this.stretchAt(index)
    if (stretch.event !== null) return stretch.event
    const event = this.build(stretch, index)
    event.ticket = stretch.ticket
    event.slot = stretch.ticket === null ? 0 : stretch.slot + index - stretch.from
    event.ttl = stretch.ttl
    event.standing = Standing.live
    return event
  }

  /** The ticket of the event at `index` when the event itself need not be there; `undefined` when it is kept. */
  ticketAt(index: number): Ticket | null | undefined {
    const stretch = this.stretchAt(index)
    return stretch.event === null ? stretch.ticket : undefined
  }

  /** A copy of the event at `index`, marked as sent again: nobody waits for it, and its record, if it had one, is settled. */
  copyAt(index: number): Event {
    const stretch = this.stretchAt(index)
    const copy = stretch.copy ?? this.build(stretch, index)
    copy.ticket = null
    copy.slot = 0
    copy.standing = Standing.copy
    copy.meta.resent = true
    copy.meta.origin = undefined
    return copy
  }

  private build({ timestamp, encoding }: Stretch, index: number): Event {
    this.lent = true
    const start = this.pieces[2 * index] as number
    const end = this.pieces[2 * index + 1] as number
    return Event.ofBytes(this.source, timestamp, { chunk: this.bytes, start, end, encoding })
  }

  private stretchAt(index: number): Stretch {
    const { stretches } = this
    if (index < (stretches[this.recent] as Stretch).from) this.recent = 0
    while (index >= (stretches[this.recent] as Stretch).to) this.recent += 1
    return stretches[this.recent] as Stretch
  }
}

function follows(last: Stretch, event: Event, at: number): boolean {
  return (
    last.to === at &&
    event.ticket === last.ticket &&
    (last.ticket === null || event.slot === last.slot + at - last.from) &&
    event.ttl === last.ttl &&
    event.timestamp === last.timestamp &&
    event.encodingOfBytes === last.encoding
  )
}

function stretchFrom({ ticket, slot, ttl, timestamp, encodingOfBytes }: Event, at: number): Stretch {
  return { from: at, to: at + 1, ticket, slot, ttl, timestamp, encoding: encodingOfBytes, event: null, copy: null }
}

function keptEvent(event: Event, at: number, copies: boolean): Stretch {
  const { ticket, slot, ttl, timestamp, encodingOfBytes } = event
  const copy = copies ? event.clone() : null
  return { from: at, to: at + 1, ticket, slot, ttl, timestamp, encoding: encodingOfBytes, event, copy }
}
