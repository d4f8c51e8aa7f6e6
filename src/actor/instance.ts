// Puts an instance together: actor, module, in queues with their consumers, out ports. The router connects instances and starts them.

import { WishboneError } from "../errors.ts"
import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { memoryQueue } from "../queue/memory.ts"
import type { Queue } from "../queue/queue.ts"
import type { InstancePlan, QueuePlan } from "../spec/plan.ts"
import type { Contract, ModuleSpec } from "../spec/spec.ts"
import type { SpoolQueue } from "../spool/queue.ts"
import { Actor } from "./actor.ts"
import type { ActorArguments } from "./arguments.ts"
import { Background } from "./background.ts"
import { BatchConsumer, type BatchHandler } from "./batch.ts"
import { Consumer, type Handler } from "./consumer.ts"
import type { Module, ModuleContext } from "./module.ts"
import type { Port } from "./port.ts"
import { Producer } from "./producer.ts"
import type { Scheduler } from "./scheduler.ts"

/** What a module's class looks like from here. */
export interface ModuleClass {
  readonly spec: ModuleSpec
  new (context: ModuleContext): Module
}

export interface InstanceParts {
  readonly plan: InstancePlan
  readonly moduleClass: ModuleClass
  readonly contract: Pick<Contract, "waits"> | undefined
  readonly args: ActorArguments
  readonly platform: Platform
  readonly scheduler: Scheduler
  readonly log: Log
  readonly shared: ReadonlyMap<string, unknown>
  readonly outside: boolean
  /** Queues that routes name at this instance. */
  readonly inQueues: readonly string[]
  readonly outQueues: readonly string[]
  readonly defaultQueue: QueuePlan
  readonly inputEnded: () => void
  /** Makes a queue that lives on disk. */
  readonly durableQueue?: (options: { name: string; plan: QueuePlan; owner: Actor }) => SpoolQueue
}

export class Instance {
  readonly name: string
  readonly spec: ModuleSpec
  readonly plan: InstancePlan
  readonly actor: Actor
  readonly module: Module
  readonly producer: Producer
  readonly background: Background
  /** In queues that live on disk: to be opened before the module starts, closed after it ended. */
  readonly durableQueues: SpoolQueue[] = []
  private readonly parts: InstanceParts

  constructor(parts: InstanceParts) {
    const { plan, moduleClass, platform, scheduler, log } = parts
    this.parts = parts
    this.name = plan.name
    this.plan = plan
    this.spec = moduleClass.spec
    const { kind } = moduleClass.spec
    const declaredOut = Object.entries(moduleClass.spec.queues).filter(([name, queue]) => queue.direction === "out" && name !== "*")
    this.actor = new Actor({
      plan,
      platform,
      scheduler,
      log,
      args: parts.args,
      delivers: kind === "output",
      outside: parts.outside,
      outPorts: [...new Set([...declaredOut.map(([name]) => name), ...parts.outQueues])],
    })
    this.background = new Background({ log, timers: platform.timers, signal: this.actor.signal })
    this.producer = new Producer(this.actor)
    this.makeQueues()
    const { actor, background, producer } = this
    const runNow = (): void => scheduler.run()
    this.module = new moduleClass({ actor, platform, background, producer, shared: parts.shared, runNow, inputEnded: parts.inputEnded })
  }

  /** Makes a consumer for each in queue. To be called when all routes are connected, before the first event. */
  attachConsumers(): void {
    for (const port of this.actor.ports.values()) port.direct = this.isDirect(port)
    for (const [name, queue] of this.actor.queues) this.actor.consumers.push(this.consumerOf(name, queue))
  }

  private makeQueues(): void {
    const { spec, inQueues } = { spec: this.spec, inQueues: this.parts.inQueues }
    const declared = Object.entries(spec.queues).filter(([name, queue]) => queue.direction === "in" && name !== "*")
    for (const name of new Set([...declared.map(([queue]) => queue), ...inQueues])) {
      const plan = this.plan.queues[name] ?? this.parts.defaultQueue
      this.actor.queues.set(name, this.makeQueue(`${this.name}.${name}`, plan))
    }
  }

  private makeQueue(name: string, plan: QueuePlan): Queue {
    if (plan.store !== "disk" && plan.whenFull !== "spill") return memoryQueue(name, plan, this.actor)
    const queue = this.parts.durableQueue?.({ name, plan, owner: this.actor })
    if (queue === undefined) throw new Error(`nothing here makes the durable queue ${name}`)
    this.durableQueues.push(queue)
    return queue
  }

  private consumerOf(name: string, queue: Queue): Consumer | BatchConsumer {
    const { module, actor, plan } = this
    const batch = (module.batches[name] ?? module.batches["*"]) as BatchHandler | undefined
    const waits = this.waitsOf(name)
    if (batch !== undefined) return new BatchConsumer({ actor, queue, handler: batch, waits, inflight: plan.inflight })
    const handler = (module.consumers[name] ?? module.consumers["*"]) as Handler | undefined
    if (handler === undefined) throw new WishboneError("WB_MODULE_NO_HANDLER", { module: this.spec.name, instance: this.name, queue: name })
    return new Consumer({ actor, queue, handler, waits, max: plan.consumers.max })
  }

  /** The connected ports that the consumer of `queue` may put into: it takes nothing while one of them is full. */
  private waitsOf(queue: string): Port[] {
    const { waits } = this.parts.contract ?? {}
    const named = waits === undefined ? ["*"] : (waits[queue] ?? waits["*"] ?? [])
    return [...this.actor.ports.values()].filter(
      (port) =>
        port.queue !== null &&
        !port.outside &&
        !port.queue.drops &&
        (port.name === "successful" || port.name === "failed" || named.includes("*") || named.includes(port.name)),
    )
  }

  private isDirect(port: Port): boolean {
    return port.queue !== null && !port.queue.drops && !port.outside && this.actor.ends.successful.queue === null
  }
}
