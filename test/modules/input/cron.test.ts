import { describe, expect, test } from "vitest"
import Cron from "../../../modules/input/cron.ts"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { type ModuleRun, simulatedPlatform, startModule } from "../../../src/testing/index.ts"

const minuteMs = 60_000
const hourMs = 60 * minuteMs

async function started(startMs: number, args: Record<string, unknown>): Promise<ModuleRun<Cron>> {
  return startModule(
    Cron,
    { payload: "{{ tmp.module.scheduled }}", timezone: "UTC", ...args },
    { platform: simulatedPlatform({ startMs }) },
  )
}

/** The moments that came, as times of UTC. */
function moments(run: ModuleRun<Cron>): string[] {
  return (run.sent["outbox"] ?? []).map((seconds) => new Date(Number(seconds) * 1000).toISOString().slice(0, 19))
}

test("makes an event at each moment, the present one left out", async () => {
  const run = await started(Date.UTC(2026, 4, 1, 10, 0, 0), { cron: "*/10 * * * *" })
  await run.settle()
  expect(moments(run)).toEqual([])
  await run.platform.advance(10 * minuteMs - 1)
  expect(moments(run)).toEqual([])
  await run.platform.advance(1)
  expect(moments(run)).toEqual(["2026-05-01T10:10:00"])
  await run.platform.advance(20 * minuteMs)
  expect(moments(run)).toEqual(["2026-05-01T10:10:00", "2026-05-01T10:20:00", "2026-05-01T10:30:00"])
  await run.stop()
  expect(run.platform.pendingTimers).toBe(0)
})

test("by default every ten minutes, with `wishbone`", async () => {
  const run = await startModule(Cron)
  await run.platform.advance(20 * minuteMs)
  expect(run.sent).toEqual({ outbox: ["wishbone", "wishbone"] })
  await run.stop()
})

test("with six fields seconds come first", async () => {
  const run = await started(Date.UTC(2026, 0, 1), { cron: "*/20 * * * * *" })
  await run.platform.advance(minuteMs)
  expect(moments(run)).toEqual(["2026-01-01T00:00:20", "2026-01-01T00:00:40", "2026-01-01T00:01:00"])
  await run.stop()
})

test("counts in its time zone, over the beginning and the end of summer time", async () => {
  const daily = { cron: "30 2 * * *", timezone: "Europe/Brussels" }
  const spring = await started(Date.UTC(2026, 2, 28, 0), daily)
  await spring.platform.advance(72 * hourMs)
  // On 29 March 2026 half past two does not exist.
  expect(moments(spring)).toEqual(["2026-03-28T01:30:00", "2026-03-29T01:00:00", "2026-03-30T00:30:00"])
  await spring.stop()
  const autumn = await started(Date.UTC(2026, 9, 24, 12), daily)
  await autumn.platform.advance(48 * hourMs)
  // On 25 October 2026 it exists twice.
  expect(moments(autumn)).toEqual(["2026-10-25T00:30:00", "2026-10-26T01:30:00"])
  await autumn.stop()
})

test("a moment that comes every four years", async () => {
  const run = await started(Date.UTC(2028, 1, 27), { cron: "0 0 29 2 *" })
  await run.platform.advance(4 * 24 * hourMs)
  expect(moments(run)).toEqual(["2028-02-29T00:00:00"])
  await run.stop()
})

describe("when the clock is set", () => {
  test("forward, as a machine that slept: what was missed makes one event", async () => {
    const run = await started(Date.UTC(2026, 0, 1, 10, 0, 30), { cron: "*/10 * * * *" })
    run.platform.jumpWallClock(3 * hourMs)
    await run.platform.advance(minuteMs)
    expect(moments(run)).toEqual(["2026-01-01T10:10:00"])
    expect(run.lines).toEqual(["warn: moments from 2026-01-01T10:10:00.000Z on were missed; one event stands for them all"])
    await run.platform.advance(10 * minuteMs)
    expect(moments(run)).toEqual(["2026-01-01T10:10:00", "2026-01-01T13:10:00"])
    await run.stop()
  })

  test("back by seconds: no moment comes twice", async () => {
    const run = await started(Date.UTC(2026, 0, 1, 10, 9, 59), { cron: "*/10 * * * *" })
    await run.platform.advance(1000)
    run.platform.jumpWallClock(-30_000)
    await run.platform.advance(minuteMs)
    expect(moments(run)).toEqual(["2026-01-01T10:10:00"])
    await run.platform.advance(10 * minuteMs)
    expect(moments(run)).toEqual(["2026-01-01T10:10:00", "2026-01-01T10:20:00"])
    await run.stop()
  })

  test("back by hours: moments count from the new time", async () => {
    const run = await started(Date.UTC(2026, 0, 1, 10, 9, 0), { cron: "*/10 * * * *" })
    await run.platform.advance(2 * minuteMs)
    run.platform.jumpWallClock(-2 * hourMs)
    await run.platform.advance(10 * minuteMs)
    expect(moments(run)).toEqual(["2026-01-01T10:10:00", "2026-01-01T08:20:00"])
    expect(run.lines.join()).toContain("the clock was set back by 7200 s")
    await run.stop()
  })
})

test("while the queue is full moments are missed, and make one event afterwards", async () => {
  const run = await startModule(Cron, { cron: "* * * * *" }, { queues: { outbox: { size: 1 } } })
  run.block("outbox")
  await run.platform.advance(30 * minuteMs)
  await run.unblock("outbox")
  const after = run.sent["outbox"]?.length ?? 0
  expect(after).toBeLessThanOrEqual(3)
  await run.platform.advance(2 * minuteMs)
  expect(run.sent["outbox"]).toHaveLength(after + 2)
  await run.stop()
})

test.each([
  ["0 0 31 2 *", "`0 0 31 2 *` names a moment that never comes"],
  ["60 * * * *", "`60 * * * *` is no cron expression: Invalid value for minute: 60"],
  ["* * * *", "expected five fields"],
  ["* * * * * * *", "expected five fields"],
  ["2030-01-01T00:00:00", "expected five fields"],
  ["every day", "expected five fields"],
  ["@never", "is no cron expression"],
])("refuses `%s` when the file is checked", (cron, problem) => {
  const { problems } = checkArguments(Cron.spec, { cron })
  expect(problems).toHaveLength(1)
  expect(problems[0]?.message).toContain(problem)
})

test("refuses a time zone that does not exist, and a payload that cannot be made", async () => {
  const [problem] = checkArguments(Cron.spec, { timezone: "Mars/Olympus" }).problems
  expect(problem?.message).toContain("expected the name of a time zone, such as `Europe/Brussels` or `UTC`")
  await expect(startModule(Cron, { payload: "{{ data.nothing }}" })).rejects.toThrow("`data.nothing` is missing")
})
