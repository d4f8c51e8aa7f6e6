// How instances of a running graph end: those that are removed, those that make way for their successors, and queues that nothing leads to
// any more. What they have left when their time is over fails as `stale`; what lies on disk stays there.

import { staleFailure } from "../actor/ends.ts"
import { type Instance, isIdle } from "../actor/instance.ts"
import type { Log } from "../log.ts"
import type { Clock, Timers } from "../platform/platform.ts"
import { SpoolQueue } from "../spool/queue.ts"
import { drain, isEmpty } from "./drain.ts"
import { closeQueues, endInstance, failTaken, failWaiting } from "./life.ts"
import type { LiveGraph } from "./live.ts"

/** How long a hook may take at least, however little time events get. */
const hookMs = 5000
/** How long a hook may go on when the graph is told to stop meanwhile. */
const stopGraceMs = 1000

export interface EndingsParts {
  readonly graph: LiveGraph
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  /** The graph stops. */
  readonly stop: AbortSignal
  /** For changed instances to come to an end, and for removed ones to become empty. */
  readonly timeoutMs: number
}

export class Endings {
  /** Events that failed because their time was over. */
  stale = 0
  private readonly parts: EndingsParts

  constructor(parts: EndingsParts) {
    this.parts = parts
  }

  /** The bound on hooks. */
  get hookMs(): number {
    return Math.max(hookMs, this.parts.timeoutMs)
  }

  /** Ends an instance; what it has in hand fails. Its queues stay. */
  async end(instance: Instance): Promise<void> {
    instance.actor.halt()
    this.stale += failTaken(instance)
    instance.actor.submissions.closed = true
    const inTime = await this.within(endInstance(instance, this.parts.log))
    if (!inTime) this.parts.log.warn(`${instance.name} does not end; it is left to itself`)
  }

  /**
   * Ends instances that are to be removed while routes still lead to them, since something of theirs is in the way. What comes for them
   * meanwhile waits. Answers whether they could be emptied in time: nothing is failed for this.
   */
  async endAhead(names: ReadonlySet<string>): Promise<boolean> {
    const { graph } = this.parts
    const instances = [...graph.instances].filter(([name]) => names.has(name)).map(([, instance]) => instance)
    graph.park(names)
    if (!(await this.empty(instances, { gives: false })) || this.parts.stop.aborted) {
      graph.unpark()
      return false
    }
    for (const { name } of instances) graph.down.add(name)
    await Promise.all(instances.map((instance) => this.end(instance)))
    for (const instance of instances) {
      await this.closeQueues(instance.durableQueues, instance.actor.signal)
      for (const [key, queue] of instance.actor.queues) if (queue instanceof SpoolQueue) graph.dropQueue(instance, key)
    }
    return true
  }

  /** Empties and ends the instances that were removed, and the queues that nothing leads to any more. A stop of the graph does it instead. */
  async emptyLeaving(): Promise<void> {
    const { graph, stop } = this.parts
    const instances = [...graph.leaving]
    const queues = [...graph.instances.values()].flatMap((instance) => [...instance.leavingQueues].map(([key]) => ({ instance, key })))
    const empty = await this.empty(instances, { gives: true, queues })
    if (stop.aborted) return
    if (!empty) this.failLeaving(instances)
    for (const { instance, key } of queues) await this.dropQueue(instance, key)
    await Promise.all(instances.map((instance) => this.endLeaving(instance)))
  }

  /** Waits for them to become empty; `gives`: outputs that do not get on give up what they have after half of the time. */
  private empty(
    instances: readonly Instance[],
    { gives, queues = [] }: { gives: boolean; queues?: readonly { instance: Instance; key: string }[] },
  ): Promise<boolean> {
    const { clock, log, stop, timers, timeoutMs } = this.parts
    const waits = queues.filter(({ instance, key }) => instance.serves(instance.leavingQueues.get(key) ?? key))
    const alsoEmpty = (): boolean =>
      waits.every(({ instance, key }) => isQueueEmpty(instance, key)) &&
      instances.every(({ durableQueues }) => durableQueues.every((queue) => queue.isEmpty))
    return drain({ instances, clock, timers, log, cut: stop, failure: gives ? staleFailure : null, alsoEmpty }, timeoutMs)
  }

  /** Fails what removed instances still have. What one fails may come to another. */
  private failLeaving(instances: readonly Instance[]): void {
    for (const { durableQueues } of instances) for (const queue of durableQueues) queue.stopReading()
    for (let round = 0; round <= instances.length + 1; round++) {
      // Round in a circle it goes no further.
      if (round > instances.length) for (const { actor } of instances) actor.port("failed").connect(null, false)
      for (const instance of instances) {
        this.stale += failTaken(instance)
        for (const key of instance.actor.queues.keys()) this.stale += failWaiting(instance, key)
      }
      if (instances.every(isEmpty)) return
    }
  }

  private async dropQueue(instance: Instance, key: string): Promise<void> {
    const { graph } = this.parts
    const queue = instance.actor.queues.get(key)
    if (queue instanceof SpoolQueue) {
      queue.stopReading()
      this.stale += failWaiting(instance, key)
      await this.closeQueues([queue], instance.actor.signal)
    }
    this.stale += failWaiting(instance, key)
    // The disk did not take it in time, and still may.
    if (queue !== undefined && queue.inMemory === 0) graph.dropQueue(instance, key)
  }

  private async endLeaving(instance: Instance): Promise<void> {
    await this.end(instance)
    for (const key of instance.actor.queues.keys()) this.stale += failWaiting(instance, key)
    await this.closeQueues(instance.durableQueues, instance.actor.signal)
    this.parts.graph.forget(instance)
  }

  private async closeQueues(queues: readonly SpoolQueue[], signal: AbortSignal): Promise<void> {
    const { log } = this.parts
    await this.within(closeQueues(queues, signal, log))
    for (const { name, onDisk, path } of queues)
      if (onDisk > 0) log.warn(`${onDisk} events stay on disk, in a queue that nobody reads any more`, { queue: name, directory: path })
  }

  /** Whether work of a hook was done in time. */
  within(work: Promise<void>): Promise<boolean> {
    const { stop, timers } = this.parts
    return new Promise((resolve, reject) => {
      let timer = timers.after(this.hookMs, () => resolve(false))
      const hurry = (): void => {
        timer.cancel()
        timer = timers.after(stopGraceMs, () => resolve(false))
      }
      if (stop.aborted) hurry()
      stop.addEventListener("abort", hurry, { once: true })
      void work
        .then(() => resolve(true), reject)
        .finally(() => {
          timer.cancel()
          stop.removeEventListener("abort", hurry)
        })
    })
  }
}

function isQueueEmpty({ actor }: Instance, key: string): boolean {
  const queue = actor.queues.get(key)
  if (queue === undefined) return true
  const served = actor.consumers.find((consumer) => consumer.queue === queue)
  return queue.inMemory === 0 && (served === undefined || isIdle(served)) && (!(queue instanceof SpoolQueue) || queue.isEmpty)
}
