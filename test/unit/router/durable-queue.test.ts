// Queues that live on disk, on the simulated platform: `store: disk`, `when_full: spill`, restarts and power cuts.

import { expect, test } from "vitest"
import type { Log } from "../../../src/log.ts"
import type { Platform } from "../../../src/platform/platform.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { Router } from "../../../src/router/router.ts"
import { defaultQueuePlan, type QueuePlan } from "../../../src/spec/plan.ts"
import { builtins, planOf } from "../../support/plans.ts"
import { listenOutside } from "../../support/simulated-listener.ts"

const seconds = 1000
const port = 10_001
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }

/** A source into one TCP output, whose inbox lives on disk. Nobody takes failed events over. */
function graph(platform: Platform, queue: Partial<QueuePlan>, source: { interval: number; message: string }): Router {
  const registry = builtins()
  const inbox = { ...defaultQueuePlan, ...queue }
  const plan = planOf(
    registry,
    {
      source: { module: "wishbone.input.testevent", arguments: { ...source, numbered: true } },
      push: {
        module: "wishbone.output.tcp",
        arguments: { port, timeout: 600, confirm: "written" },
        more: { queues: { inbox }, inflight: { events: 3, bytes: 1000 } },
      },
    },
    ["source.outbox -> push.inbox"],
  )
  return Router.fromPlan(plan, { registry, platform, logs: () => silent })
}

const numbered = (message: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${message}_${index + 1}`)

test("what is in a queue on disk survives a restart, and arrives in order", async () => {
  const platform = simulatedPlatform({ seed: 1 })
  const first = graph(platform, { store: "disk", size: 10 }, { interval: 0.01, message: "old" })
  await platform.complete(first.start())
  const stopChecking = platform.afterEachStep(() => expect(first.status().imbalances).toEqual([]))
  await platform.advance(2 * seconds)
  await platform.complete(first.stop({ timeoutMs: 2 * seconds }), { limitMs: 10 * seconds })
  stopChecking()
  const report = first.report()
  expect(report).toMatchObject({ delivered: 0, lost: 0, waiting: report.in })

  const next = platform.restart({ powerCut: true })
  const lines = await listenOutside(next, port)
  const second = graph(next, { store: "disk", size: 10 }, { interval: 3600, message: "new" })
  await next.complete(second.start())
  next.afterEachStep(() => expect(second.status().imbalances).toEqual([]))
  await next.runUntil(() => lines.length > report.in && second.status().spooled === 0, { limitMs: 120 * seconds })
  expect(lines.filter((line) => line.startsWith("old"))).toEqual(numbered("old", report.in))
  await next.complete(second.stop({ timeoutMs: 2 * seconds }), { limitMs: 10 * seconds })
  expect(second.report()).toMatchObject({ recovered: report.in, waiting: 0, lost: 0 })
})

test("a queue that spills keeps its order through memory, disk and memory again", async () => {
  const platform = simulatedPlatform({ seed: 2 })
  const router = graph(platform, { whenFull: "spill", size: 5 }, { interval: 0.01, message: "n" })
  const lines = await listenOutside(platform, port)
  await platform.complete(router.start())
  platform.afterEachStep(() => expect(router.status().imbalances).toEqual([]))
  await platform.advance(seconds)
  expect(router.status().spooled).toBe(0)
  platform.net.setKernelBytes(20)
  platform.net.stall(port)
  await platform.runUntil(() => router.status().spooled > 20, { limitMs: 300 * seconds })
  platform.net.unstall(port)
  await platform.runUntil(() => router.status().spooled === 0, { limitMs: 300 * seconds })
  await platform.advance(seconds)
  await platform.complete(router.stop({ timeoutMs: 5 * seconds }), { limitMs: 10 * seconds })
  const report = router.report()
  expect(report).toMatchObject({ lost: 0, waiting: 0 })
  const distinct = [...new Set(lines)]
  expect(distinct).toEqual(numbered("n", report.in))
})

test.each(["disk", "spill"] as const)("a queue that may take so many bytes of disk waits at them, and goes on (%s)", async (kind) => {
  const platform = simulatedPlatform({ seed: 3 })
  const limits = { diskBytes: 4096, sync: 50, size: 5 }
  const router = graph(platform, kind === "disk" ? { store: "disk", ...limits } : { whenFull: "spill", ...limits }, {
    interval: 0.01,
    message: "n",
  })
  await platform.complete(router.start())
  platform.afterEachStep(() => expect(router.status().imbalances).toEqual([]))
  await platform.advance(20 * seconds)
  const { spooled } = router.status()
  expect(spooled).toBeGreaterThan(20)
  await platform.advance(60 * seconds)
  expect(router.status().spooled).toBe(spooled)
  const lines = await listenOutside(platform, port)
  await platform.runUntil(() => lines.length > 3 * spooled, { limitMs: 300 * seconds })
  await platform.complete(router.stop({ timeoutMs: 5 * seconds }), { limitMs: 20 * seconds })
  const { waiting, lost } = router.report()
  expect([[...new Set(lines)], lost]).toEqual([numbered("n", router.report().in - waiting), 0])
})
