// What handlers submit: staged in the synchronous part of a call, at once after an await.

import { describe, expect, test } from "vitest"
import type { Event } from "../../../src/event.ts"
import { collector, type Script, type Scripted, source, startGraph } from "../../support/graph.ts"

/** in -> work, whose `a` and `b` are collected, `failed` too. */
async function around(work: Script) {
  const [a, b, dead] = [collector(), collector(), collector()]
  const graph = await startGraph({ in: source, work: { outs: ["a", "b"], ...work }, a, b, dead }, [
    "in.outbox -> work.inbox",
    "work.a -> a.inbox",
    "work.b -> b.inbox",
    "work.failed -> dead.inbox",
  ])
  return { graph, a, b, dead }
}

describe("in the synchronous part of a handler", () => {
  test("the event in hand moves on as it is, and submitting it again makes a copy", async () => {
    const seen: Event[] = []
    const { graph, a, b } = await around({
      handler: (event, module) => {
        seen.push(event)
        module.submit(event, "a")
        module.submit(event, "b")
        module.submit(event, "b")
      },
    })
    const told = await graph.run("in", "x")
    expect([a.got, b.got]).toEqual([["x"], ["x", "x"]])
    expect(graph.books("work")).toMatchObject({ received: 1, copied: 2, forwarded: 3 })
    expect(told.state).toBe("safe")
  })

  test("a clone and an event made there are branches of the same ticket", async () => {
    const { graph, a, b } = await around({
      handler: (event, module) => {
        module.submit(event.clone(), "a")
        module.submit(module.event("made"), "b")
      },
    })
    const told = await graph.run("in", "x")
    expect([a.got, b.got]).toEqual([["x"], ["made"]])
    expect(graph.books("work")).toMatchObject({ copied: 2, dropped: { unconnected: 1 } })
    expect(told.state).toBe("safe")
  })

  test("the ticket is told only when the copies have ended too", async () => {
    let release = (): void => undefined
    const slow: Script = { kind: "output", outs: [], handler: () => new Promise<void>((resolve) => (release = resolve)) }
    const graph = await startGraph(
      {
        in: source,
        work: {
          outs: ["a", "b"],
          handler: (event, module) => {
            module.submit(event.clone(), "b")
            module.submit(event, "a")
          },
        },
        a: collector(),
        b: slow,
      },
      ["in.outbox -> work.inbox", "work.a -> a.inbox", "work.b -> b.inbox"],
    )
    const told = await graph.run("in", "x")
    expect(told.state).toBe("pending")
    release()
    await graph.platform.settle()
    expect(told).toMatchObject({ settled: 1, done: 1, failed: [] })
  })

  test("a new event, a clone, or a held event submitted twice never ends up as one object in two queues", async () => {
    const objects = new Set<Event>()
    const keep: Script = { kind: "output", outs: [], handler: (event) => void objects.add(event) }
    let held: Event | undefined
    const graph = await startGraph(
      {
        in: source,
        work: {
          outs: ["a", "b"],
          handler: (event, module) => {
            if (held === undefined) {
              held = event
              module.hold(event)
              return
            }
            for (const one of [module.event("new"), event.clone(), held]) {
              module.submit(one, "a")
              module.submit(one, "b")
            }
          },
        },
        a: keep,
        b: keep,
      },
      ["in.outbox -> work.inbox", "work.a -> a.inbox", "work.b -> b.inbox"],
    )
    const told = await graph.run("in", "first", "second")
    expect(objects.size).toBe(6)
    expect(graph.books("work")).toMatchObject({ copied: 5, held: 0, in_flight: 0 })
    expect(told.state).toBe("safe")
  })

  test("a throw withdraws everything submitted before it", async () => {
    const { graph, a, b, dead } = await around({
      handler: (event, module) => {
        module.submit(event, "a")
        module.submit(event.clone(), "b")
        throw new Error("too late")
      },
    })
    const told = await graph.run("in", "x", "y")
    expect([a.got, b.got, dead.got]).toEqual([[], [], ["x", "y"]])
    expect(graph.books("work")).toMatchObject({ copied: 0, forwarded: 2 })
    expect(told.state).toBe("safe")
  })

  test("a throw withdraws one submission on the shortest way too, and the next event is not touched by it", async () => {
    const { graph, a, dead } = await around({
      handler: (event, module) => {
        module.submit(event, "a")
        if (event.data === "bad") throw new Error("after submit")
      },
    })
    await graph.run("in", "x", "bad", "y")
    expect([a.got, dead.got]).toEqual([["x", "y"], ["bad"]])
    expect(graph.books("work")).toMatchObject({ copied: 0, forwarded: 3 })
  })

  test("of an async function a throw withdraws just the same", async () => {
    const { graph, a, b, dead } = await around({
      handler: async (event, module) => {
        module.submit(event, "a")
        module.submit(event.clone(), "b")
        throw new Error("synchronous part")
      },
    })
    const told = await graph.run("in", "x", "y")
    expect([a.got, b.got, dead.got]).toEqual([[], [], ["x", "y"]])
    expect(told.state).toBe("safe")
    expect(graph.actor("work").calls.threwLate).toBe(0)
  })

  test("a throw withdraws the decision to hold, of an async function too", async () => {
    for (const isAsync of [false, true]) {
      const handler = (event: Event, module: Scripted): unknown => {
        module.hold(event)
        throw new Error("after hold")
      }
      const { graph, dead } = await around({ handler: isAsync ? async (event, module) => handler(event, module) : handler })
      await graph.run("in", "x")
      expect(dead.got).toEqual(["x"])
      expect(graph.books("work")).toMatchObject({ held: 0, forwarded: 1 })
    }
  })

  test("`fail` sends the event in hand to `failed` without a throw, and what else was submitted goes its way", async () => {
    const { graph, b, dead } = await around({
      handler: (event, module) => {
        module.submit(event.clone(), "b")
        module.fail(event, new Error("by name"))
      },
    })
    await graph.run("in", "x")
    expect([b.got, dead.got]).toEqual([["x"], ["x"]])
  })
})

describe("after an await", () => {
  const later = (module: Scripted): Promise<void> => module.platform.timers.sleep(5)

  test("a submission goes out at once", async () => {
    const { graph, a } = await around({
      handler: async (event, module) => {
        await later(module)
        module.submit(event, "a")
        await later(module)
      },
    })
    const told = await graph.run("in", "x")
    await graph.platform.advance(5)
    expect(a.got).toEqual(["x"])
    expect(told.state).toBe("safe")
    expect(graph.books("work").in_flight).toBe(0)
  })

  test("a throw after the event was handed on makes no second event: it is counted and logged once a second", async () => {
    const { graph, a, dead } = await around({
      consumers: { min: 1, max: 3, idleMs: 1000 },
      handler: async (event, module) => {
        module.submit(event, "a")
        await later(module)
        throw new Error("nobody hears")
      },
    })
    await graph.run("in", 1, 2, 3)
    await graph.platform.advance(10)
    expect([a.got, dead.got]).toEqual([[1, 2, 3], []])
    expect(graph.actor("work").calls.threwLate).toBe(3)
    expect(graph.lines).toEqual(["warn work: a handler threw after it had handed its event on, which goes its way: nobody hears"])
    await graph.platform.advance(1000)
    expect(graph.lines[1]).toBe("warn work: 2 more handlers threw after they had handed their events on: nobody hears")
  })

  test("what was submitted before the await stays, though the handler throws later", async () => {
    const { graph, a, b, dead } = await around({
      handler: async (event, module) => {
        module.submit(event.clone(), "a")
        await later(module)
        throw new Error("later")
      },
    })
    await graph.run("in", "x")
    await graph.platform.advance(5)
    expect([a.got, b.got, dead.got]).toEqual([["x"], [], ["x"]])
  })

  test("a submission in the same turn, before the commit of the synchronous part, keeps what that part decided", async () => {
    const { graph, a, b } = await around({
      handler: async (event, module) => {
        module.hold(event)
        await Promise.resolve()
        module.submit(event, "a")
        module.submit(event, "b")
      },
    })
    const told = await graph.run("in", "x")
    expect([a.got, b.got]).toEqual([["x"], ["x"]])
    expect(graph.books("work")).toMatchObject({ held: 0, copied: 1 })
    expect(told.state).toBe("safe")
  })

  test("release and fail find an event held in the synchronous part", async () => {
    const { graph, dead } = await around({
      handler: async (event, module) => {
        module.hold(event)
        await Promise.resolve()
        if (event.data === "good") module.release(event)
        else module.fail(event, new Error("not good"))
      },
    })
    await graph.run("in", "good", "bad")
    expect(graph.books("work")).toMatchObject({ held: 0, dropped: { unconnected: 1 } })
    expect(dead.got).toEqual(["bad"])
  })

  test("`fail` sends the event in hand to `failed`, and a later throw makes no second one", async () => {
    const { graph, dead } = await around({
      handler: async (event, module) => {
        await later(module)
        module.fail(event, new Error("by name"))
        throw new Error("and again")
      },
    })
    await graph.run("in", "x")
    await graph.platform.advance(5)
    expect(dead.got).toEqual(["x"])
    expect(graph.books("work")).toMatchObject({ forwarded: 1, in_flight: 0 })
  })

  test("an event made by a timer of the module enters the graph", async () => {
    const { graph, a } = await around({
      start: (module) => void module.platform.timers.after(10, () => module.submit(module.event("tick"), "a")),
      handler: () => undefined,
    })
    await graph.platform.advance(10)
    expect(a.got).toEqual(["tick"])
    expect(graph.books("work").in).toBe(1)
  })

  test("two calls at once keep apart what they submit", async () => {
    const { graph, a, b } = await around({
      consumers: { min: 1, max: 2, idleMs: 1000 },
      handler: (event, module) => {
        if (event.data === "waits") return later(module)
        module.submit(event, "a")
        module.submit(event, "b")
        return undefined
      },
    })
    await graph.run("in", "waits", 1, 2)
    expect([a.got, b.got]).toEqual([
      [1, 2],
      [1, 2],
    ])
    expect(graph.books("work").copied).toBe(2)
  })

  test("the result of a handler that has handed its event on does not overwrite a later one", async () => {
    const graph = await startGraph(
      {
        in: source,
        work: {
          handler: async (event, module) => {
            module.submit(event)
            await later(module)
            return "first"
          },
        },
        last: {
          handler: async (_event, module) => {
            await module.platform.timers.sleep(1)
            return "last"
          },
          queues: { inbox: { size: 1 } },
        },
        end: { handler: (event, module) => void module.platform.timers.after(20, () => module.release(event)), kind: "output" },
      },
      ["in.outbox -> work.inbox", "work.outbox -> last.inbox", "last.successful -> end.inbox"],
    )
    const told = graph.sendEvents("in", [graph.module("in").event("x")], { results: true })
    await graph.platform.advance(50)
    expect(told.results).toMatchObject([{ value: "last" }])
  })
})

describe("the copy for `successful`", () => {
  /** work.outbox and work.successful are both routed, to slow outputs if asked for. */
  async function both(work: Script) {
    const [out, done] = [collector(), collector()]
    const graph = await startGraph({ in: source, work, out, done }, [
      "in.outbox -> work.inbox",
      "work.outbox -> out.inbox",
      "work.successful -> done.inbox",
    ])
    return { graph, out, done }
  }

  test("is made at the submit: later changes do not reach it", async () => {
    const { graph, out, done } = await both({
      handler: (event, module) => {
        module.submit(event)
        event.data = "changed"
      },
    })
    await graph.run("in", "x")
    expect([out.got, done.got]).toEqual([["changed"], ["x"]])
  })

  test("is a branch of its own with a uuid of its own", async () => {
    const events: Event[] = []
    const keep: Script = { kind: "output", outs: [], handler: (event) => void events.push(event) }
    const graph = await startGraph({ in: source, work: { handler: (event, module) => module.submit(event) }, out: keep, done: keep }, [
      "in.outbox -> work.inbox",
      "work.outbox -> out.inbox",
      "work.successful -> done.inbox",
    ])
    const told = await graph.run("in", "x")
    const [one, other] = events
    expect(one).not.toBe(other)
    expect(new Set(events.map((event) => event.uuid)).size).toBe(2)
    expect(graph.books("work")).toMatchObject({ copied: 1, forwarded: 2 })
    expect(told).toMatchObject({ settled: 1, done: 1 })
  })

  test("goes out only when an async handler has returned, and not when it throws later", async () => {
    const { graph, out, done } = await both({
      handler: async (event, module) => {
        module.submit(event)
        await module.platform.timers.sleep(5)
        if (event.data === "bad") throw new Error("late")
      },
    })
    const told = await graph.run("in", "good")
    expect([out.got, done.got]).toEqual([["good"], []])
    expect(told.state).toBe("pending")
    await graph.platform.advance(5)
    expect(done.got).toEqual(["good"])
    expect(told.state).toBe("safe")
    const bad = await graph.run("in", "bad")
    await graph.platform.advance(5)
    expect([out.got, done.got]).toEqual([["good", "bad"], ["good"]])
    expect(bad.state).toBe("safe")
  })

  test("is made too when the submit comes after an await", async () => {
    const { graph, out, done } = await both({
      handler: async (event, module) => {
        await module.platform.timers.sleep(5)
        module.submit(event)
      },
    })
    await graph.run("in", "x")
    await graph.platform.advance(5)
    expect([out.got, done.got]).toEqual([["x"], ["x"]])
  })

  test("counts before the event can end, so the ticket waits for it", async () => {
    // `outbox` leads nowhere: the event ends in the very moment it is submitted.
    let finish = (): void => undefined
    const done: Script = { kind: "output", outs: [], handler: () => new Promise<void>((resolve) => (finish = resolve)) }
    const graph = await startGraph({ in: source, work: { handler: (event, module) => module.submit(event) }, done }, [
      "in.outbox -> work.inbox",
      "work.successful -> done.inbox",
    ])
    const told = await graph.run("in", "x")
    expect(told.state).toBe("pending")
    finish()
    await graph.platform.settle()
    expect(told).toMatchObject({ settled: 1, done: 1 })
  })

  test("is not made when the event itself goes to `successful`", async () => {
    const done = collector()
    const graph = await startGraph({ in: source, work: { handler: (event, module) => module.submit(event, "successful") }, done }, [
      "in.outbox -> work.inbox",
      "work.successful -> done.inbox",
    ])
    await graph.run("in", "x")
    expect(done.got).toEqual(["x"])
    expect(graph.books("work").copied).toBe(0)
  })

  test("is withdrawn when the handler throws", async () => {
    const { graph, out, done } = await both({
      handler: (event, module) => {
        module.submit(event)
        throw new Error("no")
      },
    })
    const told = await graph.run("in", "x")
    expect([out.got, done.got]).toEqual([[], []])
    expect(told.state).toBe("failed error")
  })
})
