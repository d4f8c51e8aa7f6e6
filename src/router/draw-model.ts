// A graph as it is drawn, in any form: boxes, and arrows between queues. Instances come in the order of the graph, the funnels that the
// runtime adds come when a route leads on from them. Pure data.

import type { InstancePlan, Plan, RoutePlan } from "../spec/plan.ts"
import type { ModuleKind } from "../spec/spec.ts"
import type { Graph } from "./graph.ts"
import { systemFunnels } from "./system.ts"

/** An instance. */
export interface DrawnBox {
  readonly name: string
  /** Its module; of a funnel that the runtime adds by itself, what it joins. */
  readonly module: string
  /** Missing for funnels of the runtime. */
  readonly kind: ModuleKind | undefined
  readonly description: string
}

/** A route, or a directory that one instance writes and another reads. */
export interface DrawnArrow {
  readonly from: string
  readonly to: string
  readonly fromQueue: string
  readonly toQueue: string
  /** `failed`: the way of events that failed. `disk`: by way of a directory. */
  readonly way: "usual" | "failed" | "logs" | "disk"
  /** Settings of the queue that matter to a reader: `disk`, `drop_old` … */
  readonly notes: readonly string[]
  /** A route that the catch-all `failed:` stands for. */
  readonly implied: boolean
}

export interface Drawing {
  readonly title: string
  readonly boxes: readonly DrawnBox[]
  readonly arrows: readonly DrawnArrow[]
}

/** Two queues, as a label says them: `outbox → inbox (disk)`; of a directory, only that. */
export function arrowLabel({ fromQueue, toQueue, way, notes }: DrawnArrow): string {
  const rest = notes.length === 0 ? "" : ` (${notes.join(", ")})`
  return way === "disk" ? notes.join(", ") : `${fromQueue} \u2192 ${toQueue}${rest}`
}

/** What there is to draw of a checked file. */
export function drawingOf(graph: Graph, plan: Pick<Plan, "file" | "defaultQueue" | "routes">): Drawing {
  const boxes = graph.instances.map(({ plan: instance, spec }) => boxOf(instance, spec.kind))
  const known = new Set(boxes.map(({ name }) => name))
  const strangers = new Set(graph.routes.flatMap(({ source, destination }) => [source.instance, destination.instance]))
  const funnels = [...strangers].filter((name) => !known.has(name)).map(funnelBox)
  const written = new Set(plan.routes)
  const arrows = graph.routes.map((route) => arrowOf(route, graph, { ...plan, implied: !written.has(route) }))
  const joins = graph.joins.map(({ from, to }): DrawnArrow => {
    return { from, to, fromQueue: "", toQueue: "", way: "disk", notes: ["directory"], implied: false }
  })
  return { title: plan.file === "-" ? "standard input" : plan.file, boxes: [...funnels, ...boxes], arrows: [...arrows, ...joins] }
}

function boxOf({ name, module, description }: InstancePlan, kind: ModuleKind): DrawnBox {
  return { name, module, kind, description }
}

function funnelBox(name: string): DrawnBox {
  return { name, module: `${name.slice(1)} of every instance`, kind: undefined, description: "" }
}

function arrowOf(route: RoutePlan, graph: Graph, { defaultQueue, implied }: Pick<Plan, "defaultQueue"> & { implied: boolean }): DrawnArrow {
  const { source, destination } = route
  const { queue: fromQueue } = source
  const isLog = fromQueue === "logs" || fromQueue === "metrics" || source.instance in systemFunnels
  return {
    from: source.instance,
    to: destination.instance,
    fromQueue,
    toQueue: destination.queue,
    way: fromQueue === "failed" ? "failed" : isLog ? "logs" : "usual",
    notes: notesOf(graph, destination, defaultQueue),
    implied,
  }
}

function notesOf(graph: Graph, { instance, queue }: RoutePlan["destination"], fallback: Plan["defaultQueue"]): string[] {
  const queues = graph.instance(instance)?.plan.queues ?? {}
  const settings = (Object.hasOwn(queues, queue) ? queues[queue] : undefined) ?? fallback
  const notes: string[] = []
  if (settings.store === "disk") notes.push("disk")
  if (settings.whenFull !== "wait") notes.push(settings.whenFull)
  if (settings.order !== "fifo") notes.push(settings.order)
  return notes
}
