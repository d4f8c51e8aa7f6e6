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

export abstract class Queue {
  readonly name: string
  readonly plan: QueuePlan
  /** Events at which the queue is full. */
  readonly size: number
  readonly bytesMax: number
  bytes = 0
  /** Counters of events put in and taken out; their difference waits. They only grow. */
  tail = 0
  head = 0
  dropped = 0
  protected readonly owner: QueueOwner
  private readonly waiters: Wakeable[] = []

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
    if (this.plan.whenFull === "drop_new") return this.owner.overflowed(event)
    const evicted = this.evict()
    this.push(event)
    if (evicted !== undefined) this.owner.overflowed(evicted)
  }

  /** Wakes `producer` once there is room again. */
  waitForRoom(producer: Wakeable): void {
    if (!this.waiters.includes(producer)) this.waiters.push(producer)
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
    return this.plan.whenFull === "drop_new" ? this.tail + this.dropped : this.tail
  }
}
