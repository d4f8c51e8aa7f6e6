// `retry:` on an instance: what it comes to, and that it works like the module written out.

import { describe, expect, test } from "vitest"
import { Invalid, TransientError } from "../../../src/errors.ts"
import { routeText } from "../../../src/router/deadlock.ts"
import { retryModule, withRetries } from "../../../src/router/retry-plan.ts"
import { defaultQueuePlan, type InstancePlan, type Plan } from "../../../src/spec/plan.ts"
import { MemoryStore } from "../../../src/store/memory.ts"
import { builtins, type InstanceSketch, planOf } from "../../support/plans.ts"
import { durable, startRetry } from "../../support/retry-graph.ts"

const registry = builtins()
const specOf = (module: string) => registry.lookup(module).component.spec
const event: InstanceSketch = { module: "wishbone.input.testevent" }
const tcp = (more: Partial<InstancePlan> = {}): InstanceSketch => ({ module: "wishbone.output.tcp", arguments: {}, more })
const kept = (more: Partial<InstancePlan> = {}): InstanceSketch => tcp({ retry: { store: "default", version: "auto" }, ...more })

function expand(sketches: Readonly<Record<string, InstanceSketch>>, routes: readonly string[], more: Partial<Plan> = {}): Plan {
  return withRetries(planOf(registry, sketches, routes, more), specOf).plan
}

const basic = { source: event, push: kept(), reject: tcp(), after: tcp() }
const basicRoutes = ["source.outbox -> push.inbox", "push.failed -> reject.inbox", "push.successful -> after.inbox"]

describe("the plan", () => {
  test("gets a module around the instance, and the routes go through it", () => {
    const plan = expand(basic, basicRoutes)
    expect(plan.routes.map(routeText).toSorted()).toEqual([
      "_push_retry.exhausted -> reject.inbox",
      "_push_retry.failed -> reject.inbox",
      "_push_retry.outbox -> push.inbox",
      "_push_retry.successful -> after.inbox",
      "push.failed -> _push_retry.retry",
      "push.successful -> _push_retry.acknowledge",
      "source.outbox -> _push_retry.inbox",
    ])
    const keeper = plan.instances.find(({ name }) => name === "_push_retry")
    expect(keeper).toMatchObject({ module: retryModule, arguments: { owner: "push", store: "default" } })
    expect(plan.instances.some(({ retry }) => retry !== undefined)).toBe(false)
  })

  test("comes out the same when it is expanded again", () => {
    const plan = expand(basic, basicRoutes)
    expect(withRetries(plan, specOf).plan).toBe(plan)
  })

  test("keeps the settings of the in queue where the routes lead now, its place on disk and its functions included", () => {
    const inbox = { ...defaultQueuePlan, size: 7, store: "disk" as const }
    const functions = { inbox: [{ id: "wishbone.function.module.uppercase", arguments: {} }] }
    const plan = expand({ ...basic, push: kept({ queues: { inbox }, functions }) }, basicRoutes)
    const [keeper, push] = ["_push_retry", "push"].map((wanted) => plan.instances.find(({ name }) => name === wanted))
    expect(keeper?.queues["inbox"]).toEqual({ ...inbox, place: "push.inbox" })
    expect(keeper?.functions).toEqual(functions)
    expect(push?.queues["inbox"]).toMatchObject({ size: 7, whenFull: "wait" })
    expect(push?.queues["inbox"]?.store).toBeUndefined()
    expect(push?.functions).toBeUndefined()
  })

  test("leads the catch-all to the keeper of the instance it names", () => {
    const plan = expand(basic, basicRoutes.slice(0, 2), { failed: { instance: "push", queue: "inbox" } })
    expect(plan.failed).toEqual({ instance: "_push_retry", queue: "inbox" })
  })

  test.each([
    ["an input", { source: { ...event, more: { retry: {} } }, push: tcp() }, ["source.outbox -> push.inbox"], "it has no in queue"],
    [
      "several in queues",
      { source: event, other: event, join: { module: "wishbone.flow.funnel", more: { retry: {} } } },
      ["source.outbox -> join.one", "other.outbox -> join.two"],
      "it has several in queues (`one`, `two`)",
    ],
    [
      "itself",
      { source: event, hold: { module: retryModule, more: { retry: {} } } },
      ["source.outbox -> hold.inbox"],
      "what keeps events itself",
    ],
  ])("refuses %s", (_what, sketches, routes, problem) => {
    expect(() => expand(sketches, routes)).toThrow(problem)
  })
})

describe("the version", () => {
  const version = (sketches: Readonly<Record<string, InstanceSketch>>, routes: readonly string[]): unknown =>
    expand(sketches, routes).instances.find(({ name }) => name === "_push_retry")?.arguments["version"]
  const now = version(basic, basicRoutes)

  test("does not change by what lies before or beside, nor by arguments", () => {
    expect(now).toMatch(/^auto:[0-9a-f]{16}$/)
    const before = { ...basic, count: { module: "wishbone.flow.ttl", arguments: { ttl: 5 } } }
    expect(version(before, ["source.outbox -> count.inbox", "count.outbox -> push.inbox", ...basicRoutes.slice(1)])).toBe(now)
    expect(version(basic, [basicRoutes[0] as string, "push.successful -> after.inbox"])).toBe(now)
    const other: InstanceSketch = { module: "wishbone.output.tcp", arguments: { port: 1234 }, more: { retry: { version: "auto", max: 3 } } }
    expect(version({ ...basic, push: other }, basicRoutes)).toBe(now)
  })

  test("changes when something behind is renamed, replaced or routed otherwise", () => {
    const { after, ...rest } = basic
    expect(version({ ...rest, later: after }, [...basicRoutes.slice(0, 2), "push.successful -> later.inbox"])).not.toBe(now)
    expect(version({ ...basic, after: { module: "wishbone.output.null" } }, basicRoutes)).not.toBe(now)
    expect(version(basic, basicRoutes.slice(0, 2))).not.toBe(now)
  })

  test("stays what the file says", () => {
    expect(version({ ...basic, push: tcp({ retry: { version: "off" } }) }, basicRoutes)).toBe("off")
    expect(version({ ...basic, push: tcp({ retry: { version: "7" } }) }, basicRoutes)).toBe("7")
  })

  test("is worked out for a module that is written out too", () => {
    const plan = expand({ source: event, hold: { module: retryModule }, out: tcp() }, [
      "source.outbox -> hold.inbox",
      "hold.outbox -> out.inbox",
      "out.successful -> hold.acknowledge",
      "out.failed -> hold.retry",
    ])
    expect(plan.instances.find(({ name }) => name === "hold")?.arguments["version"]).toMatch(/^auto:/)
  })
})

const away = (): never => {
  throw new TransientError("away")
}

describe("running", () => {
  test("what fails is kept under the instance's name, tried again, and given up by its `failed`", async () => {
    const graph = await startRetry({ onInstance: true, target: away, retry: { interval: 1, max: 2 } })
    await graph.send("a")
    expect(await graph.count("target.retry")).toBe(1)
    await graph.platform.advance(5_000)
    expect(graph.tried).toHaveLength(3)
    expect(graph.data("reject")).toEqual(["a"])
    expect(graph.got["reject"]?.[0]?.meta.history.at(-1)).toMatchObject({ kind: "exhausted", instance: "target" })
    await graph.stop()
  })

  test("what arrives is delivered, and goes on where `successful` is routed", async () => {
    const routes = ["target.failed -> reject.inbox", "target.successful -> log.inbox"]
    const graph = await startRetry({
      onInstance: true,
      routes,
      target: ({ data }) => (data === "bad" ? Promise.reject(new Invalid("bad")) : "ok"),
    })
    const told = await graph.send("a", "bad", "b")
    expect([graph.data("log"), graph.data("reject"), told.state]).toEqual([["a", "b"], ["bad"], "safe"])
    expect(await graph.count("target.dead")).toBe(1)
    await graph.stop()
    expect(graph.router.report()).toMatchObject({ in: 3, delivered: 3, copied: 0, lost: 0 })
  })

  test("a change behind makes what is kept stale, told before; an edit of arguments does not", async () => {
    const store = durable(new MemoryStore())
    const graph = await startRetry({ onInstance: true, target: away, store, retry: { interval: 5 } })
    await graph.send("a")
    expect((await graph.reload({ retry: { interval: 6 } })).adjusted).toEqual([{ name: "_target_retry", what: ["arguments.interval"] }])
    const routes = ["target.failed -> reject.inbox", "target.successful -> log.inbox"]
    expect(await graph.reload({ routes, retry: { interval: 6 } })).toMatchObject({ outcome: "reloaded" })
    expect(graph.lines.some((line) => line.includes("1 events that are kept will leave as `stale`"))).toBe(true)
    const tries = graph.tried.length
    await graph.platform.advance(20_000)
    expect(graph.tried).toHaveLength(tries)
    expect(graph.data("reject")).toEqual(["a"])
    await graph.stop()
  })

  test("`retry:` may come and go while the graph runs; what is kept waits for its return", async () => {
    const store = durable(new MemoryStore())
    const graph = await startRetry({ onInstance: true, target: away, store, retry: { interval: 1, max: 0, version: "off" } })
    await graph.send("a")
    expect((await graph.reload({ onInstance: false, routes: ["hold.exhausted -> reject.inbox"] })).outcome).toBe("reloaded")
    expect((await graph.reload({ onInstance: true })).outcome).toBe("reloaded")
    graph.target = () => undefined
    await graph.send("b")
    await graph.platform.advance(10_000)
    expect(graph.arrived.map(String).toSorted()).toEqual(["a", "b"])
    await graph.stop()
    expect(graph.router.report()).toMatchObject({ waiting: 0, lost: 0 })
  })
})
