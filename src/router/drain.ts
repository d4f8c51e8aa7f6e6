// Stopping without losing: inputs stop taking, the graph drains, modules flush what they hold back. After half of the time, outputs that
// do not get on fail what they have, so that it falls to the graph's own disk. At the deadline the rest is counted as lost.
// No module can hold the stop up: what it promises to end is waited for only as long as there is time.

import { stoppedFailure } from "../actor/ends.ts"
import type { InputModule } from "../actor/input.ts"
import type { Instance } from "../actor/instance.ts"
import type { Failure } from "../errors.ts"
import type { Log } from "../log.ts"
import type { Clock, Timers } from "../platform/platform.ts"

const lookEveryMs = 5
const stalledMs = 250
const stopTakingMs = 1000

export interface DrainParts {
  /** Sources before sinks. */
  readonly instances: readonly Instance[]
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  /** Ends the drain at once: a second signal. */
  readonly cut: AbortSignal
  /** Why events of outputs fail that do not get on; `null`: they do not. @defaultValue the graph stops */
  readonly failure?: Failure | null
  /** Whether what else is waited for is over. */
  readonly alsoEmpty?: () => boolean
}

/** Asks every input to take nothing more from outside (one that takes longer than a second for that is left to itself), and whoever keeps
 *  events for later to offer none of them any more. */
export async function stopInputs(parts: DrainParts): Promise<void> {
  for (const { module } of parts.instances) module.stopOffering?.()
  await Promise.all(parts.instances.filter(({ spec }) => spec.kind === "input").map((input) => stopTaking(input, parts)))
}

/** As {@link stopInputs}, for one of them. */
export async function stopTaking(
  { module, name, actor }: Instance,
  { timers, log, cut }: Pick<DrainParts, "timers" | "log" | "cut">,
): Promise<void> {
  const over = new AbortController()
  try {
    const stopped = (module as InputModule).stopTaking()
    if (stopped === undefined) return
    const late = timers.sleep(stopTakingMs, AbortSignal.any([over.signal, cut])).catch(() => undefined)
    await Promise.race([stopped, late])
  } catch (thrown) {
    log.error(`${name} could not stop taking: ${reasonOf(thrown)}`)
  } finally {
    over.abort()
    actor.close()
  }
}

/** Waits until nothing is on its way any more, `timeoutMs` at most; answers whether the graph is empty. Then nothing is taken any more. */
export async function drain(parts: DrainParts, timeoutMs: number): Promise<boolean> {
  const { instances, clock, timers, cut, failure = stoppedFailure, alsoEmpty = () => true } = parts
  const start = clock.monotonic()
  const watched = instances.map((instance) => new Progress(instance, start))
  const flushing = new Flushing(parts)
  for (;;) {
    if (cut.aborted) return false
    flushing.look()
    if (flushing.running === 0 && instances.every(isEmpty) && alsoEmpty()) break
    const now = clock.monotonic()
    if (now - start >= timeoutMs) return false
    for (const progress of watched) progress.look(now)
    if (failure !== null && now - start >= timeoutMs / 2) for (const progress of watched) progress.giveUpIfStalled(now, failure)
    await timers.sleep(lookEveryMs, cut).catch(() => undefined)
  }
  takeNothingMore(instances)
  return true
}

/** Counts as lost whatever is still in memory, and tells the tickets. Nothing is taken any more. */
export function loseTheRest(instances: readonly Instance[]): void {
  for (const { producer } of instances) producer.admitAll()
  takeNothingMore(instances)
  for (const { actor } of instances) {
    const { ends, holds, consumers } = actor
    for (const consumer of consumers) for (const event of consumer.abandon()) ends.lose(event, "stopped", stoppedFailure)
    for (const event of holds.list()) if (holds.remove(event)) ends.lose(event, "stopped", stoppedFailure)
  }
  // Last: a call may have handed events on in the very moment it was abandoned.
  for (const { actor } of instances) {
    for (const queue of actor.queues.values()) {
      for (let event = queue.shift(); event !== undefined; event = queue.shift()) actor.ends.lose(event, "stopped", stoppedFailure)
    }
  }
}

/** Nothing of this instance is on its way, and no handler runs that could make more. */
export function isEmpty(instance: Instance): boolean {
  return instance.actor.holds.count === 0 && isQuiet(instance)
}

function isQuiet(instance: Instance): boolean {
  return instance.actor.released === 0 && isAtRest(instance)
}

/** Whether nothing is left to do but to wait for what was sent to be confirmed: a flush may bring that about. */
function isAtRest({ actor, producer }: Instance): boolean {
  if (producer.waiting > 0 || actor.books.inHands > actor.released || actor.consumers.some(({ active }) => active > 0)) return false
  for (const queue of actor.queues.values()) if (queue.inMemory > 0) return false
  return true
}

function takeNothingMore(instances: readonly Instance[]): void {
  for (const { actor } of instances) actor.submissions.closed = true
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** Lets modules that hold back (packs) submit what they have, once everything that leads to them is quiet; again when more has come. */
class Flushing {
  /** Flushes that have not ended. */
  running = 0
  private readonly instances: readonly Instance[]
  private readonly log: Log
  private readonly failure: Failure | undefined
  private readonly before: ReadonlyMap<Instance, readonly Instance[]>
  /** How much each had taken when it was flushed. */
  private readonly taken = new Map<Instance, number>()

  constructor({ instances, log, failure }: DrainParts) {
    this.instances = instances
    this.log = log
    this.failure = failure ?? undefined
    this.before = allBefore(instances)
  }

  look(): void {
    for (const instance of this.instances) {
      if (!isAtRest(instance) || this.before.get(instance)?.every(isQuiet) === false) continue
      let taken = 0
      for (const queue of instance.actor.queues.values()) taken += queue.head
      if (this.taken.get(instance) === taken) continue
      this.taken.set(instance, taken)
      this.running += 1
      void this.flush(instance).finally(() => {
        this.running -= 1
      })
    }
  }

  private async flush({ actor, module, name }: Instance): Promise<void> {
    try {
      actor.retries.flush(this.failure)
      await module.flush()
    } catch (thrown) {
      this.log.error(`${name} could not flush: ${reasonOf(thrown)}`)
    }
  }
}

/** For each instance all others from which events can reach it. */
function allBefore(instances: readonly Instance[]): Map<Instance, Instance[]> {
  const owners = new Map(instances.flatMap((instance) => [...instance.actor.queues.values()].map((queue) => [queue, instance])))
  const before = new Map<Instance, Instance[]>(instances.map((instance) => [instance, []]))
  for (const source of instances) {
    const open = [source]
    const seen = new Set(open)
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const { queue, outside } of at.actor.ports.values()) {
        const next = queue === null || outside ? undefined : owners.get(queue)
        if (next === undefined || seen.has(next)) continue
        seen.add(next)
        open.push(next)
        before.get(next)?.push(source)
      }
    }
  }
  return before
}

/** Whether an output gets on, judged by what it takes and settles. */
class Progress {
  private readonly instance: Instance
  private last: number
  private sinceMs: number

  constructor(instance: Instance, nowMs: number) {
    this.instance = instance
    this.last = instance.actor.progress
    this.sinceMs = nowMs
  }

  look(nowMs: number): void {
    const { progress } = this.instance.actor
    if (progress === this.last && !isEmpty(this.instance)) return
    this.last = progress
    this.sinceMs = nowMs
  }

  giveUpIfStalled(nowMs: number, failure: Failure): void {
    const { actor, spec } = this.instance
    if (spec.kind !== "output" || nowMs - this.sinceMs < stalledMs || actor.ends.failed.queue === null) return
    actor.giveUp(failure)
  }
}
