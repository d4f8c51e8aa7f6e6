// Owns the instances of a graph: starts them from the sinks to the sources, watches over them, drains and stops them.
// The API of programs that embed the runtime.

import type { Instance } from "../actor/instance.ts"
import { Scheduler } from "../actor/scheduler.ts"
import { WishboneError } from "../errors.ts"
import type { Ledger, Report } from "../ledger.ts"
import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import type { Plan } from "../spec/plan.ts"
import { Spools } from "../spool/spools.ts"
import { type DrainParts, drain, loseTheRest, stopInputs } from "./drain.ts"
import type { Registry } from "./registry.ts"
import { Upkeep } from "./upkeep.ts"
import { wire } from "./wiring.ts"

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

type Phase = "built" | "starting" | "running" | "stopping" | "stopped"

export class Router implements AsyncDisposable {
  /** Resolves when every input has ended by itself; never, with inputs that go on for ever. */
  readonly ended: Promise<void>
  private readonly platform: Platform
  private readonly log: Log
  private readonly scheduler: Scheduler
  /** From the sources to the sinks. */
  private readonly instances: readonly Instance[]
  private readonly ledger: Ledger
  private readonly upkeep: Upkeep
  /** The spools that instances have open. */
  readonly spools: Spools
  private readonly cut = new AbortController()
  private readonly endedInputs = new Set<string>()
  private resolveEnded: () => void = () => undefined
  private phase: Phase = "built"
  private stopping: Promise<void> | undefined = undefined

  private constructor(plan: Plan, options: RouterOptions) {
    this.platform = options.platform
    this.log = options.logs("router")
    this.scheduler = new Scheduler(options.platform.clock, options.platform.timers)
    this.spools = new Spools(options.platform, this.log, plan.state)
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve
    })
    const wired = wire(plan, {
      ...options,
      scheduler: this.scheduler,
      spools: this.spools,
      shared: new Map<string, unknown>([["spools", this.spools]]),
      version: options.version ?? "",
      inputEnded: (instance) => this.inputEnded(instance),
    })
    this.ledger = wired.ledger
    this.instances = [...wired.instances.values()]
    this.upkeep = new Upkeep(this.instances, options.platform, plan.metricsIntervalMs)
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
        for (const queue of instance.durableQueues) await queue.open()
        await instance.module.preHook()
      } catch (thrown) {
        this.phase = "stopped"
        await this.end(started)
        throw thrown instanceof WishboneError
          ? thrown
          : new WishboneError("WB_START_FAILED", { instance: instance.name, reason: reasonOf(thrown) }, { cause: thrown })
      }
    }
    this.phase = "running"
    this.upkeep.start()
  }

  /** Stops taking, lets the graph drain for `timeoutMs` at most, ends all instances. Several calls share one stop. */
  stop({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    this.stopping ??= this.stopOnce(timeoutMs)
    return this.stopping
  }

  /** Ends without waiting: what is in memory is lost, and counted. */
  stopNow(): void {
    this.cut.abort()
    loseTheRest(this.instances)
    for (const { actor } of this.instances) actor.close()
    this.upkeep.stop()
    this.phase = "stopped"
  }

  /** The books of all instances, read now. */
  report(): Report {
    return this.ledger.report()
  }

  status(): Status {
    const report = this.ledger.report()
    return {
      inTotal: report.in + report.recovered,
      deliveredTotal: report.delivered,
      waiting: report.in_flight + report.held,
      spooled: report.waiting,
      oldestMs: this.spools.oldestMs,
      openCircuits: this.instances
        .filter(({ actor }) => actor.circuits.some((circuit) => circuit.state === "open"))
        .map(({ name }) => name),
      imbalances: this.ledger.imbalances(),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ timeoutMs: 10_000 })
  }

  private async stopOnce(timeoutMs: number): Promise<void> {
    if (this.phase !== "running") return
    this.phase = "stopping"
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

  /** Runs the last hooks, sources to sinks, and ends what goes on in the background. */
  private async end(instances: readonly Instance[]): Promise<void> {
    for (const { actor, module, name, durableQueues } of instances) {
      actor.close()
      try {
        await module.postHook()
        for (const queue of durableQueues) await queue.close(actor.signal)
      } catch (thrown) {
        this.log.error(`${name} did not end in order: ${reasonOf(thrown)}`)
      }
    }
    await this.spools.close()
  }

  private inputEnded(instance: string): void {
    this.endedInputs.add(instance)
    const inputs = this.instances.filter(({ spec }) => spec.kind === "input")
    if (inputs.every(({ name }) => this.endedInputs.has(name))) this.resolveEnded()
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
