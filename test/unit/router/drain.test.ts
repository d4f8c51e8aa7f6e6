// Stopping: what drains, what is flushed when, who gives up, what is lost and said so.

import { describe, expect, test } from "vitest"
import type { Batch } from "../../../src/actor/batch.ts"
import type { Event } from "../../../src/event.ts"
import { collector, type Script, source, startGraph } from "../../support/graph.ts"

const never = (): Promise<void> => new Promise(() => undefined)
const slowly =
  (ms: number): NonNullable<Script["handler"]> =>
  async (event, module) => {
    await module.platform.timers.sleep(ms)
    module.submit(event)
  }

/** Joins what it holds when it is flushed. */
function pack(): Script {
  const held: Event[] = []
  return {
    handler: (event, module) => {
      module.hold(event)
      held.push(event)
    },
    flush: (module) => {
      if (held.length === 0) return
      const members = held.splice(0)
      const whole = module.event(members.map(({ data }) => data))
      module.join(members, whole)
      module.submit(whole)
    },
  }
}

describe("a stop", () => {
  test("lets everything that was taken go its way", async () => {
    const out = collector()
    const graph = await startGraph({ in: source, work: { handler: slowly(10) }, out }, [
      "in.outbox -> work.inbox",
      "work.outbox -> out.inbox",
    ])
    const told = graph.send("in", 1, 2, 3)
    await graph.stop()
    expect(out.got).toEqual([1, 2, 3])
    expect(told).toMatchObject({ settled: 1, done: 1, failed: [] })
    expect(graph.router.report()).toMatchObject({ in: 3, delivered: 3, lost: 0, in_flight: 0 })
  })

  test("waits for handlers that still run, as they may submit more", async () => {
    const out = collector()
    const graph = await startGraph(
      {
        in: source,
        work: {
          handler: async (event, module) => {
            module.submit(event)
            await module.platform.timers.sleep(50)
            module.submit(module.event("more"))
          },
        },
        out,
      },
      ["in.outbox -> work.inbox", "work.outbox -> out.inbox"],
    )
    await graph.run("in", "x")
    await graph.stop()
    expect(out.got).toEqual(["x", "more"])
  })

  test("flushes what is held back, once all that leads there is through", async () => {
    const out = collector()
    const graph = await startGraph({ in: source, slow: { handler: slowly(20) }, first: pack(), second: pack(), out }, [
      "in.outbox -> slow.inbox",
      "slow.outbox -> first.inbox",
      "first.outbox -> second.inbox",
      "second.outbox -> out.inbox",
    ])
    const told = graph.send("in", 1, 2, 3)
    await graph.stop()
    expect(out.got).toEqual([[[1, 2, 3]]])
    expect(told.state).toBe("safe")
  })

  test("flushes again when more has come", async () => {
    const out = collector()
    const late: Script = {
      handler: (event, module) => {
        module.hold(event)
        module.platform.timers.after(100, () => module.submit(event))
      },
    }
    const graph = await startGraph({ in: source, late, pack: pack(), out }, [
      "in.outbox -> late.inbox",
      "late.outbox -> pack.inbox",
      "pack.outbox -> out.inbox",
    ])
    graph.send("in", 1)
    await graph.stop()
    expect(out.got).toEqual([[1]])
    expect(graph.router.report().lost).toBe(0)
  })

  test("flushes beside an output that does not get on", async () => {
    const out = collector()
    const graph = await startGraph(
      {
        in: source,
        copy: {
          outs: ["a", "b"],
          handler: (event, module) => {
            module.submit(event.clone(), "a")
            module.submit(event, "b")
          },
        },
        stuck: { kind: "output", outs: [], handler: never },
        pack: pack(),
        out,
      },
      ["in.outbox -> copy.inbox", "copy.a -> stuck.inbox", "copy.b -> pack.inbox", "pack.outbox -> out.inbox"],
    )
    const told = graph.send("in", 1)
    await graph.stop()
    expect(out.got).toEqual([[1]])
    expect(told.state).toBe("failed stopped")
    expect(graph.router.report()).toMatchObject({ lost: 1, in_flight: 0 })
  })

  test("is not held up by a module that never finishes flushing, nor by an input that never stops taking", async () => {
    const graph = await startGraph({ in: { ...source, stopTaking: never }, work: { flush: never, handler: () => undefined } }, [
      "in.outbox -> work.inbox",
    ])
    graph.send("in", 1)
    const before = graph.platform.clock.monotonic()
    await graph.stop(500)
    expect(graph.platform.clock.monotonic() - before).toBeLessThan(2000)
    expect(graph.router.report()).toMatchObject({ lost: 0, in_flight: 0 })
  })

  test("goes on when a hook throws, and says so", async () => {
    const fail = (): never => {
      throw new Error("broken hook")
    }
    const out = collector({ flush: fail })
    const graph = await startGraph({ in: { ...source, stopTaking: fail }, out }, ["in.outbox -> out.inbox"])
    graph.send("in", 1)
    await graph.stop()
    expect(out.got).toEqual([1])
    expect(graph.lines).toEqual(["error router: in could not stop taking: broken hook", "error router: out could not flush: broken hook"])
  })
})

describe("an output that does not get on", () => {
  test("fails what it has after half of the time, so that it falls to whoever takes failed events", async () => {
    const dead = collector()
    const graph = await startGraph({ in: source, out: { kind: "output", outs: [], handler: never }, dead }, [
      "in.outbox -> out.inbox",
      "out.failed -> dead.inbox",
    ])
    const told = graph.send("in", 1, 2, 3)
    const before = graph.platform.clock.monotonic()
    await graph.stop(1000)
    expect(graph.platform.clock.monotonic() - before).toBeLessThan(600)
    expect(dead.got).toEqual([1, 2, 3])
    expect(told.state).toBe("safe")
    expect(graph.router.report()).toMatchObject({ delivered: 3, lost: 0, in_flight: 0 })
  })

  test("that takes batches fails those too", async () => {
    const dead = collector()
    const batches: Batch[] = []
    const graph = await startGraph({ in: source, out: { kind: "output", outs: [], batch: (batch) => void batches.push(batch) }, dead }, [
      "in.outbox -> out.inbox",
      "out.failed -> dead.inbox",
    ])
    graph.send("in", 1, 2, 3)
    await graph.platform.settle()
    batches[0]?.delivered(1)
    await graph.stop(1000)
    expect(dead.got).toEqual([2, 3])
    batches[0]?.delivered()
    graph.checkBooks()
    expect(graph.router.report()).toMatchObject({ delivered: 3, lost: 0, in_flight: 0 })
  })

  test("loses what it has when nobody takes failed events", async () => {
    const graph = await startGraph({ in: source, out: { kind: "output", outs: [], handler: never } }, ["in.outbox -> out.inbox"])
    const told = graph.send("in", 1, 2)
    await graph.stop(1000)
    expect(told.state).toBe("failed stopped stopped")
    expect(graph.router.report()).toMatchObject({ lost: 2, in_flight: 0 })
    expect(graph.lines.filter((line) => line.startsWith("error"))).toEqual([
      "error out: event lost: the graph stopped before the event was through",
      "error out: 1 more events lost: the graph stopped before the event was through",
    ])
  })

  test("and whose failed events come back to it does not go round for ever", async () => {
    const back = { back: { whenFull: "drop_new" as const } }
    const out: Script = { kind: "output", ins: ["inbox", "back"], outs: [], queues: back, handler: never }
    const graph = await startGraph({ in: source, out }, ["in.outbox -> out.inbox", "out.failed -> out.back"])
    const told = graph.send("in", 1, 2)
    await graph.stop(1000)
    expect(told).toMatchObject({ settled: 1, done: 1 })
    expect(graph.router.report()).toMatchObject({ lost: 2, in_flight: 0 })
  })

  test("is no output that only takes its time", async () => {
    const dead = collector()
    const slow: Script = { kind: "output", outs: [], handler: (_event, module) => module.platform.timers.sleep(100) }
    const graph = await startGraph({ in: source, out: slow, dead }, ["in.outbox -> out.inbox", "out.failed -> dead.inbox"])
    graph.send("in", 1, 2, 3, 4, 5, 6, 7, 8)
    await graph.stop(1000)
    expect(dead.got).toEqual([])
    expect(graph.books("out").delivered).toBe(8)
  })
})

describe("what is still in memory at the deadline", () => {
  test("is lost wherever it is: queues, hands, holds, lines before full queues", async () => {
    const copyKept: Script = {
      handler: async (event, module) => {
        module.submit(event)
        await never()
      },
    }
    const graph = await startGraph(
      {
        in: source,
        hold: { handler: (event, module) => module.hold(event), holdMax: 2, queues: { inbox: { size: 2 } } },
        other: source,
        copy_kept: copyKept,
        out: collector(),
        done: collector(),
      },
      ["in.outbox -> hold.inbox", "other.outbox -> copy_kept.inbox", "copy_kept.outbox -> out.inbox", "copy_kept.successful -> done.inbox"],
    )
    const told = [graph.send("in", 1, 2, 3, 4, 5), graph.send("in", 6, 7), graph.send("other", 8)]
    await graph.stop(100)
    // Of the last one the event went its way; its copy for `successful` waited for the handler to return.
    expect(graph.router.report()).toMatchObject({ in: 8, copied: 1, lost: 8, delivered: 1, in_flight: 0, held: 0 })
    expect(told.map(({ settled, done }) => [settled, done])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ])
    expect(told.every(({ failed }) => failed.every(({ kind }) => kind === "stopped"))).toBe(true)
  })

  test("takes nothing more: what comes after the end is refused, and whoever made it learns so", async () => {
    let resume = (): void => undefined
    const late: Script = {
      handler: async (event, module) => {
        await new Promise<void>((resolve) => (resume = resolve))
        module.submit(event)
        module.submit(event.clone())
        module.submit(module.event("new"))
        module.hold(event)
      },
    }
    const graph = await startGraph({ in: source, late, out: collector() }, ["in.outbox -> late.inbox", "late.outbox -> out.inbox"])
    graph.send("in", 1)
    await graph.stop(100)
    const before = graph.router.report()
    resume()
    const told = graph.send("in", "late")
    await graph.platform.settle()
    expect(graph.router.report()).toEqual(before)
    expect(told.state).toBe("failed stopped")
    expect(before).toMatchObject({ in: 1, lost: 1, in_flight: 0 })
  })

  test("is lost at once when the stop is cut short", async () => {
    const graph = await startGraph({ in: source, out: { kind: "output", outs: [], handler: never } }, ["in.outbox -> out.inbox"])
    const told = graph.send("in", 1, 2)
    await graph.platform.settle()
    const stopping = graph.router.stop({ timeoutMs: 10_000 })
    await graph.platform.advance(20)
    graph.router.stopNow()
    expect(told.state).toBe("failed stopped stopped")
    await graph.platform.complete(stopping)
    expect(graph.router.report()).toMatchObject({ lost: 2, in_flight: 0 })
  })
})
