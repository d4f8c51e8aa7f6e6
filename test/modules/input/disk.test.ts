import { describe, expect, test } from "vitest"
import DiskInput from "../../../modules/input/disk.ts"
import type { Event } from "../../../src/index.ts"
import type { Log } from "../../../src/log.ts"
import type { Platform } from "../../../src/platform/platform.ts"
import { Spools } from "../../../src/spool/spools.ts"
import type { SpoolWriter } from "../../../src/spool/writer.ts"
import { type ModuleRun, type SimulatedPlatform, simulatedPlatform, startModule } from "../../../src/testing/index.ts"
import { append, record, records } from "../../unit/spool/setup.ts"

const directory = "/spool"

/** The spools that a run opened, by its platform. */
const opened = new WeakMap<Platform, Spools>()

function shared(platform: Platform, log: Log): ReadonlyMap<string, unknown> {
  const spools = new Spools(platform, log)
  opened.set(platform, spools)
  return new Map([["spools", spools]])
}

function start(platform: SimulatedPlatform, args: Record<string, unknown> = {}): Promise<ModuleRun<DiskInput>> {
  return startModule(DiskInput, { directory, ...args }, { platform, shared })
}

/** The writer of the spool in the same process, as an output of the same graph has it. */
async function writerOf(run: ModuleRun<DiskInput>): Promise<SpoolWriter> {
  const [spool] = opened.get(run.platform)?.list() ?? []
  if (spool === undefined) throw new Error("no spool is open")
  return spool.openWriter({ name: "writer" })
}

/** A platform with a spool that holds these records, left by a process that is gone. */
async function withRecords(count: number): Promise<SimulatedPlatform> {
  const platform = simulatedPlatform()
  const spool = await new Spools(platform, silent).open(directory)
  await append(await spool.openWriter({ name: "writer" }), records(1, count))
  return platform.restart()
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }

const texts = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, index) => `record ${from + index}`)

/** The events that came out of a run whose outbox is blocked: they have not ended, and the test says how they do. */
function taken(run: ModuleRun<DiskInput>): Event[] {
  const queue = run.instance.actor.port("outbox").queue
  const events: Event[] = []
  for (let event = queue?.shift(); event !== undefined; event = queue?.shift()) events.push(event)
  return events
}

function fail(events: readonly Event[]): void {
  for (const event of events) event.ticket?.fail(event.slot, "transient", new Error("refused"))
}

const textsOf = (events: readonly Event[]): unknown[] => events.map((event) => event.data)

test("offers what is in the spool in order, as it was written, and says where it comes from", async () => {
  const run = await start(await withRecords(3))
  await run.settle()
  expect(run.sent).toEqual({ outbox: texts(1, 3) })
  const [first] = run.events["outbox"] ?? []
  expect(first).toMatchObject({ timestamp: 1_700_000_000.00025, uuid: "31000000-0000-0000-0000-000000000000" })
  expect(first?.meta).toMatchObject({ origin: { sequence: 1 }, offers: 1 })
  expect(run.books).toMatchObject({ recovered: 3, waiting: 0 })
  await run.stop()
})

test("follows a writer of the same process", async () => {
  const run = await start(simulatedPlatform())
  const writer = await writerOf(run)
  await append(writer, records(1, 2))
  await run.settle()
  await append(writer, [record(3)])
  await run.settle()
  expect(run.sent).toEqual({ outbox: texts(1, 3) })
})

test("a restart goes on with what had not ended well", async () => {
  const run = await start(await withRecords(5))
  run.block("outbox")
  await run.settle()
  const [first, ...rest] = taken(run)
  expect(textsOf(rest)).toEqual(texts(2, 5))
  first?.ticket?.end(1)
  await run.platform.advance(2000)
  // The five came as one batch, which is answered as a whole.
  const next = await start(run.platform.restart({ powerCut: true }))
  await next.settle()
  expect(next.sent).toEqual({ outbox: texts(1, 5) })
  await next.platform.advance(2000)
  const last = await start(next.platform.restart({ powerCut: true }))
  await last.platform.advance(5000)
  expect([last.sent, last.books.waiting]).toEqual([{}, 0])
})

test("what ended badly stays, and is offered again after a back-off with its offers counted", async () => {
  const run = await start(await withRecords(2))
  run.block("outbox")
  await run.settle()
  fail(taken(run))
  await run.settle()
  expect([run.books.waiting, taken(run)]).toEqual([2, []])
  await run.platform.advance(1500)
  const [again, ...others] = taken(run)
  expect([again?.data, again?.meta.offers, others]).toEqual(["record 1", 2, []])
  again?.ticket?.end(1)
  await run.unblock("outbox")
  await run.platform.advance(60_000)
  expect([run.sent, run.books.waiting]).toEqual([{ outbox: ["record 2"] }, 0])
  await run.stop()
})

test("a record that nobody can decode comes to quarantine in the end, and holds up nobody", async () => {
  const run = await start(simulatedPlatform())
  const writer = await writerOf(run)
  const strange = { ...record("strange"), codec: 99 }
  const broken = { ...record("broken"), codec: 3 }
  await append(writer, [strange, record(1), broken, record(2)])
  await run.settle()
  expect(run.sent).toEqual({ outbox: texts(1, 2) })
  await run.platform.advance(600_000)
  expect(run.sent).toEqual({ outbox: texts(1, 2) })
  expect(run.books.waiting).toBe(0)
  const left = Object.entries(run.platform.disk.snapshot()).filter(([path]) => path.includes("/quarantine/"))
  expect(left.map(([, bytes]) => bytes.toString("latin1")).join(" ")).toMatch(/record strange.*record broken/s)
  run.checkBooks()
})

describe("with `idle_trigger`", () => {
  test("waits until nothing was written for `idle_time`, then begins with one", async () => {
    const run = await start(simulatedPlatform(), { idle_trigger: true, idle_time: 20 })
    const writer = await writerOf(run)
    await append(writer, records(1, 2))
    await run.platform.advance(15_000)
    await append(writer, [record(3)])
    await run.platform.advance(19_900)
    expect(run.sent).toEqual({})
    run.block("outbox")
    await run.platform.advance(200)
    const first = taken(run)
    expect(textsOf(first)).toEqual(texts(1, 1))
    first[0]?.ticket?.end(1)
    await run.unblock("outbox")
    expect(run.sent).toEqual({ outbox: texts(2, 3) })
  })

  test("what comes back closes it for another `idle_time`", async () => {
    const run = await start(await withRecords(2), { idle_trigger: true, idle_time: 20 })
    run.block("outbox")
    await run.platform.advance(21_000)
    const first = taken(run)
    expect(textsOf(first)).toEqual(texts(1, 1))
    fail(first)
    await run.platform.advance(19_000)
    expect(taken(run)).toEqual([])
    await run.platform.advance(2000)
    expect(textsOf(taken(run))).toEqual(["record 1"])
  })
})

test("stopping waits for what is on its way; what is not through stays in the spool", async () => {
  const run = await start(await withRecords(3))
  run.block("outbox")
  await run.settle()
  const late = taken(run)
  late[0]?.ticket?.end(1)
  await run.platform.advance(100)
  expect(run.books).toMatchObject({ recovered: 3, in_flight: 0 })
  const next = await start(run.platform.restart())
  await next.settle()
  await next.stop()
  expect(next.sent).toEqual({ outbox: texts(1, 3) })
  const last = await start(next.platform.restart())
  await last.settle()
  await last.stop()
  expect(last.sent).toEqual({})
})

test("a second reader is refused at start", async () => {
  const platform = simulatedPlatform()
  const run = await start(platform)
  await expect(start(platform)).rejects.toMatchObject({ code: "WB_SPOOL_LOCKED" })
  await run.stop()
})
