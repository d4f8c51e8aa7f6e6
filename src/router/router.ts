// Owns the instances of a graph: starts them from the sinks to the sources, watches over them, drains and stops them.
// The API of programs that embed the runtime.

import type { Instance } from "../actor/instance.ts"
import { Scheduler } from "../actor/scheduler.ts"
import { WishboneError } from "../errors.ts"
import type { Report } from "../ledger.ts"
import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import type { Plan } from "../spec/plan.ts"
import { Spools } from "../spool/spools.ts"
import { Stores } from "../store/stores.ts"
import { blueprintOf } from "./blueprint.ts"
import { type DrainParts, drain, loseTheRest, stopInputs } from "./drain.ts"
import { figuresOf, type InstanceFigures, type Phase } from "./figures.ts"
import { closeQueues, endInstance, startInstance } from "./life.ts"
import { LiveGraph } from "./live.ts"
import type { Registry } from "./registry.ts"
import { type ReloadResult, reloadGraph } from "./reload.ts"
import { Upkeep } from "./upkeep.ts"

export interface RouterOptions {
  readonly registry: Registry
  readonly platform: Platform
  /** The console's log for an instance. */
  readonly logs: (module: string) => Log
  /** Version of the program, as templates see it. */
  readonly version?: string
}

/** What a running graph is doing. */
export interface Status {
  /** Events that entered the graph since the start. */
  readonly inTotal: number
  /** Events that ended well since the start. */
  readonly deliveredTotal: number
  /** Events in memory: queues, hands, holds. */
  readonly waiting: number
  /** Events on disk. */
  readonly spooled: number
  /** Age of the oldest event on disk, in milliseconds. */
  readonly oldestMs: number | undefined
  /** Instances whose circuit is open. */
  readonly openCircuits: readonly string[]
  /** Instances whose books do not balance; always empty unless there is a bug. */
  readonly imbalances: readonly { instance: string; difference: number }[]
}

export class Router implements AsyncDisposable {
  /** Resolves when every input has ended by itself; never, with inputs that go on for ever. */
  readonly ended: Promise<void>
  private readonly platform: Platform
  private readonly log: Log
  private readonly scheduler: Scheduler
  private readonly graph: LiveGraph
  private readonly upkeep: Upkeep
  /** The spools that instances have open. */
  readonly spools: Spools
  /** The stores that instances share. */
  readonly stores: Stores
  private readonly cut = new AbortController()
  /** Ends a reload at its next step: the graph is told to stop. */
  private readonly stopReload = new AbortController()
  private reloading: Promise<unknown> = Promise.resolve()
  private resolveEnded: () => void = () => undefined
  private phase: Phase = "built"
  private stopping: Promise<void> | undefined = undefined

  private constructor(plan: Plan, options: RouterOptions) {
    this.platform = options.platform
    this.log = options.logs("router")
    this.scheduler = new Scheduler(options.platform.clock, options.platform.timers)
    this.spools = new Spools(options.platform, this.log, plan.state)
    this.stores = new Stores({
      platform: options.platform,
      log: this.log,
      state: plan.state,
      plans: plan.stores ?? {},
      drivers: options.registry.stores,
    })
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve
    })
    this.graph = new LiveGraph(blueprintOf(plan, options.registry), {
      ...options,
      scheduler: this.scheduler,
      spools: this.spools,
      shared: new Map<string, unknown>([
        ["spools", this.spools],
        ["stores", this.stores],
        ["state", plan.state],
      ]),
      version: options.version ?? "",
      inputEnded: () => this.lookForEnd(),
    })
    this.upkeep = new Upkeep(() => this.instances, options.platform)
  }

  /** Builds the graph of a plan. Nothing runs yet. @throws WishboneError when a module or a template cannot be made. */
  static fromPlan(plan: Plan, options: RouterOptions): Router {
    return new Router(plan, options)
  }

  /** Starts all instances, sinks first, so that whatever an input makes finds its way. @throws WishboneError naming the instance; what had started is stopped again. */
  async start(): Promise<void> {
    if (this.phase !== "built") throw new WishboneError("WB_ROUTER_PHASE", { phase: this.phase, wanted: "start" })
    this.phase = "starting"
    const started: Instance[] = []
    for (const instance of this.instances.toReversed()) {
      try {
        started.push(instance)
        await startInstance(instance)
      } catch (thrown) {
        this.phase = "stopped"
        await this.end(started)
        throw thrown
      }
    }
    this.phase = "running"
    this.upkeep.start(this.graph.plan.metricsIntervalMs)
  }

  /**
   * Leads the running graph to another plan. Events stay in queues that both plans have; changed instances end, and start again; removed ones
   * are emptied; routes change last, all at once. Several calls are done one after another. What cannot be done leaves the graph as it was,
   * which the answer tells.
   *
   * @param options.timeoutMs how long changed instances may take to come to an end, and removed ones to become empty: what they have left
   * then fails as `stale`
   * @param options.registry of the plan. @defaultValue the one the router was made with
   * @throws WishboneError `WB_ROUTER_PHASE` when the graph does not run
   */
  reload(plan: Plan, options: { readonly timeoutMs: number; readonly registry?: Registry }): Promise<ReloadResult> {
    const result = this.reloading.then(() => this.reloadOnce(plan, options))
    this.reloading = result.catch(() => undefined)
    return result
  }

  /** Stops taking, lets the graph drain for `timeoutMs` at most, ends all instances. Several calls share one stop. */
  stop({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    this.stopping ??= this.stopOnce(timeoutMs)
    return this.stopping
  }

  /** Ends without waiting: what is in memory is lost, and counted. */
  stopNow(): void {
    this.graph.isCut = true
    this.stopReload.abort()
    this.cut.abort()
    loseTheRest(this.instances)
    for (const { actor } of this.instances) actor.close()
    this.upkeep.stop()
    this.phase = "stopped"
  }

  /** The books of all instances, read now. */
  report(): Report {
    return this.graph.ledger.report()
  }

  status(): Status {
    const report = this.graph.ledger.report()
    return {
      inTotal: report.in + report.recovered,
      deliveredTotal: report.delivered,
      waiting: report.in_flight + report.held,
      spooled: report.waiting,
      oldestMs: this.spools.oldestMs,
      openCircuits: this.instances
        .filter(({ actor }) => actor.circuits.some((circuit) => circuit.state === "open"))
        .map(({ name }) => name),
      imbalances: this.graph.ledger.imbalances(),
    }
  }

  /** Where it is in its life, and each instance with its queues and circuits, read now. */
  figures(): { readonly phase: Phase; readonly instances: readonly InstanceFigures[] } {
    return { phase: this.phase, instances: figuresOf(this.instances, this.platform.clock.now()) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ timeoutMs: 10_000 })
  }

  private async stopOnce(timeoutMs: number): Promise<void> {
    if (this.phase !== "running") return
    this.phase = "stopping"
    this.stopReload.abort()
    await this.reloading
    if (this.graph.isCut) return
    this.graph.unpark()
    const parts: DrainParts = {
      instances: this.instances,
      clock: this.platform.clock,
      timers: this.platform.timers,
      log: this.log,
      cut: this.cut.signal,
    }
    await stopInputs(parts)
    const empty = await drain(parts, timeoutMs)
    if (!empty) loseTheRest(this.instances)
    this.upkeep.stop()
    await this.end(this.instances)
    this.phase = "stopped"
  }

  private async reloadOnce(
    plan: Plan,
    { timeoutMs, registry = this.graph.registry }: { timeoutMs: number; registry?: Registry },
  ): Promise<ReloadResult> {
    if (this.phase !== "running") throw new WishboneError("WB_ROUTER_PHASE", { phase: this.phase, wanted: "reload" })
    const { clock, timers } = this.platform
    const parts = { graph: this.graph, clock, timers, log: this.log, timeoutMs }
    const stop = new AbortController()
    const passOn = (): void => stop.abort()
    this.stopReload.signal.addEventListener("abort", passOn)
    try {
      return await reloadGraph({ ...parts, stop: stop.signal }, plan, registry)
    } finally {
      this.stopReload.signal.removeEventListener("abort", passOn)
      if (!stop.signal.aborted) {
        this.upkeep.start(this.graph.plan.metricsIntervalMs)
        this.lookForEnd()
      }
    }
  }

  /** All that have not ended; sources before sinks. */
  private get instances(): readonly Instance[] {
    return this.graph.all
  }

  /** Runs the last hooks, sources to sinks, and ends what goes on in the background. */
  private async end(instances: readonly Instance[]): Promise<void> {
    for (const instance of instances) {
      await endInstance(instance, this.log)
      await closeQueues(instance.durableQueues, instance.actor.signal, this.log)
    }
    await this.spools.close()
    await this.stores.close()
  }

  private lookForEnd(): void {
    const inputs = this.instances.filter(({ spec }) => spec.kind === "input")
    if (inputs.length > 0 && inputs.every(({ exhausted }) => exhausted)) this.resolveEnded()
  }
}
