// Puts an instance together: actor, module, in queues with their consumers, out ports. The router connects instances and starts them.

import { WishboneError } from "../errors.ts"
import type { Books } from "../ledger.ts"
import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { memoryQueue } from "../queue/memory.ts"
import type { Queue } from "../queue/queue.ts"
import type { InstancePlan, QueuePlan } from "../spec/plan.ts"
import type { Contract, ModuleSpec } from "../spec/spec.ts"
import { SpoolQueue } from "../spool/queue.ts"
import { Actor, type QueueServer } from "./actor.ts"
import type { ActorArguments } from "./arguments.ts"
import { Background } from "./background.ts"
import { BatchConsumer, type BatchHandler } from "./batch.ts"
import { Consumer, type Handler } from "./consumer.ts"
import type { Module, ModuleContext } from "./module.ts"
import type { OwnParts } from "./own-parts.ts"
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
  /** Its protocol and functions. */
  readonly own?: OwnParts
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
  /** The books of the instance whose place this one takes. */
  readonly books?: Books | undefined
  /** Makes a queue that lives on disk. */
  readonly durableQueue?: (options: { name: string; plan: QueuePlan; owner: Actor }) => SpoolQueue
}

/** Whether nothing that it has taken is unsettled. */
export function isIdle(server: QueueServer): boolean {
  return server.active === 0 && !(server instanceof BatchConsumer && server.open.size > 0)
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
  /** In queues that are no more once they are empty, and the names their handlers have. */
  readonly leavingQueues = new Map<string, string>()
  /** Its start was tried. */
  begun = false
  /** Its last hook was called. */
  ended = false
  /** An input that will never make another event. */
  exhausted = false
  /** Who serves which in queue. */
  private readonly servers = new Map<QueueServer, string>()
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
      delivers: kind === "output" || moduleClass.spec.confirms === true,
      confirms: moduleClass.spec.confirms === true,
      outside: parts.outside,
      books: parts.books,
      outPorts: [...new Set([...declaredOut.map(([name]) => name), ...parts.outQueues])],
    })
    this.background = new Background({ log, timers: platform.timers, signal: this.actor.signal })
    this.producer = new Producer(this.actor)
    this.makeQueues()
    const { actor, background, producer } = this
    const { decoder = null, encoder = null } = parts.own ?? {}
    const runNow = (): void => scheduler.run()
    const inputEnded = (): void => {
      this.exhausted = true
      parts.inputEnded()
    }
    this.module = new moduleClass({ actor, platform, background, producer, shared: parts.shared, runNow, inputEnded, decoder, encoder })
  }

  /** Makes ready what the module works with. To be awaited before its `preHook`. */
  async prepare(): Promise<void> {
    await this.parts.own?.prepare()
  }

  /** Makes a consumer for each in queue. To be called when all routes are connected, before the first event. */
  attachConsumers(): void {
    const { consumers, queues } = this.actor
    consumers.length = 0
    this.servers.clear()
    for (const [key, queue] of queues) {
      const name = this.leavingQueues.get(key) ?? key
      if (this.leavingQueues.has(key) && !this.serves(name)) continue
      const server = this.consumerOf(name, queue)
      this.servers.set(server, name)
      consumers.push(server)
    }
    this.rewire()
  }

  /** Looks again at where its ports lead, and at how the queues there behave. */
  rewire(): void {
    for (const port of this.actor.ports.values()) port.direct = this.isDirect(port)
    for (const [server, name] of this.servers) server.waits = this.waitsOf(name)
  }

  /** Whether its module has a handler for an in queue of that name. */
  serves(queue: string): boolean {
    const { batches, consumers } = this.module
    return (batches[queue] ?? batches["*"] ?? consumers[queue] ?? consumers["*"]) !== undefined
  }

  /** An in queue from elsewhere in place of its own. */
  useQueue(name: string, queue: Queue): void {
    this.replaceQueue(name, queue)
    queue.adopt(this.actor)
  }

  /** Beside its own queues one that is to be emptied, by the handler of the in queue `handler`: no route leads there any more. */
  useLeavingQueue(key: string, queue: Queue, handler: string): void {
    this.leavingQueues.set(key, handler)
    this.useQueue(key, queue)
  }

  private replaceQueue(name: string, queue: Queue): void {
    const own = this.actor.queues.get(name)
    this.actor.queues.set(name, queue)
    const at = this.durableQueues.indexOf(own as SpoolQueue)
    if (at >= 0) this.durableQueues.splice(at, 1)
    if (queue instanceof SpoolQueue) this.durableQueues.push(queue)
  }

  /** An in queue is no more. What was taken from it may still be on its way. */
  dropQueue(name: string): void {
    const queue = this.actor.queues.get(name)
    this.leavingQueues.delete(name)
    this.actor.queues.delete(name)
    this.durableQueues.splice(0, this.durableQueues.length, ...this.durableQueues.filter((one) => one !== queue))
  }

  /** Forgets who served queues that are no more, once nothing of theirs is on its way. */
  dropIdleServers(): void {
    const { queues } = this.actor
    for (const server of this.servers.keys()) {
      if ([...queues.values()].includes(server.queue) || !isIdle(server)) continue
      this.servers.delete(server)
      this.actor.removeConsumer(server)
    }
  }

  private makeQueues(): void {
    const { spec, inQueues } = { spec: this.spec, inQueues: this.parts.inQueues }
    const declared = Object.entries(spec.queues).filter(([name, queue]) => queue.direction === "in" && name !== "*")
    for (const name of new Set([...declared.map(([queue]) => queue), ...inQueues])) {
      const plan = this.plan.queues[name] ?? this.parts.defaultQueue
      const queue = this.makeQueue(plan.place ?? `${this.name}.${name}`, plan)
      queue.retries = spec.queues[name]?.retries === true
      this.actor.queues.set(name, queue)
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
    const functions = this.parts.own?.functions.get(name)
    if (batch !== undefined) return new BatchConsumer({ actor, queue, handler: batch, waits, inflight: plan.inflight, functions })
    const handler = (module.consumers[name] ?? module.consumers["*"]) as Handler | undefined
    if (handler === undefined) throw new WishboneError("WB_MODULE_NO_HANDLER", { module: this.spec.name, instance: this.name, queue: name })
    const args = functions === undefined ? actor.args : functions.before(actor.args)
    return new Consumer({ actor, queue, handler, args, waits, max: plan.consumers.max })
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
    return port.queue !== null && !port.queue.drops && !port.outside && !this.actor.ends.copies
  }
}
