import { describe, expect, test } from "vitest"
import { catalogue } from "../../../src/error-catalogue.ts"
import { findCircles, routeText } from "../../../src/router/deadlock.ts"
import { buildGraph, type Graph } from "../../../src/router/graph.ts"
import { parseEnd, parseRoute, type RouteSpec, resolveRoutes } from "../../../src/router/route.ts"
import {
  defaultConsumers,
  defaultHoldMax,
  defaultInflight,
  defaultQueuePlan,
  type InstancePlan,
  type WhenFull,
} from "../../../src/spec/plan.ts"
import { specOf } from "../bootstrap/fakes.ts"

describe("a route", () => {
  test.each(["a.outbox -> b.inbox", "a.outbox->b.inbox", "  a.outbox   ->  b.inbox ", "a . outbox -> b. inbox", "a.outbox\t->\nb.inbox"])(
    "is read with white space as one likes: %j",
    (text) => {
      expect(parseRoute(text)).toMatchObject({ source: { instance: "a", queue: "outbox" }, destination: { instance: "b", queue: "inbox" } })
    },
  )

  test.each([
    ["a.outbox b.inbox", "it has no `->`", 0],
    ["a.outbox -> b.inbox -> c.inbox", "it has 2 arrows", 0],
    ["a.outbox --> b.inbox", "the arrow is `-->`", 9],
    ["a.outbox => b.inbox", "the arrow is `=>`", 9],
    ["a.outbox → b.inbox", "the arrow is `→`", 9],
    ["a -> b.inbox", "`a` names no queue", 0],
    ["a.outbox -> b", "`b` names no queue", 12],
    ["a.b.outbox -> c.inbox", "`a.b.outbox` has more than one dot", 0],
    [".outbox -> b.inbox", "no instance stands before the dot of `.outbox`", 0],
    ["a. -> b.inbox", "no queue stands after the dot of `a.`", 0],
    ["-> b.inbox", "nothing stands before the `->`", 0],
    ["a.outbox ->", "nothing stands after the `->`", 11],
    ["a.out box -> b.inbox", "`a.out box` has white space inside a name", 0],
    ["", "it has no `->`", 0],
  ])("%j: %s", (text, problem, offset) => {
    const found = parseRoute(text)
    expect(found).toMatchObject({ code: "WB_ROUTE_SYNTAX", details: { problem }, offset })
    expect("code" in found && catalogue[found.code].hint(found.details)).toMatch(/\.$/)
  })

  test("one end alone is read too", () => {
    expect(parseEnd(" reject.inbox ", " reject.inbox ")).toEqual({ instance: "reject", queue: "inbox", offset: 1 })
  })
})

const specs = new Map<string, RouteSpec>([
  ["input", specOf("wishbone.input.tcp")],
  ["output_1", specOf("wishbone.output.tcp")],
  ["output_2", specOf("wishbone.output.tcp")],
  ["funnel", specOf("wishbone.flow.funnel")],
  ["fanout", specOf("wishbone.flow.fanout")],
  ["throttle", specOf("wishbone.flow.throttle")],
  ["mystery", undefined],
])

/** Codes, messages and hints for a routing table, and the routes that are right. */
function resolve(...texts: string[]) {
  const written = texts.map((text) => {
    const route = parseRoute(text)
    return "code" in route ? undefined : route
  })
  const { routes, findings } = resolveRoutes(written, specs)
  return {
    routes: [...routes.values()].map(routeText),
    codes: findings.map(({ index, code, severity }) => `${index} ${severity} ${code}`),
    messages: findings.map(({ code, details }) => catalogue[code].message(details)),
    hints: findings.map(({ code, details }) => catalogue[code].hint(details)),
  }
}

describe("the ends of a route", () => {
  test("are right when instance, queue and direction are", () => {
    const table = [
      "input.outbox -> funnel.one",
      "funnel.outbox -> output_1.inbox",
      "output_1.failed -> output_2.inbox",
      "output_1.successful -> funnel.two",
    ]
    expect(resolve(...table)).toMatchObject({ routes: table, codes: [] })
  })

  test("several routes may end in one queue", () => {
    const table = ["output_1.failed -> funnel.one", "output_2.failed -> funnel.one"]
    expect(resolve(...table)).toMatchObject({ routes: table, codes: [] })
  })

  test("an instance that is not there is named, with the nearest that is", () => {
    expect(resolve("output_1.failed -> outptu_2.inbox")).toMatchObject({
      routes: [],
      codes: ["0 error WB_ROUTE_UNKNOWN_INSTANCE"],
      messages: ["`output_1.failed -> outptu_2.inbox`: there is no instance `outptu_2`"],
      hints: ["Did you mean `output_2`?"],
    })
  })

  test("a queue that the module does not have is named with its instance and module", () => {
    expect(resolve("throttle.outbx -> output_1.inbox")).toMatchObject({
      codes: ["0 error WB_ROUTE_UNKNOWN_QUEUE"],
      messages: ["`throttle.outbx -> output_1.inbox`: `throttle` (`wishbone.flow.throttle`) has no out queue `outbx`"],
      hints: ["Did you mean `throttle.outbox`?"],
    })
    expect(resolve("input.outbox -> throttle.somewhere")).toMatchObject({ hints: ["Known are `inbox` and `flush`."] })
    expect(resolve("throttle.outbox -> input.inbox")).toMatchObject({
      codes: ["0 error WB_ROUTE_UNKNOWN_QUEUE"],
      hints: ["It has no in queues."],
    })
  })

  test("a route against the direction of a queue says where it may begin and end", () => {
    expect(resolve("output_1.inbox -> funnel.outbox")).toMatchObject({
      codes: ["0 error WB_ROUTE_DIRECTION", "0 error WB_ROUTE_DIRECTION"],
      messages: [
        "`output_1.inbox -> funnel.outbox`: `output_1.inbox` is an in queue and cannot be the start of a route",
        "`output_1.inbox -> funnel.outbox`: `funnel.outbox` is an out queue and cannot be the end of a route",
      ],
    })
    expect(resolve("input.outbox -> output_1.failed").codes).toEqual(["0 error WB_ROUTE_DIRECTION"])
    expect(resolve("input.outbox -> funnel._failed").codes).toEqual(["0 error WB_ROUTE_DIRECTION"])
  })

  test("modules that take any queue take any name that can be one", () => {
    const table = [
      "fanout.left -> output_1.inbox",
      "fanout.right_2 -> output_2.inbox",
      "input.outbox -> funnel.constructor",
      "fanout.Up -> funnel.x",
      "fanout._x -> funnel.y",
    ]
    expect(resolve(...table)).toMatchObject({
      routes: table.slice(0, 2),
      codes: ["2 error WB_ROUTE_QUEUE_NAME", "3 error WB_ROUTE_QUEUE_NAME", "4 error WB_ROUTE_QUEUE_NAME"],
    })
  })

  test("of an instance whose module is not known nothing is said", () => {
    expect(resolve("mystery.foo -> output_1.inbox", "input.outbox -> mystery.bar").codes).toEqual([])
  })

  test("one queue cannot be routed twice: both routes are named, and what would do", () => {
    const found = resolve("output_1.failed -> funnel.one", "output_1._failed -> output_2.inbox")
    expect(found.codes).toEqual(["1 note WB_NAME_ALIAS", "1 error WB_ROUTE_SOURCE_TWICE"])
    expect(found.messages[1]).toBe(
      "`output_1.failed` is routed twice: `output_1.failed -> funnel.one` and `output_1._failed -> output_2.inbox`",
    )
    expect(found.hints[1]).toMatch(/wishbone\.flow\.fanout.*wishbone\.flow\.roundrobin/)
    expect(resolve("input.outbox -> funnel.one", "input.outbox -> funnel.one").hints).toEqual(["Remove one of the two."])
  })
})

describe("names of Wishbone", () => {
  test.each([
    ["output_1._success -> funnel.a", "output_1.successful -> funnel.a"],
    ["output_1.success -> funnel.a", "output_1.successful -> funnel.a"],
    ["output_1._failed -> funnel.a", "output_1.failed -> funnel.a"],
    ["output_1._logs -> funnel.a", "output_1.logs -> funnel.a"],
    ["output_1._metrics -> funnel.a", "output_1.metrics -> funnel.a"],
    ["logs_funnel.outbox -> output_1.inbox", "_logs.outbox -> output_1.inbox"],
    ["wishbone_logs.outbox -> output_1.inbox", "_logs.outbox -> output_1.inbox"],
    ["metrics_funnel.outbox -> output_1.inbox", "_metrics.outbox -> output_1.inbox"],
    ["wishbone_metrics.outbox -> output_1.inbox", "_metrics.outbox -> output_1.inbox"],
  ])("%s means %s, and a note says so", (written, canonical) => {
    expect(resolve(written)).toMatchObject({ routes: [canonical], codes: ["0 note WB_NAME_ALIAS"] })
  })

  test("`success` is a plain name where the routes name the out queues", () => {
    expect(resolve("fanout.success -> output_1.inbox", "fanout._success -> output_2.inbox")).toMatchObject({
      routes: ["fanout.success -> output_1.inbox", "fanout.successful -> output_2.inbox"],
      codes: ["1 note WB_NAME_ALIAS"],
    })
  })

  test("the funnels of logs and metrics have one out queue", () => {
    expect(resolve("_logs.outbox -> output_1.inbox", "_metrics.outbox -> output_2.inbox").codes).toEqual([])
    expect(resolve("_logs.failed -> output_1.inbox")).toMatchObject({ codes: ["0 error WB_ROUTE_UNKNOWN_QUEUE"] })
  })

  test("what leads into the funnels anyway is noted and left out; nothing else may lead there", () => {
    expect(resolve("output_1.logs -> _logs.output_1")).toMatchObject({ routes: [], codes: ["0 note WB_KEY_IGNORED"] })
    expect(resolve("input.outbox -> _logs.input")).toMatchObject({ routes: [], codes: ["0 error WB_ROUTE_INTO_FUNNEL"] })
  })

  test("an instance of one's own goes before an alias", () => {
    const own = new Map([...specs, ["logs_funnel", specOf("wishbone.flow.funnel")]])
    const route = parseRoute("logs_funnel.outbox -> output_1.inbox")
    expect("code" in route ? undefined : resolveRoutes([route], own).findings).toEqual([])
  })
})

interface Given {
  readonly failed?: string
  readonly directories?: Readonly<Record<string, string>>
  readonly whenFull?: Readonly<Record<string, WhenFull>>
}

/** A graph of routes between instances named after their modules: `tcp_1` is an output, `source` an input, `disk_…` by direction. */
function graphOf(routes: readonly string[], { failed, directories = {}, whenFull = {} }: Given = {}): Graph {
  const plans = routes.map((text) => {
    const route = parseRoute(text)
    if ("code" in route) throw new Error(text)
    return route
  })
  const ends = plans.flatMap((route) => [route.source.instance, route.destination.instance])
  const place = failed === undefined ? undefined : parseEnd(failed, failed)
  const failedEnd = place !== undefined && "instance" in place ? { instance: place.instance, queue: place.queue } : undefined
  const names = [...new Set([...ends, ...Object.keys(directories), ...(failedEnd ? [failedEnd.instance] : [])])]
  const instances = names.map((name): InstancePlan => {
    const queues = Object.entries(whenFull).flatMap(([end, what]) =>
      end.startsWith(`${name}.`) ? [[end.slice(name.length + 1), { ...defaultQueuePlan, whenFull: what }] as const] : [],
    )
    return {
      name,
      module: moduleOf(name),
      description: "",
      arguments: { directory: directories[name], timeout: 10_000 },
      queues: Object.fromEntries(queues),
      consumers: defaultConsumers,
      inflight: defaultInflight,
      holdMax: defaultHoldMax,
    }
  })
  return buildGraph({ instances, routes: plans, ...(failedEnd && { failed: failedEnd }), defaultQueue: defaultQueuePlan }, specOf)
}

function moduleOf(name: string): string {
  const kinds: Record<string, string> = {
    source: "wishbone.input.tcp",
    tcp: "wishbone.output.tcp",
    funnel: "wishbone.flow.funnel",
    fanout: "wishbone.flow.fanout",
    throttle: "wishbone.flow.throttle",
    modify: "wishbone.process.modify",
    diskout: "wishbone.output.disk",
    diskin: "wishbone.input.disk",
  }
  return kinds[name.replace(/_\d+$/, "")] ?? name
}

const failover = [
  "source.outbox -> funnel.one",
  "funnel.outbox -> tcp_1.inbox",
  "tcp_1.failed -> tcp_2.inbox",
  "tcp_2.failed -> tcp_3.inbox",
  "tcp_3.failed -> diskout.inbox",
  "diskin.outbox -> funnel.two",
]
const disks = { diskout: "/buffer", diskin: "/buffer" }

describe("a graph", () => {
  test("orders instances from the sources to the sinks", () => {
    const names = graphOf([...failover].reverse(), { directories: disks }).instances.map((instance) => instance.plan.name)
    expect(names.indexOf("source")).toBeLessThan(names.indexOf("funnel"))
    expect(names.slice(2)).toEqual(["funnel", "tcp_1", "tcp_2", "tcp_3", "diskout"])
  })

  test("orders a circle as the file does", () => {
    const names = graphOf(["source.outbox -> funnel_1.a", "funnel_1.outbox -> funnel_2.a", "funnel_2.outbox -> funnel_1.b"]).instances
    expect(names.map((instance) => instance.plan.name)).toEqual(["source", "funnel_1", "funnel_2"])
  })

  test("knows what leads where", () => {
    const graph = graphOf(failover, { directories: disks })
    expect(graph.downstream("tcp_1").map(routeText)).toEqual(["tcp_1.failed -> tcp_2.inbox"])
    expect(graph.upstream("funnel").map(routeText)).toEqual(["source.outbox -> funnel.one", "diskin.outbox -> funnel.two"])
    expect(graph.downstream("nobody")).toEqual([])
    expect(graph.instance("tcp_1")?.contract.failsWithinMs).toBe(10_000)
  })

  test("disk modules on one directory are joined when it is asked what can be reached", () => {
    const joined = graphOf(failover, { directories: disks })
    expect(joined.joins).toEqual([{ from: "diskout", to: "diskin" }])
    expect(joined.reachable("tcp_3")).toEqual(new Set(["diskout", "diskin", "funnel", "tcp_1", "tcp_2", "tcp_3"]))
    const apart = graphOf(failover, { directories: { diskout: "/one", diskin: "/two" } })
    expect(apart.reachable("tcp_3")).toEqual(new Set(["diskout"]))
  })

  test("the ways out are the outputs, and a disk only where nobody reads it back", () => {
    expect(graphOf(failover, { directories: disks }).waysOut("source")).toEqual(["tcp_1", "tcp_2", "tcp_3"])
    expect(graphOf(failover, { directories: { diskout: "/one", diskin: "/two" } }).waysOut("source")).toEqual([
      "tcp_1",
      "tcp_2",
      "tcp_3",
      "diskout",
    ])
  })

  test("the catch-all takes every unrouted `failed`, but spares what is reachable from it", () => {
    const graph = graphOf(["source.outbox -> tcp_1.inbox", "tcp_1.failed -> tcp_2.inbox", "funnel.outbox -> tcp_3.inbox"], {
      failed: "funnel.rejects",
    })
    expect(graph.routes.slice(3).map(routeText)).toEqual(["source.failed -> funnel.rejects", "tcp_2.failed -> funnel.rejects"])
    expect(findCircles(graph)).toEqual([])
  })

  test("the catch-all may be a disk that is read back into the graph", () => {
    const routes = ["source.outbox -> funnel.one", "funnel.outbox -> tcp_1.inbox", "diskin.outbox -> funnel.two"]
    const graph = graphOf(routes, { failed: "diskout.inbox", directories: disks })
    expect(graph.routes.slice(3).map(routeText)).toContain("tcp_1.failed -> diskout.inbox")
    expect(findCircles(graph)).toEqual([])
  })
})

/** Code and cut of each circle. */
function circles(routes: readonly string[], given?: Given): string[] {
  return findCircles(graphOf(routes, given)).map(({ code, route }) => `${code} ${routeText(route)}`)
}

describe("deadlock", () => {
  const retry = ["source.outbox -> funnel.one", "funnel.outbox -> tcp_1.inbox", "tcp_1.failed -> funnel.two"]

  test("the failover chain over the disk has none", () => {
    expect(circles(failover, { directories: disks })).toEqual([])
  })

  test("queues that wait for each other are found, named, and cut where they lead back", () => {
    const [deadlock] = findCircles(graphOf(retry))
    expect(deadlock?.code).toBe("WB_ROUTE_DEADLOCK")
    expect(deadlock && routeText(deadlock.route)).toBe("tcp_1.failed -> funnel.two")
    const entry = catalogue.WB_ROUTE_DEADLOCK
    expect(entry.message(deadlock?.details ?? {})).toBe(
      "`funnel.two` and `tcp_1.inbox` wait for each other: once they are full, nothing moves any more",
    )
    expect(entry.hint(deadlock?.details ?? {})).toMatch(
      /`queues: \{ two: \{ when_full: drop_old \} \}` on `funnel`.*cut `tcp_1\.failed -> funnel\.two`/,
    )
  })

  test("a queue that gives way ends it; the events still spin", () => {
    for (const whenFull of ["drop_old", "drop_new"] as const) {
      expect(circles(retry, { whenFull: { "funnel.two": whenFull } })).toEqual(["WB_ROUTE_SPIN tcp_1.failed -> funnel.two"])
      expect(circles(retry, { whenFull: { "tcp_1.inbox": whenFull } })).toEqual(["WB_ROUTE_SPIN tcp_1.failed -> funnel.two"])
    }
  })

  test("an instance that feeds itself waits for itself", () => {
    expect(circles(["source.outbox -> funnel.one", "funnel.outbox -> funnel.two"])).toEqual([
      "WB_ROUTE_DEADLOCK funnel.outbox -> funnel.two",
    ])
  })

  test("`successful` always counts", () => {
    expect(circles(["source.outbox -> funnel.one", "funnel.outbox -> tcp_1.inbox", "tcp_1.successful -> funnel.two"])).toEqual([
      "WB_ROUTE_DEADLOCK tcp_1.successful -> funnel.two",
    ])
  })

  test("a queue waits only for what its own consumer puts into", () => {
    const routes = ["source.outbox -> throttle.inbox", "throttle.outbox -> funnel.one", "funnel.outbox -> throttle.flush"]
    expect(circles(routes)).toEqual([])
    expect(circles([...routes.slice(0, 2), "funnel.outbox -> throttle.inbox"])).toEqual([
      "WB_ROUTE_DEADLOCK funnel.outbox -> throttle.inbox",
    ])
  })

  test("a module that says nothing waits for all it has", () => {
    expect(circles(["source.outbox -> modify.inbox", "modify.outbox -> funnel.one", "funnel.outbox -> modify.inbox"])).toHaveLength(1)
  })

  test("log and metric queues block nobody", () => {
    expect(circles(["source.outbox -> modify.inbox", "modify.logs -> modify_2.inbox", "modify_2.metrics -> modify.inbox"])).toEqual([])
  })

  test("the catch-all is judged like a route", () => {
    const graph = graphOf(["source.outbox -> funnel.one", "funnel.outbox -> tcp_1.inbox", "tcp_1.failed -> funnel.two"], {
      failed: "tcp_2.inbox",
    })
    expect(findCircles(graph).map(({ route }) => routeText(route))).toContain("tcp_1.failed -> funnel.two")
  })

  test("circles apart from each other are all found", () => {
    const two = [1, 2].flatMap((n) => [
      `source_${n}.outbox -> funnel_${n}.one`,
      `funnel_${n}.outbox -> tcp_${n}.inbox`,
      `tcp_${n}.failed -> funnel_${n}.two`,
    ])
    expect(circles(two).toSorted()).toEqual([
      "WB_ROUTE_DEADLOCK tcp_1.failed -> funnel_1.two",
      "WB_ROUTE_DEADLOCK tcp_2.failed -> funnel_2.two",
      "WB_ROUTE_SPIN tcp_1.failed -> funnel_1.two",
      "WB_ROUTE_SPIN tcp_2.failed -> funnel_2.two",
    ])
  })

  test("a chain of 20,000 instances is judged without running out of stack", () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => `modify_${index}.outbox -> modify_${index + 1}.inbox`)
    expect(circles(["source.outbox -> modify_0.inbox", ...chain])).toEqual([])
    expect(circles(["source.outbox -> modify_0.inbox", ...chain, "modify_20000.outbox -> modify_0.inbox"])).toEqual([
      "WB_ROUTE_DEADLOCK modify_20000.outbox -> modify_0.inbox",
    ])
  })
})

describe("spin", () => {
  test("two outputs that fail over to each other are told, with the way round", () => {
    const found = findCircles(graphOf(["source.outbox -> tcp_1.inbox", "tcp_1.failed -> tcp_2.inbox", "tcp_2.failed -> tcp_1.inbox"]))
    const spin = found.find(({ code }) => code === "WB_ROUTE_SPIN")
    expect(catalogue.WB_ROUTE_SPIN.message(spin?.details ?? {})).toBe(
      "Events that fail at `tcp_2` come back to it at once by `tcp_2.failed -> tcp_1.inbox` and `tcp_1.failed -> tcp_2.inbox`, and would go round as fast as the machine can",
    )
    expect(catalogue.WB_ROUTE_SPIN.hint(spin?.details ?? {})).toContain("wishbone.output.disk")
  })

  test("a module that delays on the way ends it", () => {
    const routes = ["source.outbox -> tcp_1.inbox", "tcp_1.failed -> throttle.inbox", "throttle.outbox -> tcp_1.inbox"]
    expect(circles(routes, { whenFull: { "throttle.inbox": "drop_old" } })).toEqual([])
  })

  test("a circle without `failed` does not spin", () => {
    const routes = ["source.outbox -> funnel.one", "funnel.outbox -> fanout.inbox", "fanout.back -> funnel.two"]
    expect(circles(routes, { whenFull: { "funnel.two": "drop_old" } })).toEqual([])
  })
})
