// Memory queue in a ring that grows by doubling: first in first out, or last in first out. Head and tail are the counters of what came
// out and went in; as indices they are masked, so nothing is counted twice on the hot path.

import type { Event } from "../event.ts"
import type { QueuePlan } from "../spec/plan.ts"
import { Queue, type QueueOwner } from "./queue.ts"

const initialCapacity = 16

/** First in, first out. */
export class Ring extends Queue {
  private items: (Event | undefined)[]
  private mask: number

  constructor(name: string, plan: QueuePlan, owner: QueueOwner) {
    super(name, plan, owner)
    this.items = new Array<Event | undefined>(initialCapacity).fill(undefined)
    this.mask = initialCapacity - 1
  }

  push(event: Event): void {
    const tail = this.tail
    const waiting = tail - this.head
    if (waiting > this.mask) this.grow()
    this.items[tail & this.mask] = event
    this.tail = tail + 1
    this.bytes += event.weight
    if (waiting === 0) this.owner.wake()
  }

  shift(): Event | undefined {
    const head = this.head
    if (head === this.tail) return undefined
    const at = head & this.mask
    const event = this.items[at] as Event
    this.items[at] = undefined
    this.head = head + 1
    this.bytes -= event.weight
    return event
  }

  override get oldest(): Event | undefined {
    return this.items[this.head & this.mask]
  }

  each(visit: (event: Event) => void): void {
    for (let at = this.head; at < this.tail; at++) visit(this.items[at & this.mask] as Event)
  }

  protected evict(): Event | undefined {
    return this.shift()
  }

  private grow(): void {
    const waiting = this.tail - this.head
    const items = new Array<Event | undefined>((this.mask + 1) * 2).fill(undefined)
    const mask = items.length - 1
    for (let n = 0; n < waiting; n++) items[(this.head + n) & mask] = this.items[(this.head + n) & this.mask]
    this.items = items
    this.mask = mask
  }
}

/** Last in, first out. */
export class Stack extends Queue {
  private readonly items: Event[] = []

  push(event: Event): void {
    this.items.push(event)
    this.tail += 1
    this.bytes += event.weight
    if (this.items.length === 1) this.owner.wake()
  }

  shift(): Event | undefined {
    return this.takeOut(this.items.pop())
  }

  override get oldest(): Event | undefined {
    return this.items[0]
  }

  each(visit: (event: Event) => void): void {
    this.items.forEach(visit)
  }

  override takeAll(): Event[] {
    return super.takeAll().reverse()
  }

  protected evict(): Event | undefined {
    return this.takeOut(this.items.shift())
  }

  private takeOut(event: Event | undefined): Event | undefined {
    if (event === undefined) return undefined
    this.head += 1
    this.bytes -= event.weight
    return event
  }
}
