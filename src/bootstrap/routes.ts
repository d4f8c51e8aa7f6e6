// The `routingtable:` and the catch-all `failed:`, with the place of each route in the file; and the queues that settings name, which
// only the routes make known where a module takes any.

import { findCircles } from "../router/deadlock.ts"
import { buildGraph, type Graph, type GraphPlan, grouped } from "../router/graph.ts"
import type { Registry } from "../router/registry.ts"
import { withRetries } from "../router/retry-plan.ts"
import {
  funnelSource,
  parseEnd,
  parseRoute,
  type RouteFinding,
  type RouteSpec,
  resolveEnd,
  resolveRoutes,
  type WrittenRoute,
} from "../router/route.ts"
import { contractOf, type ResolvedContract } from "../spec/contract.ts"
import type { Plan, RouteEnd, RoutePlan } from "../spec/plan.ts"
import type { ModuleSpec } from "../spec/spec.ts"
import type { Draft } from "./draft.ts"
import { describeNode, entryOf, isEmpty, isUnknown, type MapEntry, placeWithin, type ScalarNode, type YamlNode } from "./node.ts"
import { aliasAt, type Place, type Problem, problemAt } from "./problem.ts"

/** The routes of a file. */
export interface RoutingTable {
  readonly routes: readonly RoutePlan[]
  readonly failed?: RouteEnd
  readonly placeOf: (route: RoutePlan) => Place
  readonly problems: readonly Problem[]
}

/** Reads `routingtable:` and `failed:` against the instances. */
export function readRoutes(root: YamlNode, drafts: readonly Draft[]): RoutingTable {
  const specs = new Map(drafts.map(({ plan, spec }): [string, RouteSpec] => [plan.name, spec]))
  const problems: Problem[] = []
  const lines = routeLines(entryOf(root, "routingtable"), problems)
  const written = lines.map((line) => line && readLine(line, problems))
  const resolved = resolveRoutes(written, specs)
  for (const { index, ...finding } of resolved.findings) {
    const line = lines[index]
    if (line !== undefined) problems.push(routeProblem(line, finding))
  }
  const failed = readFailed(entryOf(root, "failed"), specs, problems)
  const places = new Map([...resolved.routes].map(([index, route]) => [route, lines[index]?.at ?? root.at]))
  // A route that is not in the table is one that `failed:` stands for.
  const placeOf = (route: RoutePlan): Place => places.get(route) ?? entryOf(root, "failed")?.value.at ?? root.at
  return { routes: [...resolved.routes.values()], ...(failed && { failed }), placeOf, problems }
}

/** The lines of the table that are text; what is not text is reported and leaves a hole. */
function routeLines(entry: MapEntry | undefined, problems: Problem[]): (ScalarNode | undefined)[] {
  if (entry === undefined || isEmpty(entry.value)) return []
  const hint = "Write one route a line: `- source.outbox -> destination.inbox`."
  if (entry.value.kind !== "list") {
    problems.push(
      problemAt(entry.value.at, "WB_VALUE_INVALID", {
        name: entry.name,
        expected: "a list of routes",
        found: describeNode(entry.value),
        hint,
      }),
    )
    return []
  }
  return entry.value.items.map((item) => {
    if (item.kind === "scalar" && typeof item.value === "string") return item
    const problem = `expected text, found ${describeNode(item)}`
    if (!isUnknown(item))
      problems.push(problemAt(item.at, "WB_ROUTE_SYNTAX", { route: item.kind === "scalar" ? item.text : "…", problem, hint }))
    return undefined
  })
}

function readLine(line: ScalarNode, problems: Problem[]): WrittenRoute | undefined {
  const route = parseRoute(line.text)
  if (!("code" in route)) return route
  problems.push(routeProblem(line, route))
  return undefined
}

function readFailed(entry: MapEntry | undefined, specs: ReadonlyMap<string, RouteSpec>, problems: Problem[]): RouteEnd | undefined {
  const node = entry?.value
  if (entry === undefined || isEmpty(node) || node === undefined) return undefined
  if (node.kind !== "scalar") {
    const details = { name: entry.name, expected: "an in queue, such as `reject.inbox`", found: describeNode(node) }
    problems.push(problemAt(node.at, "WB_VALUE_INVALID", details))
    return undefined
  }
  const written = parseEnd(node.text, node.text)
  const findings = "code" in written ? [written] : []
  const resolved = "code" in written ? undefined : resolveEnd(`failed: ${node.text.trim()}`, written, "in", specs)
  for (const finding of [...findings, ...(resolved?.findings ?? [])]) problems.push(routeProblem(node, finding))
  const takes = resolved?.end && funnelSource(resolved.end.instance)
  if (takes === undefined) return resolved?.end
  const instance = resolved?.end?.instance
  const hint = "Name an instance of your own."
  problems.push(problemAt(node.at, "WB_ROUTE_INTO_FUNNEL", { name: `failed: ${node.text.trim()}`, instance, takes, hint }))
  return undefined
}

function routeProblem(line: ScalarNode, { code, details, names, offset, severity }: RouteFinding): Problem {
  const place = placeWithin(line, offset)
  return names === undefined ? problemAt(place, code, details, severity) : aliasAt(place, names)
}

/** Reports settings and functions of queues that an instance does not consume. */
export function checkQueueNames(drafts: readonly Draft[], { routes, failed }: RoutingTable): Problem[] {
  const ends = [...routes.map((route) => route.destination), ...(failed === undefined ? [] : [failed])]
  const into = grouped(ends, (end) => end.instance)
  const from = grouped(routes, (route) => route.source.instance)
  return drafts.flatMap(({ entry, plan, spec }) => {
    if (spec === undefined) return []
    const declared = Object.keys(spec.queues).filter((queue) => queue !== "*" && spec.queues[queue]?.direction === "in")
    const known = [...new Set([...declared, ...(into.get(plan.name) ?? []).map((end) => end.queue)])]
    const strangers = ["queues", "functions"].flatMap((key) => {
      const settings = entryOf(entry.value, key)?.value
      const entries = settings?.kind === "map" ? [...settings.entries.values()] : []
      return entries.filter(({ name }) => !known.includes(name)).map((stranger) => ({ ...stranger, key }))
    })
    return strangers.map(({ name, keyAt, key }) => {
      const leads = from.get(plan.name)?.find(({ source }) => source.queue === name)?.destination
      return problemAt(keyAt, "WB_QUEUE_SETTING_UNKNOWN", {
        instance: plan.name,
        queue: name,
        key,
        known,
        consumer: leads?.instance,
        as: leads?.queue,
      })
    })
  })
}

/** Of an instance whose arguments are wrong nothing can be asked; it is taken to be harmless, so that no mistake is told twice. */
const harmless: ResolvedContract = {
  acknowledges: "none",
  waits: {},
  failsWithinMs: Number.POSITIVE_INFINITY,
  fails: true,
  reorders: false,
  holds: "nothing",
  delays: true,
  directory: undefined,
}

/** Builds the graph of all instances whose module is known, with what `retry:` puts around them (`built` is the plan of that), and tells where its routes stand. */
export function graphOf(
  drafts: readonly Draft[],
  table: RoutingTable,
  { defaultQueue, registry }: { defaultQueue: Plan["defaultQueue"]; registry: Registry },
): { graph: Graph; built: GraphPlan } & Pick<RoutingTable, "placeOf"> {
  const specs = new Map<string, ModuleSpec>(drafts.flatMap(({ spec }) => (spec === undefined ? [] : [[spec.name, spec] as const])))
  const specOf = (module: string): ModuleSpec => specs.get(module) ?? registry.lookup(module).component.spec
  const unsound = new Set(drafts.filter((draft) => !draft.sound).map((draft) => draft.plan.name))
  const instances = drafts.filter((draft) => draft.spec !== undefined).map((draft) => draft.plan)
  const written = { instances, routes: table.routes, ...(table.failed && { failed: table.failed }), defaultQueue }
  const { plan, origins } = withRetries(written, specOf)
  const graph = buildGraph(plan, specOf, (spec, instance) => (unsound.has(instance.name) ? harmless : contractOf(spec, instance.arguments)))
  return { graph, built: plan, placeOf: (route) => table.placeOf(origins.get(route) ?? route) }
}

/** Deadlocks and spins, each at the route that is best cut. */
export function circleProblems(graph: Graph, table: Pick<RoutingTable, "placeOf">): Problem[] {
  return findCircles(graph).map(({ code, details, route }) => problemAt(table.placeOf(route), code, details))
}
