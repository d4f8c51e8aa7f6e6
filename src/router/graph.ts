// Instances and routes as pure data: who leads to whom, in which order, and what can be reached from where. Knows nothing of queues
// that hold events; `deadlock.ts` judges the graph, the router runs it.

import { contractOf, type ResolvedContract } from "../spec/contract.ts"
import type { InstancePlan, Plan, RouteEnd, RoutePlan } from "../spec/plan.ts"
import type { ModuleSpec } from "../spec/spec.ts"

/** An instance with what its module declares and promises. */
export interface GraphInstance {
  readonly plan: InstancePlan
  readonly spec: ModuleSpec
  readonly contract: ResolvedContract
}

/** What a graph is made of; a whole {@link Plan} will do. */
export type GraphPlan = Pick<Plan, "instances" | "routes" | "failed" | "defaultQueue">

/** A disk output and a disk input on one directory: what the one writes the other reads. */
export interface Join {
  readonly from: string
  readonly to: string
}

/** A graph that can be asked. Names of instances that are not in it have no neighbours. */
export interface Graph {
  /** From the sources to the sinks; in a circle, as in the file. */
  readonly instances: readonly GraphInstance[]
  /** The plan's own routes (the very objects), then those that the catch-all `failed:` stands for. */
  readonly routes: readonly RoutePlan[]
  readonly joins: readonly Join[]
  instance(name: string): GraphInstance | undefined
  /** Routes that end at an instance. */
  upstream(name: string): readonly RoutePlan[]
  /** Routes that begin at an instance. */
  downstream(name: string): readonly RoutePlan[]
  /** Instances that events of `from` can come to, disk modules on one directory counted as joined. `from` itself only by a circle. */
  reachable(from: string): ReadonlySet<string>
  /** Outputs by which events of `from` can leave the graph, in the order of the graph; a disk that is read back leads on instead. */
  waysOut(from: string): readonly string[]
  /** What a queue does when it is full. */
  whenFull(end: RouteEnd): Plan["defaultQueue"]["whenFull"]
}

/** Builds the graph of a plan. `specOf` gives the spec of a module id; `contract` may replace what a spec promises. */
export function buildGraph(
  plan: GraphPlan,
  specOf: (module: string) => ModuleSpec,
  contract: (spec: ModuleSpec, instance: InstancePlan) => ResolvedContract = (spec, { arguments: args }) => contractOf(spec, args),
): Graph {
  const known = new Map<string, GraphInstance>()
  for (const instance of plan.instances) {
    const spec = specOf(instance.module)
    known.set(instance.name, { plan: instance, spec, contract: contract(spec, instance) })
  }
  const routes = [...plan.routes, ...catchAllRoutes(plan)]
  const from = grouped(routes, (route) => route.source.instance)
  const to = grouped(routes, (route) => route.destination.instance)
  const joins = joinsOf([...known.values()])
  const joinsFrom = grouped(joins, (join) => join.from)
  const next = (name: string): string[] => [
    ...(from.get(name) ?? []).map((route) => route.destination.instance),
    ...(joinsFrom.get(name) ?? []).map((join) => join.to),
  ]
  const instances = sourcesFirst([...known.keys()], from, to).flatMap((name) => known.get(name) ?? [])
  const reachable = (name: string): Set<string> => reachableBy(next, name)
  return {
    instances,
    routes,
    joins,
    instance: (name) => known.get(name),
    upstream: (name) => to.get(name) ?? [],
    downstream: (name) => from.get(name) ?? [],
    reachable,
    waysOut: (name) => {
      const reached = reachable(name).add(name)
      const leaves = ({ plan: { name: at }, spec }: GraphInstance): boolean =>
        spec.kind === "output" && reached.has(at) && !joinsFrom.has(at)
      return instances.filter(leaves).map((instance) => instance.plan.name)
    },
    whenFull: (end) => effective(known.get(end.instance)?.plan.queues[end.queue] ?? plan.defaultQueue),
  }
}

/** Everything that can be come to from `start` by one step or more. */
export function reachableBy(next: (name: string) => Iterable<string>, start: string): Set<string> {
  const reached = new Set<string>()
  const open = [start]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const name of next(at)) {
      if (reached.has(name)) continue
      reached.add(name)
      open.push(name)
    }
  }
  return reached
}

/**
 * The routes that `failed:` stands for. It spares the instances reachable from it: what fails behind the place for failed events would
 * come round again. A disk that is read back does not count as reachable there: it is where such events may well wait.
 */
function catchAllRoutes({ instances, routes, failed }: GraphPlan): RoutePlan[] {
  if (failed === undefined) return []
  const from = grouped(routes, (route) => route.source.instance)
  const spared = reachableBy((name) => (from.get(name) ?? []).map((route) => route.destination.instance), failed.instance)
  const unrouted = instances.filter(
    ({ name }) => name !== failed.instance && !spared.has(name) && !from.get(name)?.some((route) => route.source.queue === "failed"),
  )
  return unrouted.map(({ name }) => ({ source: { instance: name, queue: "failed" }, destination: failed }))
}

function joinsOf(instances: readonly GraphInstance[]): Join[] {
  const onDisk = instances.filter(({ contract }) => contract.directory !== undefined)
  const readers = grouped(
    onDisk.filter(({ spec }) => spec.kind === "input"),
    ({ contract }) => contract.directory ?? "",
  )
  return onDisk
    .filter(({ spec }) => spec.kind === "output")
    .flatMap(({ plan, contract }) =>
      (readers.get(contract.directory ?? "") ?? []).map((reader) => ({ from: plan.name, to: reader.plan.name })),
    )
}

/** Each instance after all that lead to it; where they go in a circle, the first of the file begins. */
function sourcesFirst(
  names: readonly string[],
  from: ReadonlyMap<string, readonly RoutePlan[]>,
  to: ReadonlyMap<string, readonly RoutePlan[]>,
): string[] {
  const waitingFor = new Map(names.map((name) => [name, to.get(name)?.length ?? 0]))
  const ready = names.filter((name) => waitingFor.get(name) === 0)
  const placed = new Set<string>()
  let first = 0
  while (placed.size < names.length) {
    const at = ready.shift() ?? names[first++]
    if (at === undefined) break
    if (placed.has(at)) continue
    placed.add(at)
    for (const { destination } of from.get(at) ?? []) {
      const left = (waitingFor.get(destination.instance) ?? 0) - 1
      waitingFor.set(destination.instance, left)
      if (left === 0) ready.push(destination.instance)
    }
  }
  return [...placed]
}

/** Items by a key, each group in their order. */
export function grouped<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}

/** What lives on disk lets its producers go on while the consumer does not, unless the disk is bounded. */
function effective({ store, whenFull, diskBytes }: Plan["defaultQueue"]): Plan["defaultQueue"]["whenFull"] {
  return store === "disk" && whenFull === "wait" && diskBytes === undefined ? "spill" : whenFull
}
