// Handler calls that go on after their synchronous part: how many at once, how long, and what becomes of the late ones.

import { describe, expect, test } from "vitest"
import type { Event } from "../../../src/event.ts"
import { collector, type Script, type Scripted, source, startGraph } from "../../support/graph.ts"

const timeoutMs = 100
const sleep = (module: Scripted, ms: number): Promise<void> => module.platform.timers.sleep(ms)

async function around(work: Script) {
  const [out, dead] = [collector(), collector()]
  const graph = await startGraph({ in: source, work, out, dead }, [
    "in.outbox -> work.inbox",
    "work.outbox -> out.inbox",
    "work.failed -> dead.inbox",
  ])
  return { graph, out, dead, calls: graph.actor("work").calls, work: graph.actor("work") }
}

describe("consumers", () => {
  const working: Script["handler"] = async (event, module) => {
    await sleep(module, 10)
    module.submit(event)
  }

  test("of 1 keep the order, one call after the other", async () => {
    const { graph, out, calls } = await around({ handler: working })
    await graph.run("in", 1, 2, 3)
    expect(calls.count).toBe(1)
    await graph.platform.advance(20)
    expect(out.got).toEqual([1, 2])
    await graph.platform.advance(10)
    expect(out.got).toEqual([1, 2, 3])
  })

  test("of more run that many calls at once", async () => {
    const { graph, out, calls } = await around({ handler: working, consumers: { min: 1, max: 3, idleMs: 1000 } })
    await graph.run("in", 1, 2, 3, 4)
    expect(calls.count).toBe(3)
    expect(graph.books("work")).toMatchObject({ in_flight: 4 })
    await graph.platform.advance(10)
    expect(out.got).toEqual([1, 2, 3])
    await graph.platform.advance(10)
    expect(out.got).toEqual([1, 2, 3, 4])
  })

  test("of two in queues are served in turn", async () => {
    const order: unknown[] = []
    const graph = await startGraph(
      { one: source, two: source, work: { kind: "output", ins: ["left", "right"], handler: (event) => void order.push(event.data) } },
      ["one.outbox -> work.left", "two.outbox -> work.right"],
    )
    const many = (text: string): string[] => Array.from({ length: 600 }, () => text)
    graph.send("one", ...many("left"))
    graph.send("two", ...many("right"))
    await graph.platform.settle()
    expect(order).toHaveLength(1200)
    expect(new Set(order.slice(0, 512)).size).toBe(2)
  })
})

describe("timeout", () => {
  /** A handler that takes hours, whatever its signal says, then goes on with `late`. */
  const stuck =
    (late: (event: Event, module: Scripted) => unknown = () => undefined): NonNullable<Script["handler"]> =>
    async (event, module) => {
      await sleep(module, 10_000_000)
      return late(event, module)
    }

  test("fails the event with kind timeout, aborts the signal, and frees the place", async () => {
    let aborted = 0
    const { graph, dead, calls } = await around({
      timeoutMs,
      handler: (event, _module, signal) => {
        signal.addEventListener("abort", () => (aborted += 1))
        return event.data === "quick" ? undefined : new Promise(() => undefined)
      },
    })
    const told = await graph.run("in", "stuck", "quick")
    await graph.platform.advance(99)
    expect([aborted, dead.got, calls.count]).toEqual([0, [], 1])
    await graph.platform.advance(1)
    expect([aborted, dead.got, calls.count]).toEqual([1, ["stuck"], 0])
    expect(told.state).toBe("safe")
    expect(graph.books("work")).toMatchObject({ in_flight: 0, forwarded: 1, dropped: { unconnected: 1 } })
  })

  test("ends a ticket as failed when nobody takes failed events", async () => {
    const graph = await startGraph({ in: source, work: { timeoutMs, handler: stuck() } }, ["in.outbox -> work.inbox"])
    const told = await graph.run("in", "x")
    await graph.platform.advance(timeoutMs)
    expect(told.state).toBe("failed timeout")
  })

  test("bounds each call from its own start, with one timer for all", async () => {
    const { graph, dead } = await around({ timeoutMs, consumers: { min: 1, max: 5, idleMs: 1000 }, handler: stuck() })
    const before = graph.platform.pendingTimers
    await graph.run("in", "first")
    await graph.platform.advance(60)
    await graph.run("in", "second")
    // One for the timeouts; the others are the sleeps of the handlers.
    expect(graph.platform.pendingTimers - before).toBe(3)
    await graph.platform.advance(40)
    expect(dead.got).toEqual(["first"])
    await graph.platform.advance(59)
    expect(dead.got).toEqual(["first"])
    await graph.platform.advance(1)
    expect(dead.got).toEqual(["first", "second"])
  })

  test("refuses and counts what the handler does afterwards: submits, copies, holds, failures, and its result", async () => {
    const acts: Record<string, (event: Event, module: Scripted) => unknown> = {
      submit: (event, module) => module.submit(event),
      copy: (event, module) => module.submit(event.clone()),
      hold: (event, module) => module.hold(event),
      fail: (event, module) => module.fail(event, new Error("late")),
      result: () => "late",
      throw: () => {
        throw new Error("late")
      },
    }
    for (const [what, act] of Object.entries(acts)) {
      const { graph, out, dead, calls } = await around({ timeoutMs, handler: stuck(act) })
      const told = await graph.run("in", what)
      await graph.platform.advance(10_000_000)
      const late = what === "result" || what === "throw" ? 1 : 2
      expect({ what, out: out.got, dead: dead.got, state: told.state, late: calls.late }).toEqual({
        what,
        out: [],
        dead: [what],
        state: "safe",
        late,
      })
      expect(graph.books("work")).toMatchObject({ copied: 0, held: 0, forwarded: 1, in_flight: 0 })
    }
  })

  test("gives the failure another object, so that the late handler cannot change it", async () => {
    const caught: Event[] = []
    let original: Event | undefined
    const graph = await startGraph(
      {
        in: source,
        work: {
          timeoutMs,
          handler: async (event, module) => {
            original = event
            await sleep(module, 200)
            event.data = "changed"
          },
        },
        dead: { kind: "output", handler: (event) => void caught.push(event) },
      },
      ["in.outbox -> work.inbox", "work.failed -> dead.inbox"],
    )
    const event = graph.module("in").event("x")
    const { uuid } = event
    graph.sendEvents("in", [event])
    await graph.platform.advance(1000)
    expect(caught).toHaveLength(1)
    expect(caught[0]).not.toBe(original)
    expect(caught[0]).toMatchObject({ data: "x", uuid })
    expect(caught[0]?.meta.parents).toEqual([])
  })

  test("of a call that has handed its event on only frees its place; its copy for `successful` is not needed", async () => {
    const done = collector()
    const graph = await startGraph(
      {
        in: source,
        work: {
          timeoutMs,
          handler: async (event, module) => {
            module.submit(event)
            await sleep(module, 1000)
          },
        },
        out: collector(),
        done,
      },
      ["in.outbox -> work.inbox", "work.outbox -> out.inbox", "work.successful -> done.inbox"],
    )
    const told = await graph.run("in", "x")
    await graph.platform.advance(timeoutMs)
    expect(told.state).toBe("safe")
    expect(graph.books("work")).toMatchObject({ in_flight: 0, dropped: { filtered: 1 } })
    await graph.platform.advance(1000)
    expect(done.got).toEqual([])
  })

  test("leaves a held event held", async () => {
    const { graph, dead } = await around({
      timeoutMs,
      handler: async (event, module) => {
        module.hold(event)
        await sleep(module, 1000)
        module.release(event)
      },
    })
    const told = await graph.run("in", "x")
    await graph.platform.advance(500)
    expect(graph.books("work").held).toBe(1)
    await graph.platform.advance(500)
    expect(dead.got).toEqual([])
    expect(told.state).toBe("safe")
  })

  test("with more than `max` such calls alive fails events at once, until handlers end", async () => {
    const finish: (() => void)[] = []
    let started = 0
    const { graph, dead } = await around({
      timeoutMs,
      handler: () => {
        started += 1
        return new Promise<void>((resolve) => finish.push(resolve))
      },
    })
    await graph.run("in", 1, 2, 3, 4, 5)
    await graph.platform.advance(2 * timeoutMs)
    // One may run; the second came in its stead; the rest fails without a call.
    expect(started).toBe(2)
    expect(dead.got).toEqual([1, 2, 3, 4, 5])
    finish.shift()?.()
    await graph.platform.settle()
    await graph.run("in", 6)
    expect(started).toBe(3)
  })

  test("does not touch synchronous handlers, nor calls that end in time", async () => {
    const { graph, out, dead } = await around({
      timeoutMs,
      handler: async (event, module) => {
        await sleep(module, timeoutMs - 1)
        module.submit(event)
      },
    })
    await graph.run("in", 1, 2, 3)
    await graph.platform.advance(3 * timeoutMs)
    expect([out.got, dead.got]).toEqual([[1, 2, 3], []])
  })
})
