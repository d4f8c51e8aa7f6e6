import { expect, onTestFinished, test } from "vitest"
import { temporaryDirectory } from "../support/programs.ts"
import { SeedKill } from "../support/seed-kill.ts"

test("the failover graph keeps its books through a kill of every process", { timeout: 240_000 }, async () => {
  const folder = await temporaryDirectory(onTestFinished)
  const seed = new SeedKill({ folder, onStarted: (program) => onTestFinished(() => program.kill()) })
  await seed.prepare()
  await seed.cycle()
  const { kills, made, repeated, repeatedBound } = await seed.result()
  console.log(`${kills} kills, ${made} events known to be made, all arrived, repeated ${repeated} (bound ${repeatedBound})`)
  expect(kills).toBe(5)
})
