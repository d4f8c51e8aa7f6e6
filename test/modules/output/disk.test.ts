import { describe, expect, test } from "vitest"
import DiskOutput from "../../../modules/output/disk.ts"
import { type Event, Ticket } from "../../../src/index.ts"
import type { Log } from "../../../src/log.ts"
import type { Platform } from "../../../src/platform/platform.ts"
import { contractOf } from "../../../src/spec/contract.ts"
import { Spools } from "../../../src/spool/spools.ts"
import { type ModuleRun, type StartOptions, simulatedPlatform, startModule } from "../../../src/testing/index.ts"

const directory = "/spool"

/** The spools that a run opened, by its platform. */
const opened = new WeakMap<Platform, Spools>()

function shared(platform: Platform, log: Log): ReadonlyMap<string, unknown> {
  const spools = new Spools(platform, log)
  opened.set(platform, spools)
  return new Map([["spools", spools]])
}

function start(args: Record<string, unknown> = {}, options: StartOptions = {}): Promise<ModuleRun<DiskOutput>> {
  return startModule(DiskOutput, { directory, ...args }, { shared, ...options })
}

/** The payloads that lie in the spool, as whoever opens it next reads them. */
async function stored(platform: Platform): Promise<string[]> {
  const spool = await new Spools(platform, silent).open(directory)
  const reader = await spool.openReader()
  const texts: string[] = []
  while (texts.length < spool.waiting) texts.push(...((await reader.next({ max: 100 })) ?? []).map(({ payload }) => payload.toString()))
  await reader.close()
  return texts
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }

/** An event whose end is noted in `ends`. */
function tracked({ module }: ModuleRun<DiskOutput>, data: unknown, ends: string[]): Event {
  const event = module.event(data)
  event.ticket = new Ticket({ ticketSettled: (ticket) => ends.push(`${String(data)} ${ticket.failed === null ? "stored" : "failed"}`) }, 1)
  return event
}

test("an event has ended when it is synced, not before", async () => {
  const run = await start()
  run.platform.disk.setLatency({ minMs: 10, maxMs: 10 })
  const ends: string[] = []
  run.put("inbox", tracked(run, "a", ends), tracked(run, "b", ends))
  // Open, write and the first sync take 10 ms each; the name of the file is synced last.
  await run.platform.advance(35)
  expect([ends, run.platform.disk.count("sync"), run.books.in_flight]).toEqual([[], 1, 2])
  await run.platform.advance(20)
  expect([ends, run.books]).toEqual([["a stored", "b stored"], expect.objectContaining({ in_flight: 0, waiting: 2, delivered: 0 })])
  run.platform.disk.setLatency({ minMs: 0, maxMs: 0 })
  const after = run.platform.restart({ powerCut: true })
  expect(await stored(after)).toEqual(["a", "b"])
})

test("one that was read from this spool and comes back is not written again", async () => {
  const run = await start()
  await run.send("inbox", "first")
  const [spool] = opened.get(run.platform)?.list() ?? []
  if (spool === undefined) throw new Error("no spool is open")
  const ends: string[] = []
  const own = tracked(run, "own", ends)
  own.meta.origin = { spool: spool.id, sequence: 1 }
  const foreign = tracked(run, "foreign", ends)
  foreign.meta.origin = { spool: "0".repeat(36), sequence: 1 }
  await run.send("inbox", own, foreign)
  expect(ends.toSorted()).toEqual(["foreign stored", "own failed"])
  expect(spool.waiting).toBe(2)
})

test("what cannot be written down fails alone", async () => {
  const run = await start()
  await run.send("inbox", "before", { size: 1n }, "after")
  expect([run.sent, run.books.waiting]).toEqual([{ failed: [{ size: 1n }] }, 2])
  expect(run.events["failed"]?.[0]?.errors["module"]?.[2]).toContain("cannot be written as JSON")
  await run.stop()
  expect(await stored(run.platform.restart())).toEqual(["before", "after"])
})

test("keeps what an event is besides its data", async () => {
  const run = await start()
  const event = run.module.event({ deep: [1, { bytes: Buffer.from([1, 2, 255]) }] })
  event.set("tags", ["a"])
  event.set("tmp.seen", 2)
  await run.send("inbox", event)
  await run.stop()
  const [text] = await stored(run.platform.restart())
  expect(text).toContain('"tags":["a"]')
  expect(text).toContain('{"$bytes":"AQL/"}')
})

describe("when the spool is full", () => {
  const limits = { disk_bytes: 4096, segment_bytes: 4096 }
  const long = "x".repeat(1000)

  test("waits by default", async () => {
    const run = await start(limits)
    await run.send("inbox", long, long, long, long, "waits")
    await run.send("inbox", "waits, too")
    await run.platform.advance(60_000)
    expect([run.books.waiting, run.books.in_flight, run.lines]).toEqual([
      5,
      1,
      ["warn: a spool has reached `disk_bytes`, holding what comes"],
    ])
    await run.stop()
    expect(run.sent["failed"]).toEqual(["waits, too"])
  })

  test("fails with kind overflow when it is told to", async () => {
    const run = await start({ ...limits, when_full: "fail" })
    await run.send("inbox", long, long, long, long)
    await run.send("inbox", "fails")
    expect(run.sent["failed"]).toEqual(["fails"])
    expect(run.events["failed"]?.[0]?.meta.history).toMatchObject([{ kind: "overflow", code: "overflow" }])
    await run.stop()
  })
})

describe("when the disk refuses", () => {
  test("holds what comes and goes on by itself", async () => {
    const run = await start()
    run.platform.disk.setCapacity(0)
    await run.send("inbox", "a")
    await run.platform.advance(10_000)
    expect([run.sent, run.books.in_flight]).toEqual([{}, 1])
    run.platform.disk.setCapacity(1e6)
    await run.platform.advance(5000)
    expect([run.sent, run.books.waiting]).toEqual([{}, 1])
    expect(run.books.in_flight).toBe(0)
    await run.stop()
  })

  test("fails what comes when it is told to", async () => {
    const run = await start({ when_full: "fail" })
    run.platform.disk.setCapacity(0)
    await run.send("inbox", "a")
    expect(run.sent).toEqual({ failed: ["a"] })
    await run.stop()
  })
})

test.each([
  ["batch", "durable", 1],
  ["never", "accepted", 0],
  [60, "accepted", 0],
] as const)("with `sync: %s` an event that has ended is %s", async (sync, acknowledges, syncs) => {
  const run = await start({ sync })
  const ends: string[] = []
  await run.send("inbox", tracked(run, "a", ends))
  expect([ends, run.platform.disk.count("sync")]).toEqual([["a stored"], syncs])
  const args = sync === 60 ? 60_000 : sync
  expect(contractOf(DiskOutput.spec, { sync: args, when_full: "wait", directory }).acknowledges).toBe(acknowledges)
  await run.stop()
})

test.each([
  [{ disk_bytes: 100 }, "`disk_bytes`"],
  [{ sync: "sometimes" }, "`sync`"],
  [{ sync: 0 }, "`sync`"],
  [{ segment_bytes: "2 GiB" }, "`segment_bytes`"],
])("refuses %j", async (args, name) => {
  await expect(start(args)).rejects.toThrow(name)
})

test("a directory whose parent does not exist is refused at start", async () => {
  await expect(start({ directory: "/no/where" }, { platform: simulatedPlatform() })).rejects.toMatchObject({
    code: "WB_SPOOL_DIRECTORY_MISSING",
  })
})
