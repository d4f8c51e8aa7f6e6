// The graph that runs: its instances, where their ports lead, and the books. What one step of a reload changes here happens within one
// turn of the event loop, so that nobody sees half of it.

import type { Actor } from "../actor/actor.ts"
import type { Instance } from "../actor/instance.ts"
import type { Port } from "../actor/port.ts"
import { Ledger } from "../ledger.ts"
import { memoryQueue } from "../queue/memory.ts"
import type { Queue } from "../queue/queue.ts"
import { defaultQueuePlan, type Plan, type QueuePlan, type RoutePlan } from "../spec/plan.ts"
import { SpoolQueue } from "../spool/queue.ts"
import type { Blueprint, InstanceBlueprint } from "./blueprint.ts"
import type { Registry } from "./registry.ts"
import { connect, makeInstance, type WiringParts } from "./wiring.ts"

/** Takes what comes, and makes its producer wait at once. */
const parkedQueue: QueuePlan = { ...defaultQueuePlan, size: 1 }

export class LiveGraph {
  readonly ledger = new Ledger()
  /** By name, funnels first, then from the sources to the sinks. */
  readonly instances = new Map<string, Instance>()
  /** Removed from the graph and not ended: nothing comes to them any more. */
  readonly leaving = new Set<Instance>()
  /** Instances that are part of the graph and do not run: their start failed, or they have stopped taking. */
  readonly down = new Set<string>()
  plan: Plan
  routes: readonly RoutePlan[]
  registry: Registry
  /** It was ended at once: nothing is to be started any more. */
  isCut = false
  private readonly parts: WiringParts
  /** What each instance was built from. */
  private readonly built = new Map<string, InstanceBlueprint>()
  private readonly parked = new Map<Port, { readonly actor: Actor; readonly key: string; readonly queue: Queue; readonly before: Queue }>()

  /** Builds and connects all instances. Nothing runs yet. @throws WishboneError */
  constructor(blueprint: Blueprint, parts: WiringParts) {
    this.plan = blueprint.plan
    this.routes = blueprint.routes
    this.registry = blueprint.registry
    this.parts = parts
    for (const name of blueprint.instances.keys()) this.enter(name, this.make(blueprint, name), blueprint)
    for (const name of this.instances.keys()) this.connectFrom(name, blueprint.routes)
    for (const instance of this.instances.values()) instance.attachConsumers()
  }

  /** All instances that have not ended. */
  get all(): Instance[] {
    return [...this.leaving, ...this.instances.values()]
  }

  /** The graph as it stands, to be compared with what it should be. */
  get current(): Blueprint {
    return { plan: this.plan, registry: this.registry, instances: new Map(this.built), routes: this.routes }
  }

  /** Instances whose books count in the totals. */
  get inside(): Set<string> {
    return new Set([...this.instances].filter(([, { actor }]) => !actor.books.outside).map(([name]) => name))
  }

  /** Builds an instance. It goes on with the books of the one that it is to replace, unless they stand on the other side. */
  make(blueprint: Blueprint, name: string): Instance {
    const own = blueprint.instances.get(name) as InstanceBlueprint
    const books = this.instances.get(name)?.actor.books
    return makeInstance(own, blueprint, this.parts, books?.outside === own.outside ? books : undefined)
  }

  /** A new instance becomes a part of the graph; nothing leads to it yet. */
  enter(name: string, instance: Instance, blueprint: Blueprint): void {
    this.instances.set(name, instance)
    this.built.set(name, blueprint.instances.get(name) as InstanceBlueprint)
    this.ledger.open(name, instance.actor.books)
  }

  /** An instance goes on with other arguments. */
  adjust(name: string, blueprint: Blueprint): void {
    const own = blueprint.instances.get(name) as InstanceBlueprint
    this.built.set(name, own)
    this.instances.get(name)?.module.applyArguments?.(own.plan.arguments)
  }

  /** Whether all queues that the instance's routes lead to are there; logs and metrics can do without. */
  canConnect(name: string, routes: readonly RoutePlan[]): boolean {
    return routes
      .filter(({ source }) => source.instance === name && source.queue !== "logs" && source.queue !== "metrics")
      .every(({ destination }) => this.instances.get(destination.instance)?.actor.queues.has(destination.queue) === true)
  }

  /** Lets the out queues of an instance lead where `routes` say, and nowhere else. */
  connectFrom(name: string, routes: readonly RoutePlan[]): void {
    const instance = this.instances.get(name) as Instance
    const wanted = new Map(
      routes.filter(({ source }) => source.instance === name).map(({ source, destination }) => [source.queue, destination]),
    )
    for (const [out, end] of wanted) {
      const destination = this.instances.get(end.instance)
      // A queue for its logs comes when the funnel gets its new queues.
      if (destination?.actor.queues.has(end.queue) === true) connect(instance, out, destination, end.queue)
    }
    for (const port of instance.actor.ports.values()) if (port.queue !== null && !wanted.has(port.name)) port.connect(null, false)
  }

  /** Instances built anew take the places of those that have ended, with their queues and books, and lead where the blueprint says. */
  replace(replacements: ReadonlyMap<string, Instance>, blueprint: Blueprint): void {
    for (const [name, next] of replacements) this.takePlace(name, next, blueprint)
    for (const name of replacements.keys()) this.connectFrom(name, blueprint.routes)
    for (const next of replacements.values()) next.attachConsumers()
    this.rewire()
  }

  /** All routes change, in this call, and whoever waited for room looks again; instances that are no part of the plan lose their sources. */
  switchTo(blueprint: Blueprint): void {
    const before = [...this.instances]
    this.instances.clear()
    for (const name of blueprint.instances.keys()) {
      const instance = before.find(([known]) => known === name)?.[1]
      if (instance !== undefined) this.instances.set(name, instance)
    }
    for (const [name, instance] of before) if (!this.instances.has(name)) this.dismiss(name, instance)
    this.plan = blueprint.plan
    this.routes = blueprint.routes
    this.registry = blueprint.registry
    for (const name of this.instances.keys()) this.connectFrom(name, blueprint.routes)
    this.unpark()
    this.rewire()
    for (const { actor } of this.leaving) for (const queue of actor.queues.values()) queue.releaseWaiters()
    for (const { actor, producer } of this.all) {
      producer.rerouted()
      actor.wake()
    }
  }

  /**
   * What is on its way to the instances of these names waits behind the out queues it comes from, until {@link unpark}: there it counts as
   * if its instance had sent it to itself. Log and metric events are let pass.
   */
  park(names: ReadonlySet<string>): void {
    const closed = new Set([...names].flatMap((name) => [...(this.instances.get(name)?.actor.queues.values() ?? [])]))
    for (const [name, { actor }] of this.instances) {
      if (names.has(name)) continue
      for (const port of actor.ports.values()) {
        if (port.outside || port.queue === null || !closed.has(port.queue)) continue
        const key = `${port.name} parked`
        const queue = memoryQueue(`${name}.${key}`, parkedQueue, actor)
        this.parked.set(port, { actor, key, queue, before: port.queue })
        actor.queues.set(key, queue)
        port.connect(queue, actor.books.outside)
      }
    }
    this.rewire()
  }

  /** What was parked goes on, to where its out queue leads now; where nothing has changed, to where it led before. */
  unpark(): void {
    for (const [port, { actor, key, queue, before }] of this.parked) {
      if (port.queue === queue) port.connect(before, actor.books.outside)
      for (const event of queue.takeAll()) actor.ends.forward(event, port)
      actor.books.continueWith(actor, () => actor.queues.delete(key))
      queue.releaseWaiters()
    }
    this.parked.clear()
    this.rewire()
  }

  /** An instance that was removed has ended, and nothing is left of it: its counts stay in the totals. */
  forget(instance: Instance): void {
    this.leaving.delete(instance)
    detach(instance)
    this.ledger.close(instance.name, instance.actor.books)
  }

  /** An in queue that nothing leads to any more is empty, and goes. */
  dropQueue(instance: Instance, key: string): void {
    const { actor } = instance
    actor.books.continueWith(actor, () => instance.dropQueue(key))
    instance.dropIdleServers()
  }

  private dismiss(name: string, instance: Instance): void {
    this.built.delete(name)
    this.down.delete(name)
    this.leaving.add(instance)
  }

  private takePlace(name: string, next: Instance, blueprint: Blueprint): void {
    const old = this.instances.get(name) as Instance
    const { books } = next.actor
    let moved: ReadonlyMap<Queue, Queue> = new Map()
    const move = (): void => {
      moved = handOver(old, next)
    }
    if (books === old.actor.books) books.continueWith(next.actor, move)
    else {
      move()
      books.beginWith(next.actor)
    }
    detach(old)
    this.enter(name, next, blueprint)
    for (const { actor } of this.all) {
      for (const port of actor.ports.values()) {
        const queue = port.queue === null ? undefined : moved.get(port.queue)
        if (queue !== undefined) port.connect(queue, port.outside || actor.books.outside)
      }
    }
    for (const queue of moved.keys()) queue.releaseWaiters()
  }

  private rewire(): void {
    for (const instance of this.all) instance.rewire()
  }
}

/** Nothing that runs on knows this instance any more. */
function detach({ actor, producer }: Instance): void {
  producer.forget()
  for (const port of actor.ports.values()) {
    port.queue?.stopWaiting(actor)
    port.connect(null, false)
  }
}

/**
 * Gives the queues of `old` to `next`, with all that waits in them. The same object where its settings allow it; otherwise events move in
 * order, and the answer says from where to where, for those who lead there. What lies on disk cannot move to memory: that queue is emptied
 * beside the new one, as is one that `next` does not have.
 */
function handOver(old: Instance, next: Instance): ReadonlyMap<Queue, Queue> {
  const moved = new Map<Queue, Queue>()
  const left = new Map(old.actor.queues)
  // First those that a step before this one was about to empty: this one may want them back.
  for (const [key, name] of old.leavingQueues) {
    const queue = left.get(key)
    const own = next.actor.queues.get(name)
    if (queue === undefined || own === undefined || key === name || !queue.fits(own.plan)) continue
    left.delete(key)
    adopt(next, name, queue)
  }
  for (const [name, queue] of left) {
    const own = next.actor.queues.get(name)
    if (own === undefined) next.useLeavingQueue(name, queue, old.leavingQueues.get(name) ?? name)
    else if (queue.fits(own.plan)) adopt(next, name, queue)
    else {
      moved.set(queue, own)
      if (queue instanceof SpoolQueue && queue.isOpen) next.useLeavingQueue(`${name} on disk`, queue, name)
      else for (const event of queue.takeAll()) own.push(event)
    }
  }
  return moved
}

function adopt(next: Instance, name: string, queue: Queue): void {
  const { plan } = next.actor.queues.get(name) as Queue
  queue.configure(plan)
  next.useQueue(name, queue)
}
