// How a branch leaves an instance: handed on, failed, or over. Each way changes the books and the ticket together, here and nowhere
// else. An instance's branches end through one `Ends`.

import { describeThrown, Failure, type FailureKind, failureKindOf, isRetry, type RetryWish } from "../errors.ts"
import { type Event, reserveTtl, Standing } from "../event.ts"
import type { Books, DropReason } from "../ledger.ts"
import type { Clock } from "../platform/platform.ts"
import type { FailureLog } from "./failure-log.ts"
import type { Port } from "./port.ts"

/** The event spent its hops. */
const ttlFailure = new Failure("ttl", "ttl", "the event went through too many instances; it may be going round")
const overflowFailure = new Failure("overflow", "overflow", "the queue was full and its policy drops")
const returnedFailure = new Failure("transient", "returned", "the event came back to the spool it was read from")
const unroutedFailure = new Failure("error", "failed", "the event was handed to `failed`, where nobody takes it")
/** The instance was removed from the graph, or is to start again, and its time is over. */
export const staleFailure = new Failure("stale", "stale", "the instance was removed or changed before the event was through")
/** The graph is stopping. */
export const stoppedFailure = new Failure("stopped", "stopped", "the graph stopped before the event was through")

export class Ends {
  readonly successful: Port
  readonly failed: Port
  /** The instance delivers to the outside: what ends here without more is delivered. */
  private readonly delivers: boolean
  /** The module says itself what goes to `successful`. */
  private readonly confirms: boolean
  private readonly instance: string
  private readonly books: Books
  private readonly clock: Clock
  private readonly failures: FailureLog
  private readonly keepInMemory: (event: Event, wish: RetryWish) => boolean

  constructor(parts: {
    instance: string
    delivers: boolean
    confirms: boolean
    books: Books
    successful: Port
    failed: Port
    clock: Clock
    failures: FailureLog
    /** Keeps an event whose handler asked to see it again, where nobody else does; answers whether it could. */
    keepInMemory: (event: Event, wish: RetryWish) => boolean
  }) {
    this.instance = parts.instance
    this.delivers = parts.delivers
    this.confirms = parts.confirms
    this.books = parts.books
    this.successful = parts.successful
    this.failed = parts.failed
    this.clock = parts.clock
    this.failures = parts.failures
    this.keepInMemory = parts.keepInMemory
  }

  /** Whether what is handed on goes to `successful` as well, as a copy. */
  get copies(): boolean {
    return this.successful.queue !== null && !this.confirms
  }

  /** Hands the event on. Without a route its branch ends well, undelivered; on `failed` badly. */
  forward(event: Event, port: Port): void {
    event.standing = Standing.live
    if (port.queue !== null) port.put(event)
    else if (port === this.failed) this.endBadly(event, event.knownMetaOrNull?.history.at(-1)?.kind ?? "error", unroutedFailure)
    else this.drop(event, "unconnected")
  }

  /** The handler is through and has not handed the event on: it goes to `successful`, or it is over. */
  finish(event: Event): void {
    if (this.successful.queue !== null) return this.successful.put(event)
    if (this.delivers || event.result !== undefined) this.deliver(event)
    else this.drop(event, "unconnected")
  }

  /** The branch ends well, delivered, with what its handlers returned. */
  deliver(event: Event): void {
    this.books.delivered += 1
    if (event.ticket !== null) event.ticket.endWith(event.slot, event.result, { stored: false, delivered: true })
  }

  /** The branch ends well in a durable place, whose owner's books count it as waiting. */
  store(event: Event): void {
    if (event.ticket !== null) event.ticket.endWith(event.slot, event.result, { stored: true, delivered: true })
  }

  /** The branch ends well by the graph's own decision. */
  drop(event: Event, reason: Exclude<DropReason, "overflow">): void {
    this.books.dropped(reason, 1)
    if (event.ticket !== null) event.ticket.endWith(event.slot, event.result, { stored: false, delivered: false })
  }

  /** The branch fell out of a full queue: never acknowledged. */
  overflow(event: Event): void {
    this.books.dropped("overflow", 1)
    event.ticket?.fail(event.slot, "overflow", overflowFailure)
  }

  /** Records the failure on the event and hands it to `failed`; without a route there the branch ends badly. */
  fail(event: Event, thrown: unknown, kind: FailureKind = failureKindOf(thrown)): void {
    const { line, type, message, code } = describeThrown(thrown)
    this.failures.count(kind, code, thrown)
    event.recordFailure({ time: this.clock.now() / 1000, instance: this.instance, kind, code, message }, [line, type, message])
    if (isRetry(thrown)) {
      if (this.failed.queue?.retries === true) event.meta.wish = thrown
      else if (this.keepInMemory(event, thrown)) return
    }
    if (this.failed.queue !== null) return this.failed.put(event)
    this.endBadly(event, kind, thrown)
  }

  /** The event's hops are spent: once it leaves on `failed` with a reserve, then it is lost. */
  spent(event: Event): void {
    if (event.meta.ttlSpent) return this.lose(event, "ttl", ttlFailure)
    event.meta.ttlSpent = true
    event.ttl = reserveTtl
    this.fail(event, ttlFailure, "ttl")
  }

  /** The event came back to the spool it was read from: it is not written again, its record stays and is offered again. */
  giveBack(event: Event): void {
    event.ticket?.fail(event.slot, event.knownMetaOrNull?.history.at(-1)?.kind ?? "transient", returnedFailure)
  }

  /** The branch is lost; a person needs to know. What still lies in a spool only failed: its record is offered again. */
  lose(event: Event, kind: FailureKind, error: unknown): void {
    if (event.origin !== undefined) return this.endBadly(event, kind, error)
    this.books.lost += 1
    this.failures.lost(kind, error)
    event.ticket?.fail(event.slot, kind, error)
  }

  private endBadly(event: Event, kind: FailureKind, error: unknown): void {
    this.books.failed += 1
    event.ticket?.fail(event.slot, kind, error)
  }

  /** Another branch of `event` begins here. A copy of what is already over stands alone, without a ticket. */
  branch(event: Event): void {
    this.books.copied += 1
    event.standing = Standing.live
    if (event.ticket === null) return
    if (event.ticket.done) event.ticket = null
    else event.ticket.add(1)
  }
}
