// An entry on its way: an event was made of it, and its ticket says how that ended. The entry stays in the store until all that became of
// the event has ended or lies in a durable place, so that a crash in between repeats it rather than lose it. Whoever waited for the event
// when it was kept (`outer`) learns the same end.

import type { KeptBranch } from "../store/bucket.ts"
import type { Entry } from "../store/store.ts"
import { Ticket, type TicketOwner } from "../ticket.ts"
import { endAs } from "./watched-end.ts"

/**
 * - `offered`: nobody has said how it went.
 * - `acknowledged`: it arrived; what comes of it further on is none of ours.
 * - `returned`: it came back, and waits again.
 * - `leaving`: it was given up and is on its way to where such events go.
 */
export type OfferState = "offered" | "acknowledged" | "returned" | "leaving"

export class Offered implements TicketOwner {
  readonly entry: Entry
  /** By which its event is recognised. */
  readonly number: number
  state: OfferState = "offered"
  private readonly settled: (offer: Offered, ticket: Ticket) => void
  private outer: KeptBranch | undefined

  constructor(parts: { entry: Entry; number: number; settled: (offer: Offered, ticket: Ticket) => void }) {
    this.entry = parts.entry
    this.number = parts.number
    this.settled = parts.settled
  }

  /** The ticket of its event. */
  ticket(options: { results: boolean }): Ticket {
    return new Ticket(this, 1, options)
  }

  /** All branches ended or lie in a durable place. */
  ticketSettled(ticket: Ticket): void {
    this.settled(this, ticket)
  }

  /** All branches ended. */
  ticketDone(ticket: Ticket): void {
    const { outer } = this
    this.outer = undefined
    if (outer !== undefined) endBranch(ticket, outer)
  }

  /** Its entry is done with: `outer` ends as the event did, now or when the last of its branches does. */
  passOn(ticket: Ticket, outer: KeptBranch | undefined): void {
    if (outer === undefined) return
    if (ticket.failed !== null) return endBranch(ticket, outer)
    if (ticket.open > 0 && !outer.durable) {
      outer.durable = true
      outer.ticket.keep()
    }
    this.outer = outer
  }
}

function endBranch(ticket: Ticket, { ticket: outer, slot, durable }: KeptBranch): void {
  if (durable) outer.unkeep()
  endAs(ticket, outer, slot)
}
