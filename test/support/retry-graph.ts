// A graph with a `wishbone.flow.retry` written out around a target whose behaviour the test decides, on the simulated platform.

import RetryFlow from "../../modules/flow/retry.ts"
import type { Actor } from "../../src/actor/actor.ts"
import type { ModuleContext } from "../../src/actor/module.ts"
import { OutputModule } from "../../src/actor/output.ts"
import type { Producer } from "../../src/actor/producer.ts"
import type { Event } from "../../src/event.ts"
import { FlowModule, InputModule } from "../../src/index.ts"
import type { Log, LogLevel } from "../../src/log.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { type ComponentClass, createRegistry, type Registry } from "../../src/router/registry.ts"
import type { ReloadResult } from "../../src/router/reload.ts"
import { Router } from "../../src/router/router.ts"
import { checkArguments } from "../../src/spec/arguments.ts"
import { defineModule } from "../../src/spec/define.ts"
import type { Plan } from "../../src/spec/plan.ts"
import { type MadeStore, registerStore } from "../../src/store/driver.ts"
import type { MemoryStore } from "../../src/store/memory.ts"
import type { Store } from "../../src/store/store.ts"
import { Ticket } from "../../src/ticket.ts"
import { Told } from "./graph.ts"
import { planOf } from "./plans.ts"

/** What a target does with an event. Returning means that it arrived. */
export type Target = (event: Event, signal: AbortSignal) => unknown

export interface RetryGraphOptions {
  /** Arguments of the retry module. */
  readonly retry?: Readonly<Record<string, unknown>>
  readonly target?: Target
  /** Routes beyond the loop; `log` and `reject` are outputs that keep what comes. */
  readonly routes?: readonly string[]
  /** The store; without it one in memory. */
  readonly store?: Store | MadeStore
  readonly platform?: SimulatedPlatform
  /** Kind of the target. @defaultValue output */
  readonly kind?: "output" | "process"
  readonly plan?: Partial<Plan>
  /** How long to try to open the store. @defaultValue a minute */
  readonly startupMs?: number
  /** `retry:` on the target, instead of a module written out. */
  readonly onInstance?: boolean
}

const loop = [
  "source.outbox -> hold.inbox",
  "hold.outbox -> target.inbox",
  "target.successful -> hold.acknowledge",
  "target.failed -> hold.retry",
]
const exhausted = "hold.exhausted -> reject.inbox"

export async function startRetry(options: RetryGraphOptions = {}): Promise<RetryGraph> {
  const graph = new RetryGraph(options)
  await graph.platform.complete(graph.router.start(), { limitMs: 120_000 })
  return graph
}

interface Inside {
  readonly context: ModuleContext
}

export class RetryGraph {
  readonly platform: SimulatedPlatform
  readonly router: Router
  readonly lines: string[] = []
  /** What the target was given: data and the number of tries before. */
  readonly tried: { readonly data: unknown; readonly attempts: number; readonly uuid: string; readonly atMs: number }[] = []
  /** Data of what arrived at the target. */
  readonly arrived: unknown[] = []
  /** Events that came out, by instance. */
  readonly got: Record<string, Event[]> = { log: [], reject: [] }
  target: Target
  /** By instance. */
  readonly modules = new Map<string, Inside>()
  readonly #options: RetryGraphOptions
  readonly #registry: Registry

  constructor(options: RetryGraphOptions) {
    const { target = () => undefined, store, platform, kind = "output" } = options
    this.#options = options
    this.platform = platform ?? simulatedPlatform()
    this.target = target
    const driver = store === undefined ? [] : [registerStore("given", () => store)]
    const modules = [RetryFlow, sourceClass(this), targetClass(this, kind), keeperClass(this, "log"), keeperClass(this, "reject")]
    this.#registry = createRegistry([...(modules as unknown as ComponentClass[]), ...driver])
    const { platform: on } = this
    this.router = Router.fromPlan(this.#plan(options), { registry: this.#registry, platform: on, logs: (name) => this.#log(name) })
    on.afterEachStep(() => this.checkBooks())
  }

  #plan({ retry = {}, routes, store, kind = "output", plan = {}, startupMs = 60_000, onInstance = false }: RetryGraphOptions): Plan {
    const args = { store: "kept", interval: 10, ...retry }
    const { values, problems } = checkArguments(RetryFlow.spec, args)
    if (problems[0] !== undefined) throw new Error(problems[0].message)
    const stores = { kept: { driver: store === undefined ? "memory" : "given", settings: {}, startupMs } }
    const target = { module: `test.${kind}.target`, ...(onInstance && { more: { retry: values } }) }
    const outputs = { target, log: { module: "test.output.log" }, reject: { module: "test.output.reject" } }
    const source = { module: "test.input.source" }
    const hold = { module: "wishbone.flow.retry", arguments: args }
    const sketches = onInstance ? { source, ...outputs } : { source, hold, ...outputs }
    const lines = onInstance
      ? ["source.outbox -> target.inbox", ...(routes ?? ["target.failed -> reject.inbox"])]
      : [...loop, ...(routes ?? [exhausted])]
    return planOf(this.#registry, sketches, lines, { stores, ...plan })
  }

  /** Leads the graph to other options, as a changed file does. */
  async reload(changes: RetryGraphOptions): Promise<ReloadResult> {
    const plan = this.#plan({ ...this.#options, ...changes })
    const result = await this.platform.complete(this.router.reload(plan, { timeoutMs: 1000 }))
    await this.platform.settle()
    return result
  }

  get store(): Promise<Store> {
    return this.router.stores.open("kept")
  }

  actor(name: string): Actor {
    return (this.modules.get(name) as Inside).context.actor
  }

  get producer(): Producer {
    return (this.modules.get("source") as Inside).context.producer
  }

  /** Submits events as one batch with one ticket. */
  put(values: readonly unknown[], options?: { results?: boolean }): Told {
    const source = this.modules.get("source") as unknown as InputModule
    const told = new Told()
    const ticket = new Ticket(told, values.length, options)
    const events = values.map((value, slot) => Object.assign(source.event(value), { ticket, slot }))
    void this.producer.submit(events)
    return told
  }

  /** Puts events in, and lets everything happen that needs no time. */
  async send(...values: unknown[]): Promise<Told> {
    const told = this.put(values)
    await this.platform.settle()
    return told
  }

  /** Data of the events that came to an output. */
  data(name: string): unknown[] {
    return (this.got[name] ?? []).map((event) => event.data)
  }

  async count(bucket = "hold.retry"): Promise<number> {
    return (await this.store).count(bucket)
  }

  checkBooks(): void {
    const { imbalances } = this.router.status()
    if (imbalances.length > 0)
      throw new Error(`the books do not balance: ${JSON.stringify(imbalances)} ${JSON.stringify(this.router.report())}`)
  }

  async stop(timeoutMs = 1000): Promise<void> {
    await this.platform.complete(this.router.stop({ timeoutMs }), { limitMs: 60_000 })
    await this.platform.settle()
    this.checkBooks()
  }

  #log(name: string): Log {
    const at =
      (level: LogLevel) =>
      (message: string): void => {
        this.lines.push(`${level} ${name}: ${message}`)
      }
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), fatal: at("fatal") }
  }
}

function sourceClass({ modules }: RetryGraph) {
  const spec = defineModule({
    name: "test.input.source",
    summary: "Test.",
    arguments: {},
    queues: { outbox: { direction: "out", summary: "-" } },
  })
  return class extends InputModule<typeof spec> {
    static readonly spec = spec
    constructor(context: ModuleContext) {
      super(context)
      modules.set("source", this as unknown as Inside)
    }
  }
}

function targetClass(graph: RetryGraph, kind: "output" | "process") {
  const queues = {
    inbox: { direction: "in" as const, summary: "-" },
    ...(kind === "process" && { outbox: { direction: "out" as const, summary: "-" } }),
  }
  const spec = defineModule({ name: `test.${kind}.target`, summary: "Test.", arguments: {}, queues })
  const Base = (kind === "output" ? OutputModule : FlowModule) as unknown as typeof FlowModule
  return class extends Base {
    static readonly spec = spec
    override readonly consumers = { inbox: (event: Event, _args: never, signal: AbortSignal) => this.#handle(event, signal) }

    constructor(context: ModuleContext) {
      super(context)
      graph.modules.set("target", this as unknown as Inside)
    }

    #handle(event: Event, signal: AbortSignal): unknown {
      const { data, meta, uuid } = event
      graph.tried.push({ data, attempts: meta.attempts, uuid, atMs: this.platform.clock.now() })
      const result = graph.target(event, signal)
      if (result instanceof Promise) return result.then((value: unknown) => this.#arrive(event, value))
      return this.#arrive(event, result)
    }

    #arrive(event: Event, result: unknown): unknown {
      graph.arrived.push(event.data)
      return kind === "process" ? this.submit(event) : result
    }
  }
}

function keeperClass({ got }: RetryGraph, name: string) {
  const queues = { inbox: { direction: "in" as const, summary: "-" } }
  const spec = defineModule({ name: `test.output.${name}`, summary: "Test.", arguments: {}, queues })
  return class extends OutputModule<typeof spec> {
    static readonly spec = spec
    override readonly consumers = { inbox: (event: Event) => void got[name]?.push(event) }
  }
}

/** A store in memory that outlives the process: to a graph it is durable. */
export function durable(store: MemoryStore): Store {
  return new Proxy(store, {
    get(target, name): unknown {
      if (name === "abilities") return { ...target.abilities, durable: true }
      const value: unknown = Reflect.get(target, name)
      return typeof value === "function" ? value.bind(target) : value
    },
  })
}
