// `wishbone.flow.retry` written out, in a graph on the simulated platform.

import { expect, test } from "vitest"
import { Invalid, Quarantine, Retry, TransientError } from "../../../src/errors.ts"
import { MemoryStore } from "../../../src/store/memory.ts"
import { durable, startRetry } from "../../support/retry-graph.ts"

const refused = (): never => {
  throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })
}

test("a fresh event that arrives passes straight through and is delivered once", async () => {
  const graph = await startRetry()
  const told = await graph.send("a", "b")
  expect(graph.arrived).toEqual(["a", "b"])
  expect(told.state).toBe("safe")
  await graph.stop()
  expect(graph.router.report()).toMatchObject({ in: 2, delivered: 2, waiting: 0, copied: 0, lost: 0 })
})

test("what failed for a passing reason is offered again after the interval, the same event with the number of its tries", async () => {
  const graph = await startRetry({ target: refused })
  await graph.send("a")
  expect(graph.router.report()).toMatchObject({ waiting: 1, delivered: 0 })
  await graph.platform.advance(9_990)
  expect(graph.tried).toHaveLength(1)
  graph.target = () => undefined
  await graph.platform.advance(20)
  expect(graph.arrived).toEqual(["a"])
  expect(graph.tried.map(({ attempts }) => attempts)).toEqual([0, 1])
  expect(new Set(graph.tried.map(({ uuid }) => uuid)).size).toBe(1)
  await graph.platform.advance(20)
  expect(await graph.count()).toBe(0)
  await graph.stop()
  expect(graph.router.report()).toMatchObject({ in: 1, delivered: 1, waiting: 0, failed: 0, lost: 0 })
})

test("interval 1 s and max 3 with a dead target: four tries, then it leaves as exhausted and the bucket is empty", async () => {
  const graph = await startRetry({ target: refused, retry: { interval: 1, max: 3 } })
  await graph.send("a")
  await graph.platform.advance(10_000)
  expect(graph.tried.map(({ attempts }) => attempts)).toEqual([0, 1, 2, 3])
  expect(graph.data("reject")).toEqual(["a"])
  const history = graph.got["reject"]?.[0]?.meta.history ?? []
  expect(history.at(-1)).toMatchObject({ kind: "exhausted", instance: "hold" })
  expect(await graph.count()).toBe(0)
  await graph.stop()
})

test("without a route from `exhausted` what is given up leaves by `failed`, and ends badly where that has none either", async () => {
  const graph = await startRetry({ target: refused, retry: { interval: 1, max: 1 }, routes: ["hold.failed -> log.inbox"] })
  await graph.send("a")
  await graph.platform.advance(5_000)
  expect(graph.data("log")).toEqual(["a"])
  await graph.stop()
  const nowhere = await startRetry({ target: refused, retry: { interval: 1, max: 1 }, routes: [] })
  await nowhere.send("a")
  await nowhere.platform.advance(5_000)
  await nowhere.stop()
  expect(nowhere.router.report()).toMatchObject({ failed: 1, waiting: 0, lost: 0 })
})

test("a plain error is not tried again unless asked, and `none` holds nothing but what asks for it", async () => {
  const broken = (): never => {
    throw new Error("broken")
  }
  const plain = await startRetry({ target: broken })
  await plain.send("a")
  expect(plain.data("reject")).toEqual(["a"])
  expect(plain.got["reject"]?.[0]?.meta.history.map(({ kind }) => kind)).toEqual(["error"])
  const all = await startRetry({ target: broken, retry: { on: "all" } })
  await all.send("a")
  expect(await all.count()).toBe(1)
  const none = await startRetry({ target: refused, retry: { on: "none" } })
  await none.send("a")
  none.target = () => {
    throw new Retry({ after: 5000 })
  }
  await none.send("b")
  expect(none.data("reject")).toEqual(["a"])
  expect(await none.count()).toBe(1)
})

test("a list of codes says which failures are tried again", async () => {
  const graph = await startRetry({ retry: { on: ["503", "ECONNREFUSED"] }, target: refused })
  await graph.send("refused")
  graph.target = () => {
    throw new TransientError("unavailable", { code: "503" })
  }
  await graph.send("unavailable")
  graph.target = () => {
    throw new TransientError("bad gateway", { code: "502" })
  }
  await graph.send("gateway")
  expect(graph.data("reject")).toEqual(["gateway"])
  expect(await graph.count()).toBe(2)
})

test("a poison event among good ones is set aside once and never offered again, the others are unaffected", async () => {
  const graph = await startRetry({
    target: ({ data }) => {
      if (data === "poison") throw new Invalid("no number")
      if (data === "odd") throw new Quarantine({ why: "odd" })
    },
  })
  await graph.send("a", "poison", "b", "odd", "c")
  await graph.platform.advance(60_000)
  expect(graph.arrived).toEqual(["a", "b", "c"])
  expect(graph.data("reject")).toEqual(["poison", "odd"])
  expect(graph.tried).toHaveLength(5)
  expect(await graph.count()).toBe(0)
  const dead = await (await graph.store).read("hold.dead", { limit: 10 })
  expect(dead.map(({ kind, payload, uuid }) => [kind, payload.toString().slice(-6), uuid])).toEqual([
    ["invalid", "poison", graph.tried[1]?.uuid],
    ["quarantined", expect.stringMatching(/odd$/), graph.tried[3]?.uuid],
  ])
  await graph.stop()
})

test("`Retry` sets its own time, does not count against `max`, merges its patch and replaces the data", async () => {
  const seen: unknown[] = []
  const graph = await startRetry({
    retry: { interval: 60, max: 1 },
    target: (event) => {
      seen.push([event.data, event.meta.args, event.meta.attempts])
      const step = seen.length
      if (step < 5) throw new Retry({ after: 2000, patch: { step }, payload: `v${step}` })
      if (step === 5) throw new TransientError("away")
    },
  })
  await graph.send("v0")
  await graph.platform.advance(8_500)
  expect(seen).toEqual([
    ["v0", undefined, 0],
    ["v1", { step: 1 }, 1],
    ["v2", { step: 2 }, 2],
    ["v3", { step: 3 }, 3],
    ["v4", { step: 4 }, 4],
  ])
  await graph.platform.advance(60_000)
  expect(graph.arrived).toEqual(["v4"])
  expect(seen.at(-1)).toEqual(["v4", { step: 4 }, 5])
  await graph.stop()
  expect(graph.router.report()).toMatchObject({ in: 1, delivered: 1, waiting: 0 })
})

test("a fresh success brings all that waits at once, due or not; later ones do not while nothing failed in between", async () => {
  const graph = await startRetry({ target: refused, retry: { interval: 300 } })
  await graph.send(...Array.from({ length: 250 }, (_, index) => `held ${index}`))
  expect(await graph.count()).toBe(250)
  graph.target = ({ data }) => {
    if (data === "held 7") throw new TransientError("only this one")
  }
  await graph.send("fresh")
  await graph.platform.advance(2_000)
  expect(graph.arrived).toHaveLength(250)
  const tries = graph.tried.length
  await graph.send("fresh 2")
  await graph.platform.advance(2_000)
  expect(graph.tried.length).toBe(tries + 1)
  expect(await graph.count()).toBe(1)
  await graph.stop()
})

test("with `on_success: false` only the time brings them", async () => {
  const graph = await startRetry({ target: refused, retry: { interval: 300, on_success: false } })
  await graph.send("a")
  graph.target = () => undefined
  await graph.send("fresh")
  await graph.platform.advance(299_000)
  expect(graph.arrived).toEqual(["fresh"])
  await graph.platform.advance(2_000)
  expect(graph.arrived).toEqual(["fresh", "a"])
})

test("waits grow by the factor up to the cap", async () => {
  const graph = await startRetry({ target: refused, retry: { interval: 1, max: 6, backoff: { factor: 2, cap: 10 } } })
  await graph.send("a")
  await graph.platform.advance(60_000)
  const times = graph.tried.map(({ atMs }) => Math.round((atMs - (graph.tried[0]?.atMs ?? 0)) / 1000))
  expect(times).toEqual([0, 1, 3, 7, 15, 25, 35])
})

test("100 fresh events a second pass 1,000 held ones without waiting, while the target takes 10 ms an event", async () => {
  const graph = await startRetry({ target: refused, retry: { interval: 1, max: 0 } })
  await graph.send(...Array.from({ length: 1000 }, (_, index) => `held ${index}`))
  const delays: number[] = []
  const { clock, timers } = graph.platform
  graph.target = async ({ data }) => {
    await timers.sleep(5)
    if (typeof data === "number") delays.push(clock.now() - data)
  }
  for (let round = 0; round < 500; round++) {
    graph.put([clock.now()])
    await graph.platform.advance(10)
  }
  await graph.platform.advance(60_000)
  expect(delays).toHaveLength(500)
  expect(Math.max(...delays)).toBeLessThanOrEqual(25)
  expect(graph.arrived).toHaveLength(1500)
  await graph.stop()
})

test("in strict order no fresh event passes a held one, and one at a time is on its way", async () => {
  let atWork = 0
  let most = 0
  const graph = await startRetry({ target: refused, retry: { interval: 1, max: 0, order: "strict" } })
  await graph.send(...Array.from({ length: 300 }, (_, index) => index))
  const { timers } = graph.platform
  graph.target = async () => {
    most = Math.max(most, ++atWork)
    await timers.sleep(3)
    atWork -= 1
  }
  for (let index = 300; index < 400; index++) {
    graph.put([index])
    await graph.platform.advance(10)
  }
  await graph.platform.advance(10_000)
  expect(graph.arrived).toEqual(Array.from({ length: 400 }, (_, index) => index))
  expect(most).toBe(1)
  await graph.stop()
  expect(graph.router.report()).toMatchObject({ in: 400, delivered: 400, waiting: 0 })
})

test("in strict order the oldest is tried until it gets through or is given up, and the others follow in order", async () => {
  const graph = await startRetry({
    retry: { interval: 1, max: 2, order: "strict" },
    target: ({ data }) => {
      if (data === "b") throw new TransientError("not this one")
    },
  })
  await graph.send("a", "b", "c")
  expect(graph.tried.map(({ data }) => data)).toEqual(["a", "b"])
  await graph.platform.advance(1_500)
  expect(graph.tried.map(({ data }) => data)).toEqual(["a", "b", "b"])
  await graph.platform.advance(5_000)
  expect(graph.arrived).toEqual(["a", "c"])
  expect(graph.data("reject")).toEqual(["b"])
  await graph.stop()
})

test("disabled, what is kept stays kept and counted, and new failures go on; enabled again, it is offered", async () => {
  const store = new MemoryStore()
  const first = await startRetry({ target: refused, store: durable(store) })
  await first.send("kept")
  await first.stop()
  const graph = await startRetry({ target: refused, store: durable(store), platform: first.platform.restart(), retry: { enabled: false } })
  await graph.platform.settle()
  expect(graph.router.report()).toMatchObject({ recovered: 1, waiting: 1 })
  await graph.send("new")
  expect(graph.data("reject")).toEqual(["new"])
  await graph.platform.advance(600_000)
  expect(await graph.count()).toBe(1)
  await graph.stop()
  expect(graph.router.report()).toMatchObject({ waiting: 1, lost: 0 })
})
