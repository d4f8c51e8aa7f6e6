// What inputs and publishers learn of events that are kept for another try.

import { expect, test } from "vitest"
import { TransientError } from "../../../src/errors.ts"
import { MemoryStore } from "../../../src/store/memory.ts"
import { durable, startRetry } from "../../support/retry-graph.ts"

const away = (): never => {
  throw new TransientError("away")
}

test("in a store that forgets an event is neither safe nor done until it got through", async () => {
  const graph = await startRetry({ target: away })
  const told = graph.put(["a"], { results: true })
  await graph.platform.advance(5_000)
  expect([told.state, told.done]).toEqual(["pending", 0])
  graph.target = () => "receipt"
  await graph.platform.advance(10_000)
  expect([told.state, told.done]).toEqual(["safe", 1])
  expect(told.results).toEqual([{ ok: true, slot: 0, value: "receipt", stored: false, delivered: true }])
})

test("in a durable store it is safe at once, and done for those who do not wait for results", async () => {
  const graph = await startRetry({ target: away, store: durable(new MemoryStore()) })
  const told = await graph.send("a")
  expect([told.state, told.done]).toEqual(["safe", 1])
  await graph.stop()
})

test("who waits for results in a durable store hears safe at once, and done with the result when it got through", async () => {
  const graph = await startRetry({ target: away, store: durable(new MemoryStore()) })
  const told = graph.put(["a", "b"], { results: true })
  await graph.platform.settle()
  expect([told.state, told.done, told.results]).toEqual(["safe", 0, []])
  graph.target = ({ data }) => `receipt ${String(data)}`
  await graph.platform.advance(10_100)
  expect(told.done).toBe(1)
  expect(told.results?.map((result) => result.ok && result.value).toSorted()).toEqual(["receipt a", "receipt b"])
  await graph.stop()
})

test("what is given up fails its ticket with the last kind, where somebody still waits", async () => {
  const graph = await startRetry({ target: away, retry: { interval: 1, max: 1 }, routes: [] })
  const told = await graph.send("a")
  await graph.platform.advance(3_000)
  expect(told.state).toBe("failed exhausted")
  await graph.stop()
})

test("the entry stays until what becomes of the event further on is safe, and a failure there does not bring it back", async () => {
  let release: (() => void) | undefined
  const graph = await startRetry({
    target: away,
    store: durable(new MemoryStore()),
    kind: "process",
    routes: ["hold.exhausted -> reject.inbox", "target.outbox -> log.inbox"],
  })
  await graph.send("a")
  graph.target = () => new Promise<void>((resolve) => (release = resolve))
  await graph.platform.advance(10_050)
  expect(await graph.count()).toBe(1)
  release?.()
  await graph.platform.advance(50)
  expect(graph.data("log")).toEqual(["a"])
  expect(await graph.count()).toBe(0)
  await graph.stop()
  expect(graph.router.report()).toMatchObject({ lost: 0, waiting: 0, in: 1, copied: 1, delivered: 2 })
})

test("an input that may have 100 events unacknowledged is not held up by 1,000 that are kept durably", async () => {
  const graph = await startRetry({ target: away, store: durable(new MemoryStore()) })
  for (let sent = 0; sent < 1100; sent += 100) {
    const told = await graph.send(...Array.from({ length: 100 }, (_, index) => sent + index))
    expect(told.state).toBe("safe")
  }
  expect(await graph.count()).toBe(1100)
  await graph.stop()
})
