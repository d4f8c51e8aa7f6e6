// Only queues push back: a full one stops whoever fills it, up to the input.

import { describe, expect, test } from "vitest"
import { collector, type Script, type Scripted, source, startGraph, type TestGraph } from "../../support/graph.ts"

const passOn: Script = { handler: (event, module) => module.submit(event) }

/** An output that takes one event whenever the test says so. */
function valve(more: Script = {}): Script & { readonly open: () => void } {
  const waiting: (() => void)[] = []
  return {
    kind: "output",
    outs: [],
    handler: () => new Promise<void>((resolve) => waiting.push(resolve)),
    ...more,
    open: () => waiting.shift()?.(),
  }
}

const events = (graph: TestGraph, count: number) => Array.from({ length: count }, (_, at) => graph.module("in").event(at))

describe("a full queue", () => {
  test("makes `submit` of an input a promise, which resolves when it is half empty and the events are in", async () => {
    const out = valve({ queues: { inbox: { size: 4 } } })
    const graph = await startGraph({ in: source, out }, ["in.outbox -> out.inbox"])
    const { submit } = graph.producer("in")
    expect(submit(events(graph, 5))).toBeUndefined()
    await graph.platform.settle()
    expect(graph.queued("out.inbox")).toBe(4)
    let entered = false
    void submit(events(graph, 2))?.then(() => (entered = true))
    const open = async (): Promise<void> => {
      out.open()
      await graph.platform.settle()
    }
    await open()
    expect([entered, graph.queued("out.inbox"), graph.router.report().in]).toEqual([false, 3, 5])
    await open()
    expect([entered, graph.queued("out.inbox"), graph.router.report().in]).toEqual([true, 4, 7])
  })

  test("takes a whole batch as long as it is below its size", async () => {
    const out = valve({ queues: { inbox: { size: 4 } } })
    const graph = await startGraph({ in: source, out }, ["in.outbox -> out.inbox"])
    expect(graph.producer("in").submit(events(graph, 1000))).toBeUndefined()
    expect(graph.queued("out.inbox")).toBe(1000)
  })

  test("lets in what waits in the order in which it came", async () => {
    const out = collector({ queues: { inbox: { size: 1 } } })
    const graph = await startGraph({ in: source, out }, ["in.outbox -> out.inbox"])
    const { submit } = graph.producer("in")
    for (const event of events(graph, 5)) void submit(event)
    expect(graph.producer("in").waiting).toBe(4)
    await graph.platform.settle()
    expect(out.got).toEqual([0, 1, 2, 3, 4])
  })

  test("stops the consumers before it one after the other, so that the input waits in the end", async () => {
    const out = valve({ queues: { inbox: { size: 2 } } })
    const queues = { inbox: { size: 3 } }
    const graph = await startGraph({ in: source, one: { ...passOn, queues }, two: { ...passOn, queues }, out }, [
      "in.outbox -> one.inbox",
      "one.outbox -> two.inbox",
      "two.outbox -> out.inbox",
    ])
    const { submit } = graph.producer("in")
    let sent = 0
    for (; sent < 100; sent++) {
      const full = submit(graph.module("in").event(sent))
      await graph.platform.settle()
      if (full !== undefined) break
    }
    expect([graph.queued("one.inbox"), graph.queued("two.inbox"), graph.queued("out.inbox")]).toEqual([3, 3, 2])
    expect(sent).toBe(3 + 3 + 2 + 1)
    for (let taken = 0; taken < 10; taken++) {
      out.open()
      await graph.platform.settle()
    }
    expect(graph.books("out").delivered).toBe(10)
  })

  test("of bytes stops just as one of events, within one turn", async () => {
    const out = valve({ queues: { inbox: { size: 1000, bytes: 10_000 } } })
    const graph = await startGraph({ in: source, work: { ...passOn, queues: { inbox: { size: 1000 } } }, out }, [
      "in.outbox -> work.inbox",
      "work.outbox -> out.inbox",
    ])
    graph.send("in", ...Array.from({ length: 100 }, () => "x".repeat(1000)))
    await graph.platform.settle()
    // Ten fill it; one of them is in hand by now.
    expect(graph.queued("out.inbox")).toBe(9)
    expect(graph.queued("work.inbox")).toBe(90)
  })

  test("any one of the out queues stops the consumer, `failed` and `successful` too", async () => {
    for (const full of ["outbox", "failed", "successful"]) {
      const stopper = valve({ queues: { inbox: { size: 1 } } })
      const handled: unknown[] = []
      const work: Script = {
        handler: (event, module) => {
          handled.push(event.data)
          if (full === "failed") throw new Error("no")
          if (full === "outbox") module.submit(event)
        },
      }
      const graph = await startGraph({ in: source, work, stopper }, ["in.outbox -> work.inbox", `work.${full} -> stopper.inbox`])
      await graph.run("in", 1, 2, 3, 4)
      expect([full, ...handled]).toEqual([full, 1, 2])
      stopper.open()
      await graph.platform.settle()
      expect([full, ...handled]).toEqual([full, 1, 2, 3])
    }
  })

  test("that the module does not wait for does not stop it", async () => {
    const stopper = valve({ queues: { inbox: { size: 1 } } })
    const out = collector()
    const graph = await startGraph(
      {
        in: source,
        work: {
          outs: ["outbox", "rare"],
          waits: { inbox: ["outbox"] },
          handler: (event, module) => module.submit(event, event.data === "rare" ? "rare" : "outbox"),
        },
        stopper,
        out,
      },
      ["in.outbox -> work.inbox", "work.outbox -> out.inbox", "work.rare -> stopper.inbox"],
    )
    await graph.run("in", "rare", "rare", "rare", "x", "y")
    expect(out.got).toEqual(["x", "y"])
  })

  test("is exceeded by what one call submits at most", async () => {
    const out = valve({ queues: { inbox: { size: 3 } } })
    let most = 0
    const work: Script = {
      handler: (event, module) => {
        for (let copy = 0; copy < 4; copy++) module.submit(event.clone())
        most = Math.max(most, graph.queued("out.inbox"))
      },
    }
    const graph = await startGraph({ in: source, work, out }, ["in.outbox -> work.inbox", "work.outbox -> out.inbox"])
    graph.send("in", ...Array.from({ length: 50 }, (_, at) => at))
    for (let taken = 0; taken < 100; taken++) {
      await graph.platform.settle()
      most = Math.max(most, graph.queued("out.inbox"))
      out.open()
    }
    expect(graph.books("out").delivered).toBeGreaterThan(90)
    expect(most).toBeLessThanOrEqual(3 - 1 + 4)
  })

  test("slows two in queues of one instance and frees both", async () => {
    const out = valve({ queues: { inbox: { size: 1 } } })
    const graph = await startGraph({ in: source, other: source, work: { ...passOn, ins: ["a", "b"] }, out }, [
      "in.outbox -> work.a",
      "other.outbox -> work.b",
      "work.outbox -> out.inbox",
    ])
    graph.send("in", 1, 2, 3)
    graph.send("other", 4, 5, 6)
    for (let taken = 0; taken < 6; taken++) {
      await graph.platform.settle()
      out.open()
    }
    await graph.platform.settle()
    expect(graph.books("out").delivered).toBe(6)
  })
})

describe("a background loop", () => {
  test("waits while the queue is full, and goes on", async () => {
    const out = valve({ queues: { inbox: { size: 2 } } })
    const graph = await startGraph(
      {
        work: {
          kind: "input",
          ins: [],
          start: (module) =>
            module.background(async (submit, signal) => {
              for (let at = 0; at < 10 && !signal.aborted; at++) await submit(module.event(at))
            }),
        },
        out,
      },
      ["work.outbox -> out.inbox"],
    )
    await graph.platform.settle()
    expect(graph.books("work").in).toBeLessThan(5)
    for (let taken = 0; taken < 10; taken++) {
      out.open()
      await graph.platform.settle()
    }
    expect(graph.books("out").delivered).toBe(10)
    expect(graph.background("work").count).toBe(0)
  })

  test("that throws is logged, counted, and started again after two seconds", async () => {
    const out = collector()
    let starts = 0
    const start = (module: Scripted): void =>
      module.background((submit) => {
        starts += 1
        void submit(module.event(starts))
        if (starts < 3) throw new Error("broke")
      })
    const graph = await startGraph({ work: { ins: [], start }, out }, ["work.outbox -> out.inbox"])
    await graph.platform.advance(1999)
    expect(out.got).toEqual([1])
    await graph.platform.advance(1)
    expect(out.got).toEqual([1, 2])
    await graph.platform.advance(100_000)
    expect(out.got).toEqual([1, 2, 3])
    expect(graph.background("work").restarts).toBe(2)
    expect(graph.lines.filter((line) => line.startsWith("error work: a background loop failed"))).toHaveLength(2)
  })

  test("ends with the instance, and is not started again", async () => {
    let aborted = false
    const start = (module: Scripted): void =>
      module.background(async (_submit, signal) => {
        await new Promise<void>((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted = true
            reject(new Error("ended"))
          })
        })
      })
    const graph = await startGraph({ work: { ins: [], start } }, [])
    await graph.stop()
    await graph.platform.advance(10_000)
    expect([aborted, graph.background("work").restarts, graph.background("work").count]).toEqual([true, 0, 0])
  })
})
