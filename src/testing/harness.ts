// Runs one module alone, as it would run in a graph: a real instance on the simulated platform, its in queues fed by the test, its out
// queues read by it. Nothing is mocked, so what a module does here it does in a graph. The books are checked at the end.

import { actorArguments } from "../actor/arguments.ts"
import { Instance } from "../actor/instance.ts"
import type { Module, ModuleContext } from "../actor/module.ts"
import {
  type ModuleFunctionClass,
  OwnParts,
  type PartUse,
  type PartUses,
  type ProtocolClass,
  type TemplateFunctionClass,
} from "../actor/own-parts.ts"
import { Scheduler } from "../actor/scheduler.ts"
import { compileArguments } from "../actor/template-arguments.ts"
import { Event, Standing } from "../event.ts"
import { type InstanceBalance, Ledger } from "../ledger.ts"
import type { Log, LogLevel } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../platform/simulated/simulated.ts"
import { drain, loseTheRest, stopInputs } from "../router/drain.ts"
import { checkArguments } from "../spec/arguments.ts"
import { contractOf } from "../spec/contract.ts"
import { defaultConsumers, defaultHoldMax, defaultInflight, defaultQueuePlan, type InstancePlan, type QueuePlan } from "../spec/plan.ts"
import type { ComponentSpec, ModuleSpec } from "../spec/spec.ts"
import { Collector } from "./collector.ts"

/** A module class as a test has it. */
export interface TestedClass<Tested extends Module> {
  /** What `defineModule` gave. */
  readonly spec: ModuleSpec
  new (context: ModuleContext): Tested
}

/** A class of a protocol or function, alone or with arguments as a bootstrap file would have them. */
export type TestedPart<Class> = Class | readonly [Class, Readonly<Record<string, unknown>>]

/** How the module runs, as far as it differs from what a bootstrap file would have by default. */
export interface StartOptions<On extends Platform = SimulatedPlatform> {
  /** Settings of queues, in or out, as far as they differ from the defaults. */
  readonly queues?: Readonly<Record<string, Partial<QueuePlan>>>
  /** Names of the queues that stand for `"*"` in the module's declaration. */
  readonly inQueues?: readonly string[]
  readonly outQueues?: readonly string[]
  /** Whether `successful` is read too. @defaultValue true for outputs, which have no other way to tell */
  readonly successful?: boolean
  /** Whether `failed` is read. @defaultValue true */
  readonly failed?: boolean
  /** Settings of the instance: `consumers`, `timeoutMs`, `inflight`, `holdMax`. */
  readonly instance?: Partial<Pick<InstancePlan, "name" | "consumers" | "timeoutMs" | "inflight" | "holdMax">>
  /** @defaultValue a simulated one */
  readonly platform?: On
  /** The `protocol`: a decoder for an input, an encoder for an output; with arguments, a pair. */
  readonly protocol?: TestedPart<ProtocolClass>
  /** Module functions by in queue. */
  readonly functions?: Readonly<Record<string, readonly TestedPart<ModuleFunctionClass>[]>>
  /** Functions that templates among the arguments may call, by name. */
  readonly templateFunctions?: Readonly<Record<string, TestedPart<TemplateFunctionClass>>>
  /** Things that instances of a graph share, by name. */
  readonly shared?: (platform: On, log: Log) => ReadonlyMap<string, unknown>
}

/** One line of the log. */
export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>> | undefined
}

/**
 * Builds and starts one instance of a module. Arguments are written as in a bootstrap file.
 *
 * @throws Error naming every mistake in the arguments, or whatever the module's `preHook` throws.
 * @example
 * const run = await startModule(Throttle, { events_max: 1 })
 * await run.send("inbox", "a", "b")
 * expect(run.sent).toEqual({ outbox: ["a"], throttled: ["b"] })
 * await run.stop()
 */
export async function startModule<Tested extends Module, On extends Platform = SimulatedPlatform>(
  moduleClass: TestedClass<Tested>,
  args: Readonly<Record<string, unknown>> = {},
  options: StartOptions<On> = {},
): Promise<ModuleRun<Tested, On>> {
  const platform = options.platform ?? (simulatedPlatform() as Platform as On)
  const run = new ModuleRun<Tested, On>(moduleClass, checked(moduleClass.spec, args), { ...options, platform })
  await run.start()
  return run
}

function checked(spec: ComponentSpec, args: Readonly<Record<string, unknown>>): ReturnType<typeof checkArguments> {
  const result = checkArguments(spec, args)
  if (result.problems.length > 0) throw new Error(result.problems.map(({ message, hint }) => `${message} ${hint}`.trim()).join("\n"))
  return result
}

/** One module running, and what it has done so far. */
export class ModuleRun<Tested extends Module, On extends Platform = SimulatedPlatform> {
  /** The module object itself. */
  readonly module: Tested
  /** The world it runs in: time, disk, network and standard streams of a simulated one can be controlled by it. */
  readonly platform: On
  /** What the runtime made around the module. Its insides may change from version to version. */
  readonly instance: Instance
  /** What the module, and the runtime on its behalf, has logged. */
  readonly log: LogLine[] = []
  /** The input has said that it will make no more events. */
  ended = false
  readonly #collectors = new Map<string, Collector>()
  readonly #ledger = new Ledger()
  readonly #scheduler: Scheduler
  #stopped = false

  constructor(moduleClass: TestedClass<Tested>, args: ReturnType<typeof checkArguments>, options: StartOptions<On> & { platform: On }) {
    const { platform } = options
    const { spec } = moduleClass
    this.platform = platform
    this.#scheduler = new Scheduler(platform.clock, platform.timers)
    const own = new OwnParts(usesOf(options), { platform, log: this.#logger(), version: "0.0.0" })
    const { fixed, perEvent, compile } = compileArguments(spec, args.values, args.templates, own.setting)
    this.instance = new Instance({
      plan: planOf(spec, args.values, options),
      moduleClass,
      contract: contractOf(spec, fixed),
      args: actorArguments(fixed, perEvent === undefined ? null : (event: Event) => perEvent(event), compile),
      own,
      platform,
      scheduler: this.#scheduler,
      log: this.#logger(),
      shared: options.shared?.(platform, this.#logger()) ?? new Map(),
      outside: false,
      inQueues: options.inQueues ?? [],
      outQueues: options.outQueues ?? [],
      defaultQueue: defaultQueuePlan,
      inputEnded: () => {
        this.ended = true
      },
    })
    this.module = this.instance.module as Tested
    this.#ledger.open(this.instance.name, this.instance.actor.books)
    this.#connect(options)
    this.instance.attachConsumers()
  }

  /** Data of the events that came out, by queue; only queues that got something appear. */
  get sent(): Record<string, unknown[]> {
    return Object.fromEntries(Object.entries(this.events).map(([queue, events]) => [queue, events.map((event) => event.data)]))
  }

  /** The events that came out, by queue, in order. */
  get events(): Record<string, Event[]> {
    const filled = [...this.#collectors].filter(([, collector]) => collector.events.length > 0)
    return Object.fromEntries(filled.map(([queue, collector]) => [queue, collector.events]))
  }

  /** The log as `level: message`. */
  get lines(): string[] {
    return this.log.map(({ level, message }) => `${level}: ${message}`)
  }

  /** The books of the instance, read now. */
  get books(): InstanceBalance {
    return this.instance.actor.books.balance()
  }

  /** Puts data, or whole events, into an in queue, and lets the module handle them. No time passes; queues take what exceeds their size. */
  async send(queue: string, ...items: readonly unknown[]): Promise<void> {
    this.put(queue, ...items)
    await this.settle()
  }

  /** Puts data, or whole events, into an in queue; the module handles them later. */
  put(queue: string, ...items: readonly unknown[]): void {
    const target = this.instance.actor.queues.get(queue)
    if (target === undefined)
      throw new Error(`there is no in queue \`${queue}\`, only ${[...this.instance.actor.queues.keys()].join(", ")}`)
    for (const item of items) {
      const event = item instanceof Event ? item : this.module.event(item)
      event.standing = Standing.live
      target.offer(event)
    }
  }

  /** Runs all that is ready without time passing. On the real platform: a few turns of the event loop. */
  async settle(): Promise<void> {
    const { platform } = this
    if (isSimulated(platform)) return platform.settle()
    for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => platform.timers.immediate(resolve))
  }

  /** Nobody reads the out queue any more, so that it fills up. */
  block(queue: string): void {
    this.#collector(queue).block()
  }

  /** The out queue is read again. */
  async unblock(queue: string): Promise<void> {
    this.#collector(queue).unblock()
    await this.settle()
  }

  /**
   * Events that come out of the queue end badly from now on, as if whatever stands behind it had failed with `error`: what an input that
   * acknowledges must hear of. The kind is that of the error (`TransientError`, `Invalid` …).
   */
  refuse(queue: string, error: unknown): void {
    this.#collector(queue).refuse(error ?? new Error("refused"))
  }

  /** Events that come out of the queue end well again. */
  accept(queue: string): void {
    this.#collector(queue).refuse(undefined)
  }

  /** Runs `preHook`. `startModule` has done so. */
  async start(): Promise<void> {
    await this.#complete(this.instance.prepare().then(() => this.module.preHook()))
  }

  /** Ends the instance as a graph does: an input stops taking, what is on its way is handled, hooks run; what is not through in time is
   *  lost. Blocked queues are read again. @throws Error when the books do not balance. */
  async stop({ timeoutMs = 10_000 }: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    const { module, instance, platform } = this
    for (const collector of this.#collectors.values()) collector.unblock()
    const { clock, timers } = platform
    const parts = { instances: [instance], clock, timers, log: this.#logger(), cut: new AbortController().signal }
    await this.#complete(stopInputs(parts))
    if (!(await this.#complete(drain(parts, timeoutMs)))) loseTheRest([instance])
    instance.actor.close()
    await this.#complete(Promise.resolve().then(() => module.postHook()))
    await this.settle()
    this.checkBooks()
  }

  /** @throws Error when the books do not balance: an event vanished, or was counted twice. */
  checkBooks(): void {
    const [wrong] = this.#ledger.imbalances().filter(({ instance }) => instance !== "*")
    if (wrong !== undefined) throw new Error(`the books are off by ${wrong.difference}: ${JSON.stringify(this.books)}`)
  }

  #complete<T>(work: Promise<T>): Promise<T> {
    return isSimulated(this.platform) ? this.platform.complete(work) : work
  }

  #collector(queue: string): Collector {
    const collector = this.#collectors.get(queue)
    if (collector === undefined) throw new Error(`there is no out queue \`${queue}\`, only ${[...this.#collectors.keys()].join(", ")}`)
    return collector
  }

  #connect({ successful = this.instance.spec.kind === "output", failed = true, queues = {} }: StartOptions<On>): void {
    const skipped = new Set(["logs", "metrics", ...(successful ? [] : ["successful"]), ...(failed ? [] : ["failed"])])
    for (const port of this.instance.actor.ports.values()) {
      if (skipped.has(port.name)) continue
      const collector = new Collector(port.name, { ...defaultQueuePlan, ...queues[port.name] }, this.#scheduler)
      this.#collectors.set(port.name, collector)
      port.queue = collector.queue
    }
  }

  #logger(): Log {
    const at =
      (level: LogLevel) =>
      (message: string, fields?: Record<string, unknown>): void => {
        this.log.push({ level, message, fields })
      }
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), fatal: at("fatal") }
  }
}

function isSimulated(platform: Platform): platform is SimulatedPlatform {
  return "advance" in platform
}

function planOf<On extends Platform>(spec: ModuleSpec, values: Readonly<Record<string, unknown>>, options: StartOptions<On>): InstancePlan {
  const queues = Object.entries(options.queues ?? {}).map(([name, queue]) => [name, { ...defaultQueuePlan, ...queue }] as const)
  return {
    name: "module",
    module: spec.name,
    description: spec.summary,
    arguments: values,
    queues: Object.fromEntries(queues),
    consumers: defaultConsumers,
    inflight: defaultInflight,
    holdMax: defaultHoldMax,
    ...options.instance,
  }
}

function usesOf({
  protocol,
  functions = {},
  templateFunctions = {},
}: Pick<StartOptions, "protocol" | "functions" | "templateFunctions">): PartUses {
  const lists = Object.entries(functions).map(([queue, list]) => [queue, list.map((part) => useOf(part))] as const)
  const named = Object.entries(templateFunctions).map(([name, part]) => [name, useOf(part)] as const)
  return {
    protocol: protocol && useOf(protocol),
    functions: Object.fromEntries(lists),
    templateFunctions: Object.fromEntries(named),
  }
}

function useOf<Class extends { readonly spec: ComponentSpec }>(part: TestedPart<Class>): PartUse<Class> {
  const [create, args] = (Array.isArray(part) ? part : [part, {}]) as readonly [Class, Readonly<Record<string, unknown>>]
  return { create, arguments: checked(create.spec, args).values }
}
