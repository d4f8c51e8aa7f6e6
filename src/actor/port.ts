// The producer end of a route: an out queue of an instance. Without a route it has no queue, and what is submitted to it falls away.

import type { Event } from "../event.ts"
import type { Queue } from "../queue/queue.ts"

export class Port {
  readonly name: string
  /** The queue at the other end of the route, if there is one. */
  queue: Queue | null = null
  /** Events put in here. */
  count = 0
  /** Log and metric events leave here: they stand outside the books. */
  readonly outside: boolean
  /** The event in hand may go straight in: connected, never drops, and no copy goes to `successful`. */
  direct = false

  constructor(name: string, outside: boolean) {
    this.name = name
    this.outside = outside
  }

  /** Ends at `queue` from now on; `outside`: what leaves here stands outside the books of the queue's owner. */
  connect(queue: Queue | null, outside: boolean): void {
    this.queue?.removeOutside(this)
    this.queue = queue
    if (outside) queue?.addOutside(this)
  }

  /** Whether producers should wait. */
  get full(): boolean {
    return this.queue !== null && !this.queue.drops && this.queue.full
  }

  /** Puts the event in; the port must be connected. */
  put(event: Event): void {
    this.count += 1
    this.queue?.offer(event)
  }
}
