import { expect, onTestFinished, test } from "vitest"
import { temporaryDirectory } from "../support/programs.ts"
import { SeedKill } from "../support/seed-kill.ts"

const durationMs = 60_000

test("the failover graph keeps its books through sixty seconds of kills of every process in turn", async () => {
  const folder = await temporaryDirectory(onTestFinished)
  const seed = new SeedKill({ folder, onStarted: (program) => onTestFinished(() => program.kill()) })
  await seed.prepare()
  const end = performance.now() + durationMs
  while (performance.now() < end) await seed.cycle()
  const { kills, made, repeated, repeatedBound } = await seed.result()
  console.log(`${kills} kills, ${made} events known to be made, all arrived, repeated ${repeated} (bound ${repeatedBound})`)
  expect(kills).toBeGreaterThanOrEqual(5)
})
