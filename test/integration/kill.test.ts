import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { killRounds } from "../support/kill-rounds.ts"
import { brokenBuild, type Program, temporaryDirectory } from "../support/programs.ts"

const onStarted = (program: Program): void => onTestFinished(() => program.kill())

test("every acknowledged line arrives through twenty kills of graph and receiver", { timeout: 180_000 }, async () => {
  const folder = await temporaryDirectory(onTestFinished)
  const result = await killRounds({ rounds: 20, folder, onStarted })
  console.log(
    `acknowledged ${result.acknowledged}, lost ${result.lost.length}, duplicates ${result.duplicates}, sent again ${result.repeated}`,
  )
  expect(result.lost).toEqual([])
  expect(result.acknowledged).toBeGreaterThanOrEqual(20 * 200)
})

test("a build that answers `ok` when it has read a line is found out", { timeout: 180_000 }, async () => {
  const folder = await temporaryDirectory(onTestFinished)
  const home = join(folder, "broken")
  await mkdir(home)
  await brokenBuild(home, { file: "src/actor/line-answers.js", find: "if (lines.events === 0) {", put: "if (lines.events >= 0) {" })
  const result = await killRounds({ rounds: 8, folder, home, onStarted })
  expect(result.lost.length).toBeGreaterThan(0)
})
