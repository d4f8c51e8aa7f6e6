// Settings that change while the graph runs, by a reload: in any order, again and again.

import { expect, test } from "vitest"
import { TransientError } from "../../../src/errors.ts"
import { MemoryStore } from "../../../src/store/memory.ts"
import { type RetryGraph, startRetry } from "../../support/retry-graph.ts"

const away = (): never => {
  throw new TransientError("away")
}

/** Reloads with other arguments; the module goes on. */
async function apply(graph: RetryGraph, retry: Readonly<Record<string, unknown>>): Promise<void> {
  const result = await graph.reload({ retry })
  expect(result).toMatchObject({ outcome: expect.stringMatching(/^(reloaded|unchanged)$/) as string, changed: [], added: [], removed: [] })
}

test("a shorter interval is felt at once by what waits already", async () => {
  const graph = await startRetry({ target: away, retry: { interval: 300 } })
  await graph.send("a")
  graph.target = () => undefined
  await apply(graph, { interval: 2 })
  await graph.platform.advance(2_100)
  expect(graph.arrived).toEqual(["a"])
  await graph.stop()
})

test("a smaller `max` counts from the next failure on", async () => {
  const graph = await startRetry({ target: away, retry: { interval: 1, max: 0 } })
  await graph.send("a")
  await graph.platform.advance(5_500)
  expect(graph.tried).toHaveLength(6)
  await apply(graph, { interval: 1, max: 3 })
  await graph.platform.advance(2_000)
  expect(graph.data("reject")).toEqual(["a"])
  expect(graph.tried).toHaveLength(7)
  await graph.stop()
})

test("switched off and on in any order, nothing is lost, nothing offered twice", async () => {
  const graph = await startRetry({ target: away, retry: { interval: 1 } })
  await graph.send("a")
  for (const enabled of [false, false, true, true, false]) await apply(graph, { interval: 1, enabled })
  await graph.send("b")
  expect(graph.data("reject")).toEqual(["b"])
  await graph.platform.advance(60_000)
  expect(graph.tried).toHaveLength(2)
  graph.target = () => undefined
  for (const enabled of [true, true]) await apply(graph, { interval: 1, enabled })
  await graph.platform.advance(3_000)
  expect(graph.arrived).toEqual(["a"])
  await graph.stop()
  expect(graph.router.report()).toMatchObject({ in: 2, delivered: 2, waiting: 0, lost: 0 })
})

test("what never ran is enabled: its store is opened then, however long that takes", async () => {
  const store = new MemoryStore()
  let down = true
  const opening = store.open.bind(store)
  store.open = () => (down ? Promise.reject(new Error("ECONNREFUSED")) : opening())
  const graph = await startRetry({ target: away, store, retry: { enabled: false, interval: 1 }, startupMs: 1_000 })
  await graph.platform.advance(3_000)
  await graph.send("before")
  expect(graph.data("reject")).toEqual(["before"])
  await apply(graph, { interval: 1, enabled: true, store_timeout: 20 })
  await graph.platform.advance(2_000)
  await graph.send("during")
  down = false
  await graph.platform.advance(10_000)
  await graph.send("after")
  graph.target = () => undefined
  await graph.platform.advance(5_000)
  expect(graph.arrived.map(String).toSorted()).toEqual(["after", "during"])
  await graph.stop()
})

test("an interval below a second is raised, and a negative `max` is 1, each with a warning", async () => {
  const graph = await startRetry({ target: away, retry: { interval: "100ms", max: -5 } })
  expect(graph.lines.filter((line) => line.startsWith("warn hold"))).toHaveLength(2)
  await graph.send("a")
  await graph.platform.advance(10_000)
  expect(graph.tried).toHaveLength(2)
  await graph.stop()
})
