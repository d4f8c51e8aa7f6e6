// One instance running. There is one final `Actor` class; a module is an object beside it whose handlers are bound at start, so that
// the hot call sites see one shape of object.
//
// The actor owns the ports, the consumers of its in queues, and its part of the books. What handlers submit is in submissions.ts, calls
// that take longer in calls.ts, how a branch ends in ends.ts, how an in queue is served in consumer.ts and batch.ts, what a module may
// do in module.ts.

import type { Failure } from "../errors.ts"
import type { Event } from "../event.ts"
import { Books } from "../ledger.ts"
import type { Log } from "../log.ts"
import type { Clock, Platform } from "../platform/platform.ts"
import type { Queue, QueueOwner } from "../queue/queue.ts"
import type { InstancePlan } from "../spec/plan.ts"
import type { ActorArguments } from "./arguments.ts"
import { CallTimeouts } from "./call.ts"
import { Calls } from "./calls.ts"
import { Ends } from "./ends.ts"
import { FailureLog } from "./failure-log.ts"
import { Holds } from "./holds.ts"
import { Port } from "./port.ts"
import { RepeatedWarning } from "./repeated-warning.ts"
import { MemoryRetries } from "./retry-in-memory.ts"
import type { Runnable, Scheduler } from "./scheduler.ts"
import { Submissions } from "./submissions.ts"

/** What an actor is made of. */
export interface ActorParts {
  readonly plan: InstancePlan
  readonly platform: Platform
  readonly scheduler: Scheduler
  readonly log: Log
  readonly args: ActorArguments
  /** What ends at this instance is delivered to the outside (outputs). */
  readonly delivers: boolean
  /** Its module says itself what goes to `successful`. */
  readonly confirms: boolean
  /** Only log and metric events come here. */
  readonly outside: boolean
  readonly outPorts: readonly string[]
  /** The books of the instance whose place this one takes; without them it has books of its own. */
  readonly books?: Books | undefined
}

/** Serves one in queue of an actor: a {@link Consumer} or a {@link BatchConsumer}. */
export interface QueueServer {
  readonly queue: Queue
  /** It could take an event now, apart from room in the out queues. */
  readonly hasWork: boolean
  /** Handlers at work. */
  readonly active: number
  /** Its last turn ended because an out queue was full; that queue will wake the actor. */
  blocked: boolean
  turn(deadlineMs: number): void
  /** Fails what it has taken and not settled. */
  giveUp(failure: Failure): void
  /** Takes back what it has taken and not settled, so that it can be counted as lost. */
  abandon(): Event[]
  /** Ports it may put into: it takes nothing while one of them is full. */
  waits: readonly Port[]
}

export class Actor implements Runnable, QueueOwner {
  listed = false
  /** Events taken by one-event handlers and settled by batch handlers: whether an output gets on. */
  progress = 0
  /** Events that left and only wait to be confirmed, see {@link Batch.release}. */
  released = 0
  readonly name: string
  readonly plan: InstancePlan
  readonly platform: Platform
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly log: Log
  readonly args: ActorArguments
  readonly books: Books
  readonly ends: Ends
  readonly holds: Holds
  readonly ports = new Map<string, Port>()
  readonly queues = new Map<string, Queue>()
  readonly consumers: QueueServer[] = []
  /** Circuits of an output, for status lines. */
  readonly circuits: { readonly state: string }[] = []
  readonly failures: FailureLog
  readonly timeouts: CallTimeouts | null
  /** Handler calls that go on after their synchronous part. */
  readonly calls: Calls
  readonly submissions: Submissions
  /** What its handler wants to see again, where nobody else keeps it. */
  readonly retries = new MemoryRetries(this)
  private readonly controller = new AbortController()
  /** The instance's end: `background` loops, timers and waits end with it. */
  readonly signal: AbortSignal = this.controller.signal
  /** Turns that took far too long: a handler kept everything else waiting. */
  private readonly slowTurns: RepeatedWarning
  private paused = false
  private halted = false
  private nextConsumer = 0
  private recentName = ""
  private recentPort: Port | null = null
  private readonly nowhere = new Port("", false)

  constructor(parts: ActorParts) {
    this.plan = parts.plan
    this.name = parts.plan.name
    this.platform = parts.platform
    this.clock = parts.platform.clock
    this.scheduler = parts.scheduler
    this.log = parts.log
    this.args = parts.args
    this.books = parts.books ?? new Books(parts.outside, this)
    this.failures = new FailureLog(parts.log, parts.platform.timers)
    this.slowTurns = new RepeatedWarning(parts.log, this.clock)
    for (const name of ["successful", "failed", "logs", "metrics", ...parts.outPorts])
      this.ports.set(name, new Port(name, name === "logs" || name === "metrics"))
    this.ends = new Ends({
      instance: this.name,
      delivers: parts.delivers,
      confirms: parts.confirms,
      books: this.books,
      successful: this.port("successful"),
      failed: this.port("failed"),
      clock: this.clock,
      failures: this.failures,
      keepInMemory: (event, wish) => this.retries.keep(event, wish),
    })
    this.holds = new Holds(this)
    const { timeoutMs } = parts.plan
    const { clock, timers } = parts.platform
    this.timeouts =
      timeoutMs === undefined
        ? null
        : new CallTimeouts({
            clock,
            timers,
            timeoutMs,
            callsMax: parts.plan.consumers.max,
            expired: (call, failure) => this.calls.expire(call, failure),
          })
    const { books, ends, holds, failures, timeouts } = this
    const carryOut: Submissions["carryOut"] = (submissions, origin) => this.submissions.carryOut(submissions, origin)
    this.calls = new Calls({ books, ends, holds, failures, timeouts, carryOut, wake: () => this.wake() })
    this.submissions = new Submissions({ books, ends, holds, calls: this.calls })
  }

  /** The out queue's port; one that no route named falls away like any unconnected queue. */
  port(name: string): Port {
    let port = this.ports.get(name)
    if (port === undefined) {
      port = new Port(name, false)
      this.ports.set(name, port)
    }
    return port
  }

  // Turns

  wake(): void {
    this.scheduler.add(this)
  }

  turn(deadlineMs: number): boolean {
    const { consumers } = this
    for (const consumer of consumers) consumer.blocked = false
    for (let tried = 0; tried < consumers.length; tried++) {
      const consumer = consumers[this.nextConsumer] as QueueServer
      this.nextConsumer = (this.nextConsumer + 1) % consumers.length
      if (!consumer.hasWork) continue
      const before = consumer.queue.head
      consumer.turn(deadlineMs)
      if (consumer.queue.head !== before) break
    }
    if (!this.mayTake) return false
    for (const consumer of consumers) if (consumer.hasWork && !consumer.blocked) return true
    return false
  }

  tookLong(tookMs: number): void {
    this.slowTurns.warn("a handler blocked the event loop", `nothing else ran for ${Math.round(tookMs)} ms`)
  }

  /** Whether it takes events at all: not while a gate is closed, nor at the bound of what it holds. */
  get mayTake(): boolean {
    return !this.paused && !this.halted && this.holds.count < this.plan.holdMax
  }

  /** Takes nothing until {@link Actor.goOn}, whatever its module says: it is about to end, or does not run yet. Not in a turn. */
  halt(): void {
    this.halted = true
  }

  goOn(): void {
    if (!this.halted) return
    this.halted = false
    this.wake()
  }

  /** Takes nothing until {@link Actor.resume}: an output without a connection. In a handler, the event in hand is the last. */
  pause(): void {
    this.paused = true
    // The consumer looks again whether it may take after a call that did more than hand its event on.
    if (this.submissions.calling) this.submissions.more = true
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.wake()
  }

  /** A queue is no more, and nobody serves it. Not in a turn. */
  removeConsumer(consumer: QueueServer): void {
    this.consumers.splice(this.consumers.indexOf(consumer), 1)
    this.nextConsumer = 0
  }

  // Submitting

  /** What handlers call; always takes the event. */
  submit(event: Event, queue: string): undefined {
    const port = queue === this.recentName ? (this.recentPort as Port) : this.findPort(queue)
    return this.submissions.submit(event, port)
  }

  /** Fails what this instance has taken and not settled, and what waits for it: the graph stops and the instance does not get on. */
  giveUp(failure: Failure): void {
    for (const consumer of this.consumers) {
      const { queue } = consumer
      consumer.giveUp(failure)
      // What waits now: `failed` may lead back here.
      for (let waiting = queue.inMemory; waiting > 0; waiting--) {
        const event = queue.shift()
        if (event !== undefined) this.ends.fail(event, failure)
      }
      queue.afterTaking()
    }
  }

  // Books

  counts(): { received: number; fromOutside: number; forwarded: number; queued: number } {
    let received = 0
    let fromOutside = 0
    let queued = 0
    for (const queue of this.queues.values()) {
      queued += queue.inMemory
      const outside = this.books.outside ? 0 : queue.fromOutside
      fromOutside += outside
      received += queue.entered - outside
    }
    let forwarded = 0
    for (const port of this.ports.values()) if (!port.outside) forwarded += port.count
    return { received, fromOutside, forwarded, queued }
  }

  overflowed(event: Event): void {
    this.ends.overflow(event)
  }

  /** A durable queue could not store the event. */
  refused(event: Event, error: unknown): void {
    this.ends.fail(event, error)
  }

  /** Ends the instance: no background loop, no timer goes on. */
  close(): void {
    this.controller.abort()
    this.retries.close()
    this.timeouts?.close()
    this.slowTurns.close()
    this.failures.close()
  }

  /** Names may come from data: one that nobody routed leads nowhere and is not remembered. Data does not leave by `logs` and `metrics`. */
  private findPort(name: string): Port {
    const port = this.ports.get(name)
    if (port === undefined || port.outside) return this.nowhere
    this.recentName = name
    this.recentPort = port
    return port
  }
}
