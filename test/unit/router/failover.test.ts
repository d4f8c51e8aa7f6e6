// The failover file's graph on the simulated platform: what takes too long, or cannot be timed, with real destinations.

import { expect, test } from "vitest"
import type { Log } from "../../../src/log.ts"
import type { Platform } from "../../../src/platform/platform.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { Router } from "../../../src/router/router.ts"
import { builtins, planOf } from "../../support/plans.ts"
import { listenOutside } from "../../support/simulated-listener.ts"

const seconds = 1000
const ports = [10_001, 10_002, 10_003]

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }

function failoverGraph(platform: Platform, input: { interval: number; message?: string }, idleSeconds: number): Router {
  const registry = builtins()
  const outputs = Object.fromEntries(
    ports.map((port, index) => [`output_${index + 1}`, { module: "wishbone.output.tcp", arguments: { port } }]),
  )
  const plan = planOf(
    registry,
    {
      source: { module: "wishbone.input.testevent", arguments: { ...input, numbered: true } },
      ...outputs,
      diskout: { module: "wishbone.output.disk", arguments: { directory: "/tmp/buffer" } },
      diskin: { module: "wishbone.input.disk", arguments: { directory: "/tmp/buffer", idle_trigger: true, idle_time: idleSeconds } },
      funnel: { module: "wishbone.flow.funnel" },
    },
    [
      "source.outbox -> funnel.one",
      "funnel.outbox -> output_1.inbox",
      "output_1.failed -> output_2.inbox",
      "output_2.failed -> output_3.inbox",
      "output_3.failed -> diskout.inbox",
      "diskin.outbox -> funnel.two",
    ],
  )
  return Router.fromPlan(plan, { registry, platform, logs: () => silent })
}

/** Runs `script` with the ledger checked after every step of the simulation. */
async function balanced(platform: SimulatedPlatform, router: Router, script: () => Promise<void>): Promise<void> {
  const stopChecking = platform.afterEachStep(() => expect(router.status().imbalances).toEqual([]))
  await script()
  stopChecking()
}

test("a backlog is not rewritten while all destinations are down, and arrives in order when one is back", async () => {
  const platform = simulatedPlatform({ seed: 1 })
  const filling = failoverGraph(platform, { interval: 0.001 }, 20)
  await platform.complete(filling.start())
  await platform.runUntil(() => filling.status().spooled >= 10_000, { limitMs: 60 * seconds })
  await platform.complete(filling.stop({ timeoutMs: 5 * seconds }), { limitMs: 10 * seconds })
  const backlog = filling.report().waiting
  expect(backlog).toBeGreaterThanOrEqual(10_000)

  const next = platform.restart({ powerCut: false })
  // One new event an hour: nothing but the backlog moves.
  const router = failoverGraph(next, { interval: 3600, message: "fresh" }, 20)
  await next.complete(router.start())
  const written = (): number => router.report().instances["diskout"]?.forwarded ?? 0
  await next.advance(10 * 20 * seconds)
  const diskout = router.report().instances["diskout"]
  expect(diskout?.received).toBeGreaterThanOrEqual(9)
  expect(written()).toBeLessThan(100)
  expect(router.status().spooled + router.status().waiting).toBeGreaterThanOrEqual(backlog)

  const lines = await listenOutside(next, ports[0] as number)
  await next.runUntil(() => router.status().spooled === 0 && router.status().waiting === 0, { limitMs: 120 * seconds })
  await next.complete(router.stop({ timeoutMs: 5 * seconds }), { limitMs: 10 * seconds })
  expect(router.report()).toMatchObject({ lost: 0, failed: 0, waiting: 0 })
  const old = lines.filter((line) => line.startsWith("test_"))
  expect(old).toEqual(Array.from({ length: backlog }, (_, index) => `test_${index + 1}`))
})

test("the ledger balances after every step while destinations come and go", async () => {
  const platform = simulatedPlatform({ seed: 2 })
  const router = failoverGraph(platform, { interval: 0.05 }, 1)
  const lines = await listenOutside(platform, ports[1] as number)
  await platform.complete(router.start())
  await balanced(platform, router, async () => {
    await platform.advance(2 * seconds)
    expect(lines.length).toBeGreaterThan(30)
    platform.net.refuse(ports[1] as number)
    platform.net.resetAll(ports[1] as number)
    await platform.advance(2 * seconds)
    expect(router.status().spooled).toBeGreaterThan(30)
    platform.net.accept(ports[1] as number)
    await platform.advance(3 * seconds)
    expect(router.status().spooled).toBe(0)
  })
  await platform.complete(router.stop({ timeoutMs: 5 * seconds }), { limitMs: 10 * seconds })
  const report = router.report()
  expect(report).toMatchObject({ lost: 0, failed: 0, waiting: 0, in_flight: 0, delivered: report.in })
})
