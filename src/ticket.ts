// How the end of an event is learnt. An input, or a publisher, opens one ticket for a whole batch of events; each event carries the
// ticket and its slot in it. Handing an event on changes nothing: only copies add branches, only ends subtract.
//
// A ticket passes two moments, each once. *Settled*: no branch is open except those that lie in a durable place; the owner is told
// whether all is safe or which slots failed, and acknowledges on it. *Done*: no branch is open at all.
// A slot fails when one of its branches ended badly; a redelivery repeats the slot as a whole.

import type { FailureKind } from "./errors.ts"

/** A slot of a ticket with a branch that ended badly: the first one counts. */
export interface FailedSlot {
  readonly slot: number
  readonly kind: FailureKind
  readonly error: unknown
}

/** How one branch ended, for publishers who asked for results. */
export type Result =
  | { readonly ok: true; readonly slot: number; readonly value: unknown; readonly stored: boolean; readonly delivered: boolean }
  | { readonly ok: false; readonly slot: number; readonly kind: FailureKind; readonly error: unknown }

/** Who opened a ticket. Both calls come inside the turn that ended the last branch: keep them short, never throw. */
export interface TicketOwner {
  /** Every branch has ended or lies in a durable place; `ticket.failed` says which slots did not make it. Called once. */
  ticketSettled(ticket: Ticket): void
  /** No branch is open any more. Called once, after or together with {@link ticketSettled}. */
  ticketDone?(ticket: Ticket): void
}

/** The account of one batch of events. */
export class Ticket {
  /** Branches that have not ended. */
  open: number
  /** Of these, branches that lie in a durable place: safe, not done. */
  durable = 0
  settled = false
  done = false
  /** Slots with a branch that ended badly, by slot, in the order of failing; `null` when there is none. */
  failed: Map<number, FailedSlot> | null = null
  /** Results of branches in the order of their ends, kept only when asked for. */
  readonly results: Result[] | null
  private readonly owner: TicketOwner

  /** Opens `branches` branches (0 or more). A ticket of 0 settles when {@link Ticket.seal} is called. */
  constructor(owner: TicketOwner, branches: number, options?: { results?: boolean }) {
    this.owner = owner
    this.open = branches
    this.results = options?.results === true ? [] : null
  }

  /** Settles a ticket that was opened for nothing. */
  seal(): void {
    if (this.open === this.durable) this.tell()
  }

  /** `count` more branches: clones, further submits. */
  add(count: number): void {
    this.open += count
  }

  /** `count` branches ended well. */
  end(count: number): void {
    this.open -= count
    if (this.open <= this.durable) this.tell()
  }

  /** One branch of `slot` ended well with what its handlers returned. */
  endWith(slot: number, value: unknown, how: { stored: boolean; delivered: boolean }): void {
    this.results?.push({ ok: true, slot, value, ...how })
    this.end(1)
  }

  /** One branch of `slot` ended badly. */
  fail(slot: number, kind: FailureKind, error: unknown): void {
    this.failed ??= new Map()
    if (!this.failed.has(slot)) this.failed.set(slot, { slot, kind, error })
    this.results?.push({ ok: false, slot, kind, error })
    this.end(1)
  }

  /** One open branch now lies in a durable place; it ends later by {@link Ticket.unkeep} and an end. */
  keep(): void {
    this.durable += 1
    if (this.open <= this.durable) this.tell()
  }

  /** One branch left its durable place and is on its way in memory again, or ended. */
  unkeep(): void {
    this.durable -= 1
  }

  /** Whether one of the branches of `slot` ended badly. */
  hasFailed(slot: number): boolean {
    return this.failed?.has(slot) === true
  }

  private tell(): void {
    if (this.open < 0 || this.open < this.durable) throw new Error("a ticket ended more branches than it had")
    if (!this.settled) {
      this.settled = true
      this.owner.ticketSettled(this)
    }
    if (this.open === 0 && !this.done) {
      this.done = true
      this.owner.ticketDone?.(this)
    }
  }
}
