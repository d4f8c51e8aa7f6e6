// Events whose handler threw `Retry` on an instance without `retry:`: held in memory, and put back into the in queue they came from when
// their time has come. They end with the process, which is said once. Counted and bounded like all that is held (`hold_max`).
//
// An instance with several in queues does not know where an event came from: there it fails, as `transient`.

import { type Failure, type RetryWish, TransientError } from "../errors.ts"
import type { Event } from "../event.ts"
import type { Books } from "../ledger.ts"
import type { Log } from "../log.ts"
import type { Timer, Timers } from "../platform/platform.ts"
import type { Queue } from "../queue/queue.ts"
import { type Ends, stoppedFailure } from "./ends.ts"
import type { Holds } from "./holds.ts"
import { fulfil } from "./retry-wish.ts"

/** Where a wish names no time: the interval that `retry:` has by default would be long for something in memory. */
const usualMs = 60_000

/** The actor, as far as it matters here. */
interface RetryingActor {
  readonly queues: ReadonlyMap<string, Queue>
  readonly submissions: { readonly closed: boolean }
  readonly holds: Holds
  readonly ends: Ends
  readonly books: Books
  readonly log: Log
  readonly platform: { readonly timers: Timers }
}

export class MemoryRetries {
  private readonly actor: RetryingActor
  private readonly waiting = new Map<Event, Timer>()
  private warned = false

  constructor(actor: RetryingActor) {
    this.actor = actor
  }

  /** Keeps the event until its time has come; answers whether it does. */
  keep(event: Event, wish: RetryWish): boolean {
    const { actor, waiting } = this
    const [queue, ...others] = actor.queues.values()
    if (queue === undefined || others.length > 0 || actor.submissions.closed) return false
    this.warnOnce()
    fulfil(event, wish)
    event.meta.attempts += 1
    actor.holds.add(event)
    const afterMs = Math.max(0, wish.afterMs ?? usualMs)
    waiting.set(
      event,
      actor.platform.timers.after(afterMs, () => this.putBack(event), { background: true }),
    )
    return true
  }

  /** The graph stops, or the instance ends alone: what waits fails, so that it can still go elsewhere. */
  flush(failure: Failure = stoppedFailure): void {
    for (const event of this.waiting.keys()) if (this.take(event)) this.actor.ends.fail(event, failure)
  }

  /** The instance ends. */
  close(): void {
    for (const timer of this.waiting.values()) timer.cancel()
    this.waiting.clear()
  }

  private putBack(event: Event): void {
    const { actor } = this
    if (!this.take(event)) return
    const [queue] = actor.queues.values()
    if (queue === undefined) {
      actor.ends.fail(event, new TransientError("the queue it came from is no more"))
      return
    }
    // It is taken once more, and was taken before: neither a hop nor an event that came from elsewhere.
    event.ttl += 1
    actor.books.spooledOut += 1
    queue.push(event)
  }

  private take(event: Event): boolean {
    this.waiting.get(event)?.cancel()
    return this.waiting.delete(event) && this.actor.holds.remove(event)
  }

  private warnOnce(): void {
    if (this.warned) return
    this.warned = true
    this.actor.log.warn(
      "an event is to be handled again later: it waits in memory, as there is no `retry:` here, and is lost when the process ends",
    )
  }
}
