// Plays one random graph on the simulated platform and checks it after every step and at its end. The same seed gives the same run,
// step by step. See chaos-plan.ts for what is drawn, chaos-world.ts for what must be true.

import type { Log } from "../../src/log.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { Router } from "../../src/router/router.ts"
import { chaosModules } from "./chaos-modules.ts"
import { type Chaos, drawChaos } from "./chaos-plan.ts"
import { World } from "./chaos-world.ts"

/** Far longer than any module waits, and than any event goes round. */
const patienceMs = 60_000

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, fatal: () => undefined }

/** What a graph did, for looking at and for comparing two runs. */
export interface Played {
  readonly chaos: Chaos
  readonly lines: readonly string[]
  readonly report: string
}

/** Plays the graph of `seed`. @throws Error that names the seed, and how to play it again. */
export async function playRandomGraph(seed: number, { traces = false }: { traces?: boolean } = {}): Promise<Played> {
  const chaos = drawChaos(seed)
  const world = new World(chaos, traces)
  try {
    await playWorld(world)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `random graph ${seed}: ${reason}\nPlay it again: WISHBONE_SEED=${seed} npx vitest run test/property/random-graphs.test.ts`,
      { cause: error },
    )
  }
  return { chaos, lines: world.lines, report: JSON.stringify(world.ledger.report()) }
}

export async function playWorld(world: World): Promise<void> {
  const { chaos } = world
  const platform = simulatedPlatform({ seed: chaos.seed })
  const router = Router.fromPlan(chaos.plan, { registry: chaosModules(world), platform, logs: () => silent })
  const unwatch = platform.afterEachStep(() => world.checkStep())
  try {
    await playThrough(world, router, platform)
  } finally {
    unwatch()
  }
}

async function playThrough(world: World, router: Router, platform: SimulatedPlatform): Promise<void> {
  const { chaos } = world
  await platform.complete(router.start())
  if (chaos.stopAtMs === undefined) await untilEmpty(world, platform)
  else await platform.advance(chaos.stopAtMs)
  await stop(world, router, platform)
  const report = JSON.stringify(router.report())
  // Whatever still runs in some handler may do what it likes: nothing moves any more.
  await platform.advance(patienceMs)
  if (JSON.stringify(router.report()) !== report)
    world.fail(`the books changed after the end: ${report} became ${JSON.stringify(router.report())}`)
  world.checkEnd()
}

/** Everything must be through by itself: nobody waits for ever. */
async function untilEmpty(world: World, platform: SimulatedPlatform): Promise<void> {
  const inputs = [...world.chaos.profiles.values()].filter(({ role }) => role === "input").length
  const through = (): boolean => world.inputsDone === inputs && world.isEmpty
  await platform.runUntil(through, { limitMs: patienceMs }).catch((error: unknown) => {
    if (through()) return
    if (error instanceof Error && !error.message.startsWith("not so")) throw error
    world.fail(`the graph does not become empty: ${JSON.stringify(world.ledger.report())}`)
  })
}

async function stop(world: World, router: Router, platform: SimulatedPlatform): Promise<void> {
  const { stopTimeoutMs, cutAfterMs, stopAtMs } = world.chaos
  world.stopping = stopAtMs !== undefined
  const stopping = router.stop({ timeoutMs: stopTimeoutMs })
  if (cutAfterMs !== undefined) {
    await platform.advance(cutAfterMs)
    router.stopNow()
  }
  await platform.complete(stopping)
}
