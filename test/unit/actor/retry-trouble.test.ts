// What a retry does when the store, the process or the graph lets it down.

import { expect, test } from "vitest"
import { Retry, TransientError } from "../../../src/errors.ts"
import { MemoryStore } from "../../../src/store/memory.ts"
import { durable, type RetryGraph, startRetry } from "../../support/retry-graph.ts"

const away = (): never => {
  throw new TransientError("away")
}

/** A store that refuses while `refuses` is set. */
class MoodyStore extends MemoryStore {
  override readonly abilities = { durable: true, ordered: true, lease: true, keyed: true }
  refuses = false

  override append(...given: Parameters<MemoryStore["append"]>): Promise<string[]> {
    return this.refuses ? Promise.reject(new Error("ECONNREFUSED")) : super.append(...given)
  }

  override update(...given: Parameters<MemoryStore["update"]>): Promise<boolean[]> {
    return this.refuses ? Promise.reject(new Error("ECONNREFUSED")) : super.update(...given)
  }

  override remove(...given: Parameters<MemoryStore["remove"]>): Promise<boolean[]> {
    return this.refuses ? Promise.reject(new Error("ECONNREFUSED")) : super.remove(...given)
  }
}

const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index)

test("a store that refuses holds events up for `store_timeout`, then they leave as `unstored`; back again it keeps", async () => {
  const store = new MoodyStore()
  const graph = await startRetry({ target: away, store, retry: { store_timeout: 5 } })
  store.refuses = true
  const told = await graph.send("a")
  await graph.platform.advance(4_000)
  expect([told.state, graph.data("reject")]).toEqual(["pending", []])
  await graph.platform.advance(2_000)
  expect(graph.data("reject")).toEqual(["a"])
  expect(graph.got["reject"]?.[0]?.meta.history.at(-1)).toMatchObject({ kind: "unstored" })
  await graph.send("b")
  await graph.platform.advance(2_000)
  store.refuses = false
  await graph.platform.advance(5_000)
  expect(await graph.count()).toBe(1)
  await graph.stop()
  expect(graph.router.report()).toMatchObject({ in: 2, delivered: 1, waiting: 1, lost: 0 })
})

test("deliveries that the store takes no note of are told to it until it does, and nothing is offered twice meanwhile", async () => {
  const store = new MoodyStore()
  const graph = await startRetry({ target: away, store, retry: { interval: 1, max: 0, lease: 1 } })
  await graph.send(...numbers(10))
  graph.target = () => undefined
  store.refuses = true
  await graph.platform.advance(30_000)
  expect(graph.arrived.map(Number).toSorted((a, b) => a - b)).toEqual(numbers(10))
  store.refuses = false
  await graph.platform.advance(10_000)
  expect(await graph.count()).toBe(0)
  expect(graph.arrived).toHaveLength(10)
  await graph.stop()
})

test("tries that the store takes no note of are not lost count of, and follow no faster", async () => {
  const store = new MoodyStore()
  const graph = await startRetry({ target: away, store, retry: { interval: 1, max: 3, store_timeout: 2 } })
  await graph.send("a")
  store.refuses = true
  await graph.platform.advance(20_000)
  expect(graph.tried.length).toBeLessThanOrEqual(2)
  store.refuses = false
  await graph.platform.advance(20_000)
  expect(graph.tried).toHaveLength(4)
  expect(graph.data("reject")).toEqual(["a"])
  await graph.stop()
})

test("a crash in mid-pass repeats one group at most, loses nothing, and the counts of tries go on", async () => {
  const store = durable(new MemoryStore())
  const settings = { interval: 1, max: 5, lease: 3, batch: 20 }
  const first = await startRetry({ target: away, store, retry: settings })
  await first.send(...numbers(100))
  await first.platform.advance(1_500)
  expect(first.tried).toHaveLength(200)
  const { timers } = first.platform
  first.target = () => timers.sleep(2)
  await first.platform.advance(600)
  const before = first.arrived.length
  expect(before).toBeGreaterThan(10)
  expect(before).toBeLessThan(90)
  const second = await startRetry({ target: () => undefined, store, platform: first.platform.restart(), retry: settings })
  await second.platform.advance(20_000)
  const all = new Set([...first.arrived, ...second.arrived])
  expect(all.size).toBe(100)
  expect(before + second.arrived.length - 100).toBeLessThanOrEqual(20)
  expect(Math.min(...second.tried.map(({ attempts }) => attempts))).toBe(2)
  expect(await second.count()).toBe(0)
  await second.stop()
  expect(second.router.report()).toMatchObject({ in: 0, lost: 0, waiting: 0 })
})

test("what was taken and not offered when the graph stops in order is there for the next process at once", async () => {
  const store = durable(new MemoryStore())
  const first = await startRetry({ target: away, store, retry: { interval: 1, max: 0, lease: 600 } })
  await first.send(...numbers(50))
  first.target = () => first.platform.timers.sleep(100)
  await first.platform.advance(1_250)
  await first.stop(300)
  const second = await startRetry({ store, platform: first.platform.restart(), retry: { first: "now", lease: 600 } })
  await second.platform.advance(1_000)
  expect(new Set([...first.arrived, ...second.arrived]).size).toBe(50)
  expect(await second.count()).toBe(0)
})

test("an event that ends badly without coming back is offered again all the same", async () => {
  const graph = await startRetry({ target: away, store: durable(new MemoryStore()), retry: { interval: 1, max: 0 } })
  await graph.send("a")
  const { failed } = graph.actor("target").ends
  const { queue } = failed
  failed.queue = null
  await graph.platform.advance(2_500)
  expect(graph.tried.map(({ attempts }) => attempts)).toEqual([0, 1, 2])
  failed.queue = queue
  graph.target = () => undefined
  await graph.platform.advance(1_000)
  expect(graph.arrived).toEqual(["a"])
  await graph.stop()
  expect(graph.router.report()).toMatchObject({ in: 1, recovered: 2, failed: 2, delivered: 1, waiting: 0 })
})

test("of another version an event is not tried: it leaves as `stale`, with a copy where that is asked for", async () => {
  const store = durable(new MemoryStore())
  const first = await startRetry({ target: away, store, retry: { version: "1" } })
  await first.send("a")
  await first.stop()
  const platform = first.platform.restart()
  const second = await startRetry({ store, platform, retry: { version: "2", first: "now", keep: ["stale"] } })
  await second.platform.advance(1_000)
  expect(second.tried).toEqual([])
  expect(second.data("reject")).toEqual(["a"])
  expect(second.got["reject"]?.[0]?.meta.history.at(-1)?.kind).toBe("stale")
  expect([await second.count(), await second.count("hold.dead")]).toEqual([0, 1])
  await second.stop()
})

test("what is older than `max_age` is given up instead of offered", async () => {
  const graph = await startRetry({ target: away, retry: { interval: 10, max: 0, max_age: 25 } })
  await graph.send("a")
  await graph.platform.advance(60_000)
  expect(graph.tried).toHaveLength(3)
  expect(graph.data("reject")).toEqual(["a"])
  await graph.stop()
})

test("at `max_entries` nothing fresh is taken, and it goes on as soon as there is room", async () => {
  const graph = await startRetry({ target: away, retry: { interval: 1, max: 0, max_entries: 5 } })
  for (const value of numbers(5)) await graph.send(value)
  await graph.send("waits")
  expect(graph.tried).toHaveLength(5)
  graph.target = () => undefined
  await graph.platform.advance(3_000)
  expect(graph.arrived).toHaveLength(6)
  await graph.stop()
})

test("an entry that cannot be read is set aside under its bucket, counted as lost, and blocks nobody", async () => {
  const store = durable(new MemoryStore())
  const entry = { owner: "hold", version: "", attempts: 1, dueMs: 0, createdMs: 0, kind: "transient", timestampMs: 0, uuid: "u" }
  await store.append("hold.retry", [{ ...entry, codec: 99, payload: Buffer.from("garbage") }])
  await store.append("hold.retry", [{ ...entry, codec: 1, payload: Buffer.from("fine") }])
  const graph = await startRetry({ store, retry: { first: "now" } })
  await graph.platform.advance(1_000)
  expect(graph.arrived).toEqual(["fine"])
  const [dead] = await store.read("hold.dead", { limit: 5 })
  expect(dead?.payload.toString()).toBe("garbage")
  await graph.stop()
  expect(graph.router.report()).toMatchObject({ recovered: 2, delivered: 1, lost: 1, waiting: 0 })
})

test("in a store that forgets, what waits at the stop falls to where the graph keeps such events", async () => {
  const graph = await startRetry({ target: away, retry: { interval: 60 } })
  const told = await graph.send("a", "b")
  await graph.stop()
  expect(graph.data("reject")).toEqual(["a", "b"])
  expect(told.state).toBe("safe")
  expect(graph.router.report()).toMatchObject({ delivered: 2, lost: 0, waiting: 0 })
})

test("where that leads nowhere it is lost, counted, and its ticket fails", async () => {
  const graph = await startRetry({ target: away, retry: { interval: 60 }, routes: [] })
  const told = await graph.send("a", "b")
  await graph.stop()
  expect(told.state).toBe("failed stopped stopped")
  expect(graph.router.report()).toMatchObject({ lost: 2, waiting: 0 })
  expect(graph.lines.some((line) => line.includes("2 events that waited for another try are lost"))).toBe(true)
})

test("what fails as the graph stops is kept, without counting as a try", async () => {
  const store = durable(new MemoryStore())
  const graph = await startRetry({ store })
  graph.target = () => new Promise(() => undefined)
  await graph.send("a")
  await graph.stop(2_000)
  await store.open()
  const [entry] = await store.read("hold.retry", { limit: 1 })
  expect(entry).toMatchObject({ attempts: 0, kind: "stopped" })
  expect(graph.router.report()).toMatchObject({ waiting: 1, lost: 0 })
})

test("two processes that share a bucket share the work, and deliver each event once", async () => {
  const store = durable(new MemoryStore())
  const first = await startRetry({ target: away, store, retry: { interval: 1, max: 0, batch: 20 } })
  await first.send(...numbers(400))
  const settings = { interval: 1, max: 0, batch: 20 }
  const graphs: RetryGraph[] = [first, await startRetry({ target: away, store, platform: first.platform, retry: settings })]
  for (const graph of graphs) graph.target = () => graph.platform.timers.sleep(1)
  await first.platform.advance(10_000)
  expect(graphs.flatMap(({ arrived }) => arrived).toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers(400))
  expect(graphs.every(({ arrived }) => arrived.length > 20)).toBe(true)
  expect(await first.count()).toBe(0)
  for (const graph of graphs) await graph.stop()
})

test("`Retry` on an instance without `retry:` is honoured in memory, with one warning, and fails at the stop", async () => {
  let tries = 0
  const graph = await startRetry({ routes: ["hold.exhausted -> reject.inbox"], retry: { enabled: false } })
  graph.actor("target").ends.failed.queue = null
  graph.target = () => {
    tries += 1
    if (tries < 4) throw new Retry({ after: 1000, payload: `v${tries}` })
  }
  const told = await graph.send("v0")
  await graph.platform.advance(2_500)
  expect([tries, graph.router.report().held, told.state]).toEqual([3, 1, "pending"])
  await graph.platform.advance(1_000)
  expect(graph.arrived).toEqual(["v3"])
  expect(told.state).toBe("safe")
  expect(graph.lines.filter((line) => line.includes("waits in memory"))).toHaveLength(1)
})

test("a store that answers only after the end sets no timer any more", async () => {
  const store = durable(new MemoryStore())
  let answer: (error: Error) => void = () => undefined
  store.remove = () =>
    new Promise((_, reject) => {
      answer = reject
    })
  const graph = await startRetry({ target: away, store, retry: { interval: 1, max: 0 } })
  await graph.send("a")
  graph.target = () => undefined
  await graph.platform.advance(2_000)
  expect(graph.arrived).toEqual(["a"])
  await graph.stop()
  const before = graph.platform.pendingTimers
  answer(new Error("ECONNRESET"))
  await graph.platform.advance(0)
  expect(graph.platform.pendingTimers).toBe(before)
})
