// Serves one in queue with a one-event handler: take, render, call, settle. This is the hot path: on the synchronous way through a
// handler there is no promise, closure, timer or clock reading per event.
//
// Before it takes, it looks at the connected out queues it may put into; while one is full it takes nothing. What the synchronous part
// of a call submits is kept until that part has returned, so a throw withdraws it; nobody can tell the difference, as nothing else runs
// in between. Then the event is handed on, held, failed or over.

import type { Failure } from "../errors.ts"
import { type Event, Standing } from "../event.ts"
import type { Queue } from "../queue/queue.ts"
import type { Actor, QueueServer } from "./actor.ts"
import type { ActorArguments } from "./arguments.ts"
import type { Port } from "./port.ts"

/** A one-event handler: `undefined` and a promise of it are the usual answers; any other value stays with the branch as its result. */
export type Handler = (event: Event, args: never, signal: AbortSignal) => unknown

const turnEvents = 256
const clockEvery = 32
const { inHand, live } = Standing

export class Consumer implements QueueServer {
  readonly queue: Queue
  /** Calls whose handler has not ended: bounded by `max`. */
  active = 0
  /** Its last turn ended because an out queue was full; that queue will wake the actor. */
  blocked = false
  private readonly actor: Actor
  private readonly handler: (event: Event, args: unknown, signal: AbortSignal) => unknown
  private readonly args: ActorArguments
  waits: readonly Port[]
  private readonly max: number
  /** Bytes that fitted the fullest out queue when {@link room} looked, less what went on since. */
  private roomBytes = 0

  /** `args`: those of the actor, or those that come after the queue's functions. */
  constructor(parts: { actor: Actor; queue: Queue; handler: Handler; args?: ActorArguments; waits: readonly Port[]; max: number }) {
    this.actor = parts.actor
    this.queue = parts.queue
    this.handler = parts.handler as (event: Event, args: unknown, signal: AbortSignal) => unknown
    this.args = parts.args ?? parts.actor.args
    this.waits = parts.waits
    this.max = parts.max
  }

  /** Whether it could take an event now, apart from room in the out queues. */
  get hasWork(): boolean {
    return this.queue.tail !== this.queue.head && this.active < this.max
  }

  /** Takes events until the queue is empty, a bound is reached or time is up. */
  turn(deadlineMs: number): void {
    const { actor, args, queue, handler } = this
    const { ends, submissions, timeouts } = actor
    const fixedArgs = args.perEvent === null ? args.fixed : null
    let room = this.room()
    let taken = 0
    while (room > 0 && taken < turnEvents && this.active < this.max) {
      if (taken % clockEvery === clockEvery - 1 && actor.clock.monotonic() >= deadlineMs) break
      const event = queue.shift()
      if (event === undefined) break
      taken += 1
      if (--event.ttl <= 0) {
        ends.spent(event)
        room = this.room()
        continue
      }
      if (timeouts !== null && timeouts.overrun) {
        ends.fail(event, timeouts.overrunFailure)
        room = this.room()
        continue
      }
      event.standing = inHand
      submissions.calling = true
      let result: unknown
      try {
        result = handler(event, fixedArgs ?? args.of(event), timeouts === null ? actor.signal : timeouts.nextSignal())
      } catch (thrown) {
        submissions.withdraw(event)
        ends.fail(event, thrown)
        room = this.room()
        continue
      }
      if (result === undefined && submissions.more === false) {
        submissions.calling = false
        const port = submissions.movedTo as Port | null
        if (port === null) {
          event.standing = live
          ends.finish(event)
        } else {
          submissions.movedTo = null
          port.count += 1
          port.queue?.push(event)
        }
        this.roomBytes -= event.weight
        room = this.roomBytes > 0 ? room - 1 : this.room()
      } else {
        this.settle(event, result)
        room = this.room()
      }
    }
    actor.progress += taken
    queue.afterTaking()
  }

  giveUp(failure: Failure): void {
    this.actor.calls.giveUp(failure)
  }

  abandon(): Event[] {
    return this.actor.calls.abandon()
  }

  /** How many one-for-one calls fit before an out queue is full; 0 leaves this consumer waiting for room. */
  private room(): number {
    if (!this.actor.mayTake) return 0
    let room = turnEvents
    this.roomBytes = 2 ** 30
    for (const port of this.waits) {
      const { queue } = port
      if (queue === null) continue
      if (queue.full) {
        queue.waitForRoom(this.actor)
        this.blocked = true
        return 0
      }
      room = Math.min(room, queue.room)
      this.roomBytes = Math.min(this.roomBytes, queue.bytesMax - queue.bytes)
    }
    return room
  }

  /** The synchronous part returned, and more happened than one event handed on. */
  private settle(event: Event, result: unknown): void {
    const { actor } = this
    if (typeof result === "object" && result !== null && typeof (result as PromiseLike<unknown>).then === "function") {
      this.begin(event, result as PromiseLike<unknown>)
      return
    }
    if (result !== undefined) event.result = result
    actor.submissions.settle(event)
  }

  /** The handler goes on after its synchronous part. */
  private begin(event: Event, promise: PromiseLike<unknown>): void {
    const { calls, submissions } = this.actor
    const call = calls.begin(event, this, submissions.take(event))
    // Of another library's promise neither a second answer nor a throw gets through.
    Promise.resolve(promise).then(
      (value) => calls.returned(call, value),
      (thrown: unknown) => calls.threw(call, thrown),
    )
    // A handler that threw in its synchronous part is an already rejected promise: its callback comes before this one.
    queueMicrotask(() => calls.commit(call))
  }
}
