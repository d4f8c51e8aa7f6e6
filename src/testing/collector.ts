// Reads one out queue of a module under test and keeps what comes. To the event it is the end of its way: delivered.

import type { Runnable, Scheduler } from "../actor/scheduler.ts"
import type { Event } from "../event.ts"
import { memoryQueue } from "../queue/memory.ts"
import type { Queue, QueueOwner } from "../queue/queue.ts"
import type { QueuePlan } from "../spec/plan.ts"

export class Collector implements QueueOwner, Runnable {
  listed = false
  readonly queue: Queue
  readonly events: Event[] = []
  readonly #scheduler: Scheduler
  #blocked = false

  constructor(name: string, plan: QueuePlan, scheduler: Scheduler) {
    this.queue = memoryQueue(name, plan, this)
    this.#scheduler = scheduler
  }

  wake(): void {
    if (!this.#blocked) this.#scheduler.add(this)
  }

  turn(): boolean {
    if (this.#blocked) return false
    for (let event = this.queue.shift(); event !== undefined; event = this.queue.shift()) {
      this.events.push(event)
      event.ticket?.endWith(event.slot, event.result, { stored: false, delivered: true })
    }
    this.queue.afterTaking()
    return false
  }

  overflowed(event: Event): void {
    event.ticket?.fail(event.slot, "overflow", new Error("the queue of the test was full"))
  }

  block(): void {
    this.#blocked = true
  }

  unblock(): void {
    this.#blocked = false
    this.wake()
  }
}
