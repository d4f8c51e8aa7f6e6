// Events that a module keeps beyond the call that brought them.

import { describe, expect, test } from "vitest"
import type { Event } from "../../../src/event.ts"
import { collector, type Script, source, startGraph } from "../../support/graph.ts"

/** A module that holds all it gets and lets the test decide later. */
function holder(more: Script = {}): Script & { readonly events: Event[] } {
  const events: Event[] = []
  return {
    handler: (event, module) => {
      module.hold(event)
      events.push(event)
    },
    ...more,
    events,
  }
}

async function around(work: Script) {
  const [out, dead] = [collector(), collector()]
  const graph = await startGraph({ in: source, work, out, dead }, [
    "in.outbox -> work.inbox",
    "work.outbox -> out.inbox",
    "work.failed -> dead.inbox",
  ])
  return { graph, out, dead, module: graph.module("work") }
}

/** The `index`th event that the holder got. */
const held = (work: { readonly events: Event[] }, index: number): Event => work.events[index] as Event

describe("a held event", () => {
  test("keeps its branch open, and the books show it", async () => {
    const work = holder()
    const { graph } = await around(work)
    const told = await graph.run("in", "x")
    expect(told.state).toBe("pending")
    expect(graph.books("work")).toMatchObject({ held: 1, in_flight: 0 })
    expect(graph.router.status().waiting).toBe(1)
  })

  test("moves on when it is submitted, without a copy", async () => {
    const work = holder()
    const { graph, out, module } = await around(work)
    const told = await graph.run("in", "x")
    module.submit(held(work, 0))
    await graph.platform.settle()
    expect(out.got).toEqual(["x"])
    expect(graph.books("work")).toMatchObject({ held: 0, copied: 0 })
    expect(told.state).toBe("safe")
  })

  test("ends as if its handler had returned when it is released", async () => {
    const work = holder({ kind: "output" })
    const { graph, module } = await around(work)
    const told = await graph.run("in", "x")
    module.release(held(work, 0))
    await graph.platform.settle()
    expect(graph.books("work")).toMatchObject({ held: 0, delivered: 1 })
    expect(told).toMatchObject({ settled: 1, done: 1 })
  })

  test("leaves on `failed` when it is failed", async () => {
    const work = holder()
    const { graph, dead, module } = await around(work)
    await graph.run("in", "x")
    module.fail(held(work, 0), new Error("gave up"))
    module.fail(held(work, 0), new Error("twice does nothing"))
    module.release(held(work, 0))
    await graph.platform.settle()
    expect(dead.got).toEqual(["x"])
    expect(graph.books("work")).toMatchObject({ held: 0, forwarded: 1 })
  })

  test("of an earlier call may be submitted by a later one, and stays held when that throws", async () => {
    const events: Event[] = []
    const { graph, out, dead } = await around({
      handler: (event, module) => {
        const [first] = events
        if (first === undefined) {
          events.push(event)
          module.hold(event)
          return
        }
        module.submit(first)
        if (event.data === "bad") throw new Error("no")
      },
    })
    await graph.run("in", "kept", "bad")
    expect([out.got, dead.got]).toEqual([[], ["bad"]])
    expect(graph.books("work").held).toBe(1)
    await graph.run("in", "good")
    expect(out.got).toEqual(["kept"])
    expect(graph.books("work").held).toBe(0)
  })

  test("held twice, or released in the same call, counts once or not at all", async () => {
    const { graph } = await around({
      kind: "output",
      handler: (event, module) => {
        module.hold(event)
        module.hold(event)
        if (event.data === "release") module.release(event)
      },
    })
    const told = await graph.run("in", "release")
    expect(told.state).toBe("safe")
    await graph.run("in", "keep")
    expect(graph.books("work")).toMatchObject({ held: 1, delivered: 1 })
  })

  test("that has been submitted in the same call is not held", async () => {
    const { graph, out } = await around({
      handler: (event, module) => {
        module.submit(event)
        module.hold(event)
      },
    })
    await graph.run("in", "x")
    expect(out.got).toEqual(["x"])
    expect(graph.books("work").held).toBe(0)
  })

  test("no longer keeps the chunk alive that it was a small part of", async () => {
    const work = holder()
    const { graph } = await around(work)
    const chunk = Buffer.from(`${"x".repeat(1000)}tail`)
    graph.sendEvents("in", [graph.module("in").eventOfBytes({ chunk, start: 1000, end: 1004, encoding: "text" }, 0)])
    await graph.platform.settle()
    expect(held(work, 0).chunk).toHaveLength(4)
    expect(held(work, 0).data).toBe("tail")
  })

  test("after an await is held just the same", async () => {
    const work: Script & { events: Event[] } = {
      events: [],
      handler: async (event, module) => {
        await module.platform.timers.sleep(5)
        module.hold(event)
        work.events.push(event)
      },
    }
    const { graph, out, module } = await around(work)
    await graph.run("in", "x")
    await graph.platform.advance(5)
    expect(graph.books("work")).toMatchObject({ held: 1, in_flight: 0 })
    module.submit(held(work, 0))
    await graph.platform.settle()
    expect(out.got).toEqual(["x"])
  })
})

describe("hold_max", () => {
  test("is where the instance takes nothing more, until something leaves", async () => {
    const work = holder({ holdMax: 2 })
    const { graph, module } = await around(work)
    await graph.run("in", 1, 2, 3)
    expect(graph.books("work")).toMatchObject({ held: 2, in_flight: 1 })
    module.release(held(work, 0))
    await graph.platform.settle()
    expect(graph.books("work")).toMatchObject({ held: 2, in_flight: 0 })
  })
})

describe("joining", () => {
  /** Packs three events into one, the event in hand among them, as the last of its call. */
  const pack = (events: Event[], submit: (module: { submit(event: Event): undefined }, whole: Event) => void): Script => ({
    handler: (event, module) => {
      module.hold(event)
      events.push(event)
      if (events.length < 3) return
      const members = events.splice(0)
      const whole = module.event(members.map(({ data }) => data))
      module.join(members, whole)
      submit(module, whole)
    },
  })

  test("ends the members as one new branch, and their tickets learn from its end", async () => {
    const { graph, out } = await around(pack([], (module, whole) => module.submit(whole)))
    const first = await graph.run("in", 1, 2)
    const second = await graph.run("in", 3)
    expect(out.got).toEqual([[1, 2, 3]])
    expect(graph.books("work")).toMatchObject({ received: 3, joined: 3, copied: 1, forwarded: 1, held: 0 })
    expect([first, second]).toMatchObject([
      { settled: 1, done: 1, failed: [] },
      { settled: 1, done: 1, failed: [] },
    ])
  })

  test("fails the slots of all members when the whole fails", async () => {
    const graph = await startGraph(
      {
        in: source,
        work: pack([], (module, whole) => module.submit(whole)),
        out: {
          kind: "output",
          handler: () => {
            throw new Error("no")
          },
        },
      },
      ["in.outbox -> work.inbox", "work.outbox -> out.inbox"],
    )
    const told = await graph.run("in", 1, 2, 3)
    expect(told.failed.map(({ slot }) => slot)).toEqual([0, 1, 2])
  })

  test("is not told before every copy of the whole has ended", async () => {
    let finish = (): void => undefined
    const slow: Script = { kind: "output", outs: [], handler: () => new Promise<void>((resolve) => (finish = resolve)) }
    const twice = pack([], (module, whole) => {
      module.submit(whole.clone())
      module.submit(whole)
    })
    const graph = await startGraph({ in: source, work: twice, out: slow }, ["in.outbox -> work.inbox", "work.outbox -> out.inbox"])
    const told = await graph.run("in", 1, 2, 3)
    finish()
    await graph.platform.settle()
    expect(told.state).toBe("pending")
    finish()
    await graph.platform.settle()
    expect(told).toMatchObject({ settled: 1, done: 1 })
  })

  test("is carried out by the first copy of the whole that is submitted", async () => {
    const work = holder()
    const { graph, out, module } = await around(work)
    const told = await graph.run("in", 1, 2)
    const whole = module.event("whole")
    module.join(work.events, whole)
    module.submit(whole.clone())
    await graph.platform.settle()
    expect(told).toMatchObject({ settled: 1, done: 1 })
    module.submit(whole)
    await graph.platform.settle()
    expect(out.got).toEqual(["whole", "whole"])
    expect(graph.books("work")).toMatchObject({ held: 0, joined: 2, copied: 2 })
    expect(told).toMatchObject({ settled: 1, done: 1 })
  })

  test("loses nothing when the call throws afterwards: the members stay held", async () => {
    const events: Event[] = []
    const { graph, dead } = await around(
      pack(events, (module, whole) => {
        module.submit(whole)
        throw new Error("after join")
      }),
    )
    const told = await graph.run("in", 1, 2, 3)
    expect(dead.got).toEqual([3])
    expect(graph.books("work")).toMatchObject({ held: 2, joined: 0 })
    expect(told.state).toBe("pending")
  })

  test("takes the event in hand along, held or not", async () => {
    const { graph, out } = await around({
      handler: (event, module) => {
        const whole = module.event(["only", event.data])
        module.join([event], whole)
        module.submit(whole)
      },
    })
    const told = await graph.run("in", "x")
    expect(out.got).toEqual([["only", "x"]])
    expect(graph.books("work")).toMatchObject({ joined: 1, copied: 1 })
    expect(told).toMatchObject({ settled: 1, done: 1 })
  })

  test("may come after an await and be submitted by a timer", async () => {
    const events: Event[] = []
    const { graph, out, module } = await around({
      handler: async (event) => {
        await graph.platform.timers.sleep(1)
        graph.module("work").hold(event)
        events.push(event)
      },
      consumers: { min: 1, max: 4, idleMs: 1000 },
    })
    const told = await graph.run("in", 1, 2)
    await graph.platform.advance(1)
    const whole = module.event("whole")
    module.join(events, whole)
    module.join([], whole)
    expect(graph.books("work").held).toBe(2)
    module.submit(whole)
    await graph.platform.settle()
    expect(out.got).toEqual(["whole"])
    expect(graph.books("work")).toMatchObject({ held: 0, joined: 2, copied: 1, in: 0 })
    expect(told.state).toBe("safe")
  })

  test("refuses an event of the graph as the whole", async () => {
    const { graph, dead } = await around({ handler: (event, module) => module.join([], event) })
    await graph.run("in", "x")
    expect(dead.got).toEqual(["x"])
  })
})

describe("at the end", () => {
  test("held events are lost and counted, and late releases do nothing", async () => {
    const work = holder()
    const { graph, out, module } = await around(work)
    const told = await graph.run("in", "x", "y")
    await graph.stop(100)
    expect(told.state).toBe("failed stopped stopped")
    expect(graph.router.report()).toMatchObject({ in: 2, lost: 2, held: 0, in_flight: 0 })
    module.submit(held(work, 0))
    module.release(held(work, 1))
    await graph.platform.settle()
    expect(out.got).toEqual([])
    expect(graph.router.report()).toMatchObject({ in: 2, lost: 2, held: 0, in_flight: 0, copied: 0 })
    expect(graph.actor("work").calls.late).toBe(1)
  })
})
