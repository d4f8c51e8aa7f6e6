import { expect, test } from "vitest"
import { blueprintOf } from "../../../src/router/blueprint.ts"
import { type Difference, difference, isNothing } from "../../../src/router/difference.ts"
import { defaultQueuePlan, type Plan } from "../../../src/spec/plan.ts"
import { builtins, type InstanceSketch, planOf } from "../../support/plans.ts"

const registry = builtins()
const event: InstanceSketch = { module: "wishbone.input.testevent" }
const tcp = (args: object, more: InstanceSketch["more"] = {}): InstanceSketch => ({
  module: "wishbone.output.tcp",
  arguments: { port: 10_001, ...args },
  more,
})
const base = { in: event, out: tcp({}) }
const routes = ["in.outbox -> out.inbox"]

type Sketches = Readonly<Record<string, InstanceSketch>>

function compare(
  before: readonly [Sketches, readonly string[], Partial<Plan>?],
  after: readonly [Sketches, readonly string[], Partial<Plan>?],
  down: readonly string[] = [],
): Difference {
  const [from, to] = [before, after].map(([sketches, lines, more]) => blueprintOf(planOf(registry, sketches, lines, more), registry))
  if (from === undefined || to === undefined) throw new Error("two plans")
  return difference(from, to, new Set(down))
}

test("a plan does not differ from itself", () => {
  const found = compare([base, routes], [base, routes])
  expect(found).toMatchObject({ kept: ["in", "out"], changed: [], added: [], removed: [] })
  expect(isNothing(found)).toBe(true)
})

test("a description is no difference", () => {
  expect(isNothing(compare([base, routes], [{ in: event, out: tcp({}, { description: "The collector." }) }, routes]))).toBe(true)
})

test("settings that differ are named as the file spells them, without their values", () => {
  const queues = { inbox: { ...defaultQueuePlan, size: 5, whenFull: "drop_new" as const } }
  const changed = tcp({ port: 10_002, tls: { ca: "ca.pem" } }, { timeoutMs: 500, holdMax: 7, queues })
  expect(compare([base, routes], [{ in: event, out: changed }, routes]).changed).toEqual([
    {
      name: "out",
      what: ["arguments.port", "arguments.tls", "hold_max", "queues.inbox.size", "queues.inbox.when_full", "timeout"],
    },
  ])
})

test("another default of queues changes those that use it", () => {
  const more = { defaultQueue: { ...defaultQueuePlan, size: 7 } }
  expect(compare([base, routes], [base, routes, more]).changed).toEqual([{ name: "out", what: ["queues.inbox.size"] }])
})

test("an id that stands for another class is another module", () => {
  const [from, to] = [registry, builtins()].map((known) => blueprintOf(planOf(known, base, routes), known))
  const out = to?.instances.get("out")
  if (from === undefined || to === undefined || out === undefined) throw new Error("two plans")
  class Other extends out.moduleClass {}
  const instances = new Map([...to.instances, ["out", { ...out, moduleClass: Other }]])
  expect(difference(from, { ...to, instances }).changed).toEqual([{ name: "out", what: ["module"] }])
})

test("what comes and goes, with its routes", () => {
  const after = { in: event, second: tcp({ port: 10_002 }) }
  expect(compare([base, routes], [after, ["in.outbox -> second.inbox"]])).toEqual({
    kept: ["in"],
    changed: [],
    added: ["second"],
    removed: ["out"],
    routesAdded: ["in.outbox -> second.inbox"],
    routesRemoved: ["in.outbox -> out.inbox"],
    settings: [],
  })
})

test("an instance changes with the queues that lead into it and out of it, not with where those lead", () => {
  const fan = { in: event, fan: { module: "wishbone.flow.fanout" }, one: tcp({}), two: tcp({ port: 10_002 }) }
  const start = ["in.outbox -> fan.inbox", "fan.a -> one.inbox"]
  expect(compare([fan, start], [fan, ["in.outbox -> fan.inbox", "fan.a -> two.inbox"]]).changed).toEqual([])
  expect(compare([fan, start], [fan, [...start, "fan.b -> two.inbox"]]).changed).toEqual([{ name: "fan", what: ["its routes"] }])
  expect(compare([fan, start], [fan, [...start, "one.failed -> two.inbox"]]).changed).toEqual([])
  const funnel = { in: event, join: { module: "wishbone.flow.funnel" }, one: tcp({}) }
  const joined = ["in.outbox -> join.a", "join.outbox -> one.inbox"]
  expect(compare([funnel, joined], [funnel, [...joined, "one.failed -> join.b"]]).changed).toEqual([{ name: "join", what: ["its routes"] }])
})

test("routes that the router makes by itself are not told", () => {
  const logged = { ...base, logs: tcp({ port: 10_003 }) }
  const found = compare([logged, routes], [logged, [...routes, "_logs.outbox -> logs.inbox"]])
  expect(found).toMatchObject({
    added: ["_logs"],
    routesAdded: ["_logs.outbox -> logs.inbox"],
    changed: [{ name: "logs", what: ["its routes"] }],
  })
})

test("an instance that does not run has to be started, whatever the plans say", () => {
  const found = compare([base, routes], [base, routes], ["out"])
  expect(found.changed).toEqual([{ name: "out", what: [] }])
  expect(isNothing(found)).toBe(false)
})

test("the interval of metrics belongs to the graph", () => {
  expect(compare([base, routes], [base, routes, { metricsIntervalMs: 1 }]).settings).toEqual(["metrics.interval"])
})

test("a plan made by hand whose route leads nowhere is refused by name", () => {
  expect(() => blueprintOf(planOf(registry, { in: event }, ["in.outbox -> nobody.inbox"]), registry)).toThrow(
    "`in.outbox -> nobody.inbox`: there is no instance `nobody`",
  )
})
