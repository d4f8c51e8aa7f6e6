// Leads a running graph from one blueprint to another, step by step. Events wait in queues that stay; no step leaves anything half done.
//
//   1  build what is new or changed; a throw ends it here, with nothing touched
//   2  start what is added, where that works already: its listeners may need what others still hold
//   3  inputs that go or change take nothing more; changed instances take nothing more, and come to the end of what they have
//   4  changed instances end, and their successors get their queues, in one call
//   5  start the successors, and what could not start before; if something of a removed instance is in the way, that one ends first
//   6  routes change, all in one call
//   7  removed instances, and queues that nothing leads to any more, are emptied; what is left at the deadline fails as `stale`
//
// An instance that cannot be started ends the transition with the reason, before any route has changed; the caller leads back. A stop of the
// graph ends it at the next step; whatever is then in the graph is what the stop drains.

import { staleFailure } from "../actor/ends.ts"
import type { Instance } from "../actor/instance.ts"
import { WishboneError } from "../errors.ts"
import type { Log } from "../log.ts"
import { SpoolQueue } from "../spool/queue.ts"
import type { Blueprint } from "./blueprint.ts"
import type { Difference } from "./difference.ts"
import { stopTaking } from "./drain.ts"
import { Endings, type EndingsParts } from "./endings.ts"
import { endInstance, isThrough, mayFlush, reasonOf, startInstance } from "./life.ts"

const lookEveryMs = 2

export interface TransitionParts extends EndingsParts {
  /** Goes all the way even if something cannot be started: there is no way back. */
  readonly persist: boolean
}

export class Transition {
  /** Changed instances whose successors have their places. */
  readonly replaced: string[] = []
  private readonly parts: TransitionParts
  private readonly to: Blueprint
  private readonly difference: Difference
  private readonly endings: Endings
  /** Built and not started, by name, from the sinks to the sources. */
  private pending = new Map<string, Instance>()
  /** Why instances could not be started at the last try. */
  private failures = new Map<string, unknown>()

  constructor(parts: TransitionParts, to: Blueprint, difference: Difference) {
    this.parts = parts
    this.to = to
    this.difference = difference
    this.endings = new Endings(parts)
  }

  /** Events that failed because their time was over. */
  get stale(): number {
    return this.endings.stale
  }

  /** Goes all the way, or answers why not. @throws WishboneError before anything was touched */
  async run(): Promise<unknown> {
    const { graph, stop, persist } = this.parts
    const { changed, removed } = this.difference
    const made = this.make()
    await this.startAdded(made)
    if (stop.aborted && !persist) return undefined
    if (this.failures.size > 0 && changed.length + removed.length === 0 && !persist) return this.failure
    await this.quieten()
    if (stop.aborted && !persist) return undefined
    await Promise.all(changed.map(({ name }) => this.endChanged(name)))
    if (this.isCut) return undefined
    this.replace(made)
    await this.startPending()
    if (this.failures.size > 0 && removed.length > 0 && (await this.endings.endAhead(new Set(removed)))) await this.startPending()
    if (this.isCut) return undefined
    if (this.failures.size > 0 && !persist) return this.failure
    graph.switchTo(this.to)
    await this.endings.emptyLeaving()
    // On the way back: now that all others have ended.
    if (this.failures.size > 0 && !this.isCut) await this.startPending()
    return this.failure
  }

  private get failure(): unknown {
    return this.failures.values().next().value
  }

  /** The graph was ended at once: nothing may be started any more. */
  private get isCut(): boolean {
    return this.parts.graph.isCut
  }

  private make(): Map<string, Instance> {
    const { graph } = this.parts
    const names = new Set([...this.difference.added, ...this.difference.changed.map(({ name }) => name)])
    const made = new Map<string, Instance>()
    try {
      for (const name of [...this.to.instances.keys()].reverse()) if (names.has(name)) made.set(name, graph.make(this.to, name))
      for (const [name, next] of made) checkQueues(next, graph.instances.get(name))
    } catch (thrown) {
      for (const { actor } of made.values()) actor.close()
      throw thrown
    }
    return made
  }

  // 2: those whose routes lead to queues that are there already.
  private async startAdded(made: ReadonlyMap<string, Instance>): Promise<void> {
    const { graph } = this.parts
    const added = [...made].filter(([name]) => this.difference.added.includes(name))
    for (const [name, instance] of added) {
      instance.actor.halt()
      graph.enter(name, instance, this.to)
      graph.down.add(name)
      this.pending.set(name, instance)
    }
    const early = added.filter(([name]) => graph.canConnect(name, this.to.routes))
    for (const [name, instance] of early) {
      graph.connectFrom(name, this.to.routes)
      instance.attachConsumers()
    }
    for (const [name] of early) {
      if (this.parts.stop.aborted || this.failures.size > 0) return
      await this.start(name)
    }
  }

  // 3
  private async quieten(): Promise<void> {
    const { graph, clock, log, stop, timers, timeoutMs } = this.parts
    const { changed, removed } = this.difference
    const start = clock.monotonic()
    const present = (name: string): Instance[] => [graph.instances.get(name)].filter((one) => one !== undefined && !one.ended) as Instance[]
    const ending = changed.flatMap(({ name }) => present(name))
    const inputs = [...ending, ...removed.flatMap(present)].filter(({ spec }) => spec.kind === "input")
    for (const { name } of inputs) graph.down.add(name)
    await Promise.all(inputs.filter(({ begun }) => begun).map((input) => stopTaking(input, { timers, log, cut: stop })))
    for (const { producer } of inputs) producer.admitAll()
    // While all others go on: what inputs wait for happens there.
    await this.waitFor(() => inputs.every(isThrough), start + timeoutMs / 2)
    for (const { actor, producer } of ending) {
      actor.halt()
      producer.admitAll()
    }
    const flushing = new Flushing(ending, log)
    await this.waitFor(() => flushing.look() && ending.every(isThrough), start + timeoutMs)
    if (!stop.aborted || this.parts.persist) return
    for (const { actor, spec } of ending) if (spec.kind !== "input") actor.goOn()
  }

  /** Looks again and again whether something is so, until a time comes or the graph stops. */
  private async waitFor(isSo: () => boolean, untilMs: number): Promise<void> {
    const { clock, stop, timers } = this.parts
    while (!isSo() && !stop.aborted && clock.monotonic() < untilMs) await timers.sleep(lookEveryMs, stop).catch(() => undefined)
  }

  // 4
  private async endChanged(name: string): Promise<void> {
    const { graph } = this.parts
    const instance = graph.instances.get(name)
    if (instance === undefined || instance.ended) return
    graph.down.add(name)
    await this.endings.end(instance)
  }

  private replace(made: ReadonlyMap<string, Instance>): void {
    const { graph } = this.parts
    const { changed } = this.difference
    const changedNames = new Set(changed.map(({ name }) => name))
    const replacements = new Map([...made].filter(([name]) => changedNames.has(name)))
    for (const next of replacements.values()) next.actor.halt()
    graph.replace(replacements, this.to)
    this.replaced.push(...changedNames)
    for (const [name, instance] of this.pending) {
      if (replacements.has(name) || instance.ended) continue
      graph.connectFrom(name, this.to.routes)
      instance.attachConsumers()
    }
    this.pending = new Map([...this.pending, ...replacements].sort(([a], [b]) => this.place(b) - this.place(a)))
  }

  private place(name: string): number {
    return [...this.to.instances.keys()].indexOf(name)
  }

  // 5, 8
  private async startPending(): Promise<void> {
    this.failures.clear()
    for (const [name, instance] of this.pending) {
      if (this.isCut) return
      if (!instance.ended || this.makeAgain(name)) await this.start(name)
      // Those nearer to the sources would send events to one that may never run.
      if (this.failures.size > 0 && !this.parts.persist) return
    }
  }

  /** An instance that ended as its start failed gets a successor. */
  private makeAgain(name: string): boolean {
    const { graph } = this.parts
    try {
      const next = graph.make(this.to, name)
      next.actor.halt()
      graph.replace(new Map([[name, next]]), this.to)
      this.pending.set(name, next)
      return true
    } catch (thrown) {
      this.failures.set(name, thrown)
      return false
    }
  }

  /** Starts an instance that has its place in the graph; one that cannot be started is ended again. */
  private async start(name: string): Promise<void> {
    const { graph, log } = this.parts
    const instance = graph.instances.get(name) as Instance
    let failure: unknown
    const started = startInstance(instance).catch((thrown: unknown) => {
      failure = thrown ?? new Error("its first hook failed")
    })
    if (!(await this.endings.within(started)))
      failure = new WishboneError("WB_START_FAILED", { instance: name, reason: `its first hook goes on after ${this.endings.hookMs} ms` })
    if (failure === undefined) {
      graph.down.delete(name)
      this.pending.delete(name)
      return
    }
    this.failures.set(name, failure)
    instance.actor.halt()
    instance.actor.submissions.closed = true
    await this.endings.within(endInstance(instance, log))
  }
}

/** A queue on disk that is to sync otherwise would have to be closed first. @throws WishboneError `WB_RELOAD_RESTART`, `WB_MODULE_NO_HANDLER` */
function checkQueues(next: Instance, old: Instance | undefined): void {
  for (const [name, queue] of next.actor.queues) {
    if (!next.serves(name)) throw new WishboneError("WB_MODULE_NO_HANDLER", { module: next.spec.name, instance: next.name, queue: name })
    const before = old?.actor.queues.get(name)
    if (queue instanceof SpoolQueue && before instanceof SpoolQueue && before.isOpen && !before.fits(queue.plan))
      throw new WishboneError("WB_RELOAD_RESTART", { what: `queues.${name}.sync`, where: next.name })
  }
}

/** Lets instances that keep something let go of it, once each. */
class Flushing {
  private running = 0
  private readonly waiting: Set<Instance>
  private readonly log: Log

  constructor(instances: readonly Instance[], log: Log) {
    this.waiting = new Set(instances)
    this.log = log
  }

  /** Starts what can be; answers whether none is under way. */
  look(): boolean {
    for (const instance of this.waiting) {
      if (!mayFlush(instance)) continue
      this.waiting.delete(instance)
      this.running += 1
      void this.flush(instance).finally(() => {
        this.running -= 1
      })
    }
    return this.running === 0
  }

  private async flush({ actor, module, name }: Instance): Promise<void> {
    try {
      actor.retries.flush(staleFailure)
      await module.flush()
    } catch (thrown) {
      this.log.error(`${name} could not flush: ${reasonOf(thrown)}`)
    }
  }
}
