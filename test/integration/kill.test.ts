import { expect, onTestFinished, test } from "vitest"
import { killRounds } from "../support/kill-rounds.ts"
import { temporaryDirectory } from "../support/programs.ts"

test("every acknowledged line arrives through twenty kills of graph and receiver", { timeout: 180_000 }, async () => {
  const folder = await temporaryDirectory(onTestFinished)
  const result = await killRounds({ rounds: 20, folder, onStarted: (program) => onTestFinished(() => program.kill()) })
  console.log(
    `acknowledged ${result.acknowledged}, lost ${result.lost.length}, duplicates ${result.duplicates}, sent again ${result.repeated}`,
  )
  expect(result.lost).toEqual([])
  expect(result.acknowledged).toBeGreaterThanOrEqual(20 * 200)
})
