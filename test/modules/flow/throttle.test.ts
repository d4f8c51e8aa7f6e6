import { describe, expect, test } from "vitest"
import Throttle from "../../../modules/flow/throttle.ts"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { contractOf } from "../../../src/spec/contract.ts"
import { startModule } from "../../../src/testing/index.ts"

describe("divert", () => {
  test("diverts the event over the limit and starts afresh in the next window", async () => {
    const run = await startModule(Throttle, { events_max: 1 })
    await run.send("inbox", "a", "b")
    await run.platform.advance(1000)
    await run.send("inbox", "c")
    expect(run.sent).toEqual({ outbox: ["a", "c"], throttled: ["b"] })
    await run.stop()
  })

  test("a window opens with an event, not by the clock", async () => {
    const run = await startModule(Throttle, { events_max: 2, window_seconds: 10 })
    await run.platform.advance(9_500)
    await run.send("inbox", 1)
    await run.platform.advance(9_000)
    await run.send("inbox", 2, 3)
    await run.platform.advance(1_000)
    await run.send("inbox", 4)
    expect(run.sent).toEqual({ outbox: [1, 2, 4], throttled: [3] })
    await run.stop()
  })
})

describe("delay", () => {
  test("passes all events, in order, and no more of them in a window than it may", async () => {
    const run = await startModule(Throttle, { events_max: 2, window_seconds: 1, mode: "delay" })
    await run.send("inbox", 1, 2, 3, 4, 5)
    expect(run.sent).toEqual({ outbox: [1, 2] })
    await run.platform.advance(999)
    expect(run.sent).toEqual({ outbox: [1, 2] })
    await run.platform.advance(1)
    expect(run.sent).toEqual({ outbox: [1, 2, 3, 4] })
    await run.platform.advance(1000)
    expect(run.sent).toEqual({ outbox: [1, 2, 3, 4, 5] })
    await run.stop()
  })

  test("lets its in queue fill up, so that producers wait", async () => {
    const run = await startModule(Throttle, { events_max: 1, mode: "delay" }, { queues: { inbox: { size: 3 } } })
    await run.send("inbox", 1, 2, 3, 4)
    expect(run.instance.actor.queues.get("inbox")).toMatchObject({ length: 3, full: true })
    await run.platform.advance(2000)
    expect(run.instance.actor.queues.get("inbox")).toMatchObject({ length: 1, full: false })
    await run.stop()
  })

  test("waits for a full out queue as well", async () => {
    const run = await startModule(Throttle, { events_max: 2, mode: "delay" }, { queues: { outbox: { size: 1 } } })
    run.block("outbox")
    await run.send("inbox", 1, 2, 3)
    await run.platform.advance(5000)
    expect(run.instance.actor.queues.get("inbox")?.length).toBe(2)
    await run.unblock("outbox")
    expect(run.sent).toEqual({ outbox: [1, 2, 3] })
    await run.stop()
  })

  test("goes on at its pace while the graph stops, and what is not through in time is counted as lost", async () => {
    const patient = await startModule(Throttle, { events_max: 1, mode: "delay" })
    patient.put("inbox", 1, 2, 3)
    await patient.stop()
    expect(patient.sent).toEqual({ outbox: [1, 2, 3] })
    const slow = await startModule(Throttle, { events_max: 1, window_seconds: 60, mode: "delay" })
    slow.put("inbox", 1, 2, 3)
    await slow.stop()
    expect(slow.sent).toEqual({ outbox: [1] })
    expect(slow.books).toMatchObject({ received: 3, forwarded: 1, lost: 2 })
  })
})

test("only a throttle that delays is said to delay, and it never waits for `throttled`", () => {
  const contract = (args: Record<string, unknown>): unknown => contractOf(Throttle.spec, checkArguments(Throttle.spec, args).values)
  expect(contract({ events_max: 1 })).toMatchObject({ delays: false, waits: { inbox: ["outbox", "throttled"] } })
  expect(contract({ events_max: 1, mode: "delay" })).toMatchObject({ delays: true, waits: { inbox: ["outbox"] } })
})

test.each([{}, { events_max: 0 }, { events_max: 1, window_seconds: 0 }, { events_max: 1, mode: "drop" }])("refuses %j", (args) => {
  expect(checkArguments(Throttle.spec, args).problems).toHaveLength(1)
})
