import { expect, test } from "vitest"
import { imbalanceText, logStatus, statusText } from "../../../src/cli/status.ts"
import { createLogs } from "../../../src/log.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import type { Status } from "../../../src/router/router.ts"

const quiet: Status = { inTotal: 0, deliveredTotal: 0, waiting: 0, spooled: 0, oldestMs: undefined, openCircuits: [], imbalances: [] }

test("a graph at rest says so", () => {
  expect(statusText(quiet, 0)).toBe("0 events/s, 0 waiting, spool 0, no circuit open")
})

test.each([
  [999, "0s"],
  [59_999, "59s"],
  [60_000, "1m"],
  [7_200_000, "2h"],
  [200_000_000, "2d"],
])("the age of the oldest event on disk: %d ms is %s", (oldestMs, age) => {
  expect(statusText({ ...quiet, waiting: 4, spooled: 7, oldestMs, openCircuits: ["a", "b"] }, 1234.56)).toBe(
    `1235 events/s, 4 waiting, spool 7 (oldest ${age}), circuit open: a, b`,
  )
})

test("slow rates keep a decimal", () => {
  expect(statusText(quiet, 0.25)).toMatch(/^0\.3 events\/s/)
})

test("the rate is that of the last ten seconds", async () => {
  const platform = simulatedPlatform()
  const written: string[] = []
  const log = createLogs({ platform, level: "info", format: "text", write: (text) => written.push(text), colour: false })("debug")
  let inTotal = 500
  const timer = logStatus({ status: () => ({ ...quiet, inTotal }) }, platform, log)
  inTotal = 2500
  await platform.advance(10_000)
  await platform.advance(10_000)
  timer.cancel()
  await platform.advance(10_000)
  expect(written.map((line) => line.slice(line.indexOf("debug: ")))).toEqual([
    "debug: 200 events/s, 0 waiting, spool 0, no circuit open\n",
    "debug: 0 events/s, 0 waiting, spool 0, no circuit open\n",
  ])
})

test("books that do not balance are an error, every time", async () => {
  const platform = simulatedPlatform()
  const written: string[] = []
  const log = createLogs({ platform, level: "error", format: "text", write: (text) => written.push(text), colour: false })("debug")
  logStatus({ status: () => ({ ...quiet, imbalances: [{ instance: "out_1", difference: -2 }] }) }, platform, log)
  await platform.advance(20_000)
  expect(written).toHaveLength(2)
  expect(written[0]).toContain(" error debug: the ledger does not balance: out_1 (-2)\n")
})

test("what went missing between instances is told apart", () => {
  expect(
    imbalanceText([
      { instance: "a", difference: 1 },
      { instance: "*", difference: -1 },
    ]),
  ).toBe("the ledger does not balance: a (+1), between instances (-1)")
})
