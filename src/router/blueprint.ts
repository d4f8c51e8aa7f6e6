// What a plan comes to: its instances with all their queues, the routes with those that nobody wrote, and which instances stand outside
// the books. Plain data; wiring.ts builds from it, and two of them say what a reload has to change.

import type { ModuleClass } from "../actor/instance.ts"
import { WishboneError } from "../errors.ts"
import type { InstancePlan, Plan, QueuePlan, RoutePlan } from "../spec/plan.ts"
import type { ModuleSpec } from "../spec/spec.ts"
import { routeText } from "./deadlock.ts"
import { buildGraph } from "./graph.ts"
import type { Registry } from "./registry.ts"
import { withRetries } from "./retry-plan.ts"
import { funnelPlan, funnelRoutes, SystemFunnel, systemFunnels, systemQueue } from "./system.ts"

/** One instance as it is to be built. */
export interface InstanceBlueprint {
  readonly plan: InstancePlan
  readonly moduleClass: ModuleClass
  /** In queues: those the module declares, and those that routes name. */
  readonly queues: Readonly<Record<string, QueuePlan>>
  /** Out queues that lead somewhere, without `successful`, `failed`, `logs` and `metrics`. */
  readonly outQueues: readonly string[]
  /** Only log and metric events come here. */
  readonly outside: boolean
}

export interface Blueprint {
  readonly plan: Plan
  readonly registry: Registry
  /** Funnels first, then from the sources to the sinks. */
  readonly instances: ReadonlyMap<string, InstanceBlueprint>
  readonly routes: readonly RoutePlan[]
}

/** The blueprint of a plan. Instances in `inside` stand inside the books whatever leads to them: they hold events that do. */
export function blueprintOf(given: Plan, registry: Registry, inside: ReadonlySet<string> = new Set()): Blueprint {
  const specOf = (module: string): ModuleSpec => registry.lookup(module).component.spec
  const { plan } = withRetries(given, specOf)
  const graph = buildGraph(plan, specOf)
  const routes = [...graph.routes, ...funnelRoutes(plan.instances, graph)]
  const funnels = Object.keys(systemFunnels).filter((name) => routes.some((route) => route.source.instance === name))
  const plans = [...funnels.map(funnelPlan), ...graph.instances.map((instance) => instance.plan)]
  const outside = outsideInstances(plans, routes, inside)
  const blueprints = plans.map((one): [string, InstanceBlueprint] => {
    const isFunnel = one.name in systemFunnels
    const moduleClass = isFunnel ? SystemFunnel : (registry.lookup(one.module).component.create as ModuleClass)
    const queues = queuesOf(one, moduleClass, { routes, usual: isFunnel ? systemQueue : plan.defaultQueue })
    return [one.name, { plan: one, moduleClass, queues, outQueues: outQueuesOf(one, routes), outside: outside.has(one.name) }]
  })
  checkEnds(new Map(blueprints), routes)
  return { plan, registry, instances: new Map(blueprints), routes }
}

const systemNames = new Set(["successful", "failed", "logs", "metrics"])

function outQueuesOf({ name }: InstancePlan, routes: readonly RoutePlan[]): string[] {
  const named = routes.filter(({ source }) => source.instance === name && !systemNames.has(source.queue)).map(({ source }) => source.queue)
  return [...new Set(named)].sort()
}

function queuesOf(
  plan: InstancePlan,
  { spec }: ModuleClass,
  { routes, usual }: { routes: readonly RoutePlan[]; usual: QueuePlan },
): Record<string, QueuePlan> {
  const declared = Object.entries(spec.queues).filter(([name, { direction }]) => direction === "in" && name !== "*")
  const routed = routes.filter(({ destination }) => destination.instance === plan.name).map(({ destination }) => destination.queue)
  const names = new Set([...declared.map(([name]) => name), ...routed])
  return Object.fromEntries([...names].map((name) => [name, plan.queues[name] ?? usual]))
}

/** Instances that only log and metric events reach: their books are left out of the totals. */
function outsideInstances(plans: readonly InstancePlan[], routes: readonly RoutePlan[], inside: ReadonlySet<string>): Set<string> {
  const outside = new Set(plans.map((plan) => plan.name))
  const isSystem = (queue: string): boolean => queue === "logs" || queue === "metrics"
  for (const { name } of plans) {
    const isSource = !(name in systemFunnels) && !routes.some((route) => route.destination.instance === name)
    if (isSource || inside.has(name)) outside.delete(name)
  }
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

/** A checked plan holds no such route; a plan made by hand may. */
function checkEnds(instances: ReadonlyMap<string, InstanceBlueprint>, routes: readonly RoutePlan[]): void {
  for (const route of routes) {
    for (const { instance } of [route.source, route.destination]) {
      if (instances.has(instance)) continue
      throw new WishboneError("WB_ROUTE_UNKNOWN_INSTANCE", { route: routeText(route), instance, known: [...instances.keys()] })
    }
  }
}
