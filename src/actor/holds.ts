// Events a module keeps beyond the call that brought them: their branches stay open until they are released, submitted, failed or joined.

import { type Event, Standing } from "../event.ts"
import type { Books } from "../ledger.ts"
import { Ticket, type TicketOwner } from "../ticket.ts"

/** What holds need of their actor. */
interface Holder {
  readonly books: Books
  wake(): void
}

export class Holds {
  private readonly holder: Holder
  private readonly events = new Set<Event>()
  /** What is to be joined into an event once it, or a clone of it, is submitted: by its ticket, which clones share. */
  private readonly joins = new WeakMap<Ticket, { readonly members: Event[]; readonly told: JoinedMembers }>()

  constructor(holder: Holder) {
    this.holder = holder
  }

  get count(): number {
    return this.events.size
  }

  has(event: Event): boolean {
    return this.events.has(event)
  }

  add(event: Event): void {
    event.own()
    event.standing = Standing.live
    this.events.add(event)
    this.holder.books.held += 1
  }

  /** Takes the event out; answers whether it was held. */
  remove(event: Event): boolean {
    if (this.events.size === 0 || !this.events.delete(event)) return false
    this.holder.books.held -= 1
    this.holder.wake()
    return true
  }

  /** All that is held, in the order it came. */
  list(): Event[] {
    return [...this.events]
  }

  /** Decides that `members` are joined into `whole` when that is submitted. Until then they stay held, so that a call which throws
   *  after this loses nothing. @throws TypeError when `whole` is a branch of its own already. */
  join(members: readonly Event[], whole: Event): void {
    if (whole.standing === Standing.live || whole.standing === Standing.inHand)
      throw new TypeError("events are joined into a new event, made by `event()` or `clone()`")
    const known = whole.ticket === null ? undefined : this.joins.get(whole.ticket)
    if (known !== undefined) {
      known.members.push(...members)
      return
    }
    const told = new JoinedMembers()
    whole.standing = Standing.copy
    whole.ticket = new Ticket(told, 0)
    whole.slot = 0
    this.joins.set(whole.ticket, { members: [...members], told })
  }

  /** `whole` is about to be submitted: ends the branches of its members as joined. Members no longer held are left out. */
  carryOutJoin(whole: Event): void {
    if (this.events.size === 0 || whole.ticket === null) return
    const join = this.joins.get(whole.ticket)
    if (join === undefined) return
    this.joins.delete(whole.ticket)
    for (const event of join.members) {
      if (!this.remove(event)) continue
      this.holder.books.joined += 1
      whole.inheritHops(event)
      if (event.ticket !== null) join.told.members.push(event)
    }
  }
}

/** Tells the tickets of joined events how the whole ended. */
class JoinedMembers implements TicketOwner {
  readonly members: Event[] = []

  ticketSettled(ticket: Ticket): void {
    const failure = ticket.failed?.values().next().value
    for (const event of this.members) {
      if (failure === undefined) event.ticket?.endWith(event.slot, event.result, { stored: false, delivered: true })
      else event.ticket?.fail(event.slot, failure.kind, failure.error)
    }
  }
}
