// What is sent again because it failed must come through a dedupe: with the real router, a disk and a destination that comes late.

import { expect, test } from "vitest"
import type { Log } from "../../../src/log.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { Router } from "../../../src/router/router.ts"
import { defaultQueuePlan } from "../../../src/spec/plan.ts"
import { builtins, planOf } from "../../support/plans.ts"
import { listenOutside } from "../../support/simulated-listener.ts"

const seconds = 1000
const port = 10_001
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }
const lines = { module: "wishbone.input.stdin" }
const push = { module: "wishbone.output.tcp", arguments: { port, timeout: 1 } }

/** Three different lines, one of them twice. */
const fed = "a\nb\na\nc\n"
const different = ["a", "b", "c"]

async function started(platform: SimulatedPlatform, sketches: Parameters<typeof planOf>[1], routes: readonly string[]): Promise<Router> {
  const registry = builtins()
  const router = Router.fromPlan(planOf(registry, sketches, routes), { registry, platform, logs: () => silent })
  await platform.complete(router.start())
  platform.afterEachStep(() => expect(router.status().imbalances).toEqual([]))
  return router
}

test.each(["ended", "taken"])("records that a durable queue offers again, with `remember: %s`", async (remember) => {
  const platform = simulatedPlatform({ seed: 1 })
  const inbox = { ...defaultQueuePlan, store: "disk" as const }
  const once = { module: "wishbone.process.dedupe", arguments: { path: "data", remember }, more: { queues: { inbox } } }
  const router = await started(platform, { lines, once, push }, ["lines.outbox -> once.inbox", "once.outbox -> push.inbox"])
  platform.streams.feed(fed)
  await platform.advance(20 * seconds)
  expect(router.status().spooled + router.status().waiting).toBe(3)
  const got = await listenOutside(platform, port)
  await platform.runUntil(() => got.length >= 3, { limitMs: 120 * seconds })
  await platform.complete(router.stop({ timeoutMs: 5 * seconds }), { limitMs: 10 * seconds })
  expect(got.toSorted()).toEqual(different)
  expect(router.report()).toMatchObject({ lost: 0, waiting: 0, dropped: { unconnected: 1 } })
})

test.each(["ended", "taken"])("events that failed over to a disk and come back through it, with `remember: %s`", async (remember) => {
  const platform = simulatedPlatform({ seed: 1 })
  const disk = { directory: "/tmp/buffer" }
  const router = await started(
    platform,
    {
      lines,
      funnel: { module: "wishbone.flow.funnel" },
      once: { module: "wishbone.process.dedupe", arguments: { path: "data", remember } },
      push,
      diskout: { module: "wishbone.output.disk", arguments: disk },
      diskin: { module: "wishbone.input.disk", arguments: { ...disk, idle_trigger: true, idle_time: 2 } },
    },
    [
      "lines.outbox -> funnel.one",
      "diskin.outbox -> funnel.two",
      "funnel.outbox -> once.inbox",
      "once.outbox -> push.inbox",
      "push.failed -> diskout.inbox",
    ],
  )
  platform.streams.feed(fed)
  // Several rounds through the disk and back to the failing output.
  await platform.advance(60 * seconds)
  expect(router.status().spooled + router.status().waiting).toBe(3)
  const got = await listenOutside(platform, port)
  await platform.runUntil(() => got.length >= 3, { limitMs: 120 * seconds })
  await platform.complete(router.stop({ timeoutMs: 5 * seconds }), { limitMs: 10 * seconds })
  expect(got.toSorted()).toEqual(different)
  expect(router.report()).toMatchObject({ lost: 0, failed: 0, waiting: 0, dropped: { unconnected: 1 } })
})
