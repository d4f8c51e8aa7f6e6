// From a Plan to connected instances: which instances stand outside the books, which queues each needs, who shares a queue with whom.

import { ActorLog } from "../actor/actor-log.ts"
import { actorArguments } from "../actor/arguments.ts"
import { Instance, type ModuleClass } from "../actor/instance.ts"
import type { Scheduler } from "../actor/scheduler.ts"
import { compileArguments } from "../actor/template-arguments.ts"
import type { Event } from "../event.ts"
import { Ledger } from "../ledger.ts"
import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { findTemplates } from "../spec/arguments.ts"
import { contractOf } from "../spec/contract.ts"
import { type InstancePlan, type Plan, type RoutePlan } from "../spec/plan.ts"
import { SpoolQueue } from "../spool/queue.ts"
import type { Spools } from "../spool/spools.ts"
import { buildGraph } from "./graph.ts"
import type { Registry } from "./registry.ts"
import { funnelPlan, funnelRoutes, SystemFunnel, systemFunnels, systemQueue } from "./system.ts"

/** What wiring needs of the world. */
export interface WiringParts {
  readonly registry: Registry
  readonly platform: Platform
  readonly scheduler: Scheduler
  readonly logs: (module: string) => Log
  readonly shared: ReadonlyMap<string, unknown>
  readonly version: string
  readonly inputEnded: (instance: string) => void
  readonly spools: Spools
}

/** Instances, connected, funnels first, then from the sources to the sinks. */
export interface Wired {
  readonly instances: ReadonlyMap<string, Instance>
  readonly routes: readonly RoutePlan[]
  readonly ledger: Ledger
}

/** Builds and connects all instances of a plan. Nothing runs yet. */
export function wire(plan: Plan, parts: WiringParts): Wired {
  const graph = buildGraph(plan, (module) => parts.registry.lookup(module).component.spec)
  const routes = [...graph.routes, ...funnelRoutes(plan.instances, graph)]
  const funnels = Object.keys(systemFunnels).filter((name) => routes.some((route) => route.source.instance === name))
  const plans = [...funnels.map(funnelPlan), ...graph.instances.map((instance) => instance.plan)]
  const outside = outsideInstances(plans, routes)
  const ledger = new Ledger()
  const instances = new Map<string, Instance>()
  for (const instancePlan of plans) {
    const instance = makeInstance(instancePlan, { plan, routes, outside, parts })
    instances.set(instancePlan.name, instance)
    ledger.open(instancePlan.name, instance.actor.books)
  }
  for (const route of routes) connect(instances, route)
  for (const instance of instances.values()) instance.attachConsumers()
  return { instances, routes, ledger }
}

/** Instances that only log and metric events reach: their books are left out of the totals. */
function outsideInstances(plans: readonly InstancePlan[], routes: readonly RoutePlan[]): Set<string> {
  const outside = new Set(plans.map((plan) => plan.name))
  const isSystem = (queue: string): boolean => queue === "logs" || queue === "metrics"
  for (const { name } of plans)
    if (!(name in systemFunnels) && !routes.some((route) => route.destination.instance === name)) outside.delete(name)
  for (let changed = true; changed; ) {
    changed = false
    for (const { source, destination } of routes) {
      if (outside.has(source.instance) || isSystem(source.queue) || !outside.has(destination.instance)) continue
      outside.delete(destination.instance)
      changed = true
    }
  }
  return outside
}

function makeInstance(
  plan: InstancePlan,
  all: { plan: Plan; routes: readonly RoutePlan[]; outside: ReadonlySet<string>; parts: WiringParts },
): Instance {
  const { parts, routes } = all
  const { platform } = parts
  const moduleClass = plan.name in systemFunnels ? SystemFunnel : (parts.registry.lookup(plan.module).component.create as ModuleClass)
  const setting = { env: platform.environment, version: parts.version, pid: platform.pid }
  const compiled = compileArguments(moduleClass.spec, plan.arguments, findTemplates(moduleClass.spec, plan.arguments), setting)
  const { perEvent } = compiled
  const log = new ActorLog(plan.name, parts.logs(plan.name), platform)
  const instance = new Instance({
    plan,
    moduleClass,
    contract: contractOf(moduleClass.spec, compiled.fixed),
    args: actorArguments(compiled.fixed, perEvent === undefined ? null : (event: Event) => perEvent(event)),
    platform,
    scheduler: parts.scheduler,
    log,
    shared: parts.shared,
    outside: all.outside.has(plan.name),
    inQueues: routes.filter((route) => route.destination.instance === plan.name).map((route) => route.destination.queue),
    outQueues: routes.filter((route) => route.source.instance === plan.name).map((route) => route.source.queue),
    defaultQueue: plan.name in systemFunnels ? systemQueue : all.plan.defaultQueue,
    inputEnded: () => parts.inputEnded(plan.name),
    durableQueue: ({ name, plan: queue, owner }) =>
      new SpoolQueue({ name, plan: queue, owner, platform, spools: parts.spools, state: all.plan.state, books: owner.books }),
  })
  log.port = instance.actor.port("logs")
  return instance
}

function connect(instances: ReadonlyMap<string, Instance>, route: RoutePlan): void {
  const source = instances.get(route.source.instance)
  const destination = instances.get(route.destination.instance)
  const queue = destination?.actor.queues.get(route.destination.queue)
  if (source === undefined || destination === undefined || queue === undefined)
    throw new Error(`a checked plan has a route to nowhere: ${JSON.stringify(route)}`)
  const port = source.actor.port(route.source.queue)
  port.queue = queue
  if (!port.outside && !source.actor.books.outside) return
  const { outsidePorts } = destination.actor
  outsidePorts.set(queue, [...(outsidePorts.get(queue) ?? []), port])
}
