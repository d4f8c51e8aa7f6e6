// Two ways in which a graph can be right line by line and still not work.
//
// Deadlock: queue P waits for queue Q when the consumer of P may put into Q before it is done with an event. If queues wait for each
// other in a circle, then once all of them are full nothing moves any more. A queue that gives way when it is full ends the circle, and
// so does a disk output, which waits for nobody further on.
//
// Spin: an event that fails, and comes back to where it failed with nothing on the way that takes time, goes round as fast as the
// machine can until its time to live is spent.

import type { ErrorDetails } from "../error-catalogue.ts"
import type { RouteEnd, RoutePlan } from "../spec/plan.ts"
import { type Graph, grouped, reachableBy } from "./graph.ts"

/** A circle that must not be; `route` is the one best cut. */
export interface CircleFinding {
  readonly code: "WB_ROUTE_DEADLOCK" | "WB_ROUTE_SPIN"
  readonly details: ErrorDetails
  readonly route: RoutePlan
}

/** Circles reported of one graph; cutting one often ends others. */
const circlesMax = 10

/** Every deadlock and every spin of a graph, as far as cutting the reported routes would not end them too. */
export function findCircles(graph: Graph): CircleFinding[] {
  const levels = levelsOf(graph)
  const deadlocks = circles(waitEdges(graph), levels).map((circle) => {
    const { route } = circle.cut
    const details = { queues: circle.nodes, instance: route.destination.instance, queue: route.destination.queue, route: routeText(route) }
    return { code: "WB_ROUTE_DEADLOCK" as const, details, route }
  })
  const isFailed = ({ route }: Edge): boolean => route.source.queue === "failed"
  const spins = circles(undelayedEdges(graph), levels, isFailed).map((circle) => {
    const { route } = circle.cut
    const details = { instance: route.source.instance, routes: [route, ...circle.back.map((edge) => edge.route)].map(routeText) }
    return { code: "WB_ROUTE_SPIN" as const, details, route }
  })
  return [...deadlocks, ...spins]
}

/** `from` waits for, or leads to, `to`, because of a route. */
interface Edge {
  readonly from: string
  readonly to: string
  readonly route: RoutePlan
}

interface Circle {
  readonly cut: Edge
  /** From the end of `cut` back to its beginning. */
  readonly back: readonly Edge[]
  readonly nodes: readonly string[]
}

function waitEdges(graph: Graph): Edge[] {
  const queues = new Map(graph.routes.map(({ destination }) => [endText(destination), destination]))
  return [...queues.values()].flatMap((queue) => {
    if (graph.whenFull(queue) !== "wait") return []
    return graph
      .downstream(queue.instance)
      .filter((route) => waitsFor(graph, queue, route.source.queue) && graph.whenFull(route.destination) === "wait")
      .map((route) => ({ from: endText(queue), to: endText(route.destination), route }))
  })
}

/** Whether the consumer of an in queue may put into an out queue of its instance before it is done. */
function waitsFor(graph: Graph, queue: RouteEnd, out: string): boolean {
  if (out === "successful" || out === "failed") return true
  // Queues of log and metric events take what comes and drop the oldest.
  if (out === "logs" || out === "metrics") return false
  const waits = graph.instance(queue.instance)?.contract.waits ?? {}
  const awaited = waits[queue.queue] ?? waits["*"] ?? []
  return awaited.includes(out) || awaited.includes("*")
}

/** Where events go between instances that do not delay them. */
function undelayedEdges(graph: Graph): Edge[] {
  const delays = (name: string): boolean => {
    const contract = graph.instance(name)?.contract
    return contract !== undefined && (contract.delays || contract.directory !== undefined)
  }
  return graph.routes
    .filter(({ source, destination }) => !delays(source.instance) && !delays(destination.instance))
    .filter(({ source }) => source.queue !== "logs" && source.queue !== "metrics")
    .map((route) => ({ from: route.source.instance, to: route.destination.instance, route }))
}

/** Circles through an edge that `counts`, each cut where it leads back the furthest, until none is left. */
function circles(edges: readonly Edge[], levels: ReadonlyMap<string, number>, counts: (edge: Edge) => boolean = () => true): Circle[] {
  const found: Circle[] = []
  let left = edges
  while (found.length < circlesMax) {
    const component = componentsOf(left)
    const inside = left.filter((edge) => component.get(edge.from) === component.get(edge.to))
    const [cut, ...others] = inside.filter(counts)
    if (cut === undefined) break
    const best = others.reduce((first, edge) => (weight(edge, levels) > weight(first, levels) ? edge : first), cut)
    const back = shortestPath(inside, best)
    found.push({ cut: best, back, nodes: [...new Set([best.to, ...back.map((edge) => edge.to)])] })
    left = left.filter((edge) => edge.route !== best.route)
  }
  return found
}

/** How far an edge leads back towards the inputs; of two, the one that leaves by `failed` is the better to cut. */
function weight({ route }: Edge, levels: ReadonlyMap<string, number>): number {
  const back = (levels.get(route.source.instance) ?? 0) - (levels.get(route.destination.instance) ?? 0)
  return back + (route.source.queue === "failed" ? 0.5 : 0)
}

/** Routes between an instance and the nearest input. */
function levelsOf(graph: Graph): Map<string, number> {
  const levels = new Map<string, number>()
  let names = graph.instances.filter(({ spec }) => spec.kind === "input").map(({ plan }) => plan.name)
  for (let level = 0; names.length > 0; level++) {
    for (const name of names) levels.set(name, level)
    const next = names.flatMap((name) => graph.downstream(name).map((route) => route.destination.instance))
    names = [...new Set(next)].filter((name) => !levels.has(name))
  }
  return levels
}

/** From the end of an edge back to its beginning, by the fewest edges. */
function shortestPath(edges: readonly Edge[], { from: target, to: start }: Edge): Edge[] {
  const outgoing = grouped(edges, (edge) => edge.from)
  const cameBy = new Map<string, Edge | undefined>([[start, undefined]])
  for (const at of cameBy.keys()) {
    for (const edge of outgoing.get(at) ?? []) if (!cameBy.has(edge.to)) cameBy.set(edge.to, edge)
  }
  const path: Edge[] = []
  for (let edge = target === start ? undefined : cameBy.get(target); edge !== undefined; edge = cameBy.get(edge.from)) path.push(edge)
  return path.reverse()
}

/** A number for each node that lies on a circle: nodes that can reach each other share it; others have numbers of their own. */
function componentsOf(edges: readonly Edge[]): Map<string, number> {
  const outgoing = grouped(edges, (edge) => edge.from)
  const incoming = grouped(edges, (edge) => edge.to)
  const component = new Map<string, number>()
  let number = 0
  // The last to be left by a walk forwards reaches, walked backwards, exactly those that it can reach and that can reach it.
  for (const root of orderOfLeaving(outgoing).reverse()) {
    if (component.has(root)) continue
    number++
    component.set(root, number)
    const backwards = (name: string): string[] => (incoming.get(name) ?? []).map((edge) => edge.from).filter((from) => !component.has(from))
    for (const name of reachableBy(backwards, root)) component.set(name, number)
  }
  // A node alone is on a circle only by an edge to itself, and such an edge has the same number at both ends anyway.
  return component
}

/** Nodes in the order in which a walk in depth leaves them. By hand, because a chain may be longer than the call stack is deep. */
function orderOfLeaving(outgoing: ReadonlyMap<string, readonly Edge[]>): string[] {
  const left: string[] = []
  const entered = new Set<string>()
  for (const root of outgoing.keys()) {
    const walk = entered.has(root) ? [] : [{ name: root, next: 0 }]
    entered.add(root)
    for (let top = walk.at(-1); top !== undefined; top = walk.at(-1)) {
      const edge = outgoing.get(top.name)?.[top.next++]
      if (edge === undefined) left.push(walk.pop()?.name ?? "")
      else if (!entered.has(edge.to)) {
        entered.add(edge.to)
        walk.push({ name: edge.to, next: 0 })
      }
    }
  }
  return left
}

/** `a.outbox -> b.inbox` */
export function routeText({ source, destination }: RoutePlan): string {
  return `${endText(source)} -> ${endText(destination)}`
}

/** `a.outbox` */
function endText({ instance, queue }: RouteEnd): string {
  return `${instance}.${queue}`
}
