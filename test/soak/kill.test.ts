import { expect, onTestFinished, test } from "vitest"
import { killRounds } from "../support/kill-rounds.ts"
import { temporaryDirectory } from "../support/programs.ts"

test("every acknowledged line arrives through two hundred kills of graph and receiver", async () => {
  const folder = await temporaryDirectory(onTestFinished)
  const result = await killRounds({ rounds: 200, folder, onStarted: (program) => onTestFinished(() => program.kill()) })
  console.log(
    `acknowledged ${result.acknowledged}, lost ${result.lost.length}, duplicates ${result.duplicates}, sent again ${result.repeated}`,
  )
  expect(result.lost).toEqual([])
})
