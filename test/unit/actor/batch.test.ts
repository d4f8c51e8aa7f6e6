// Batch handlers: settled in any split, by pieces, in the call or long after it.

import { describe, expect, test } from "vitest"
import type { Batch } from "../../../src/actor/batch.ts"
import { Invalid } from "../../../src/errors.ts"
import { collector, type Script, source, startGraph } from "../../support/graph.ts"

/** An output that keeps its batches for the test to settle. */
function keeper(more: Script = {}): Script & { readonly batches: Batch[] } {
  const batches: Batch[] = []
  return { kind: "output", outs: [], batch: (batch) => void batches.push(batch), ...more, batches }
}

async function around(out: Script, routes: readonly string[] = []) {
  const [dead, done] = [collector(), collector()]
  const graph = await startGraph({ in: source, out, dead, done }, ["in.outbox -> out.inbox", ...routes])
  return { graph, dead, done }
}

const batchOf = (out: { readonly batches: Batch[] }, index = 0): Batch => out.batches[index] as Batch
const dataOf = (batch: Batch): unknown[] => batch.events.map(({ data }) => data)

describe("a batch", () => {
  test("is everything that waits, up to 1,024 events", async () => {
    const out = keeper({ queues: { inbox: { size: 5000 } } })
    const { graph } = await around(out)
    await graph.run("in", ...Array.from({ length: 1500 }, (_, at) => at))
    expect(out.batches.map(({ events }) => events.length)).toEqual([1024, 476])
  })

  test("is no more than 256 KiB, but for the last event", async () => {
    const out = keeper()
    const { graph } = await around(out)
    await graph.run("in", ...Array.from({ length: 5 }, () => "x".repeat(100 * 1024)))
    expect(out.batches.map(({ events }) => events.length)).toEqual([3, 2])
    expect(batchOf(out).bytes).toBe(300 * 1024)
  })

  test("is settled by pieces, in order, after the call", async () => {
    const out = keeper()
    const { graph } = await around(out)
    const told = await graph.run("in", 1, 2, 3, 4)
    const batch = batchOf(out)
    batch.delivered(1)
    batch.delivered(2)
    expect(batch.unsettled).toBe(1)
    expect(told.state).toBe("pending")
    expect(graph.books("out")).toMatchObject({ delivered: 3, in_flight: 1 })
    batch.delivered()
    expect(told.state).toBe("safe")
    expect(graph.books("out")).toMatchObject({ delivered: 4, in_flight: 0 })
  })

  test("is settled out of order: `delivered(n)` ends the first n that are not settled yet", async () => {
    const out = keeper()
    const { graph, dead } = await around(out, ["out.failed -> dead.inbox"])
    const told = await graph.run("in", 0, 1, 2, 3, 4, 5)
    const batch = batchOf(out)
    batch.failed(1, new Invalid("one"))
    batch.failed(4, new Invalid("four"))
    batch.delivered(2)
    batch.failed(3, new Invalid("three"))
    batch.delivered(2)
    await graph.platform.settle()
    expect(batch.unsettled).toBe(0)
    expect(dead.got).toEqual([1, 4, 3])
    expect(graph.books("out")).toMatchObject({ delivered: 3, forwarded: 3, in_flight: 0 })
    expect(told).toMatchObject({ settled: 1, done: 1 })
  })

  test("ignores whatever is settled already, or was never in it", async () => {
    const out = keeper()
    const { graph } = await around(out)
    const told = await graph.run("in", 0, 1)
    const batch = batchOf(out)
    batch.failed(0, new Invalid("no"))
    batch.failed(0, new Invalid("again"))
    batch.failed(7, new Invalid("never there"))
    batch.failed(-1, new Invalid("never there"))
    batch.delivered(5)
    batch.delivered(1)
    batch.failRest(new Invalid("nothing left"))
    expect(graph.books("out")).toMatchObject({ delivered: 1, failed: 1, in_flight: 0 })
    expect(told.failed).toMatchObject([{ slot: 0 }])
  })

  test("is not confused by counts that are no numbers of events", async () => {
    const out = keeper()
    const { graph } = await around(out)
    await graph.run("in", 0, 1)
    for (const count of [Number.NaN, -1, 0.5]) batchOf(out).delivered(count)
    expect(batchOf(out).unsettled).toBe(2)
    batchOf(out).delivered(Number.POSITIVE_INFINITY)
    expect(batchOf(out).unsettled).toBe(0)
    graph.checkBooks()
  })

  test("hands what it delivered to `successful` when that is routed", async () => {
    const out = keeper()
    const { graph, done } = await around(out, ["out.successful -> done.inbox"])
    const told = await graph.run("in", 1, 2)
    batchOf(out).delivered(1)
    await graph.platform.settle()
    expect(done.got).toEqual([1])
    expect(told.state).toBe("pending")
    batchOf(out).delivered()
    await graph.platform.settle()
    expect(told.state).toBe("safe")
  })

  test("keeps the results of tickets that want them", async () => {
    const out = keeper()
    const { graph } = await around(out)
    const told = graph.sendEvents("in", [graph.module("in").event("x")], { results: true })
    await graph.platform.settle()
    batchOf(out).delivered()
    expect(told.results).toEqual([{ ok: true, slot: 0, value: undefined, stored: false, delivered: true }])
  })

  test("leaves out events whose hops are spent", async () => {
    const out = keeper()
    const { graph, dead } = await around(out, ["out.failed -> dead.inbox"])
    const events = ["a", "spent", "b"].map((data) => Object.assign(graph.module("in").event(data), { ttl: data === "spent" ? 1 : 10 }))
    graph.sendEvents("in", events)
    await graph.platform.settle()
    expect(dataOf(batchOf(out))).toEqual(["a", "b"])
    expect(dead.got).toEqual(["spent"])
  })
})

describe("a batch handler", () => {
  test("gets the next batch when it has returned, although the last one is not settled", async () => {
    const out = keeper()
    const { graph } = await around(out)
    await graph.run("in", 1)
    await graph.run("in", 2)
    expect(out.batches.map(dataOf)).toEqual([[1], [2]])
  })

  test("gets no next batch before its promise has ended", async () => {
    const out: Script & { batches: Batch[] } = {
      ...keeper(),
      batches: [],
      batch: async (batch, module) => {
        out.batches.push(batch)
        await module.platform.timers.sleep(10)
        batch.delivered()
      },
    }
    const { graph } = await around(out)
    await graph.run("in", 1)
    await graph.run("in", 2, 3)
    expect(out.batches.map(dataOf)).toEqual([[1]])
    await graph.platform.advance(10)
    expect(out.batches.map(dataOf)).toEqual([[1], [2, 3]])
  })

  test("that throws fails what is not settled by then, in order", async () => {
    const { graph, dead } = await around(
      {
        kind: "output",
        batch: (batch) => {
          batch.delivered(1)
          batch.failed(2, new Invalid("by name"))
          throw new Invalid("all the rest")
        },
      },
      ["out.failed -> dead.inbox"],
    )
    const told = await graph.run("in", 0, 1, 2, 3)
    expect(dead.got).toEqual([2, 1, 3])
    expect(graph.books("out")).toMatchObject({ delivered: 1, forwarded: 3, in_flight: 0 })
    expect(told.state).toBe("safe")
  })

  test("that rejects does the same", async () => {
    const { graph } = await around({
      kind: "output",
      batch: async (batch, module) => {
        await module.platform.timers.sleep(10)
        batch.delivered(1)
        throw new Invalid("all the rest")
      },
    })
    const told = await graph.run("in", 0, 1, 2)
    await graph.platform.advance(10)
    expect(told.failed.map(({ slot }) => slot)).toEqual([1, 2])
  })

  test("may have taken `inflight` events and not settled them, and no more", async () => {
    const out = keeper({ inflight: { events: 3, bytes: 1024 * 1024 } })
    const { graph } = await around(out)
    await graph.run("in", 1, 2, 3, 4, 5)
    expect(out.batches.map(dataOf)).toEqual([[1, 2, 3]])
    batchOf(out).delivered(1)
    await graph.platform.settle()
    expect(out.batches.map(dataOf)).toEqual([[1, 2, 3], [4]])
  })

  test("may have taken `inflight` bytes, and one event more at most", async () => {
    const out = keeper({ inflight: { events: 100, bytes: 150 } })
    const { graph } = await around(out)
    await graph.run("in", ...["a", "b", "c"].map((letter) => letter.repeat(100)))
    expect(out.batches.map(({ events }) => events.length)).toEqual([2])
    batchOf(out).failed(0, new Invalid("no"))
    await graph.platform.settle()
    expect(out.batches.map(({ events }) => events.length)).toEqual([2, 1])
  })

  test("takes nothing while a queue it may put into is full", async () => {
    let finish = (): void => undefined
    const out = keeper({ kind: "process", outs: ["outbox"] })
    const slow: Script = {
      kind: "output",
      outs: [],
      queues: { inbox: { size: 1 } },
      handler: () => new Promise<void>((resolve) => (finish = resolve)),
    }
    const graph = await startGraph({ in: source, out, slow }, ["in.outbox -> out.inbox", "out.successful -> slow.inbox"])
    await graph.run("in", 1)
    batchOf(out).delivered()
    await graph.run("in", 2)
    batchOf(out, 1).delivered()
    await graph.platform.settle()
    expect(graph.queued("slow.inbox")).toBe(1)
    await graph.run("in", 3)
    expect(out.batches).toHaveLength(2)
    finish()
    await graph.platform.settle()
    expect(out.batches).toHaveLength(3)
  })

  test("submits copies: the events of a batch are ended by settling it", async () => {
    const [copies, out] = [collector(), collector()]
    const graph = await startGraph(
      {
        in: source,
        work: {
          kind: "process",
          batch: (batch, module) => {
            for (const event of batch.events) module.submit(event)
            batch.delivered()
          },
        },
        copies,
        out,
      },
      ["in.outbox -> work.inbox", "work.outbox -> copies.inbox", "work.successful -> out.inbox"],
    )
    await graph.run("in", 1, 2)
    expect([copies.got, out.got]).toEqual([
      [1, 2],
      [1, 2],
    ])
    expect(graph.books("work")).toMatchObject({ received: 2, copied: 2, forwarded: 4 })
  })
})
