// Log and metric events, which stand outside the books, and the catch-all for failed events.

import { describe, expect, test } from "vitest"
import type { Event } from "../../../src/event.ts"
import { collector, type Script, source, startGraph } from "../../support/graph.ts"

const chatty: Script = { kind: "output", outs: [], handler: (event, module) => module.log.info(`got ${event.data}`) }

describe("log events", () => {
  test("go to the console while nobody routes them", async () => {
    const graph = await startGraph({ in: source, work: chatty }, ["in.outbox -> work.inbox"])
    await graph.run("in", "x")
    expect(graph.lines).toEqual(["info work: got x"])
  })

  test("of all instances come out of the funnel, in Wishbone's shape, outside the books", async () => {
    const logs = collector()
    const graph = await startGraph({ in: source, work: chatty, logs }, ["in.outbox -> work.inbox", "_logs.outbox -> logs.inbox"])
    await graph.run("in", "x", "y")
    expect(logs.got).toMatchObject([
      { identification: "wishbone-ts", level: 6, txt_level: "informational", module: "work", message: "got x", pid: graph.platform.pid },
      { message: "got y" },
    ])
    expect(graph.lines).toEqual([])
    expect(graph.router.report()).toMatchObject({ in: 2, delivered: 2 })
    expect(Object.keys(graph.router.report().instances)).toEqual(["in", "work"])
    expect(graph.books("logs")).toMatchObject({ received: 2, delivered: 2 })
  })

  test("of an instance behind the funnel go to the console, so that they do not go round", async () => {
    const graph = await startGraph({ in: source, work: chatty, logs: chatty }, ["in.outbox -> work.inbox", "_logs.outbox -> logs.inbox"])
    await graph.run("in", "x")
    expect(graph.lines).toEqual(["info logs: got [object Object]"])
  })

  test("routed by hand take the instance out of the funnel", async () => {
    const [own, rest] = [collector(), collector()]
    const graph = await startGraph({ in: source, work: chatty, other: chatty, own, rest }, [
      "in.outbox -> work.inbox",
      "work.successful -> other.inbox",
      "work.logs -> own.inbox",
      "_logs.outbox -> rest.inbox",
    ])
    await graph.run("in", "x")
    expect(own.got).toMatchObject([{ module: "work" }])
    expect(rest.got).toMatchObject([{ module: "other" }])
  })

  test("never make anybody wait: the oldest of more than a thousand are dropped and counted", async () => {
    const stuck: Script = { kind: "output", outs: [], queues: { inbox: { size: 10 } }, handler: () => new Promise(() => undefined) }
    const talker: Script = {
      kind: "output",
      outs: [],
      handler: (_event, module) => {
        for (let line = 0; line < 3000; line++) module.log.info(`line ${line}`)
      },
    }
    const graph = await startGraph({ in: source, work: talker, stuck }, ["in.outbox -> work.inbox", "_logs.outbox -> stuck.inbox"])
    const told = await graph.run("in", 1, 2)
    expect(told.state).toBe("safe")
    expect(graph.router.report()).toMatchObject({ in: 2, delivered: 2, dropped: { overflow: 0 } })
    expect(graph.router.status().imbalances).toEqual([])
  })

  test("of level fatal go to the console too", async () => {
    const logs = collector()
    const graph = await startGraph({ in: source, work: { handler: (_event, module) => module.log.fatal("the end") }, logs }, [
      "in.outbox -> work.inbox",
      "_logs.outbox -> logs.inbox",
    ])
    await graph.run("in", "x")
    expect(graph.lines).toEqual(["fatal work: the end"])
    expect(logs.got).toMatchObject([{ level: 2, txt_level: "critical", message: "the end" }])
  })

  test("that reach an instance of the data path count as its events", async () => {
    const out = collector()
    const graph = await startGraph({ in: source, work: chatty, out }, [
      "in.outbox -> work.inbox",
      "work.successful -> out.inbox",
      "_logs.outbox -> out.inbox",
    ])
    await graph.run("in", "x")
    expect(out.got).toHaveLength(2)
    expect(graph.router.report()).toMatchObject({ in: 2, delivered: 2, in_flight: 0 })
  })
})

describe("metric events", () => {
  test("tell what every queue does, at the interval, once somebody listens", async () => {
    const metrics = collector()
    const out = collector()
    const graph = await startGraph({ in: source, out, metrics }, ["in.outbox -> out.inbox", "_metrics.outbox -> metrics.inbox"], {
      metricsIntervalMs: 1000,
    })
    await graph.run("in", 1, 2, 3)
    await graph.platform.advance(2000)
    const told = metrics.got as { name: string; value: number; type: string }[]
    const values = (name: string): number[] =>
      told.filter((metric) => metric.name === `module.out.queue.inbox.${name}`).map(({ value }) => value)
    expect(values("in_total")).toEqual([3, 3])
    expect(values("out_total")).toEqual([3, 3])
    expect(values("size")).toEqual([0, 0])
    expect(told.every(({ type }) => type === "wishbone")).toBe(true)
    expect(graph.router.report()).toMatchObject({ in: 3, delivered: 3 })
  })

  test("are not made while nobody listens", async () => {
    const graph = await startGraph({ in: source, out: collector() }, ["in.outbox -> out.inbox"], { metricsIntervalMs: 1000 })
    await graph.platform.advance(5000)
    expect(graph.actor("in").port("metrics").count).toBe(0)
  })
})

describe("the catch-all `failed`", () => {
  const failing: Script = {
    handler: () => {
      throw new Error("no")
    },
  }

  test("takes the failed events of every instance that routes none, and spares what lies behind it", async () => {
    const dead = collector()
    const graph = await startGraph(
      {
        in: source,
        one: { ...failing },
        two: failing,
        own: collector(),
        reject: { handler: (event, module) => module.submit(event) },
        dead,
      },
      ["in.outbox -> one.inbox", "one.failed -> two.inbox", "reject.outbox -> dead.inbox"],
      { failed: { instance: "reject", queue: "inbox" } },
    )
    const told = await graph.run("in", "x")
    expect(dead.got).toEqual(["x"])
    expect(told.state).toBe("safe")
    expect(graph.actor("reject").port("failed").queue).toBeNull()
    expect(graph.actor("dead").port("failed").queue).toBeNull()
    expect(graph.actor("own").port("failed").queue).not.toBeNull()
  })
})

describe("upkeep", () => {
  test("gives events that have waited for over a second bytes of their own", async () => {
    const first: Event[] = []
    const slow: Script = {
      kind: "output",
      outs: [],
      handler: (event) => {
        first.push(event)
        return new Promise(() => undefined)
      },
    }
    const graph = await startGraph({ in: source, slow }, ["in.outbox -> slow.inbox"])
    const chunk = Buffer.from("x".repeat(1000))
    const events = [0, 1].map((at) => graph.module("in").eventOfBytes({ chunk, start: at, end: at + 1, encoding: "text" }, 0))
    graph.sendEvents("in", events)
    await graph.platform.advance(500)
    expect(events[1]?.chunk).toBe(chunk)
    await graph.platform.advance(2000)
    expect(events[1]?.chunk).toHaveLength(1)
    expect(events[1]?.data).toBe("x")
  })
})
