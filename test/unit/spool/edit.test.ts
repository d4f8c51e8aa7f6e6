import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Books, Ledger } from "../../../src/ledger.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { describeSpool } from "../../../src/spool/describe.ts"
import { type EditResult, type Selection, SpoolEditor } from "../../../src/spool/edit.ts"
import { viewFromOutside, walk } from "../../../src/spool/inspect.ts"
import { listQuarantined } from "../../../src/spool/quarantined.ts"
import { SequenceRanges } from "../../../src/spool/ranges.ts"
import { decodeRemoved, encodeRemoved, removedRangesMax, writeRemoved } from "../../../src/spool/removed.ts"
import { listEvents } from "../../../src/spool/shown.ts"
import type { Spool } from "../../../src/spool/spool.ts"
import { Spools } from "../../../src/spool/spools.ts"
import { append, drain, openBoth, openReader, openWriter, RecordingLog, record, records, segmentNames, take, text } from "./setup.ts"

/** A spool with records 1 to `count`, and nobody who uses it. */
async function filled(platform: SimulatedPlatform, count: number, directory = "/spool"): Promise<void> {
  const { writer, close } = await openWriter(platform, directory, { segmentBytes: 4096 })
  await append(writer, records(1, count, 100))
  await close()
}

/** Does something to the spool as a command does that finds it unused. */
async function edited(platform: SimulatedPlatform, work: (editor: SpoolEditor, spool: Spool) => Promise<EditResult>): Promise<EditResult> {
  const spools = new Spools(platform, new RecordingLog())
  const spool = await spools.open("/spool")
  const reader = await spool.openReader()
  try {
    return await work(new SpoolEditor({ platform, spools, spool }), spool)
  } finally {
    await reader.close()
    await spool.close()
  }
}

async function purge(platform: SimulatedPlatform, selection: Selection): Promise<EditResult> {
  return edited(platform, async (editor) => editor.purge(await editor.select(selection)))
}

async function move(platform: SimulatedPlatform, selection: Selection, to: string): Promise<EditResult> {
  return edited(platform, async (editor) => editor.move(await editor.select(selection), to))
}

/** What waits, as somebody sees it who only looks. */
async function seen(platform: SimulatedPlatform, directory = "/spool"): Promise<string[]> {
  const found: string[] = []
  for await (const one of walk(await viewFromOutside(platform, directory))) found.push(text(one))
  return found
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index))
}

/** Has record 1 come back until it is set aside; the next ones stay. */
async function quarantineFirst(platform: SimulatedPlatform): Promise<void> {
  const { reader, close } = await openReader(platform, "/spool")
  for (let round = 0; round < 10; round++) {
    const [first] = (await platform.complete(reader.next({ max: 1 }))) ?? []
    if (first !== undefined) reader.giveBack(first.sequence, { kind: "error" })
    if (first?.sequence !== 1) throw new Error(`expected the first record, found ${first?.sequence}`)
    await platform.advance(60_000)
  }
  await platform.complete(close())
}

describe("purge", () => {
  test("a middle range goes, the rest keeps its order, and the next start knows", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 100))
    const result = await platform.complete(purge(platform, { sequences: [[20, 61]] }))
    expect(result).toEqual({ done: 41, inFlight: 0, skipped: 0 })
    expect(await platform.complete(seen(platform))).toEqual([...numbers(1, 19), ...numbers(61, 100)])
    expect(await platform.complete(describeSpool(platform, "/spool"))).toMatchObject({ waiting: 59 })

    const again = platform.restart({ powerCut: true })
    const { spool, reader, log } = await again.complete(openBoth(again, "/spool"))
    expect(spool.waiting).toBe(59)
    expect(await again.complete(drain(reader, 59))).toEqual([...numbers(1, 19), ...numbers(61, 100)])
    expect(spool.waiting).toBe(0)
    expect(spool.counts).toMatchObject({ damaged: 0, missing: 0 })
    expect([...log.warnings, ...log.errors]).toEqual([])
  })

  test("new records follow on, and nothing is left of the removal when all is delivered", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 10))
    await platform.complete(purge(platform, { sequences: [[8, 11]] }))
    const { spool, writer, reader, close } = await platform.complete(openBoth(platform, "/spool"))
    expect(await platform.complete(append(writer, [record("new")]))).toBe(11)
    expect(await platform.complete(drain(reader, 8))).toEqual([...numbers(1, 7), "new"])
    await platform.complete(close())
    expect(spool.waiting).toBe(0)
    expect(await segmentNames(platform, "/spool")).toEqual([])
    expect(Object.keys(platform.disk.snapshot()).filter((path) => path.includes("removed"))).toEqual([])
  })

  test("everything goes, files too", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 100))
    expect(await platform.complete(purge(platform, {}))).toMatchObject({ done: 100 })
    expect(await segmentNames(platform, "/spool")).toEqual([])
  })

  test("one is found by its uuid", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 5))
    const lines: string[] = []
    const parts = { platform, view: await platform.complete(viewFromOutside(platform, "/spool")), directory: "/spool" }
    await platform.complete(listEvents(parts, { sequences: [[3, 4]] }, async ({ uuid }) => void lines.push(uuid ?? "")))
    expect(await platform.complete(purge(platform, { uuid: lines[0] }))).toMatchObject({ done: 1 })
    expect(await platform.complete(seen(platform))).toEqual(["1", "2", "4", "5"])
  })

  test("twice removes once", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 5))
    await platform.complete(purge(platform, { sequences: [[2, 4]] }))
    expect(await platform.complete(purge(platform, { sequences: [[1, 5]] }))).toMatchObject({ done: 2 })
    expect(await platform.complete(seen(platform))).toEqual(["5"])
  })

  test("sequences of removed records are not given to others, even when their segments are gone", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 100))
    await platform.complete(purge(platform, { sequences: [[50, 101]] }))
    for (const name of await platform.complete(platform.files.list("/spool"))) {
      if (name.endsWith(".ready") && !name.includes("out.1.")) await platform.complete(platform.files.unlink(`/spool/${name}`))
    }
    const { writer } = await platform.complete(openBoth(platform, "/spool"))
    expect(await platform.complete(append(writer, [record("new")]))).toBe(101)
  })

  test("a file that cannot be read brings records back instead of losing any", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 5))
    await platform.complete(purge(platform, { sequences: [[2, 4]] }))
    platform.disk.damage("/spool/removed", 20, Buffer.from("x"))
    const { spool, log } = await platform.complete(openReader(platform, "/spool"))
    expect(spool.waiting).toBe(5)
    expect(log.warnings).toEqual(["what was removed by hand cannot be read; it may be offered again"])
  })

  test("when the disk refuses nothing goes", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 5))
    platform.disk.fail({ operation: "rename", path: "/spool/removed.new", code: "EROFS" })
    await expect(platform.complete(purge(platform, { sequences: [[2, 4]] }))).rejects.toMatchObject({ code: "EROFS" })
    expect(await platform.complete(seen(platform))).toEqual(numbers(1, 5))
  })
})

describe("on a spool that is read meanwhile", () => {
  test("what is in flight stays, what waits goes, also what came back", async () => {
    const platform = simulatedPlatform()
    const { spool, writer, reader } = await platform.complete(openBoth(platform, "/spool"))
    await platform.complete(append(writer, records(1, 10)))
    expect(await platform.complete(take(reader, 4))).toEqual(numbers(1, 4))
    reader.giveBack(2, { kind: "transient" })
    const editor = new SpoolEditor({ platform, spools: new Spools(platform, new RecordingLog()), spool })
    const selected = await platform.complete(editor.select({ sequences: [[1, 8]] }))
    expect([selected.waiting.list, selected.inFlight]).toEqual([
      [
        [2, 3],
        [5, 8],
      ],
      3,
    ])
    expect(await platform.complete(editor.purge(selected))).toEqual({ done: 4, inFlight: 3, skipped: 0 })
    expect(spool.waiting).toBe(6)
    for (const sequence of [1, 3, 4]) reader.settle(sequence)
    expect(await platform.complete(drain(reader, 3))).toEqual(["8", "9", "10"])
    expect(spool.waiting).toBe(0)
    // The one that had come back does not show up when its time has come.
    const late = reader.next({ max: 10 })
    await platform.advance(120_000)
    await platform.complete(append(writer, [record("last")]))
    expect((await platform.complete(late))?.map(text)).toEqual(["last"])
  })

  test("what is asked for twice between look and deed is decided at the deed", async () => {
    const platform = simulatedPlatform()
    const { spool, writer, reader } = await platform.complete(openBoth(platform, "/spool"))
    await platform.complete(append(writer, records(1, 4)))
    const editor = new SpoolEditor({ platform, spools: new Spools(platform, new RecordingLog()), spool })
    const selected = await platform.complete(editor.select({}))
    await platform.complete(take(reader, 3))
    expect(await platform.complete(editor.purge(selected))).toEqual({ done: 1, inFlight: 3, skipped: 0 })
  })

  test("replay ends the back-off, and opens the idle trigger", async () => {
    const platform = simulatedPlatform()
    const both = openBoth(platform, "/spool", { reader: { idleTrigger: true, idleTimeMs: 3_600_000 } })
    const { spool, writer, reader } = await platform.complete(both)
    await platform.complete(append(writer, records(1, 2)))
    const editor = new SpoolEditor({ platform, spools: new Spools(platform, new RecordingLog()), spool })
    const next = reader.next({ max: 10 })
    await platform.advance(1000)
    await platform.complete(editor.replay(await platform.complete(editor.select({}))))
    expect((await platform.complete(next, { limitMs: 100 }))?.map(text)).toEqual(["1"])
    reader.giveBack(1, { kind: "error" })
    const again = reader.next({ max: 10 })
    await platform.complete(editor.replay(await platform.complete(editor.select({}))))
    expect((await platform.complete(again, { limitMs: 100 }))?.map(text)).toEqual(["1"])
  })
})

describe("in the books of a graph", () => {
  const nothing = { counts: () => ({ received: 0, fromOutside: 0, forwarded: 0, queued: 0 }) }

  /** A spool of ten records that an instance writes, its books and those of an instance that will read. */
  async function booked(platform: SimulatedPlatform) {
    const spools = new Spools(platform, new RecordingLog())
    const spool = await spools.open("/spool")
    const writer = await spool.openWriter({ name: "keep" })
    const [written, read] = [new Books(false, nothing), new Books(false, nothing)]
    const ledger = new Ledger()
    ledger.open("keep", written)
    ledger.open("back", read)
    spool.account.attachWriter(written)
    const fill = async (): Promise<void> => {
      written.in += 10
      await append(writer, records(1, 10))
      spool.account.appended(10)
    }
    const editor = new SpoolEditor({ platform, spools, spool })
    const remove = async (...range: [number, number]): Promise<EditResult> => editor.purge(await editor.select({ sequences: [range] }))
    return { spools, spool, written, read, ledger, editor, fill, remove }
  }

  test("where nobody reads, the reader's role is taken for the moment", async () => {
    const platform = simulatedPlatform()
    const { spool, written, ledger, fill, remove } = await platform.complete(booked(platform))
    await platform.complete(fill())
    expect(await platform.complete(remove(9, 11))).toMatchObject({ done: 2 })
    expect([spool.waiting, spool.reader]).toEqual([8, undefined])
    expect([written.balance().waiting, written.filtered, ledger.imbalances()]).toEqual([8, 2, []])
    await platform.advance(30_000)
    expect([spool.waiting, written.balance().waiting, ledger.imbalances()]).toEqual([8, 8, []])
  })

  test("what is taken out counts as filtered, what is put in as recovered, and they balance throughout", async () => {
    const platform = simulatedPlatform()
    const { spools, spool, read, ledger, editor, fill, remove } = await platform.complete(booked(platform))
    const reader = await platform.complete(spool.openReader())
    spool.account.attachReader(read)
    await platform.complete(fill())
    expect(await platform.complete(take(reader, 1))).toEqual(["1"])
    spool.account.offered(1)
    read.inHands += 1
    expect(await platform.complete(remove(1, 4))).toEqual({ done: 2, inFlight: 1, skipped: 0 })
    expect([read.balance().waiting, ledger.imbalances()]).toEqual([7, []])

    const move = async (): Promise<EditResult> => editor.move(await editor.select({ sequences: [[4, 6]] }), "/other")
    expect(await platform.complete(move())).toMatchObject({ done: 2 })
    const back = new SpoolEditor({ platform, spools, spool: await platform.complete(spools.open("/other")) })
    const bring = async (): Promise<EditResult> => back.move(await back.select({}), "/spool")
    expect(await platform.complete(bring())).toMatchObject({ done: 2 })
    expect([spool.waiting, read.balance().waiting, ledger.imbalances()]).toEqual([8, 7, []])
    reader.settle(1)
    spool.account.settled()
    read.inHands -= 1
    read.delivered += 1
    const rest = [...(await platform.complete(take(reader))), ...(await platform.complete(take(reader)))]
    expect([rest, ledger.imbalances()]).toEqual([["6", "7", "8", "9", "10", "4", "5"], []])
  })
})

describe("move", () => {
  test("puts records behind those of the other spool, in order", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 100))
    await platform.complete(filled(platform, 2, "/other"))
    expect(await platform.complete(move(platform, { sequences: [[10, 60]] }, "/other"))).toEqual({ done: 50, inFlight: 0, skipped: 0 })
    expect(await platform.complete(seen(platform))).toEqual([...numbers(1, 9), ...numbers(60, 100)])
    expect(await platform.complete(seen(platform, "/other"))).toEqual(["1", "2", ...numbers(10, 59)])
  })

  test("onto itself is refused", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 3))
    await expect(platform.complete(move(platform, {}, "/spool"))).rejects.toMatchObject({ code: "WB_SPOOL_SAME" })
  })

  test("to a spool that somebody else writes is refused, and nothing is gone", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 3))
    await platform.complete(openWriter(platform, "/other"))
    await expect(platform.complete(move(platform, {}, "/other"))).rejects.toMatchObject({ code: "WB_SPOOL_LOCKED" })
    expect(await platform.complete(seen(platform))).toEqual(numbers(1, 3))
  })

  test("when the other disk is full nothing is gone", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 3))
    platform.disk.fail({ operation: "write", path: "/other", code: "ENOSPC", times: 10 })
    await expect(platform.complete(move(platform, {}, "/other"))).rejects.toMatchObject({ code: "WB_SPOOL_WRITE_FAILED" })
    expect(await platform.complete(seen(platform))).toEqual(numbers(1, 3))
  })
})

describe("quarantine", () => {
  test("a record is put back at the end, and is in quarantine no more", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 3))
    await quarantineFirst(platform)
    expect(await platform.complete(listQuarantined(platform, "/spool"))).toMatchObject([{ kind: "record", sequence: 1 }])
    const replay = edited(platform, async (editor) => editor.replay(await editor.select({ quarantined: true })))
    expect(await platform.complete(replay)).toEqual({ done: 1, inFlight: 0, skipped: 0 })
    expect(await platform.complete(listQuarantined(platform, "/spool"))).toEqual([])
    expect(await platform.complete(seen(platform))).toEqual(["2", "3", "1"])
  })

  test("what is no record stays with replay, and goes with purge; what is none of ours stays always", async () => {
    const platform = simulatedPlatform()
    await platform.complete(filled(platform, 3))
    const [segment = ""] = (await platform.complete(platform.files.list("/spool"))).filter((name) => name.endsWith(".ready"))
    platform.disk.put(`/spool/quarantine/${segment}.64.damaged`, "bytes")
    platform.disk.put(`/spool/quarantine/${segment}.1.returned`, "not a record")
    platform.disk.put("/spool/quarantine/notes.txt", "mine")
    const replay = edited(platform, async (editor) => editor.replay(await editor.select({ quarantined: true })))
    expect(await platform.complete(replay)).toEqual({ done: 0, inFlight: 0, skipped: 3 })
    expect(await platform.complete(purge(platform, { quarantined: true }))).toEqual({ done: 2, inFlight: 0, skipped: 1 })
    expect(await platform.complete(listQuarantined(platform, "/spool"))).toMatchObject([{ name: "notes.txt", kind: "other" }])
  })
})

test("a list is cut at its limit, says so, and keeps no more than a chunk", async () => {
  const platform = simulatedPlatform()
  await platform.complete(filled(platform, 30))
  const parts = { platform, view: await platform.complete(viewFromOutside(platform, "/spool")), directory: "/spool" }
  const found: (number | undefined)[] = []
  const list = (query: object) => platform.complete(listEvents(parts, query, async ({ sequence }) => void found.push(sequence)))
  expect(await list({ limit: 3 })).toBe(true)
  expect(found).toEqual([1, 2, 3])
  expect(await list({ limit: 0, sequences: [[29, 100]] })).toBe(false)
  expect(found.slice(3)).toEqual([29, 30])
})

test("killed at any moment, a move loses nothing and a purge takes nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.boolean(), fc.nat(120), fc.nat(40), fc.nat(40), async (seed, powerCut, killMs, first, length) => {
      const platform = simulatedPlatform({ seed })
      await platform.complete(filled(platform, 60))
      platform.disk.setLatency({ minMs: 0, maxMs: 6 })
      const selection = { sequences: [[first, first + length] as const] }
      const isMove = seed % 2 === 0
      void (isMove ? move(platform, selection, "/other") : purge(platform, selection)).catch(() => undefined)
      await platform.advance(killMs)
      const again = platform.restart({ powerCut })
      again.disk.setLatency({ minMs: 0, maxMs: 0 })
      const { spool, reader, log } = await again.complete(openBoth(again, "/spool"))
      const left = await again.complete(drain(reader, spool.waiting))
      const there = (await again.complete(again.files.stat("/other"))) === undefined ? [] : await again.complete(seen(again, "/other"))
      const chosen = new Set(numbers(first, first + length - 1))
      const kept = numbers(1, 60).filter((one) => !chosen.has(one))
      expect(left.filter((one) => !chosen.has(one))).toEqual(kept)
      expect(left).toEqual([...left].sort((a, b) => Number(a) - Number(b)))
      const expected = isMove ? numbers(1, 60) : left
      expect(new Set([...left, ...there])).toEqual(new Set(expected))
      expect(log.errors).toEqual([])
      expect(spool.counts).toMatchObject({ damaged: 0, missing: 0 })
    }),
    { numRuns: 60 },
  )
})

/** Moves everything to a spool that a graph writes with `sync`; loses power after `killMs`. Answers what is in either. */
async function moveAndLosePower(sync: "never" | number, killMs: number): Promise<string[]> {
  const platform = simulatedPlatform({ seed: killMs })
  await platform.complete(filled(platform, 60))
  const spools = new Spools(platform, new RecordingLog())
  const [spool, other] = await platform.complete(Promise.all([spools.open("/spool"), spools.open("/other")]))
  await platform.complete(spool.openReader())
  const writer = await platform.complete(other.openWriter({ name: "out", sync }))
  await platform.complete(append(writer, [record("before")]))
  const editor = new SpoolEditor({ platform, spools, spool })
  platform.disk.setLatency({ minMs: 0, maxMs: 6 })
  void editor.select({}).then(
    (all) => editor.move(all, "/other"),
    () => undefined,
  )
  await platform.advance(killMs)
  const again = platform.restart({ powerCut: true })
  again.disk.setLatency({ minMs: 0, maxMs: 0 })
  return again.complete(Promise.all([seen(again), seen(again, "/other")])).then((both) => both.flat())
}

test.each(["never", 60_000] as const)("a power cut during a move to a spool that syncs late (%s) loses nothing of it", async (sync) => {
  for (let killMs = 0; killMs < 120; killMs += 2) {
    const left = new Set(await moveAndLosePower(sync, killMs))
    expect(numbers(1, 60).filter((one) => !left.has(one))).toEqual([])
  }
})

test("the file of removals is what it was in the first release", () => {
  const uuid = Buffer.from("00112233445566778899aabbccddeeff", "hex")
  const bytes = Buffer.from(
    "f757440100000000" + "00112233445566778899aabbccddeeff" + "0000000000000001" + "0000000000000005" + "000000000000000a" + "00000000",
    "hex",
  )
  const encoded = encodeRemoved(uuid, new SequenceRanges([[5, 10]]))
  expect(encoded.subarray(0, -4)).toEqual(bytes.subarray(0, -4))
  expect(decodeRemoved(encoded)).toMatchObject({ status: "good", ranges: { list: [[5, 10]] } })
  expect(decodeRemoved(bytes).status).toBe("damaged")
  for (const length of [0, 3, 35, 51]) expect(decodeRemoved(encoded.subarray(0, length)).status).toBe("damaged")
})

test("more stretches than the file may hold are refused", async () => {
  const platform = simulatedPlatform()
  const ranges = new SequenceRanges(Array.from({ length: removedRangesMax + 1 }, (_, index) => [2 * index, 2 * index + 1] as const))
  const writing = writeRemoved(platform.files, "/tmp", { uuid: Buffer.alloc(16), ranges })
  await expect(platform.complete(writing)).rejects.toMatchObject({ code: "WB_SPOOL_REMOVED_RANGES" })
})
