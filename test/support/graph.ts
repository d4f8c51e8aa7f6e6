// Small graphs whose modules are written in the test: each instance is a script, wired and run by the real router on the simulated
// platform. After every step of virtual time the books must balance.

import type { Actor } from "../../src/actor/actor.ts"
import type { Background } from "../../src/actor/background.ts"
import type { Batch } from "../../src/actor/batch.ts"
import { FlowModule } from "../../src/actor/flow.ts"
import { InputModule } from "../../src/actor/input.ts"
import type { Module, ModuleContext } from "../../src/actor/module.ts"
import { OutputModule } from "../../src/actor/output.ts"
import type { Producer } from "../../src/actor/producer.ts"
import type { Event } from "../../src/event.ts"
import type { InstanceBalance } from "../../src/ledger.ts"
import type { Log, LogLevel } from "../../src/log.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { componentOf, createRegistry, type ModuleClass, type Registry } from "../../src/router/registry.ts"
import type { ReloadResult } from "../../src/router/reload.ts"
import { Router } from "../../src/router/router.ts"
import { defineModule } from "../../src/spec/define.ts"
import {
  defaultConsumers,
  defaultHoldMax,
  defaultInflight,
  defaultQueuePlan,
  type InstancePlan,
  type Plan,
  type QueuePlan,
  type RoutePlan,
} from "../../src/spec/plan.ts"
import type { ModuleKind } from "../../src/spec/spec.ts"
import { type FailedSlot, type Result, Ticket, type TicketOwner } from "../../src/ticket.ts"

/** What a script may do with its module. Flow and output modules submit as handlers do, inputs with back-pressure. */
export type Scripted = FlowModule

type PlanPart = Partial<Omit<InstancePlan, "name" | "module" | "arguments" | "queues">>

/** One instance. A flow with one in queue `inbox` and one out queue `outbox`, unless it says otherwise. */
export interface Script extends PlanPart {
  readonly kind?: ModuleKind
  readonly ins?: readonly string[]
  readonly outs?: readonly string[]
  readonly waits?: Readonly<Record<string, readonly string[]>>
  readonly queues?: Readonly<Record<string, Partial<QueuePlan>>>
  readonly handler?: (event: Event, module: Scripted, signal: AbortSignal) => unknown
  readonly batch?: (batch: Batch, module: Scripted, signal: AbortSignal) => unknown
  readonly start?: (module: Scripted) => void | Promise<void>
  readonly end?: (module: Scripted) => void | Promise<void>
  readonly flush?: (module: Scripted) => void | Promise<void>
  readonly stopTaking?: () => void | Promise<void>
}

/** An output that keeps the data of what comes. Its handler returns nothing, so everything is delivered. */
export function collector(more: Script = {}): Script & { readonly got: unknown[] } {
  const got: unknown[] = []
  return { kind: "output", outs: [], handler: (event) => void got.push(event.data), ...more, got }
}

/** An input that does nothing by itself: the test submits for it. */
export const source: Script = { kind: "input", ins: [] }

/** Learns the end of one batch. */
export class Told implements TicketOwner {
  settled = 0
  done = 0
  failed: FailedSlot[] = []
  results: readonly Result[] | null = null
  /** What had happened when each was told, in the order of being told. */
  readonly order: string[] = []

  ticketSettled(ticket: Ticket): void {
    this.settled += 1
    this.failed = [...(ticket.failed?.values() ?? [])]
    this.results = ticket.results === null ? null : [...ticket.results]
    this.order.push("settled")
  }

  ticketDone(ticket: Ticket): void {
    this.done += 1
    this.results = ticket.results === null ? null : [...ticket.results]
    this.order.push("done")
  }

  /** `pending`, `safe`, or the kinds of what failed. */
  get state(): string {
    if (this.settled === 0) return "pending"
    return this.failed.length === 0 ? "safe" : `failed ${this.failed.map(({ kind }) => kind).join(" ")}`
  }
}

/** Builds and starts a graph of scripts. */
export async function startGraph(
  scripts: Readonly<Record<string, Script>>,
  routes: readonly string[],
  plan: Partial<Plan> = {},
): Promise<TestGraph> {
  const graph = new TestGraph(scripts, routes, plan)
  await graph.platform.complete(graph.router.start())
  return graph
}

interface Inside {
  readonly context: ModuleContext
}

export class TestGraph {
  readonly platform: SimulatedPlatform = simulatedPlatform()
  readonly router: Router
  readonly lines: string[] = []
  readonly #modules = new Map<string, Module>()
  /** One class for each script and name: a reload sees whether it is the same. */
  readonly #classes = new Map<Script, Map<string, ModuleClass>>()

  constructor(scripts: Readonly<Record<string, Script>>, routes: readonly string[], more: Partial<Plan>) {
    this.router = Router.fromPlan(planOf(scripts, routes, more), {
      registry: this.#registryOf(scripts),
      platform: this.platform,
      logs: (name) => this.#log(name),
    })
    this.platform.afterEachStep(() => this.checkBooks())
  }

  /** Leads the graph to other scripts and routes. An instance changes when its script is another object, or its settings differ. */
  startReload(
    scripts: Readonly<Record<string, Script>>,
    routes: readonly string[],
    { timeoutMs = 1000, ...more }: Partial<Plan> & { readonly timeoutMs?: number } = {},
  ): Promise<ReloadResult> {
    return this.router.reload(planOf(scripts, routes, more), { timeoutMs, registry: this.#registryOf(scripts) })
  }

  async reload(...what: Parameters<TestGraph["startReload"]>): Promise<ReloadResult> {
    const result = await this.platform.complete(this.startReload(...what))
    await this.platform.settle()
    this.checkBooks()
    return result
  }

  #registryOf(scripts: Readonly<Record<string, Script>>): Registry {
    return createRegistry(Object.entries(scripts).map(([name, script]) => componentOf(this.#knownClassOf(name, script))))
  }

  #knownClassOf(name: string, script: Script): ModuleClass {
    const known = this.#classes.get(script) ?? new Map<string, ModuleClass>()
    this.#classes.set(script, known)
    const create = known.get(name) ?? this.#classOf(name, script)
    known.set(name, create)
    return create
  }

  module(name: string): Scripted {
    return this.#modules.get(name) as Scripted
  }

  #context(name: string): ModuleContext {
    return (this.#modules.get(name) as unknown as Inside).context
  }

  actor(name: string): Actor {
    return this.#context(name).actor
  }

  background(name: string): Background {
    return this.#context(name).background
  }

  producer(name: string): Producer {
    return this.#context(name).producer
  }

  books(name: string): InstanceBalance {
    return this.actor(name).books.balance()
  }

  /** Events waiting in a queue, written `instance.queue`. */
  queued(queue: string): number {
    const [instance = "", name = ""] = queue.split(".")
    return this.actor(instance).queues.get(name)?.length ?? -1
  }

  /** Events of an input, with one ticket, submitted as one batch. */
  send(input: string, ...values: unknown[]): Told {
    return this.sendEvents(
      input,
      values.map((value) => this.#modules.get(input)?.event(value) as Event),
    )
  }

  sendEvents(input: string, events: readonly Event[], options?: { results?: boolean }): Told {
    const told = new Told()
    const ticket = new Ticket(told, events.length, options)
    events.forEach((event, slot) => Object.assign(event, { ticket, slot }))
    void this.producer(input).submit(events)
    return told
  }

  /** Sends, and lets everything happen that needs no time. */
  async run(input: string, ...values: unknown[]): Promise<Told> {
    const told = this.send(input, ...values)
    await this.platform.settle()
    return told
  }

  /** @throws Error when the books do not balance. */
  checkBooks(): void {
    const wrong = this.router.status().imbalances
    if (wrong.length > 0) throw new Error(`the books do not balance: ${JSON.stringify(wrong)} in ${JSON.stringify(this.router.report())}`)
  }

  async stop(timeoutMs = 1000): Promise<void> {
    await this.platform.complete(this.router.stop({ timeoutMs }))
    await this.platform.settle()
    this.checkBooks()
  }

  #classOf(name: string, script: Script): ModuleClass {
    const { kind = "flow", ins = ["inbox"], outs = ["outbox"], waits } = script
    const modules = this.#modules
    const bases = { input: InputModule, flow: FlowModule, process: FlowModule, output: OutputModule }
    const queue = (direction: "in" | "out", names: readonly string[]): [string, { direction: "in" | "out"; summary: string }][] =>
      names.map((one) => [one, { direction, summary: "Events." }])
    const spec = defineModule({
      name: `test.${kind}.${name}`,
      summary: "A script.",
      arguments: {},
      queues: Object.fromEntries([...queue("in", ins), ...queue("out", outs)]),
      contract: { acknowledges: "none", failsWithinMs: 0, reorders: false, holds: "memory", ...(waits === undefined ? {} : { waits }) },
    })
    const Base = bases[kind] as unknown as typeof FlowModule
    return class extends Base {
      static readonly spec = spec
      override readonly consumers = serving(ins, script.handler, (event: Event, _args: never, signal: AbortSignal) =>
        script.handler?.(event, this, signal),
      )
      override readonly batches = serving(ins, script.batch, (batch: Batch, signal: AbortSignal) => script.batch?.(batch, this, signal))

      constructor(context: ModuleContext) {
        super(context)
        if (!modules.has(name)) modules.set(name, this)
      }

      override preHook(): void | Promise<void> {
        modules.set(name, this)
        return script.start?.(this)
      }

      override postHook(): void | Promise<void> {
        return script.end?.(this)
      }

      override flush(): void | Promise<void> {
        return script.flush?.(this)
      }

      stopTaking(): void | Promise<void> {
        return script.stopTaking?.()
      }
    } as unknown as ModuleClass
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

function serving<Handler>(ins: readonly string[], wanted: unknown, handler: Handler): Record<string, Handler> {
  return wanted === undefined ? {} : Object.fromEntries(ins.map((queue) => [queue, handler]))
}

function planOf(scripts: Readonly<Record<string, Script>>, routes: readonly string[], more: Partial<Plan>): Plan {
  return {
    file: "test.yaml",
    folder: "/tmp",
    state: "/tmp/.wishbone",
    instances: Object.entries(scripts).map(([name, script]) => instancePlan(name, script)),
    routes: routes.map(routeOf),
    metricsIntervalMs: 10_000,
    defaultQueue: defaultQueuePlan,
    ...more,
  }
}

function instancePlan(name: string, script: Script): InstancePlan {
  const {
    kind = "flow",
    queues = {},
    description = "",
    consumers = defaultConsumers,
    inflight = defaultInflight,
    holdMax = defaultHoldMax,
    timeoutMs,
  } = script
  return {
    name,
    module: `test.${kind}.${name}`,
    description,
    arguments:
      kind === "input"
        ? { destination: "data", native_events: false }
        : kind === "output"
          ? { selection: "data", payload: null, native_events: false }
          : {},
    queues: Object.fromEntries(Object.entries(queues).map(([queue, plan]) => [queue, { ...defaultQueuePlan, ...plan }])),
    consumers,
    inflight,
    holdMax,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
}

function routeOf(text: string): RoutePlan {
  const [from = "", to = ""] = text.split(" -> ")
  const end = (name: string): RoutePlan["source"] => ({ instance: name.split(".")[0] ?? "", queue: name.split(".")[1] ?? "" })
  return { source: end(from), destination: end(to) }
}
