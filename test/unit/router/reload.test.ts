// A running graph is led to another plan, on the simulated platform; the books are checked after every step.

import { describe, expect, test } from "vitest"
import { TransientError } from "../../../src/errors.ts"
import type { Event } from "../../../src/event.ts"
import type { Plan } from "../../../src/spec/plan.ts"
import { collector, type Script, source, startGraph } from "../../support/graph.ts"

const routes = ["in.outbox -> work.inbox", "work.outbox -> out.inbox"]
const work: Script = { handler: (event, module) => module.submit(event, "outbox") }
const never = new Promise<never>(() => undefined)

describe("nothing to do", () => {
  test("the same plan again changes nothing", async () => {
    const out = collector()
    const graph = await startGraph({ in: source, work, out }, routes)
    const module = graph.module("work")
    expect(await graph.reload({ in: source, work, out }, routes)).toMatchObject({
      outcome: "unchanged",
      changed: [],
      added: [],
      removed: [],
    })
    expect(graph.module("work")).toBe(module)
    await graph.stop()
  })

  test("the interval of metrics changes without any instance", async () => {
    const out = collector()
    const graph = await startGraph({ in: source, work, out }, routes)
    const module = graph.module("work")
    const result = await graph.reload({ in: source, work, out }, routes, { metricsIntervalMs: 5000 })
    expect(result).toMatchObject({ outcome: "reloaded", changed: [], settings: ["metrics.interval"] })
    expect(graph.module("work")).toBe(module)
    await graph.stop()
  })

  test("a graph that does not run cannot be reloaded", async () => {
    const graph = await startGraph({ in: source, out: collector() }, ["in.outbox -> out.inbox"])
    await graph.stop()
    await expect(graph.startReload({}, [])).rejects.toMatchObject({ code: "WB_ROUTER_PHASE" })
  })

  test("another state folder, and other stores, are refused", async () => {
    const out = collector()
    const graph = await startGraph({ in: source, out }, ["in.outbox -> out.inbox"])
    const result = await graph.reload({ in: source, out }, ["in.outbox -> out.inbox"], { state: "/elsewhere" })
    expect(result).toMatchObject({ outcome: "refused", problem: { code: "WB_RELOAD_RESTART" }, restored: [] })
    expect(result.problem?.message).toBe("`state` cannot change while the graph runs")
    const stores = { stores: { safe: { driver: "memory", options: {} } } } as unknown as Partial<Plan>
    expect((await graph.reload({ in: source, out }, ["in.outbox -> out.inbox"], stores)).problem?.message).toContain(
      "`stores` cannot change",
    )
    await graph.stop()
  })
})

describe("an instance that is added", () => {
  test("takes over where routes lead now, and instances that stay go on with the same module", async () => {
    const [out, second] = [collector(), collector()]
    const graph = await startGraph({ in: source, out }, ["in.outbox -> out.inbox"])
    await graph.run("in", 1)
    const module = graph.module("out")
    const result = await graph.reload({ in: source, work, out, second }, ["in.outbox -> work.inbox", "work.outbox -> second.inbox"])
    expect(result).toMatchObject({
      outcome: "reloaded",
      added: ["work", "second"],
      changed: [],
      routesRemoved: ["in.outbox -> out.inbox"],
      routesAdded: ["in.outbox -> work.inbox", "work.outbox -> second.inbox"],
    })
    await graph.run("in", 2)
    expect([out.got, second.got]).toEqual([[1], [2]])
    expect(graph.module("out")).toBe(module)
    await graph.stop()
  })

  test("that cannot be started is refused with nothing touched, and what had started is ended", async () => {
    const out = collector()
    let ended = 0
    const fine: Script = { ...work, end: () => void (ended += 1) }
    const broken = collector({
      start: () => {
        throw new Error("no such printer")
      },
    })
    const graph = await startGraph({ in: source, work, out }, routes)
    const modules = ["in", "work", "out"].map((name) => graph.module(name))
    const result = await graph.reload({ in: source, work, out, broken, fine }, [...routes, "fine.outbox -> broken.inbox"])
    expect(result).toMatchObject({ outcome: "refused", restored: [], down: [], problem: { code: "WB_START_FAILED" } })
    expect(result.problem?.message).toContain("no such printer")
    expect(["in", "work", "out"].map((name) => graph.module(name))).toEqual(modules)
    expect(ended).toBe(0)
    await graph.run("in", "a")
    expect(out.got).toEqual(["a"])
    await graph.stop()
  })

  test("that cannot be built is refused before anything happens", async () => {
    const out = collector()
    const graph = await startGraph({ in: source, out }, ["in.outbox -> out.inbox"])
    const module = graph.module("out")
    const unhandled: Script = { ins: [], outs: ["outbox"] }
    const result = await graph.reload({ in: source, out, unhandled }, ["in.outbox -> out.inbox", "out.successful -> unhandled.inbox"])
    expect(graph.module("out")).toBe(module)
    expect(result).toMatchObject({ outcome: "refused", problem: { code: "WB_MODULE_NO_HANDLER" } })
    await graph.stop()
  })

  test("may need what a removed one still holds: it starts when that has ended", async () => {
    let holder: string | undefined
    const claim = (name: string): Script =>
      collector({
        start: () => {
          if (holder !== undefined) throw new Error(`in use by ${holder}`)
          holder = name
        },
        end: () => {
          if (holder === name) holder = undefined
        },
      })
    const [first, second] = [claim("first"), claim("second")]
    const graph = await startGraph({ in: source, first }, ["in.outbox -> first.inbox"])
    expect(await graph.reload({ in: source, second }, ["in.outbox -> second.inbox"])).toMatchObject({ outcome: "reloaded", down: [] })
    expect(holder).toBe("second")
    await graph.run("in", 1)
    expect((second as ReturnType<typeof collector>).got).toEqual([1])
    await graph.stop()
  })
})

describe("an instance that is in the way of a new one", () => {
  /** Holds something that only one of them can have. */
  class Claim {
    holder: string | undefined

    of(name: string, more: Script = {}): ReturnType<typeof collector> {
      return collector({
        start: () => {
          if (this.holder !== undefined) throw new Error(`in use by ${this.holder}`)
          this.holder = name
        },
        end: () => {
          if (this.holder === name) this.holder = undefined
        },
        ...more,
      })
    }
  }

  test("is emptied and ended first, and what comes meanwhile waits where it comes from", async () => {
    const claim = new Claim()
    const slow: Script = { handler: (event, module) => module.platform.timers.sleep(20).then(() => void first.got.push(event.data)) }
    const first: ReturnType<typeof collector> = claim.of("first", slow)
    const second = claim.of("second")
    const graph = await startGraph({ in: source, work, first }, ["in.outbox -> work.inbox", "work.outbox -> first.inbox"])
    graph.send("in", 1, 2, 3)
    await graph.platform.settle()
    const reloading = graph.startReload({ in: source, work, second }, ["in.outbox -> work.inbox", "work.outbox -> second.inbox"])
    await graph.platform.advance(10)
    const told = graph.send("in", 4, 5)
    await graph.platform.advance(10)
    expect([told.state, first.got, second.got]).toEqual(["pending", [1], []])
    expect(await graph.platform.complete(reloading)).toMatchObject({ outcome: "reloaded", stale: 0 })
    await graph.platform.settle()
    expect([first.got, second.got, told.state]).toEqual([[1, 2, 3], [4, 5], "safe"])
    await graph.stop()
    expect(graph.router.report()).toMatchObject({ in: 5, delivered: 5, failed: 0, lost: 0 })
  })

  test("comes back when the new one cannot be started all the same, and nothing went anywhere else", async () => {
    const first = collector()
    const broken = collector({ start: () => Promise.reject(new Error("never")) })
    const graph = await startGraph({ in: source, work, first }, ["in.outbox -> work.inbox", "work.outbox -> first.inbox"])
    const reloading = graph.startReload({ in: source, work, broken }, ["in.outbox -> work.inbox", "work.outbox -> broken.inbox"])
    for (let at = 1; at <= 20; at++) {
      graph.send("in", at)
      await graph.platform.advance(1)
    }
    expect(await graph.platform.complete(reloading)).toMatchObject({ outcome: "refused", restored: ["first"], down: [], stale: 0 })
    await graph.platform.settle()
    expect(first.got).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
    expect(broken.got).toEqual([])
    await graph.stop()
  })

  test("runs on when it cannot be emptied in time", async () => {
    const stuck = collector({ handler: () => never })
    const broken = collector({ start: () => Promise.reject(new Error("never")) })
    const graph = await startGraph({ in: source, stuck }, ["in.outbox -> stuck.inbox"])
    const told = await graph.run("in", 1, 2)
    const module = graph.module("stuck")
    const result = await graph.reload({ in: source, broken }, ["in.outbox -> broken.inbox"], { timeoutMs: 100 })
    expect(result).toMatchObject({ outcome: "refused", restored: [], down: [], stale: 0 })
    expect(graph.module("stuck")).toBe(module)
    expect(told.state).toBe("pending")
    await graph.stop(100)
  })
})

describe("an instance that changes", () => {
  test("starts again; what waits in its queue stays there, in order, and goes on afterwards", async () => {
    const out = collector()
    const handled: string[] = []
    const slow: Script = {
      handler: async (event, module) => {
        await module.platform.timers.sleep(50)
        handled.push(`old ${String(event.data)}`)
        module.submit(event, "outbox")
      },
    }
    const fast: Script = {
      handler: (event, module) => {
        handled.push(`new ${String(event.data)}`)
        module.submit(event, "outbox")
      },
    }
    const graph = await startGraph({ in: source, work: slow, out }, routes)
    const told = graph.send("in", 1, 2, 3)
    await graph.platform.settle()
    const result = await graph.reload({ in: source, work: fast, out }, routes)
    expect(result).toMatchObject({ outcome: "reloaded", changed: [{ name: "work", what: ["module"] }], stale: 0 })
    await graph.platform.settle()
    expect(handled).toEqual(["old 1", "new 2", "new 3"])
    expect(out.got).toEqual([1, 2, 3])
    expect(told.state).toBe("safe")
    expect(graph.books("work")).toMatchObject({ received: 3, forwarded: 3 })
    await graph.stop()
  })

  test("what does not come to its end in time fails as `stale`, on its `failed` queue", async () => {
    const [out, failed] = [collector(), collector()]
    const stuck: Script = { handler: () => never, consumers: { min: 1, max: 2, idleMs: 1000 } }
    const all = [...routes, "work.failed -> failed.inbox"]
    const graph = await startGraph({ in: source, work: stuck, out, failed }, all)
    await graph.run("in", 1, 2, 3)
    const result = await graph.reload({ in: source, work, out, failed }, all, { timeoutMs: 100 })
    expect(result).toMatchObject({ outcome: "reloaded", stale: 2 })
    await graph.platform.settle()
    expect([out.got, failed.got]).toEqual([[3], [1, 2]])
    await graph.stop()
    expect(graph.router.report()).toMatchObject({ in: 3, delivered: 3, lost: 0, failed: 0 })
  })

  test("lets go of what it holds, as at a stop; what it keeps all the same fails as `stale`", async () => {
    const [out, failed] = [collector(), collector()]
    const held: Event[] = []
    const keeper: Script = {
      handler: (event, module) => {
        module.hold(event)
        held.push(event)
      },
      flush: (module) => {
        for (const event of held.splice(0, 2)) module.submit(event, "outbox")
      },
    }
    const all = [...routes, "work.failed -> failed.inbox"]
    const graph = await startGraph({ in: source, work: keeper, out, failed }, all)
    await graph.run("in", 1, 2, 3)
    expect(await graph.reload({ in: source, work, out, failed }, all, { timeoutMs: 100 })).toMatchObject({ stale: 1 })
    await graph.platform.settle()
    expect([out.got, failed.got]).toEqual([[1, 2], [3]])
    await graph.stop()
  })

  test("late submits of its former module are refused, and change no books", async () => {
    const out = collector()
    let late: (() => void) | undefined
    const former: Script = {
      handler: async (event, module) => {
        await new Promise<void>((resolve) => (late = resolve))
        module.submit(event, "outbox")
      },
    }
    const graph = await startGraph({ in: source, work: former, out }, routes)
    const told = await graph.run("in", 1)
    expect(await graph.reload({ in: source, work, out }, routes, { timeoutMs: 20 })).toMatchObject({ stale: 1 })
    expect(told.state).toBe("failed stale")
    const before = JSON.stringify(graph.router.report())
    late?.()
    await graph.platform.settle()
    expect(JSON.stringify(graph.router.report())).toBe(before)
    expect(out.got).toEqual([])
    await graph.stop()
  })

  test("that cannot be started leads back: the old arguments run again, and nothing is lost", async () => {
    const out = collector()
    let starts = 0
    const fine: Script = { ...work, start: () => void (starts += 1) }
    const broken: Script = {
      ...work,
      start: () => {
        throw new Error("no")
      },
    }
    const other: Script = { ...collector(), batch: undefined as never }
    const graph = await startGraph({ in: source, work: fine, out }, routes)
    graph.send("in", 1, 2)
    const result = await graph.reload({ in: source, work: broken, out, other }, [...routes, "in.successful -> other.inbox"].slice(0, 2))
    expect(result).toMatchObject({ outcome: "refused", restored: ["work"], down: [], stale: 0 })
    expect(starts).toBe(2)
    await graph.run("in", 3)
    expect(out.got).toEqual([1, 2, 3])
    await graph.stop()
    expect(graph.router.report()).toMatchObject({ in: 3, delivered: 3, lost: 0 })
  })

  test("that cannot be started again either is down: events wait, and the next reload starts it", async () => {
    const out = collector()
    let allowed = true
    const fussy: Script = {
      ...work,
      start: () => {
        if (!allowed) throw new Error("not now")
      },
    }
    const graph = await startGraph({ in: source, work: fussy, out }, routes)
    allowed = false
    const result = await graph.reload({ in: source, work: { ...fussy }, out }, routes)
    expect(result).toMatchObject({ outcome: "refused", restored: [], down: ["work"] })
    expect(graph.lines.join("\n")).toContain("error router: the graph could not be led back")
    await graph.run("in", 1, 2)
    expect(out.got).toEqual([])
    expect(graph.queued("work.inbox")).toBe(2)
    allowed = true
    expect(await graph.reload({ in: source, work: fussy, out }, routes)).toMatchObject({ outcome: "reloaded", changed: [{ name: "work" }] })
    await graph.platform.settle()
    expect(out.got).toEqual([1, 2])
    await graph.stop()
  })

  test("whose first hook does not end in time is led back", async () => {
    const out = collector()
    const graph = await startGraph({ in: source, work, out }, routes)
    const result = await graph.reload({ in: source, work: { ...work, start: () => never }, out }, routes, { timeoutMs: 200 })
    expect(result.problem?.message).toContain("its first hook goes on after 5000 ms")
    expect(result.restored).toEqual(["work"])
    await graph.run("in", 1)
    expect(out.got).toEqual([1])
    await graph.stop()
  })

  test("whose last hook does not end is left to itself", async () => {
    const out = collector()
    const graph = await startGraph({ in: source, work: { ...work, end: () => never }, out }, routes)
    expect(await graph.reload({ in: source, work, out }, routes, { timeoutMs: 200 })).toMatchObject({ outcome: "reloaded" })
    expect(graph.lines).toContain("warn router: work does not end; it is left to itself")
    await graph.stop()
  })
})

describe("queues of an instance that changes", () => {
  test("other bounds count at once, and what waits stays however much it is", async () => {
    const out = collector()
    const at = (size: number): Script => ({ ...paused, queues: { inbox: { size } } })
    const paused: Script = { handler: (event, module) => module.submit(event, "outbox"), start: (module) => pause(module) }
    const graph = await startGraph({ in: source, work: at(10), out }, routes)
    graph.send("in", 1, 2, 3, 4)
    await graph.platform.settle()
    expect(graph.queued("work.inbox")).toBe(4)
    await graph.reload({ in: source, work: at(2), out }, routes)
    expect(graph.queued("work.inbox")).toBe(4)
    expect(graph.actor("work").queues.get("inbox")?.full).toBe(true)
    resume(graph.module("work"))
    await graph.platform.settle()
    expect(out.got).toEqual([1, 2, 3, 4])
    await graph.stop()
  })

  test("another order, or a policy that drops, loses nothing of what waits", async () => {
    const out = collector()
    const paused = (queue: object): Script => ({
      handler: (event, module) => module.submit(event, "outbox"),
      start: (module) => pause(module),
      queues: { inbox: queue },
    })
    const graph = await startGraph({ in: source, work: paused({}), out }, routes)
    graph.send("in", 1, 2, 3)
    await graph.reload({ in: source, work: paused({ order: "lifo" }), out }, routes)
    await graph.reload({ in: source, work: paused({ order: "priority" }), out }, routes)
    await graph.reload({ in: source, work: paused({ order: "lifo", whenFull: "drop_new", size: 1 }), out }, routes)
    graph.send("in", 4)
    await graph.reload({ in: source, work: paused({ whenFull: "drop_old", size: 1 }), out }, routes)
    expect(graph.queued("work.inbox")).toBe(3)
    resume(graph.module("work"))
    await graph.platform.settle()
    expect(out.got).toEqual([1, 2, 3])
    await graph.stop()
    expect(graph.router.report()).toMatchObject({ in: 4, delivered: 3, dropped: { overflow: 1 }, lost: 0 })
  })

  test("from memory to disk and back nothing is lost", async () => {
    const out = collector()
    const paused = (queue: object): Script => ({
      handler: (event, module) => module.submit(event, "outbox"),
      start: (module) => pause(module),
      queues: { inbox: queue },
    })
    const graph = await startGraph({ in: source, work: paused({}), out }, routes)
    await graph.platform.files.makeDirectory("/tmp")
    const told = graph.send("in", "a", "b")
    expect(await graph.reload({ in: source, work: paused({ store: "disk" }), out }, routes)).toMatchObject({ outcome: "reloaded" })
    await graph.platform.advance(100)
    expect(told.state).toBe("safe")
    graph.send("in", "c")
    await graph.platform.advance(100)
    expect(graph.router.status().imbalances).toEqual([])
    const back = graph.startReload({ in: source, work: paused({}), out }, routes)
    await graph.platform.advance(100)
    resume(graph.module("work"))
    expect(await graph.platform.complete(back)).toMatchObject({ outcome: "reloaded" })
    graph.send("in", "d")
    await graph.platform.advance(100)
    expect(new Set(out.got)).toEqual(new Set(["a", "b", "c", "d"]))
    expect(out.got).toHaveLength(4)
    await graph.stop()
    expect(graph.router.report()).toMatchObject({ waiting: 0, lost: 0 })
  })

  test("a queue on disk stays open, with what is in it", async () => {
    const out = collector()
    const at = (size: number): Script => ({
      handler: (event, module) => module.submit(event, "outbox"),
      start: (module) => pause(module),
      queues: { inbox: { store: "disk", size } },
    })
    const graph = await startGraph({ in: source, work: at(2), out }, routes).catch((error: unknown) => error)
    expect(graph).not.toBeInstanceOf(Error)
    if (graph instanceof Error || typeof graph !== "object" || graph === null || !("reload" in graph)) return
    const running = graph as Awaited<ReturnType<typeof startGraph>>
    running.send("in", 1, 2, 3, 4, 5)
    await running.platform.advance(100)
    expect(await running.reload({ in: source, work: at(50), out }, routes)).toMatchObject({ outcome: "reloaded", stale: 0 })
    resume(running.module("work"))
    await running.platform.advance(100)
    expect(out.got).toEqual([1, 2, 3, 4, 5])
    const other = { ...at(50), queues: { inbox: { store: "disk", size: 50, sync: "never" } } } as Script
    expect(await running.reload({ in: source, work: other, out }, routes)).toMatchObject({
      outcome: "refused",
      problem: { code: "WB_RELOAD_RESTART", message: "`queues.inbox.sync` of `work` cannot change while the graph runs" },
    })
    await running.stop()
    expect(running.router.report()).toMatchObject({ waiting: 0, lost: 0 })
  })
})

describe("an instance that is removed", () => {
  test("is emptied before it ends, and its counts stay in the totals", async () => {
    const [out, second] = [collector(), collector()]
    const slow: Script = {
      handler: async (event, module) => {
        await module.platform.timers.sleep(30)
        module.submit(event, "outbox")
      },
    }
    const graph = await startGraph({ in: source, work: slow, out, second }, routes)
    graph.send("in", 1, 2, 3)
    await graph.platform.settle()
    const result = await graph.reload({ in: source, out, second }, ["in.outbox -> second.inbox"])
    expect(result).toMatchObject({ outcome: "reloaded", removed: ["work"], stale: 0 })
    expect(out.got).toEqual([1, 2, 3])
    await graph.run("in", 4)
    expect(second.got).toEqual([4])
    const report = graph.router.report()
    expect(report).toMatchObject({ in: 4, delivered: 4 })
    expect(report.instances["_removed"]).toMatchObject({ received: 3, forwarded: 3 })
    await graph.stop()
  })

  test("what it has left at the deadline fails as `stale`, on its `failed` queue or for good", async () => {
    const [out, failed] = [collector(), collector()]
    const stuck: Script = { kind: "output", outs: [], handler: () => never }
    const graph = await startGraph({ in: source, stuck, failed, out }, ["in.outbox -> stuck.inbox", "stuck.failed -> failed.inbox"])
    await graph.run("in", 1, 2)
    const result = await graph.reload({ in: source, failed, out }, ["in.outbox -> out.inbox"], { timeoutMs: 100 })
    expect(result).toMatchObject({ removed: ["stuck"], stale: 2 })
    await graph.platform.settle()
    expect(failed.got).toEqual([1, 2])

    const again = await startGraph({ in: source, stuck, out }, ["in.outbox -> stuck.inbox"])
    const told = await again.run("in", 1, 2)
    expect(await again.reload({ in: source, out }, ["in.outbox -> out.inbox"], { timeoutMs: 100 })).toMatchObject({ stale: 2 })
    expect(told.state).toBe("failed stale stale")
    expect(again.router.report()).toMatchObject({ in: 2, failed: 2, lost: 0, in_flight: 0 })
    await graph.stop()
    await again.stop()
  })

  test("instances that fail into each other come to an end too", async () => {
    const out = collector()
    const failing: Script = { handler: () => never }
    const ring = ["in.outbox -> a.inbox", "a.failed -> b.inbox", "b.failed -> a.inbox"]
    const graph = await startGraph({ in: source, a: failing, b: failing, out }, ring)
    await graph.run("in", 1, 2, 3)
    const result = await graph.reload({ in: source, out }, ["in.outbox -> out.inbox"], { timeoutMs: 50 })
    expect(result).toMatchObject({ outcome: "reloaded", removed: ["a", "b"] })
    expect(graph.router.report()).toMatchObject({ in: 3, failed: 3, in_flight: 0 })
    await graph.stop()
  })

  test("an input takes nothing more, and ends after what it waits for", async () => {
    const out = collector({
      handler: async (_event, module) => {
        await module.platform.timers.sleep(40)
      },
    })
    const events: string[] = []
    const first: Script = { kind: "input", ins: [], stopTaking: () => void events.push("stopped"), end: () => void events.push("ended") }
    const graph = await startGraph({ first, second: source, out }, ["first.outbox -> out.inbox", "second.outbox -> out.inbox"])
    const told = graph.send("first", 1)
    await graph.platform.settle()
    expect(await graph.reload({ second: source, out }, ["second.outbox -> out.inbox"])).toMatchObject({ removed: ["first"] })
    expect(events).toEqual(["stopped", "ended"])
    await graph.platform.advance(100)
    expect(told.state).toBe("safe")
    await graph.stop()
  })

  test("a queue on disk stays there, and the log says where and how much", async () => {
    const out = collector()
    const stuck: Script = { kind: "output", outs: [], handler: () => never, queues: { inbox: { store: "disk", size: 1 } } }
    const graph = await startGraph({ in: source, stuck, out }, ["in.outbox -> stuck.inbox"])
    const told = graph.send("in", 1, 2, 3)
    await graph.platform.advance(100)
    expect(told.state).toBe("safe")
    expect(await graph.reload({ in: source, out }, ["in.outbox -> out.inbox"], { timeoutMs: 100 })).toMatchObject({ outcome: "reloaded" })
    expect(graph.lines.filter((line) => line.startsWith("warn router"))).toEqual([
      "warn router: 3 events stay on disk, in a queue that nobody reads any more",
    ])
    expect(graph.router.report()).toMatchObject({ waiting: 3, lost: 0, in_flight: 0 })
    // Back again: they are taken from there.
    const back = collector({ queues: { inbox: { store: "disk", size: 10 } } })
    await graph.reload({ in: source, stuck: back, out }, ["in.outbox -> stuck.inbox"])
    await graph.platform.advance(5000)
    expect(new Set(back.got)).toEqual(new Set([1, 2, 3]))
    expect(graph.router.report()).toMatchObject({ waiting: 0, lost: 0, in: 3 })
    await graph.stop()
  })
})

describe("routes", () => {
  test("whoever waits for a full queue goes on when its route leads elsewhere", async () => {
    const [stuck, out] = [collector({ handler: () => never, queues: { inbox: { size: 1 } } }), collector()]
    const graph = await startGraph({ in: source, work, stuck, out }, ["in.outbox -> work.inbox", "work.outbox -> stuck.inbox"], {
      defaultQueue: { size: 2, bytes: 1_000_000, order: "fifo", whenFull: "wait", priority: 1000 },
    })
    for (let at = 0; at < 10; at++) graph.send("in", at)
    await graph.platform.settle()
    expect(graph.producer("in").waiting).toBeGreaterThan(0)
    await graph.reload({ in: source, work, stuck, out }, ["in.outbox -> work.inbox", "work.outbox -> out.inbox"])
    await graph.platform.settle()
    expect(graph.producer("in").waiting).toBe(0)
    expect(out.got).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    await graph.stop(100)
  })

  test("an input that waits for a full queue goes on when its route leads elsewhere, though that queue stays", async () => {
    const [stuck, out] = [collector({ handler: () => never, queues: { inbox: { size: 1 } } }), collector()]
    const graph = await startGraph({ in: source, stuck, out }, ["in.outbox -> stuck.inbox"])
    for (let at = 0; at < 6; at++) graph.send("in", at)
    await graph.platform.settle()
    expect(graph.producer("in").waiting).toBeGreaterThan(0)
    await graph.reload({ in: source, stuck, out }, ["in.outbox -> out.inbox", "stuck.failed -> out.inbox"])
    expect(graph.producer("in").waiting).toBe(0)
    expect(out.got).toEqual([2, 3, 4, 5])
    await graph.stop(100)
  })

  test("a submit that waits in the background settles when its queue vanishes", async () => {
    const settled: string[] = []
    const loop: Script = {
      kind: "input",
      ins: [],
      start: (module) =>
        module.background(async (submit, signal) => {
          for (let at = 0; at < 5; at++) await submit(module.event(at))
          settled.push("all")
          await new Promise((resolve) => signal.addEventListener("abort", resolve))
        }),
    }
    const stuck = collector({ handler: () => never, queues: { inbox: { size: 1 } } })
    const graph = await startGraph({ loop, stuck, rest: source }, ["loop.outbox -> stuck.inbox"])
    await graph.platform.settle()
    expect(settled).toEqual([])
    const result = await graph.reload({ loop, rest: source }, [], { timeoutMs: 50 })
    expect(result.outcome).toBe("reloaded")
    expect(settled).toContain("all")
    await graph.stop()
  })

  test("an instance learns of other out queues by starting again; one whose queues lead elsewhere goes on", async () => {
    const starts: string[][] = []
    const fan: Script = {
      outs: ["a", "b"],
      start: (module) => void starts.push(module.outQueues),
      handler: (event, module) => module.submit(event, module.outQueues[0] ?? "a"),
    }
    const [one, two] = [collector(), collector()]
    const graph = await startGraph({ in: source, fan, one, two }, ["in.outbox -> fan.inbox", "fan.a -> one.inbox"])
    expect(await graph.reload({ in: source, fan, one, two }, ["in.outbox -> fan.inbox", "fan.a -> two.inbox"])).toMatchObject({
      changed: [],
    })
    expect(
      await graph.reload({ in: source, fan, one, two }, ["in.outbox -> fan.inbox", "fan.a -> two.inbox", "fan.b -> one.inbox"]),
    ).toMatchObject({ changed: [{ name: "fan", what: ["its routes"] }] })
    expect(starts).toEqual([["a"], ["a", "b"]])
    await graph.stop()
  })

  test("log events find their funnel, whatever is added or removed", async () => {
    const [logs, out] = [collector(), collector()]
    const noisy: Script = {
      handler: (event, module) => {
        module.log.info(`saw ${String(event.data)}`)
        module.submit(event, "outbox")
      },
    }
    const graph = await startGraph({ in: source, work: noisy, out, logs }, [...routes, "_logs.outbox -> logs.inbox"])
    await graph.run("in", 1)
    const more = ["in.outbox -> extra.inbox", "extra.outbox -> work.inbox", "work.outbox -> out.inbox", "_logs.outbox -> logs.inbox"]
    expect(await graph.reload({ in: source, work: noisy, extra: noisy, out, logs }, more)).toMatchObject({
      outcome: "reloaded",
      added: ["extra"],
    })
    await graph.run("in", 2)
    expect(await graph.reload({ in: source, work: noisy, out, logs }, [...routes, "_logs.outbox -> logs.inbox"])).toMatchObject({
      outcome: "reloaded",
      removed: ["extra"],
    })
    await graph.run("in", 3)
    // The place for logs becomes one for data as well.
    const both = [...routes, "_logs.outbox -> logs.inbox", "work.successful -> logs.inbox"]
    expect(await graph.reload({ in: source, work: noisy, out, logs }, both)).toMatchObject({ outcome: "reloaded" })
    await graph.run("in", 4)
    expect(await graph.reload({ in: source, work: noisy, out, logs }, [...routes, "_logs.outbox -> logs.inbox"])).toMatchObject({
      outcome: "reloaded",
    })
    await graph.run("in", 5)
    const said = logs.got.flatMap((data) => (typeof data === "object" && data !== null ? [(data as { message: string }).message] : []))
    expect(said.filter((line) => line.startsWith("saw"))).toEqual(["saw 1", "saw 2", "saw 2", "saw 3", "saw 4", "saw 5"])
    await graph.stop()
  })
})

describe("several at once", () => {
  test("reloads are done one after another", async () => {
    const out = collector()
    const slow: Script = { ...work, start: (module) => module.platform.timers.sleep(100) }
    const graph = await startGraph({ in: source, work, out }, routes)
    const first = graph.startReload({ in: source, work: slow, out }, routes)
    const second = graph.startReload({ in: source, work, out }, routes)
    expect((await graph.platform.complete(first)).outcome).toBe("reloaded")
    expect((await graph.platform.complete(second)).changed).toEqual([{ name: "work", what: ["module"] }])
    await graph.run("in", 1)
    expect(out.got).toEqual([1])
    await graph.stop()
  })

  test.each([0, 5, 30, 70, 110, 160])("a stop %d ms after it began wins, and the books balance", async (afterMs) => {
    const out = collector()
    const slow: Script = {
      ...work,
      handler: async (event, module) => {
        await module.platform.timers.sleep(50)
        module.submit(event, "outbox")
      },
      start: (module) => module.platform.timers.sleep(30),
      end: (module) => module.platform.timers.sleep(30),
    }
    const graph = await startGraph({ in: source, work: slow, gone: slow, out }, routes)
    graph.send("in", 1, 2, 3)
    await graph.platform.settle()
    const reloading = graph.startReload({ in: source, work: { ...slow }, added: slow, out }, routes, { timeoutMs: 200 })
    await graph.platform.advance(afterMs)
    await graph.stop(2000)
    const result = await graph.platform.complete(reloading)
    expect(["stopped", "reloaded"]).toContain(result.outcome)
    expect(out.got).toEqual([1, 2, 3])
    expect(graph.router.report()).toMatchObject({ in: 3, delivered: 3, lost: 0, in_flight: 0 })
  })

  test.each([0, 5, 30, 70, 110])("an end at once %d ms after it began counts all that was lost", async (afterMs) => {
    const out = collector()
    const slow: Script = {
      ...work,
      handler: async (event, module) => {
        await module.platform.timers.sleep(1000)
        module.submit(event, "outbox")
      },
      start: (module) => module.platform.timers.sleep(30),
      end: (module) => module.platform.timers.sleep(30),
    }
    const graph = await startGraph({ in: source, work: slow, out }, routes)
    graph.send("in", 1, 2, 3)
    await graph.platform.settle()
    const reloading = graph.startReload({ in: source, work: { ...slow }, out }, routes, { timeoutMs: 50 })
    await graph.platform.advance(afterMs)
    graph.router.stopNow()
    graph.checkBooks()
    await graph.platform.complete(reloading)
    const { delivered, failed, lost, in_flight } = graph.router.report()
    expect([delivered + failed + lost, in_flight]).toEqual([3, 0])
  })
})

interface Gate {
  pauseTaking(): void
  resumeTaking(): void
}

function pause(module: unknown): void {
  ;(module as Gate).pauseTaking()
}

function resume(module: unknown): void {
  ;(module as Gate).resumeTaking()
}

test("a transient failure in between changes nothing", async () => {
  const out = collector()
  let fails = true
  const flaky: Script = {
    handler: (event, module) => {
      if (fails) throw new TransientError("not now")
      module.submit(event, "outbox")
    },
  }
  const again = ["in.outbox -> work.inbox", "work.outbox -> out.inbox", "work.failed -> failed.inbox"]
  const failed = collector()
  const graph = await startGraph({ in: source, work: flaky, out, failed }, again)
  await graph.run("in", 1)
  fails = false
  await graph.reload({ in: source, work: { ...flaky }, out, failed }, again)
  await graph.run("in", 2)
  expect([failed.got, out.got]).toEqual([[1], [2]])
  await graph.stop()
})
