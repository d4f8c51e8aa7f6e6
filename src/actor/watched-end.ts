// Lets a module learn how an event that it hands on ends, without changing who else learns it: a ticket of its own goes with the event,
// and passes both moments on to the ticket the event had.

import type { Event } from "../event.ts"
import { type FailedSlot, Ticket, type TicketOwner } from "../ticket.ts"

class WatchedEnd implements TicketOwner {
  private readonly outer: Ticket | null
  private readonly slot: number
  private readonly told: (failed: FailedSlot | undefined) => void
  /** The branch of the outer ticket has been ended. */
  private ended = false
  private kept = false

  constructor(outer: Ticket | null, slot: number, told: (failed: FailedSlot | undefined) => void) {
    this.outer = outer
    this.slot = slot
    this.told = told
  }

  ticketSettled(ticket: Ticket): void {
    const failed = ticket.failed?.values().next().value
    this.told(failed)
    if (this.outer === null) return
    if (failed !== undefined) this.end(ticket)
    else if (ticket.open > 0) {
      this.kept = true
      this.outer.keep()
    }
  }

  ticketDone(ticket: Ticket): void {
    if (this.ended || this.outer === null) return
    if (this.kept) this.outer.unkeep()
    this.end(ticket)
  }

  private end(ticket: Ticket): void {
    if (this.outer === null) return
    this.ended = true
    endAs(ticket, this.outer, this.slot)
  }
}

/** Ends the one branch of `slot` that the outer ticket knows of as all branches of `ticket` ended. */
export function endAs(ticket: Ticket, outer: Ticket, slot: number): void {
  const results = [...(ticket.results ?? [])]
  const last = results.findLastIndex((result) => result.ok === (ticket.failed === null))
  for (const [at, result] of results.entries()) if (at !== last) outer.results?.push({ ...result, slot })
  const failed = ticket.failed?.values().next().value
  if (failed !== undefined) return outer.fail(slot, failed.kind, failed.error)
  const result = results[last]
  if (result?.ok === true) outer.endWith(slot, result.value, { stored: result.stored, delivered: result.delivered })
  else outer.end(1)
}

/** Tells how `event` and all that is made of it ended, once all of it has ended or lies in a durable place. To be called before it is
 *  handed on. `told` gets what failed, if anything; it comes inside the turn that ended the last branch: keep it short, never throw. */
export function watchEnd(event: Event, told: (failed: FailedSlot | undefined) => void): void {
  const outer = event.ticket
  event.ticket = new Ticket(new WatchedEnd(outer, event.slot, told), 1, { results: outer !== null && outer.results !== null })
  event.slot = 0
}
