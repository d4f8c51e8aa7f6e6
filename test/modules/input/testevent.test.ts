import { expect, test } from "vitest"
import Testevent from "../../../modules/input/testevent.ts"
import { startModule } from "../../../src/testing/index.ts"

test("makes an event at once and then one every second", async () => {
  const run = await startModule(Testevent)
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["test"] })
  await run.platform.advance(2500)
  expect(run.sent).toEqual({ outbox: ["test", "test", "test"] })
  await run.stop()
})

test("keeps to its interval and numbers its events from 1", async () => {
  const run = await startModule(Testevent, { interval: "100ms", message: "hello", numbered: true })
  await run.platform.advance(250)
  expect(run.sent).toEqual({ outbox: ["hello_1", "hello_2", "hello_3"] })
  await run.stop()
})

test("places further values", async () => {
  const run = await startModule(Testevent, { message: { text: "hi" }, additional_values: { "tmp.origin.site": "north", "data.size": 3 } })
  await run.settle()
  const [event] = run.events["outbox"] ?? []
  expect(event?.data).toEqual({ text: "hi", size: 3 })
  expect(event?.get("tmp.origin.site")).toBe("north")
  await run.stop()
})

test("events do not share what they hold", async () => {
  const run = await startModule(Testevent, { message: { list: [1] }, interval: "1s" })
  await run.platform.advance(1000)
  const [first, second] = run.events["outbox"] ?? []
  first?.set("data.list", "changed")
  expect(second?.data).toEqual({ list: [1] })
  await run.stop()
})

test("refuses to start when a value cannot be placed", async () => {
  await expect(startModule(Testevent, { additional_values: { "data.size": 3 } })).rejects.toThrow("`data.size` cannot be set")
})

test("fills templates in for each event", async () => {
  const run = await startModule(Testevent, { message: "event {{ uuid }}", interval: 0.5 })
  await run.platform.advance(500)
  const events = run.events["outbox"] ?? []
  expect(events.map((event) => event.data)).toEqual(events.map((event) => `event ${event.uuid}`))
  expect(new Set(events.map((event) => event.data)).size).toBe(2)
  await run.stop()
})

test("takes whole events", async () => {
  const run = await startModule(Testevent, { native_events: true, message: { data: "x", tags: ["t"] } })
  await run.settle()
  expect(run.events["outbox"]?.[0]?.tags).toEqual(["t"])
  await run.stop()
})

test("without an interval makes events as fast as they are taken, and lets timers have their turn", async () => {
  const run = await startModule(Testevent, { interval: 0, numbered: true })
  let ticks = 0
  run.platform.timers.immediate(() => {
    ticks += 1
  })
  await run.platform.runUntil(() => (run.sent["outbox"]?.length ?? 0) >= 10_000)
  expect(ticks).toBe(1)
  expect(run.sent["outbox"]?.slice(0, 3)).toEqual(["test_1", "test_2", "test_3"])
  await run.stop()
  const { length } = run.sent["outbox"] ?? []
  expect(run.books.in).toBe(length)
  await run.settle()
  expect(run.sent["outbox"]).toHaveLength(length)
})

test("without an interval waits while its queue is full", async () => {
  const run = await startModule(Testevent, { interval: 0 })
  run.block("outbox")
  await run.settle()
  const { forwarded } = run.books
  expect(forwarded).toBeLessThan(300)
  await run.platform.advance(10_000)
  expect(run.books.forwarded).toBe(forwarded)
  await run.stop()
})

test("makes nothing more after it was told to stop", async () => {
  const run = await startModule(Testevent, { interval: "1s" })
  await run.platform.advance(1500)
  await run.stop()
  await run.platform.advance(10_000)
  expect(run.sent).toEqual({ outbox: ["test", "test"] })
  expect(run.platform.pendingTimers).toBe(0)
})
