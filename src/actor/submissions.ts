// What handlers submit. In the synchronous part of a call it is staged: a throw withdraws it, and nobody can tell the difference, as
// nothing else runs in between. After an `await`, from a timer or from `background`, it goes into the queues at once.
//
// Counting: the event in hand moves on as it is. Any other event submitted is a branch of its own: a clone, an event made in the call
// (it continues the ticket of the event in hand), or an event handed over before and submitted again (which is cloned). A held event
// is held no longer. An event made outside of any call enters the graph. When the graph has ended, nothing is taken any more.

import { type Event, Standing } from "../event.ts"
import type { Books } from "../ledger.ts"
import type { Calls, Submission } from "./calls.ts"
import { type Ends, stoppedFailure } from "./ends.ts"
import type { Holds } from "./holds.ts"
import type { Port } from "./port.ts"

const nothing: readonly Submission[] = []
// Compiled in; what another file exports would be looked up at each event.
const { inHand, live } = Standing

/** What the synchronous part of a call has decided. */
export interface Staged {
  /** In order; the event in hand is among them when it was handed on. */
  readonly submissions: readonly Submission[]
  /** The event in hand is handed on. */
  readonly moved: boolean
  /** The event in hand is to be held. */
  readonly kept: boolean
  /** The copy for `successful`, made when the event in hand was submitted. */
  readonly successCopy: Event | null
}

export class Submissions {
  /** A handler is in its synchronous part. Which event it has in hand says that event's standing: a number costs less than a reference. */
  calling = false
  /** Where that event alone was submitted to, on the common way: once, first, into a queue that takes it directly. */
  movedTo: Port | null = null
  /** That part did more than hand its event on: it staged something, or holds its event. */
  more = false
  private staged: Submission[] = []
  /** The graph has ended: what comes now is refused. */
  closed = false
  private kept = false
  private successCopy: Event | null = null
  private readonly books: Books
  private readonly ends: Ends
  private readonly holds: Holds
  private readonly calls: Calls

  constructor(parts: { books: Books; ends: Ends; holds: Holds; calls: Calls }) {
    this.books = parts.books
    this.ends = parts.ends
    this.holds = parts.holds
    this.calls = parts.calls
  }

  /** Takes the event, always. */
  submit(event: Event, port: Port): undefined {
    // Compared with `true` and `false` for speed: a condition alone is checked for everything that could be false.
    if (event.standing === inHand && port.direct === true && this.more === false) {
      event.standing = live
      this.movedTo = port
      return undefined
    }
    return this.submitOtherwise(event, port)
  }

  private submitOtherwise(event: Event, port: Port): undefined {
    if (this.calling) this.stage(event, port)
    else this.submitLater(event, port)
    return undefined
  }

  /** Forgets what the synchronous part submitted: it threw. */
  withdraw(event: Event): void {
    this.take(event)
  }

  /** Ends the synchronous part: what it decided, to be carried out by the caller. */
  take(event: Event): Staged {
    const { staged, movedTo, kept, successCopy } = this
    const moved = event.standing !== inHand
    event.standing = live
    if (movedTo !== null) staged.unshift({ event, port: movedTo, failure: null })
    // What ends from here on may call back into the module, which then is no part of the call any more.
    this.calling = false
    this.movedTo = null
    this.more = false
    this.kept = false
    this.successCopy = null
    // Never the list itself while it is empty: the next call stages into it before this one is carried out.
    const submissions = staged.length > 0 ? staged : nothing
    if (staged.length > 0) this.staged = []
    return { submissions, moved, kept: kept && !moved, successCopy }
  }

  /** The synchronous part returned without a promise: carries out what it decided, and ends its event if it is not on its way. */
  settle(event: Event): void {
    const { submissions, moved, kept, successCopy } = this.take(event)
    if (kept) this.holds.add(event)
    if (successCopy !== null) {
      successCopy.call = null
      successCopy.result = event.result
      this.ends.branch(successCopy)
    }
    this.carryOut(submissions, event)
    if (successCopy !== null) this.ends.forward(successCopy, this.ends.successful)
    if (!moved && !kept) this.ends.finish(event)
  }

  /** Puts staged submissions in. Copies count as branches before anything can end. */
  readonly carryOut = (submissions: readonly Submission[], origin: Event): void => {
    for (const submission of submissions) {
      if (submission.event !== origin) submission.event = this.branchOf(submission.event, origin)
    }
    for (const { event, port, failure } of submissions) {
      if (failure === null) this.ends.forward(event, port)
      else this.ends.fail(event, failure.thrown)
    }
  }

  /** Keeps the event in hand beyond its call. */
  hold(event: Event): void {
    if (event.standing !== inHand) return this.calls.hold(event)
    this.kept = true
    this.more = true
  }

  /** The event is held no longer: it ends as if its handler had returned now. */
  release(event: Event): void {
    if (event.standing === inHand) {
      this.kept = false
      return
    }
    this.calls.inHand(event)
    if (this.holds.remove(event)) this.ends.finish(event)
  }

  /** The event, held or in hand, leaves on `failed`. */
  fail(event: Event, thrown: unknown): void {
    if (event.standing === inHand) {
      event.standing = live
      this.more = true
      this.kept = false
      this.staged.push({ event, port: this.ends.failed, failure: { thrown } })
      return
    }
    if (this.calls.fail(event, thrown)) return
    if (this.holds.remove(event)) this.ends.fail(event, thrown)
  }

  /** Joins `members`, held or in hand, into `whole` once that is submitted; until then they stay held. */
  join(members: readonly Event[], whole: Event): void {
    for (const member of members) this.hold(member)
    this.holds.join(members, whole)
  }

  /** Keeps a submission of the synchronous part until that part has returned. */
  private stage(event: Event, port: Port): void {
    this.more = true
    if (event.standing === inHand) {
      event.standing = live
      this.kept = false
      if (this.ends.copies && port !== this.ends.successful) this.successCopy = event.clone()
      this.staged.push({ event, port, failure: null })
      return
    }
    const again = event.standing === Standing.live && !this.holds.has(event)
    this.staged.push({ event: again ? event.clone() : event, port, failure: null })
  }

  /** The branch that a submission of anything but the event in hand stands for. */
  private branchOf(event: Event, origin: Event): Event {
    if (this.holds.remove(event)) return event
    // Two queues never share one object: an event that this call has handed over already goes on as a copy.
    const branch = event.standing === Standing.live ? event.clone() : event
    this.holds.carryOutJoin(branch)
    if (branch.standing === Standing.fresh) continues(branch, origin)
    branch.call = null
    this.ends.branch(branch)
    return branch
  }

  private submitLater(event: Event, port: Port): void {
    if (this.closed) return this.refuse(event)
    if (this.calls.submit(event, port)) return
    if (this.holds.remove(event)) return this.ends.forward(event, port)
    const branch = event.standing === Standing.live ? event.clone() : event
    this.holds.carryOutJoin(branch)
    branch.call = null
    if (branch.standing === Standing.fresh) this.books.in += 1
    else this.ends.branch(branch)
    this.ends.forward(branch, port)
  }

  /** The graph has ended. What is new to it was never taken over, and whoever made it learns so. */
  private refuse(event: Event): void {
    this.calls.late += 1
    if (event.standing === Standing.fresh) event.ticket?.fail(event.slot, "stopped", stoppedFailure)
  }
}

/** An event made in a call is a part of the event in hand: the same ticket, and no more hops than that has left, or it could go round for ever. */
function continues(made: Event, origin: Event): void {
  if (made.ticket === null) {
    made.ticket = origin.ticket
    made.slot = origin.slot
  }
  made.inheritHops(origin)
}
