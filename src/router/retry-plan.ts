// What `retry:` on an instance comes to: a `wishbone.flow.retry` around it, named `_<instance>_retry`. Pure; the plan that comes out has no
// `retry:` left, and the graph shows the module like any other.
//
//   … ──► push.inbox                  … ──► _push_retry.inbox   _push_retry.outbox ──► push.inbox
//   push.successful ──► after    ⇒    push.successful ──► _push_retry.acknowledge    _push_retry.successful ──► after
//   push.failed ──► reject            push.failed ──► _push_retry.retry              _push_retry.exhausted, .failed ──► reject
//
// The settings of the in queue go with the routes that lead into it, its functions too: what they do to an event is done once. Also works out
// the version that kept events are compared with, of these and of those written out.

import { createHash } from "node:crypto"
import { WishboneError } from "../errors.ts"
import {
  defaultConsumers,
  defaultHoldMax,
  defaultInflight,
  type InstancePlan,
  type QueuePlan,
  type RouteEnd,
  type RoutePlan,
} from "../spec/plan.ts"
import type { ModuleSpec } from "../spec/spec.ts"
import { type GraphPlan, grouped } from "./graph.ts"

/** The one module that the core knows by name: `retry:` stands for it. */
export const retryModule = "wishbone.flow.retry"

/** The instance that keeps what fails at another. */
function keeperOf(instance: string): string {
  return `_${instance}_retry`
}

/** The instance whose events a keeper keeps; `undefined` for the name of any other instance. */
export function keptBy(name: string): string | undefined {
  return /^_(.+)_retry$/.exec(name)?.[1]
}

/** A plan without `retry:`, and where its routes came from. */
export interface Expanded<P extends GraphPlan> {
  readonly plan: P
  /** The route of the given plan that a new one stands for; those that nobody wrote are not in it. */
  readonly origins: ReadonlyMap<RoutePlan, RoutePlan>
}

/** Why `retry:` cannot stand on an instance; `undefined` when it can. */
export function retryProblem(plan: Pick<GraphPlan, "routes" | "failed">, instance: InstancePlan, spec: ModuleSpec): string | undefined {
  if (instance.module === retryModule) return "it is what keeps events itself"
  const queues = inQueues(plan, instance, spec)
  if (queues.length === 0) return "it has no in queue: nothing can be offered to it again"
  if (queues.length > 1)
    return `it has several in queues (${queues.map((queue) => `\`${queue}\``).join(", ")}), and an event is kept for just one`
  return undefined
}

/** Puts a keeper around each instance with `retry:`. @throws WishboneError `WB_RETRY_PLACE` where that cannot be */
export function withRetries<P extends GraphPlan>(given: P, specOf: (module: string) => ModuleSpec): Expanded<P> {
  const plan = withVersions(given)
  const kept = plan.instances.filter(({ retry }) => retry !== undefined)
  if (kept.length === 0) return { plan, origins: new Map() }
  const queues = new Map(kept.map((instance) => [instance.name, queueOf(plan, instance, specOf(instance.module))]))
  const origins = new Map<RoutePlan, RoutePlan>()
  const routes = plan.routes.flatMap((route) =>
    rerouted(route, queues).map((one) => {
      origins.set(one, origins.get(route) ?? route)
      return one
    }),
  )
  const loops = [...queues].flatMap(([name, queue]) => loopOf(name, queue))
  const { failed } = plan
  const instances = plan.instances.flatMap((instance) => {
    const queue = queues.get(instance.name)
    return queue === undefined ? [instance] : [keeper(instance, queue), inside(instance, queue, plan)]
  })
  return {
    plan: { ...plan, instances, routes: [...routes, ...loops], ...(failed !== undefined && { failed: moved(failed, queues) }) },
    origins,
  }
}

function queueOf(plan: GraphPlan, instance: InstancePlan, spec: ModuleSpec): string {
  const problem = retryProblem(plan, instance, spec)
  const [queue] = inQueues(plan, instance, spec)
  if (problem !== undefined || queue === undefined) throw new WishboneError("WB_RETRY_PLACE", { instance: instance.name, problem })
  return queue
}

function inQueues({ routes, failed }: Pick<GraphPlan, "routes" | "failed">, { name }: InstancePlan, { queues }: ModuleSpec): string[] {
  const declared = Object.keys(queues).filter((queue) => queue !== "*" && queues[queue]?.direction === "in")
  const ends = [...routes.map(({ destination }) => destination), ...(failed === undefined ? [] : [failed])]
  return [...new Set([...declared, ...ends.filter(({ instance }) => instance === name).map(({ queue }) => queue)])]
}

function moved(end: RouteEnd, queues: ReadonlyMap<string, string>): RouteEnd {
  return queues.has(end.instance) ? { instance: keeperOf(end.instance), queue: "inbox" } : end
}

/** What a written route becomes. What failed for good may leave a keeper in two ways. */
function rerouted(route: RoutePlan, queues: ReadonlyMap<string, string>): RoutePlan[] {
  const { source } = route
  const destination = moved(route.destination, queues)
  const from = (queue: string): RoutePlan => ({ source: { instance: keeperOf(source.instance), queue }, destination })
  if (queues.has(source.instance)) {
    if (source.queue === "successful") return [from("successful")]
    if (source.queue === "failed") return [from("exhausted"), from("failed")]
  }
  return destination === route.destination ? [route] : [{ source, destination }]
}

function loopOf(name: string, queue: string): RoutePlan[] {
  const instance = keeperOf(name)
  return [
    { source: { instance, queue: "outbox" }, destination: { instance: name, queue } },
    { source: { instance: name, queue: "successful" }, destination: { instance, queue: "acknowledge" } },
    { source: { instance: name, queue: "failed" }, destination: { instance, queue: "retry" } },
  ]
}

function keeper({ name, retry, queues, functions, templateFunctions }: InstancePlan, queue: string): InstancePlan {
  const settings = queues[queue]
  const list = functions?.[queue]
  return {
    name: keeperOf(name),
    module: retryModule,
    description: `Keeps what fails at ${name} for a reason that may pass, and offers it again.`,
    arguments: { ...retry, owner: name },
    // On disk the queue stays where it was.
    queues: settings === undefined ? {} : { inbox: { ...settings, place: `${name}.${queue}` } },
    consumers: defaultConsumers,
    inflight: defaultInflight,
    holdMax: defaultHoldMax,
    ...(list !== undefined && { functions: { inbox: list }, ...(templateFunctions !== undefined && { templateFunctions }) }),
  }
}

/** The instance itself, behind its keeper. */
function inside({ retry: _retry, ...instance }: InstancePlan, queue: string, { defaultQueue }: GraphPlan): InstancePlan {
  const { size, bytes, order, priority } = instance.queues[queue] ?? defaultQueue
  const within: QueuePlan = { size, bytes, order, priority, whenFull: "wait" }
  const { [queue]: _moved, ...functions } = instance.functions ?? {}
  const { functions: _functions, ...rest } = instance
  return {
    ...rest,
    queues: { ...instance.queues, ...(instance.queues[queue] !== undefined && { [queue]: within }) },
    ...(Object.keys(functions).length > 0 && { functions }),
  }
}

// Versions

/** The plan with what `version: auto` comes to. */
function withVersions<P extends GraphPlan>(plan: P): P {
  const isAuto = ({ version = "auto" }: Readonly<Record<string, unknown>>): boolean => version === "auto"
  const instances = plan.instances.map((instance): InstancePlan => {
    const { name, module, arguments: args, retry } = instance
    if (retry !== undefined && isAuto(retry)) return { ...instance, retry: { ...retry, version: versionBehind(plan, [name]) } }
    if (module !== retryModule || !isAuto(args)) return instance
    const owners = plan.routes.filter(({ source }) => source.instance === name && source.queue === "outbox")
    return {
      ...instance,
      arguments: {
        ...args,
        version: versionBehind(
          plan,
          owners.map(({ destination }) => destination.instance),
        ),
      },
    }
  })
  return instances.every((instance, at) => instance === plan.instances[at]) ? plan : { ...plan, instances }
}

/**
 * A text that changes when what lies behind instances does: their names and modules, and everything that can be come to from their out queues
 * and `successful`, but not from `failed`. Neither arguments matter nor what lies before or beside.
 */
function versionBehind({ instances, routes }: GraphPlan, owners: readonly string[]): string {
  const modules = new Map(instances.map(({ name, module }) => [name, module]))
  const from = grouped(routes, ({ source }) => source.instance)
  const lines = new Set<string>()
  const seen = new Set<string>()
  const open: { readonly instance: string; readonly entered: string }[] = owners.map((instance) => ({ instance, entered: "" }))
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { instance, entered } = at
    const leaving = outQueues(modules.get(instance), entered)
    if (seen.has(`${instance} ${leaving ?? ""}`)) continue
    seen.add(`${instance} ${leaving ?? ""}`)
    lines.add(`${instance}: ${modules.get(instance)}`)
    for (const { source, destination } of from.get(instance) ?? []) {
      if (source.queue === "logs" || source.queue === "metrics" || (leaving !== undefined && source.queue !== leaving)) continue
      if (source.queue === "failed" && owners.includes(instance)) continue
      lines.add(`${instance}.${source.queue} -> ${destination.instance}.${destination.queue}`)
      open.push({ instance: destination.instance, entered: destination.queue })
    }
  }
  return `auto:${createHash("sha256")
    .update([...lines].toSorted().join("\n"))
    .digest("hex")
    .slice(0, 16)}`
}

/** Through a keeper that is written out an event goes by the queue it came by. */
function outQueues(module: string | undefined, entered: string): string | undefined {
  if (module !== retryModule) return undefined
  return { inbox: "outbox", acknowledge: "successful", retry: "exhausted" }[entered]
}
