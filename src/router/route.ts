// One line of the routing table: `source.queue -> destination.queue`. Reading it, translating the names of Wishbone, and checking both
// ends against what the modules declare. Pure data; where a line stands in its file is the caller's to know.

import type { ErrorCode, ErrorDetails } from "../error-catalogue.ts"
import { type RouteEnd, type RoutePlan, systemQueues } from "../spec/plan.ts"
import type { ModuleSpec } from "../spec/spec.ts"

/** An end as written; `offset` is its place in the text of the route. */
export interface WrittenEnd extends RouteEnd {
  readonly offset: number
}

/** A route that could be read, with nothing checked yet. */
export interface WrittenRoute {
  readonly text: string
  readonly source: WrittenEnd
  readonly destination: WrittenEnd
}

/** Something to say about a route; `offset` is the place in its text. */
export interface RouteFinding {
  readonly code: ErrorCode
  readonly details: ErrorDetails
  readonly offset: number
  readonly severity: "error" | "note"
  /** Of a former name: both names. */
  readonly names?: { readonly alias: string; readonly canonical: string; readonly what: string }
}

/** What checking needs of an instance; `undefined` stands for an instance whose module is not known, of which nothing can be said. */
export type RouteSpec = Pick<ModuleSpec, "name" | "queues"> | undefined

/** Wishbone's names of the queues that every instance has. */
const queueAliases: Readonly<Record<string, string>> = {
  _success: "successful",
  _failed: "failed",
  _logs: "logs",
  _metrics: "metrics",
  success: "successful",
}

const instanceAliases: Readonly<Record<string, string>> = {
  logs_funnel: "_logs",
  wishbone_logs: "_logs",
  metrics_funnel: "_metrics",
  wishbone_metrics: "_metrics",
}

/** The funnels that the router adds by itself, with the queue of each instance that leads into them. */
const funnels: Readonly<Record<string, string>> = { _logs: "logs", _metrics: "metrics" }

const funnelSpec = { name: "wishbone.flow.funnel", queues: { outbox: { direction: "out", summary: "" } } } as const

const form = "Write `source.queue -> destination.queue`."

/** Reads the text of a route, or says what keeps it from being one. */
export function parseRoute(text: string): WrittenRoute | RouteFinding {
  const wrong = (problem: string, hint: string, offset = 0): RouteFinding => mistake(text, problem, hint, offset)
  const odd = /-{2,}>|=>|→|>>/.exec(text)
  if (odd !== null) return wrong(`the arrow is \`${odd[0]}\``, "The arrow is `->`.", odd.index)
  const arrows = text.split("->").length - 1
  if (arrows === 0) return wrong("it has no `->`", form)
  if (arrows > 1) return wrong(`it has ${arrows} arrows`, "One route joins two queues: write a line for each arrow.")
  const arrow = text.indexOf("->")
  const source = parseEnd(text, text.slice(0, arrow), 0, "outbox")
  const destination = parseEnd(text, text.slice(arrow + 2), arrow + 2, "inbox")
  if ("code" in source) return source
  return "code" in destination ? destination : { text, source, destination }
}

/** Reads one end, `instance.queue`. `text` is the whole that it is a part of, `offset` where in it the part begins. */
export function parseEnd(text: string, part: string, offset = 0, usual = "inbox"): WrittenEnd | RouteFinding {
  const written = part.trim()
  const at = offset + part.length - part.trimStart().length
  const wrong = (problem: string, hint: string): RouteFinding => mistake(text, problem, hint, at)
  if (written === "") return wrong(`nothing stands ${offset === 0 ? "before" : "after"} the \`->\``, form)
  const names = written.split(".").map((name) => name.trim())
  const [instance = "", queue = ""] = names
  if (names.length === 1) return wrong(`\`${written}\` names no queue`, `Write \`${instance}.${usual}\`, for example.`)
  if (names.length > 2) return wrong(`\`${written}\` has more than one dot`, "Names of instances and queues hold no dots.")
  if (instance === "") return wrong(`no instance stands before the dot of \`${written}\``, form)
  if (queue === "") return wrong(`no queue stands after the dot of \`${written}\``, `Write \`${instance}.${usual}\`, for example.`)
  if (/\s/.test(instance) || /\s/.test(queue)) return wrong(`\`${written}\` has white space inside a name`, form)
  return { instance, queue, offset: at }
}

function mistake(route: string, problem: string, hint: string, offset: number): RouteFinding {
  return { code: "WB_ROUTE_SYNTAX", details: { route: route.trim(), problem, hint }, offset, severity: "error" }
}

/** What came of a routing table: plans of the routes that are right, by their index, and what is to be said about which. */
export interface ResolvedRoutes {
  readonly routes: ReadonlyMap<number, RoutePlan>
  readonly findings: readonly (RouteFinding & { readonly index: number })[]
}

/** Checks routes against the instances of a graph; holes in the list stand for lines that could not be read. */
export function resolveRoutes(written: readonly (WrittenRoute | undefined)[], specs: ReadonlyMap<string, RouteSpec>): ResolvedRoutes {
  const routes = new Map<number, RoutePlan>()
  const findings: (RouteFinding & { index: number })[] = []
  const firstFrom = new Map<string, string>()
  written.forEach((route, index) => {
    if (route === undefined) return
    const source = resolveEnd(route.text, route.source, "out", specs)
    const destination = resolveEnd(route.text, route.destination, "in", specs)
    const found = [...source.findings, ...destination.findings]
    const from = source.end && `${source.end.instance}.${source.end.queue}`
    if (from !== undefined) {
      const first = firstFrom.get(from)
      firstFrom.set(from, first ?? route.text.trim())
      const details = { source: from, first, second: route.text.trim() }
      if (first !== undefined) found.push({ code: "WB_ROUTE_SOURCE_TWICE", details, offset: route.source.offset, severity: "error" })
    }
    const fine = found.every((finding) => finding.severity === "note")
    if (fine && source.end && destination.end) {
      const plan = { source: source.end, destination: destination.end }
      const own = funnelFinding(route, plan)
      if (own === undefined) routes.set(index, plan)
      else found.push(own)
    }
    findings.push(...found.map((finding) => ({ ...finding, index })))
  })
  return { routes, findings }
}

/** Which queue of every instance leads into a funnel that the router adds by itself; undefined for any other instance. */
export function funnelSource(instance: string): string | undefined {
  return own(funnels, instance)
}

/** Wishbone's files may spell out what leads into the funnels; it happens by itself here, and nothing else may lead there. */
function funnelFinding(route: WrittenRoute, plan: RoutePlan): RouteFinding | undefined {
  const { instance } = plan.destination
  const takes = funnelSource(instance)
  if (takes === undefined) return undefined
  const details = {
    name: route.text.trim(),
    instance,
    takes,
    hint: `\`${instance}\` gets the ${takes} of every instance by itself: leave this route out.`,
  }
  return plan.source.queue === takes
    ? { code: "WB_KEY_IGNORED", details, offset: 0, severity: "note" }
    : { code: "WB_ROUTE_INTO_FUNNEL", details, offset: route.destination.offset, severity: "error" }
}

interface Resolved {
  readonly end?: RouteEnd
  readonly findings: readonly RouteFinding[]
}

/** Checks one end; `direction` is that of the queues which may stand there. */
export function resolveEnd(text: string, written: WrittenEnd, direction: "in" | "out", specs: ReadonlyMap<string, RouteSpec>): Resolved {
  const route = text.trim()
  const error = (code: ErrorCode, details: ErrorDetails): Resolved => ({
    findings: [{ code, details: { route, direction, ...details }, offset: written.offset, severity: "error" }],
  })
  const instance = specs.has(written.instance) ? written.instance : (own(instanceAliases, written.instance) ?? written.instance)
  const isFunnel = funnelSource(instance) !== undefined
  if (!isFunnel && !specs.has(instance))
    return error("WB_ROUTE_UNKNOWN_INSTANCE", { instance, known: [...specs.keys(), ...Object.keys(funnels)] })
  const spec = isFunnel ? funnelSpec : specs.get(instance)
  const queue = canonicalQueue(spec, written.queue, direction)
  const end = { instance, queue }
  const findings = aliasFindings(written, end)
  if (spec === undefined || (isFunnel && direction === "in")) return { end, findings }
  const problem = queueProblem(spec, end, direction, isFunnel)
  return problem === undefined ? { end, findings } : error(problem.code, problem.details)
}

function canonicalQueue(spec: RouteSpec, queue: string, direction: "in" | "out"): string {
  const declared = spec !== undefined && Object.hasOwn(spec.queues, queue)
  // `success` is a name like any other where the routes make up the names of out queues.
  const free = queue === "success" && (direction === "in" || spec?.queues["*"]?.direction === "out")
  return declared || free ? queue : (own(queueAliases, queue) ?? queue)
}

function aliasFindings(written: WrittenEnd, end: RouteEnd): RouteFinding[] {
  const [alias, canonical] = [`${written.instance}.${written.queue}`, `${end.instance}.${end.queue}`]
  if (alias === canonical) return []
  const names = { alias, canonical, what: "the queue" }
  return [{ code: "WB_NAME_ALIAS", details: names, names, offset: written.offset, severity: "note" }]
}

function queueProblem(
  spec: NonNullable<RouteSpec>,
  { instance, queue }: RouteEnd,
  direction: "in" | "out",
  isFunnel: boolean,
): { code: ErrorCode; details: ErrorDetails } | undefined {
  const declared = own(spec.queues, queue)?.direction
  const system = !isFunnel && systemQueues.some((name) => name === queue)
  const actual = declared ?? (system ? "out" : undefined)
  if (actual === direction) return undefined
  const names = Object.keys(spec.queues).filter((name) => name !== "*" && spec.queues[name]?.direction === direction)
  if (actual !== undefined) {
    const known = names.map((name) => `\`${instance}.${name}\``).join(", ")
    const hint = `A route begins at an out queue and ends at an in queue.${known === "" ? "" : ` Here that may be ${known}.`}`
    const part = direction === "out" ? "start" : "end"
    return { code: "WB_ROUTE_DIRECTION", details: { instance, queue, direction: actual, part, hint } }
  }
  if (spec.queues["*"]?.direction === direction) return isQueueName(queue) ? undefined : { code: "WB_ROUTE_QUEUE_NAME", details: { queue } }
  const known = direction === "out" && !isFunnel ? [...names, ...systemQueues] : names
  return { code: "WB_ROUTE_UNKNOWN_QUEUE", details: { instance, queue, module: spec.name, known } }
}

/** Whether a name may be given to an instance or a queue: snake_case, and not a name that every JavaScript object has. */
export function isQueueName(name: string): boolean {
  return /^[a-z0-9][a-z0-9_]{0,99}$/.test(name) && name !== "constructor"
}

/** Own properties only: `constructor` is a name that somebody may write. */
function own<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
