// Reads one out queue of a module under test and keeps what comes. To the event it is the end of its way: delivered, unless
// it is told to refuse.

import type { Runnable, Scheduler } from "../actor/scheduler.ts"
import { failureKindOf } from "../errors.ts"
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
  #refusal: { readonly error: unknown } | undefined

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
      if (this.#refusal === undefined) event.ticket?.endWith(event.slot, event.result, { stored: false, delivered: true })
      else event.ticket?.fail(event.slot, failureKindOf(this.#refusal.error), this.#refusal.error)
    }
    this.queue.afterTaking()
    return false
  }

  overflowed(event: Event): void {
    event.ticket?.fail(event.slot, "overflow", new Error("the queue of the test was full"))
  }

  /** From now on events end badly here; without an error well again. */
  refuse(error: unknown): void {
    this.#refusal = error === undefined ? undefined : { error }
  }

  block(): void {
    this.#blocked = true
  }

  unblock(): void {
    this.#blocked = false
    this.wake()
  }
}
