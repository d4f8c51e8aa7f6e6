import { expect, test } from "vitest"
import Generator from "../../../modules/input/generator.ts"
import { startModule } from "../../../src/testing/index.ts"

test("makes an event at once and then one every second", async () => {
  const run = await startModule(Generator)
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["test"] })
  await run.platform.advance(2500)
  expect(run.sent).toEqual({ outbox: ["test", "test", "test"] })
  await run.stop()
  await run.platform.advance(10_000)
  expect(run.sent["outbox"]).toHaveLength(3)
  expect(run.platform.pendingTimers).toBe(0)
})

test.each([[7], [null], [["a", 1]], [{ nested: { list: [1, { x: null }] } }], [""]])("the payload %j comes as it is", async (payload) => {
  const run = await startModule(Generator, { payload })
  await run.settle()
  expect(run.sent).toEqual({ outbox: [payload] })
  await run.stop()
})

test("fills in templates anywhere in the payload, for each event", async () => {
  const payload = {
    id: "{{ uuid }}",
    at: "{{ timestamp }}",
    list: ["n{{ tmp.module.number }}", { deep: "{{ tmp.module.number }}" }],
    fixed: 1,
  }
  const run = await startModule(Generator, { payload })
  await run.platform.advance(1000)
  const events = run.events["outbox"] ?? []
  expect(events.map(({ data }) => data)).toEqual(
    events.map(({ uuid, timestamp }, index) => ({
      id: uuid,
      at: timestamp,
      list: [`n${index + 1}`, { deep: index + 1 }],
      fixed: 1,
    })),
  )
  expect(new Set(events.map(({ uuid }) => uuid)).size).toBe(2)
  await run.stop()
})

test("events do not share what they hold", async () => {
  const run = await startModule(Generator, { payload: { list: [1] } })
  await run.platform.advance(1000)
  const [first, second] = run.events["outbox"] ?? []
  first?.set("data.list", "changed")
  expect(second?.data).toEqual({ list: [1] })
  await run.stop()
})

test("places the payload at its destination, or takes it as a whole event", async () => {
  const placed = await startModule(Generator, { destination: "tmp.made", payload: 1 })
  await placed.settle()
  expect(placed.events["outbox"]?.[0]?.get("tmp.made")).toBe(1)
  await placed.stop()
  const native = await startModule(Generator, {
    native_events: true,
    payload: { data: "{{ tmp.module.number }}", tags: ["t"], timestamp: 5 },
  })
  await native.settle()
  expect(native.events["outbox"]?.[0]).toMatchObject({ data: 1, tags: ["t"], timestamp: 5 })
  await native.stop()
})

test("refuses to start when the payload cannot be made", async () => {
  await expect(startModule(Generator, { native_events: true, payload: 7 })).rejects.toThrow("event")
  await expect(startModule(Generator, { payload: ["{{ data.nothing }}"] })).rejects.toThrow("`data.nothing` is missing")
})

test("ends after so many events, in bursts and flat out", async () => {
  const bursts = await startModule(Generator, { count: 7, burst: 3, interval: "1s", payload: "{{ tmp.module.number }}" })
  await bursts.settle()
  expect(bursts.sent["outbox"]).toHaveLength(3)
  expect(bursts.ended).toBe(false)
  await bursts.platform.advance(2000)
  expect(bursts.sent["outbox"]).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(bursts.ended).toBe(true)
  await bursts.stop()
  const flatOut = await startModule(Generator, { count: 1000, interval: 0 })
  await flatOut.platform.runUntil(() => flatOut.ended)
  await flatOut.settle()
  expect(flatOut.sent["outbox"]).toHaveLength(1000)
  await flatOut.stop()
})

test("waits while its queue is full, and does not make up for it", async () => {
  const run = await startModule(Generator, { interval: "1s" }, { queues: { outbox: { size: 2 } } })
  run.block("outbox")
  await run.platform.advance(60_000)
  expect(run.books.forwarded).toBeLessThanOrEqual(3)
  await run.unblock("outbox")
  const before = run.sent["outbox"]?.length ?? 0
  await run.platform.advance(3000)
  expect((run.sent["outbox"]?.length ?? 0) - before).toBeLessThanOrEqual(4)
  await run.stop()
})

test("flat out, everybody else gets their turn", async () => {
  const run = await startModule(Generator, { interval: 0 })
  let turns = 0
  const count = (): void => {
    turns += 1
    if (turns < 5) run.platform.timers.immediate(count)
  }
  run.platform.timers.immediate(count)
  await run.platform.runUntil(() => (run.sent["outbox"]?.length ?? 0) >= 2000)
  expect(turns).toBe(5)
  await run.stop()
})
