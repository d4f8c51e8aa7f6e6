// A bounded place where events wait, and the only thing that pushes back. The two ends of a route share one queue object; it belongs
// to the instance at its consumer end.
//
// Contract. `push` always takes the event: whoever produces asks `full` first, or waits (`waitForRoom`), so a queue exceeds its size
// by no more than one call or one batch. The consumer is woken when the queue turns from empty to not empty; waiting producers are
// woken when it is half empty, not at the first free place. Everything happens inside one thread; nothing here is asynchronous.
// Queues that drop (`drop_new`, `drop_old`) are never full for their producers: `offer` decides.

import type { Event } from "../event.ts"
import type { QueuePlan } from "../spec/plan.ts"

/** Somebody who can be told that there is something to do. Must not run anything in this call. */
export interface Wakeable {
  wake(): void
}

/** The instance at the consumer end. */
export interface QueueOwner extends Wakeable {
  /** An event fell out of a full queue by its policy: the owner ends its branch. */
  overflowed(event: Event): void
}

/** What a queue tells about itself. */
export interface QueueStatistics {
  readonly size: number
  readonly bytes: number
  readonly in_total: number
  readonly out_total: number
  readonly dropped_total: number
}

/** Counts what it puts in, and stands outside the books of whoever takes it out. */
export interface OutsideSource {
  readonly count: number
}

export abstract class Queue {
  readonly name: string
  plan: QueuePlan
  /** Events at which the queue is full. */
  size: number
  bytesMax: number
  bytes = 0
  /** Counters of events put in and taken out; their difference waits. They only grow. */
  tail = 0
  head = 0
  dropped = 0
  /** Of these, new ones that were not let in. */
  protected turnedAway = 0
  /** Whoever consumes it honours what `Retry` asks for. */
  retries = false
  protected owner: QueueOwner
  private readonly waiters: Wakeable[] = []
  /** Sources outside the books, and what each had put elsewhere before it was connected here. */
  private readonly outsideSources = new Map<OutsideSource, number>()
  private outsideBefore = 0

  constructor(name: string, plan: QueuePlan, owner: QueueOwner) {
    this.name = name
    this.plan = plan
    this.size = plan.size
    this.bytesMax = plan.bytes
    this.owner = owner
  }

  /** Takes the event, whatever the bounds say. */
  abstract push(event: Event): void
  /** The next event, or `undefined` when the queue is empty. */
  abstract shift(): Event | undefined
  /** Calls `visit` for each waiting event, in no particular order. */
  abstract each(visit: (event: Event) => void): void
  /** Throws away one waiting event to make room for a newer one: the oldest. */
  protected abstract evict(): Event | undefined

  /** Takes all events out, in the order of their arrival whatever the order of the queue. */
  takeAll(): Event[] {
    const events: Event[] = []
    for (let event = this.shift(); event !== undefined; event = this.shift()) events.push(event)
    return events
  }

  /** Whether a queue of that plan could be this very queue with other bounds. */
  fits(plan: QueuePlan): boolean {
    return plan.order === this.plan.order && plan.store !== "disk" && plan.whenFull !== "spill"
  }

  /** Other bounds, from now on; what waits stays, however much it is. */
  configure(plan: QueuePlan): void {
    this.plan = plan
    this.size = plan.size
    this.bytesMax = plan.bytes
  }

  /** Somebody else consumes from now on. */
  adopt(owner: QueueOwner): void {
    this.owner = owner
    if (this.length > 0) owner.wake()
  }

  get length(): number {
    return this.tail - this.head
  }

  get full(): boolean {
    return this.tail - this.head >= this.size || this.bytes >= this.bytesMax
  }

  /** How many more events it takes before it is full, as far as their number goes. */
  get room(): number {
    return this.size - this.length
  }

  /** The event that has waited longest in memory, where that is known without a search. */
  get oldest(): Event | undefined {
    return undefined
  }

  /** Events it holds in memory. */
  get inMemory(): number {
    return this.length
  }

  /** Whether a full queue drops instead of making its producers wait. */
  get drops(): boolean {
    return this.plan.whenFull === "drop_new" || this.plan.whenFull === "drop_old"
  }

  /** Takes the event if the policy of the queue allows it; what falls out, this event or an older one, goes to the owner. */
  offer(event: Event): void {
    if (!this.drops || !this.full) return this.push(event)
    this.dropped += 1
    if (this.plan.whenFull === "drop_new") {
      this.turnedAway += 1
      return this.owner.overflowed(event)
    }
    const evicted = this.evict()
    this.push(event)
    if (evicted !== undefined) this.owner.overflowed(evicted)
  }

  /** Wakes `producer` once there is room again. */
  waitForRoom(producer: Wakeable): void {
    if (!this.waiters.includes(producer)) this.waiters.push(producer)
  }

  /** Whoever waited for room does so no longer. */
  stopWaiting(producer: Wakeable): void {
    const at = this.waiters.indexOf(producer)
    if (at >= 0) this.waiters.splice(at, 1)
  }

  /** To be called by the consumer when it has taken what it takes for now: wakes waiting producers at half empty. */
  afterTaking(): void {
    if (this.head === this.tail) this.bytes = 0
    if (this.waiters.length === 0 || this.length * 2 > this.size || this.bytes * 2 > this.bytesMax) return
    for (const waiter of this.waiters.splice(0)) waiter.wake()
  }

  /** Wakes every waiting producer, room or not: when the consumer ends. */
  releaseWaiters(): void {
    for (const waiter of this.waiters.splice(0)) waiter.wake()
  }

  statistics(): QueueStatistics {
    return { size: this.length, bytes: this.bytes, in_total: this.entered, out_total: this.head, dropped_total: this.dropped }
  }

  /** Everything that came to the door: what went in and what was refused there. */
  get entered(): number {
    return this.tail + this.turnedAway
  }

  /** What `source` puts in from now on comes from outside the books. */
  addOutside(source: OutsideSource): void {
    this.outsideSources.set(source, source.count)
  }

  /** `source` leads elsewhere; what it has put in is remembered. */
  removeOutside(source: OutsideSource): void {
    this.outsideBefore += source.count - (this.outsideSources.get(source) ?? source.count)
    this.outsideSources.delete(source)
  }

  /** How much of what came to the door came from outside the books. */
  get fromOutside(): number {
    let count = this.outsideBefore
    for (const [source, before] of this.outsideSources) count += source.count - before
    return count
  }
}
