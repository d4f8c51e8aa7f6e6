// How a branch ends: one test a line of the table in the design, told by the books and by the ticket.

import { describe, expect, test } from "vitest"
import { Invalid, TransientError } from "../../../src/errors.ts"
import type { Event } from "../../../src/event.ts"
import { collector, type Script, source, startGraph } from "../../support/graph.ts"

describe("a handler that returned", () => {
  test("of an output without further routes delivers its event", async () => {
    const out = collector()
    const graph = await startGraph({ in: source, out }, ["in.outbox -> out.inbox"])
    const told = await graph.run("in", "a", "b")
    expect(out.got).toEqual(["a", "b"])
    expect(told.state).toBe("safe")
    expect(graph.books("out")).toMatchObject({ received: 2, delivered: 2, in_flight: 0 })
    expect(graph.router.report()).toMatchObject({ in: 2, delivered: 2 })
  })

  test("hands its event to `successful` when that is routed", async () => {
    const done = collector()
    const graph = await startGraph({ in: source, out: { kind: "output", handler: () => undefined }, done }, [
      "in.outbox -> out.inbox",
      "out.successful -> done.inbox",
    ])
    const told = await graph.run("in", "a")
    expect(done.got).toEqual(["a"])
    expect(told.state).toBe("safe")
    expect(graph.books("out")).toMatchObject({ delivered: 0, forwarded: 1 })
  })

  test("of a flow that submits nothing and returns nothing ends its event undelivered", async () => {
    const graph = await startGraph({ in: source, work: { handler: () => undefined } }, ["in.outbox -> work.inbox"])
    const told = await graph.run("in", "a")
    expect(told.state).toBe("safe")
    expect(graph.books("work").dropped.unconnected).toBe(1)
  })

  test("with a value delivers its event when it goes no further, and the value is the result", async () => {
    const graph = await startGraph({ in: source, work: { handler: () => 42 } }, ["in.outbox -> work.inbox"])
    const told = graph.sendEvents("in", [graph.module("in").event("a")], { results: true })
    await graph.platform.settle()
    expect(graph.books("work").delivered).toBe(1)
    expect(told.results).toEqual([{ ok: true, slot: 0, value: 42, stored: false, delivered: true }])
  })

  test("with a promise of a value delivers its event with that value", async () => {
    const graph = await startGraph({ in: source, work: { handler: async () => 42 } }, ["in.outbox -> work.inbox"])
    const told = graph.sendEvents("in", [graph.module("in").event("a")], { results: true })
    await graph.platform.settle()
    expect(told.results).toEqual([{ ok: true, slot: 0, value: 42, stored: false, delivered: true }])
  })

  test("with a value after submitting hands its event on once, every time", async () => {
    const out = collector()
    const work = {
      handler: (event: Event, module: { submit(event: Event): undefined }) => {
        module.submit(event)
        return "value"
      },
    }
    const graph = await startGraph({ in: source, work, out }, ["in.outbox -> work.inbox", "work.outbox -> out.inbox"])
    await graph.run("in", 1, 2, 3)
    expect(out.got).toEqual([1, 2, 3])
    expect(graph.books("work").copied).toBe(0)
  })

  test("of another library's promise is awaited like any other, and its second answer is ignored", async () => {
    const graph = await startGraph(
      {
        in: source,
        work: {
          handler: () => ({
            // oxlint-disable-next-line unicorn/no-thenable
            then: (resolve: (value: unknown) => void) => {
              resolve("first")
              resolve("second")
            },
          }),
        },
      },
      ["in.outbox -> work.inbox"],
    )
    await graph.run("in", "a", "b")
    expect(graph.books("work")).toMatchObject({ delivered: 2, in_flight: 0 })
  })
})

describe("a handler that threw", () => {
  const failing = (thrown: unknown) => ({
    handler: () => {
      throw thrown
    },
  })

  test("sends its event to `failed` with the failure recorded", async () => {
    const caught: Event[] = []
    const graph = await startGraph(
      { in: source, work: failing(new Invalid("no good")), dead: { kind: "output", handler: (event) => void caught.push(event) } },
      ["in.outbox -> work.inbox", "work.failed -> dead.inbox"],
    )
    const told = await graph.run("in", "a")
    const [event] = caught
    expect(event?.errors["work"]).toEqual([expect.any(Number), "Invalid", "no good"])
    expect(event?.meta.history).toEqual([
      { time: graph.platform.clock.now() / 1000, instance: "work", kind: "invalid", code: "invalid", message: "no good" },
    ])
    expect(told.state).toBe("safe")
    expect(graph.books("work")).toMatchObject({ failed: 0, forwarded: 1 })
  })

  test("ends its event badly when `failed` is not routed, with its kind", async () => {
    const graph = await startGraph({ in: source, work: failing(new TransientError("later")) }, ["in.outbox -> work.inbox"])
    const told = await graph.run("in", "a")
    expect(told.state).toBe("failed transient")
    expect(graph.books("work").failed).toBe(1)
  })

  test("anything but an error counts as kind error", async () => {
    const graph = await startGraph({ in: source, work: failing("just text") }, ["in.outbox -> work.inbox"])
    expect((await graph.run("in", "a")).state).toBe("failed error")
  })

  test("by rejecting its promise fails its event the same way", async () => {
    const graph = await startGraph(
      {
        in: source,
        work: {
          handler: async (_event, module) => {
            await module.platform.timers.sleep(5)
            throw new Invalid("no good")
          },
        },
      },
      ["in.outbox -> work.inbox"],
    )
    const told = await graph.run("in", "a")
    expect(told.state).toBe("pending")
    await graph.platform.advance(5)
    expect(told.state).toBe("failed invalid")
  })

  test("fails only its own slot of a ticket", async () => {
    const graph = await startGraph(
      {
        in: source,
        work: {
          kind: "output",
          handler: (event) => {
            if (event.data === 1) throw new Invalid("odd one out")
          },
        },
      },
      ["in.outbox -> work.inbox"],
    )
    const told = await graph.run("in", 0, 1, 2)
    expect(told.failed).toMatchObject([{ slot: 1, kind: "invalid" }])
    expect(graph.books("work")).toMatchObject({ delivered: 2, failed: 1 })
  })
})

describe("hops", () => {
  test("are spent after 253 instances: the event leaves on `failed` once, with 32 more", async () => {
    const ttls: number[] = []
    const graph = await startGraph(
      { in: source, work: { handler: () => undefined }, dead: { kind: "output", handler: (event) => void ttls.push(event.ttl) } },
      ["in.outbox -> work.inbox", "work.failed -> dead.inbox"],
    )
    const events = [2, 1].map((ttl) => Object.assign(graph.module("in").event(ttl), { ttl }))
    graph.sendEvents("in", events)
    await graph.platform.settle()
    expect(ttls).toEqual([31])
    expect(events[1]?.meta.history.at(-1)?.kind).toBe("ttl")
  })

  test("spent a second time lose the event, with an error in the log", async () => {
    const graph = await startGraph({ in: source, work: { handler: () => undefined }, dead: collector() }, [
      "in.outbox -> work.inbox",
      "work.failed -> dead.inbox",
    ])
    const event = Object.assign(graph.module("in").event("a"), { ttl: 1 })
    event.meta.ttlSpent = true
    const told = graph.sendEvents("in", [event])
    await graph.platform.settle()
    expect(told.state).toBe("failed ttl")
    expect(graph.books("work").lost).toBe(1)
    expect(graph.lines.filter((line) => line.startsWith("error work: event lost"))).toHaveLength(1)
  })

  test("of an event made in a call, or of joined ones, are no more than those it was made from have left", async () => {
    const round = { queues: { inbox: { whenFull: "drop_new" as const } } }
    const made: Script = { ...round, handler: (event, module) => module.submit(module.event(event.data)) }
    const joined: Script = {
      ...round,
      handler: (event, module) => {
        const whole = module.event(event.data)
        module.join([event], whole)
        module.submit(whole)
      },
    }
    for (const work of [made, joined]) {
      const graph = await startGraph({ in: source, work }, [
        "in.outbox -> work.inbox",
        "work.outbox -> work.inbox",
        "work.failed -> work.inbox",
      ])
      const told = await graph.run("in", "a")
      expect(told.state).toBe("failed ttl")
      expect(graph.router.report()).toMatchObject({ lost: 1, in_flight: 0, held: 0 })
    }
  })

  test("end an event that goes round for ever", async () => {
    const graph = await startGraph(
      {
        in: source,
        round: {
          queues: { inbox: { whenFull: "drop_new" } },
          handler: (event, module) => module.submit(event),
        },
      },
      ["in.outbox -> round.inbox", "round.outbox -> round.inbox", "round.failed -> round.inbox"],
    )
    const told = await graph.run("in", "a")
    expect(told.state).toBe("failed ttl")
    expect(graph.router.report()).toMatchObject({ lost: 1, in_flight: 0 })
  })
})

describe("queues that drop", () => {
  test("end what falls out badly, with kind overflow, on the books of their owner", async () => {
    for (const whenFull of ["drop_new", "drop_old"] as const) {
      const out = collector({ queues: { inbox: { size: 2, whenFull } } })
      const graph = await startGraph({ in: source, out }, ["in.outbox -> out.inbox"])
      const told = await graph.run("in", 1, 2, 3)
      expect(told.state).toBe("failed overflow")
      expect(told.failed[0]?.slot).toBe(whenFull === "drop_new" ? 2 : 0)
      expect(out.got).toEqual(whenFull === "drop_new" ? [1, 2] : [2, 3])
      expect(graph.books("out")).toMatchObject({ delivered: 2, received: 3, dropped: { overflow: 1 } })
    }
  })

  test("never make anybody wait", async () => {
    const out = collector({ queues: { inbox: { size: 1, whenFull: "drop_old" } } })
    const graph = await startGraph({ in: source, out }, ["in.outbox -> out.inbox"])
    for (let value = 0; value < 3; value++) expect(graph.producer("in").submit(graph.module("in").event(value))).toBeUndefined()
    await graph.platform.settle()
    expect(out.got).toEqual([2])
  })
})

describe("queues without a route", () => {
  test("an unconnected out queue ends the event well and undelivered", async () => {
    const graph = await startGraph({ in: source, work: { handler: (event, module) => module.submit(event) } }, ["in.outbox -> work.inbox"])
    const told = graph.sendEvents("in", [graph.module("in").event("a")], { results: true })
    await graph.platform.settle()
    expect(told.results).toMatchObject([{ ok: true, delivered: false }])
    expect(graph.books("work").dropped.unconnected).toBe(1)
  })

  test("an unconnected `failed` ends badly what is submitted to it by name", async () => {
    const graph = await startGraph({ in: source, work: { handler: (event, module) => module.submit(event, "failed") } }, [
      "in.outbox -> work.inbox",
    ])
    expect((await graph.run("in", "a")).state).toBe("failed error")
    expect(graph.books("work")).toMatchObject({ failed: 1, dropped: { unconnected: 0 } })
  })

  test("an unconnected out queue of an input does so at once", async () => {
    const graph = await startGraph({ in: source }, [])
    expect((await graph.run("in", "a")).state).toBe("safe")
    expect(graph.router.report()).toMatchObject({ in: 1, dropped: { unconnected: 1 } })
  })

  test("names that come from data do not pile up", async () => {
    const graph = await startGraph({ in: source, work: { handler: (event, module) => module.submit(event, `to_${event.data}`) } }, [
      "in.outbox -> work.inbox",
    ])
    const before = graph.actor("work").ports.size
    await graph.run("in", 1, 2, 3)
    expect(graph.actor("work").ports.size).toBe(before)
    expect(graph.books("work").dropped.unconnected).toBe(3)
  })

  test("data does not leave by `logs` or `metrics`, even when they are routed", async () => {
    const out = collector()
    const graph = await startGraph({ in: source, work: { handler: (event, module) => module.submit(event, "logs") }, out }, [
      "in.outbox -> work.inbox",
      "work.logs -> out.inbox",
    ])
    const told = await graph.run("in", "a")
    expect(out.got).toEqual([])
    expect(told.state).toBe("safe")
    expect(graph.books("work").dropped.unconnected).toBe(1)
  })
})
