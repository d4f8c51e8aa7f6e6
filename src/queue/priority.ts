// Memory queue by priority: the lowest number first, ties in the order of arrival. A binary heap of entries that remember when they came.
// Events may stay here for long, so they own their bytes.

import type { Event } from "../event.ts"
import { Queue } from "./queue.ts"

interface Entry {
  readonly priority: number
  readonly arrival: number
  readonly event: Event
}

function before(a: Entry, b: Entry): boolean {
  return a.priority === b.priority ? a.arrival < b.arrival : a.priority < b.priority
}

export class PriorityQueue extends Queue {
  private readonly heap: Entry[] = []
  private arrivals = 0

  push(event: Event): void {
    event.own()
    this.arrivals += 1
    this.heap.push({ priority: event.knownMetaOrNull?.priority ?? this.plan.priority, arrival: this.arrivals, event })
    this.siftUp(this.heap.length - 1)
    this.tail += 1
    this.bytes += event.weight
    if (this.heap.length === 1) this.owner.wake()
  }

  shift(): Event | undefined {
    return this.heap.length === 0 ? undefined : this.remove(0)
  }

  each(visit: (event: Event) => void): void {
    for (const entry of this.heap) visit(entry.event)
  }

  override takeAll(): Event[] {
    const arrivals = new Map(this.heap.map(({ event, arrival }) => [event, arrival]))
    return super.takeAll().sort((a, b) => (arrivals.get(a) ?? 0) - (arrivals.get(b) ?? 0))
  }

  /** The oldest by arrival, whatever its priority. */
  protected evict(): Event | undefined {
    let oldest = -1
    this.heap.forEach((entry, at) => {
      if (oldest < 0 || entry.arrival < (this.heap[oldest] as Entry).arrival) oldest = at
    })
    return oldest < 0 ? undefined : this.remove(oldest)
  }

  private remove(at: number): Event {
    const entry = this.heap[at] as Entry
    const last = this.heap.pop() as Entry
    if (at < this.heap.length) {
      this.heap[at] = last
      this.siftDown(at)
      this.siftUp(at)
    }
    this.head += 1
    this.bytes -= entry.event.weight
    return entry.event
  }

  private siftUp(from: number): void {
    let at = from
    const entry = this.heap[at] as Entry
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = this.heap[parent] as Entry
      if (!before(entry, above)) break
      this.heap[at] = above
      at = parent
    }
    this.heap[at] = entry
  }

  private siftDown(from: number): void {
    let at = from
    const entry = this.heap[at] as Entry
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.heap.length) break
      if (child + 1 < this.heap.length && before(this.heap[child + 1] as Entry, this.heap[child] as Entry)) child += 1
      const below = this.heap[child] as Entry
      if (!before(below, entry)) break
      this.heap[at] = below
      at = child
    }
    this.heap[at] = entry
  }
}
