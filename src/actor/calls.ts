// The handler calls of one instance that go on after their synchronous part. A call keeps what that part submitted until it is known
// that it did not throw, and owns its event until the event is handed on, held, failed or over.

import type { Failure } from "../errors.ts"
import type { Event } from "../event.ts"
import type { Books } from "../ledger.ts"
import { Call, type CallSlot, type CallTimeouts, type Submission } from "./call.ts"
import type { Ends } from "./ends.ts"
import type { FailureLog } from "./failure-log.ts"
import type { Holds } from "./holds.ts"
import type { Port } from "./port.ts"

export type { Submission } from "./call.ts"

/** What the synchronous part of a call has left to do. */
interface Begun {
  readonly submissions: readonly Submission[]
  readonly kept: boolean
  readonly successCopy: Event | null
}

export interface CallsParts {
  readonly books: Books
  readonly ends: Ends
  readonly holds: Holds
  readonly failures: FailureLog
  readonly timeouts: CallTimeouts | null
  /** Puts staged submissions into the queues. */
  readonly carryOut: (submissions: readonly Submission[], origin: Event) => void
  /** A place among the concurrent calls is free. */
  readonly wake: () => void
}

export class Calls {
  /** Events that came too late: submitted or returned after the call's time was over. */
  late = 0
  /** Handlers that threw after their event had been handed on. */
  threwLate = 0
  private readonly running = new Set<Call>()
  private readonly parts: CallsParts

  constructor(parts: CallsParts) {
    this.parts = parts
  }

  /** Calls whose handlers have neither ended nor run out of time. */
  get count(): number {
    return this.running.size
  }

  /** The synchronous part returned a promise. */
  begin(event: Event, slot: CallSlot, begun: Begun): Call {
    const { books, timeouts } = this.parts
    const call = new Call(event, slot, begun)
    event.call = call
    slot.active += 1
    books.inHands += 1
    this.running.add(call)
    timeouts?.watch(call)
    return call
  }

  /** The synchronous part did not throw: what it decided is carried out. */
  commit(call: Call): void {
    const { staged, event, kept, successCopy } = call
    if (staged === null || call.timedOut) return
    call.staged = null
    if (successCopy !== null) this.branchInHand(successCopy)
    if (kept || staged.some((submission) => submission.event === event)) this.leave(call)
    if (kept) this.parts.holds.add(event)
    this.parts.carryOut(staged, event)
  }

  /** The handler's promise was fulfilled. */
  returned(call: Call, value: unknown): void {
    call.over = true
    if (call.timedOut) return this.endLate()
    this.commit(call)
    this.end(call)
    if (value !== undefined) this.keepResult(call, value)
    this.endSuccessCopy(call, true)
    if (!call.moved) {
      this.leave(call)
      this.parts.ends.finish(call.event)
    }
    this.free(call.slot)
  }

  /** The handler's promise was rejected. After its event was handed on that makes no second event. */
  threw(call: Call, thrown: unknown): void {
    call.over = true
    if (call.timedOut) return this.endLate()
    this.end(call)
    // Still there when the synchronous part threw: withdrawn.
    call.staged = null
    if (call.moved) {
      this.threwLate += 1
      this.endSuccessCopy(call, false)
      this.parts.failures.threwLate(thrown)
    } else {
      this.leave(call)
      this.parts.ends.fail(call.event, thrown)
    }
    this.free(call.slot)
  }

  /** The running call that has `event` in hand, `null` if there is none; what its synchronous part decided is carried out first. */
  inHand(event: Event): Call | null {
    const call = event.call as Call | null
    if (call === null || call.event !== event || !this.running.has(call)) return null
    this.commit(call)
    return call.moved ? null : call
  }

  /** Submits the event of a call after its synchronous part, or a copy that a call made; answers whether there is no more to do. */
  submit(event: Event, port: Port): boolean {
    if (this.isLate(event)) return true
    const call = this.inHand(event)
    if (call === null) return false
    const { ends } = this.parts
    this.leave(call)
    if (ends.copies && port !== ends.successful) {
      call.successCopy = event.clone()
      this.branchInHand(call.successCopy)
    }
    ends.forward(event, port)
    return true
  }

  /** Holds the event of a call after its synchronous part. */
  hold(event: Event): void {
    if (this.isLate(event)) return
    const call = this.inHand(event)
    if (call === null) return
    this.leave(call)
    this.parts.holds.add(event)
  }

  /** Fails the event of a call after its synchronous part; answers whether there is no more to do. */
  fail(event: Event, thrown: unknown): boolean {
    if (this.isLate(event)) return true
    const call = this.inHand(event)
    if (call === null) return false
    this.leave(call)
    this.parts.ends.fail(event, thrown)
    return true
  }

  /** The call's time is over: its event fails, its place is free, and what it still does is refused. */
  expire(call: Call, failure: Failure): void {
    if (call.over || call.timedOut) return
    this.commit(call)
    this.stopWaitingFor(call)
    this.endSuccessCopy(call, false)
    call.controller?.abort(new Error(failure.message))
    if (!call.moved) {
      // The handler still has the event object and may change it: what fails is another object for the same event.
      const { event } = call
      const next = event.successor()
      this.leave(call)
      event.call = call
      this.parts.ends.fail(next, failure)
    }
    this.free(call.slot)
  }

  /** Fails the events of all running calls; what the handlers still do is refused. */
  giveUp(failure: Failure): void {
    for (const call of Array.from(this.running)) this.expire(call, failure)
  }

  /** Takes back whatever running calls have in hand, to be counted as lost. */
  abandon(): Event[] {
    const left: Event[] = []
    for (const call of Array.from(this.running)) {
      this.commit(call)
      this.stopWaitingFor(call)
      const { event, successCopy } = call
      if (successCopy !== null) {
        call.successCopy = null
        this.parts.books.inHands -= 1
        left.push(successCopy)
      }
      if (call.moved) continue
      this.leave(call)
      event.call = call
      left.push(event)
    }
    return left
  }

  /** What the handler returned stays with the branch that the call still answers for: its event if it holds it, the copy for `successful`. */
  private keepResult(call: Call, value: unknown): void {
    const { event, successCopy } = call
    if (!call.moved || this.parts.holds.has(event)) event.result = value
    if (successCopy !== null) successCopy.result = value
  }

  /** A copy for `successful` becomes a branch when its event is handed on, and waits in hand for the handler to return. */
  private branchInHand(copy: Event): void {
    copy.call = null
    this.parts.ends.branch(copy)
    this.parts.books.inHands += 1
  }

  /** The handler has ended: its copy for `successful`, if its event was handed on, goes there or is not needed. */
  private endSuccessCopy(call: Call, returned: boolean): void {
    const copy = call.successCopy
    if (copy === null) return
    call.successCopy = null
    this.parts.books.inHands -= 1
    if (returned) this.parts.ends.forward(copy, this.parts.ends.successful)
    else this.parts.ends.drop(copy, "filtered")
  }

  /** The call's event is no longer in its hands. */
  private leave(call: Call): void {
    call.moved = true
    call.event.call = null
    this.parts.books.inHands -= 1
  }

  private end(call: Call): void {
    this.running.delete(call)
    this.parts.timeouts?.unwatch(call)
  }

  /** The handler runs on; nobody waits for its end any more. */
  private stopWaitingFor(call: Call): void {
    call.timedOut = true
    this.running.delete(call)
    if (this.parts.timeouts !== null) this.parts.timeouts.stillRunning += 1
  }

  /** Whether the event belongs to a call whose time is over; counts it. */
  private isLate(event: Event): boolean {
    if ((event.call as Call | null)?.timedOut !== true) return false
    this.late += 1
    return true
  }

  private endLate(): void {
    this.late += 1
    if (this.parts.timeouts !== null) this.parts.timeouts.stillRunning -= 1
  }

  private free(slot: CallSlot): void {
    slot.active -= 1
    this.parts.wake()
  }
}
