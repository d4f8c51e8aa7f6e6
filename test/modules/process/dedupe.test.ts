import { describe, expect, test } from "vitest"
import Dedupe from "../../../modules/process/dedupe.ts"
import type { Event } from "../../../src/event.ts"
import { startModule } from "../../../src/testing/index.ts"
import { Ticket } from "../../../src/ticket.ts"

/** The event as if it had failed further on and came back by a route of `failed`. */
function failedSince(origin: Event): Event {
  const event = origin.successor()
  event.ticket = null
  event.recordFailure({ time: 0, instance: "output", kind: "transient", code: "transient", message: "refused" }, [1, "Error", "refused"])
  return event
}

/** A copy, as fan-out makes it. */
function copyOf(origin: Event): Event {
  const copy = origin.clone()
  copy.ticket = null
  return copy
}

/** An event whose ticket notes how it ended. */
function tracked(event: Event): { event: Event; ends: string[] } {
  const ends: string[] = []
  const note = (ticket: Ticket): string => ticket.failed?.get(0)?.kind ?? "well"
  event.ticket = new Ticket(
    { ticketSettled: (t) => void ends.push(`settled ${note(t)}`), ticketDone: (t) => void ends.push(`done ${note(t)}`) },
    1,
    {
      results: true,
    },
  )
  return { event, ends }
}

describe("what repeats another", () => {
  test("is sent to `duplicates`, by the value at a path", async () => {
    const run = await startModule(Dedupe, { path: "data.id" })
    await run.send("inbox", { id: 1, n: 1 }, { id: 2, n: 2 }, { id: 1, n: 3 })
    expect(run.sent).toEqual({
      outbox: [
        { id: 1, n: 1 },
        { id: 2, n: 2 },
      ],
      duplicates: [{ id: 1, n: 3 }],
    })
    await run.stop()
  })

  test("is sent to `duplicates`, by uuid where no path is named", async () => {
    const run = await startModule(Dedupe)
    const [first, second, other] = [run.module.event("first"), run.module.event("second"), run.module.event("other")]
    second.uuid = first.uuid
    await run.send("inbox", first, second, other)
    expect(run.sent).toEqual({ outbox: ["first", "other"], duplicates: ["second"] })
    await run.stop()
  })

  test("is of the same type too, and maps are the same in any order", async () => {
    const run = await startModule(Dedupe, { path: "data" })
    const different = [
      1,
      "1",
      true,
      "true",
      null,
      "null",
      [1, 2],
      [[1], 2],
      "",
      [],
      {},
      { a: 1, b: [2] },
      { a: 1, b: [3] },
      ["ab", "c"],
      ["a", "bc"],
      Buffer.from("a"),
      "a",
    ]
    const long = "x".repeat(100)
    await run.send("inbox", ...different, long, `${long}y`)
    expect(run.sent["duplicates"]).toBeUndefined()
    await run.send("inbox", { b: [2], a: 1 }, long, Buffer.from("a"))
    expect(run.sent["duplicates"]).toEqual([{ b: [2], a: 1 }, long, Buffer.from("a")])
    await run.stop()
  })

  test("passes again when the window is over, which a repetition does not prolong", async () => {
    const run = await startModule(Dedupe, { path: "data", window: 10 })
    await run.send("inbox", "a")
    await run.platform.advance(9000)
    await run.send("inbox", "a")
    await run.platform.advance(1000)
    await run.send("inbox", "a")
    expect(run.sent).toEqual({ outbox: ["a", "a"], duplicates: ["a"] })
    await run.stop()
  })

  test("passes when its key had to make room, the longest unused first, with one warning", async () => {
    const run = await startModule(Dedupe, { path: "data", size: 2 })
    await run.send("inbox", "a", "b", "a", "c", "a", "b", "d")
    expect(run.sent).toEqual({ outbox: ["a", "b", "c", "b", "d"], duplicates: ["a", "a"] })
    expect(run.lines.filter((line) => line.startsWith("warn"))).toEqual([
      "warn: more than 2 different events within the window: repetitions of the oldest will pass (`size`)",
    ])
    await run.stop()
  })
})

describe("an event with nothing at the path", () => {
  test("fails", async () => {
    const run = await startModule(Dedupe, { path: "data.id" })
    await run.send("inbox", { n: 1 })
    expect(run.sent).toEqual({ failed: [{ n: 1 }] })
    expect(run.events["failed"]?.[0]?.meta.history).toMatchObject([{ kind: "invalid", code: "dedupe_missing" }])
    await run.stop()
  })

  test("passes when told so", async () => {
    const run = await startModule(Dedupe, { path: "data.id", missing: "pass" })
    await run.send("inbox", { n: 1 }, { n: 1 })
    expect(run.sent).toEqual({ outbox: [{ n: 1 }, { n: 1 }] })
    await run.stop()
  })

  test("fails when what lies there is too deep", async () => {
    let deep: unknown = "x"
    for (let level = 0; level < 5000; level++) deep = [deep]
    const run = await startModule(Dedupe, { path: "data" })
    await run.send("inbox", deep)
    expect(run.events["failed"]?.[0]?.meta.history).toMatchObject([{ kind: "invalid", code: "dedupe_depth" }])
    await run.stop()
  })
})

describe.each(["ended", "taken"])("with `remember: %s`", (remember) => {
  test.each(["uuid", "data"])("an event that failed since it passed is no repetition of itself (by %s)", async (path) => {
    const run = await startModule(Dedupe, { path, remember })
    const once = failedSince(run.module.event("a"))
    const twice = failedSince(once)
    await run.send("inbox", once, twice, failedSince(twice))
    expect(run.sent).toEqual({ outbox: ["a", "a", "a"] })
    const unchanged = twice.successor()
    unchanged.ticket = null
    await run.send("inbox", unchanged)
    expect(run.sent["duplicates"]).toEqual(["a"])
    await run.stop()
  })

  test("nor is a copy of it that failed", async () => {
    const run = await startModule(Dedupe, { path: "data", remember })
    const event = run.module.event("a")
    await run.send("inbox", event)
    await run.send("inbox", failedSince(copyOf(event)), copyOf(event))
    expect(run.sent).toEqual({ outbox: ["a", "a"], duplicates: ["a"] })
    await run.stop()
  })

  test("another event that failed elsewhere is one", async () => {
    const run = await startModule(Dedupe, { path: "data", remember })
    await run.send("inbox", "a", failedSince(run.module.event("a")))
    expect(run.sent).toEqual({ outbox: ["a"], duplicates: ["a"] })
    await run.stop()
  })

  test("a record that a spool offers again is no repetition of itself", async () => {
    const run = await startModule(Dedupe, { path: "data", remember })
    const offer = (sequence: number): Event => {
      const event = run.module.event("a")
      event.uuid = "same"
      event.meta.origin = { spool: "buffer", sequence }
      return event
    }
    await run.send("inbox", offer(7), offer(7), offer(8))
    expect(run.sent).toEqual({ outbox: ["a", "a"], duplicates: ["a"] })
    await run.stop()
  })
})

describe("an event that ended badly", () => {
  test.each([
    ["ended", { outbox: ["other", "a"] }],
    ["taken", { outbox: ["other"], duplicates: ["a"] }],
  ])("may be sent again with `remember: %s`", async (remember, sent) => {
    const run = await startModule(Dedupe, { path: "data", remember }, { queues: { outbox: { size: 1, whenFull: "drop_new" } } })
    run.block("outbox")
    await run.send("inbox", "other", "a")
    await run.unblock("outbox")
    expect(run.sent).toEqual({ outbox: ["other"] })
    await run.send("inbox", "a")
    expect(run.sent).toEqual(sent)
    await run.stop()
  })
})

describe("who waits for the end of an event learns it as before", () => {
  test("when it ends well", async () => {
    const run = await startModule(Dedupe, { path: "data" })
    const { event, ends } = tracked(run.module.event("a"))
    await run.send("inbox", event)
    expect(ends).toEqual(["settled well", "done well"])
    await run.stop()
  })

  test("when it ends badly", async () => {
    const run = await startModule(Dedupe, { path: "data" }, { queues: { outbox: { size: 1, whenFull: "drop_new" } } })
    run.block("outbox")
    const { event, ends } = tracked(run.module.event("a"))
    await run.send("inbox", "first", event)
    expect(ends).toEqual(["settled overflow", "done overflow"])
    await run.stop()
  })

  test("when it lies in a durable place first: safe then, done later, with its result", async () => {
    const run = await startModule(Dedupe, { path: "data" })
    const { event, ends } = tracked(run.module.event("a"))
    const outer = event.ticket
    run.block("outbox")
    await run.send("inbox", event)
    const inner = event.ticket
    inner?.keep()
    expect(ends).toEqual(["settled well"])
    inner?.unkeep()
    inner?.endWith(event.slot, "its result", { stored: false, delivered: true })
    expect(ends).toEqual(["settled well", "done well"])
    expect(outer?.results).toEqual([{ ok: true, slot: 0, value: "its result", stored: false, delivered: true }])
    event.ticket = null
    await run.stop()
  })
})
