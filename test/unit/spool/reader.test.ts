import { describe, expect, test } from "vitest"
import type { FailureKind } from "../../../src/errors.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import type { SpoolReader } from "../../../src/spool/reader.ts"
import { append, drain, openBoth, openReader, openWriter, record, records, segmentNames, take, text } from "./setup.ts"

/** Whatever the reader offers until `ms` have passed, answered by `answer`. */
async function watch(
  platform: ReturnType<typeof simulatedPlatform>,
  reader: SpoolReader,
  options: { ms: number; max?: number; answer: (sequence: number) => FailureKind | undefined },
): Promise<{ text: string; atMs: number }[]> {
  const offered: { text: string; atMs: number }[] = []
  const start = platform.clock.monotonic()
  const stop = new AbortController()
  const loop = async (): Promise<void> => {
    for (;;) {
      const batch = await reader.next({ max: options.max ?? 1000, signal: stop.signal })
      if (batch === undefined) return
      for (const found of batch) {
        offered.push({ text: text(found), atMs: platform.clock.monotonic() - start })
        const kind = options.answer(found.sequence)
        if (kind === undefined) reader.settle(found.sequence)
        else reader.giveBack(found.sequence, { kind })
      }
    }
  }
  const running = loop()
  await platform.advance(options.ms)
  stop.abort()
  await running
  return offered
}

describe("offering", () => {
  test("records come in order, with sequence, uuid, time and codec", async () => {
    const { writer, reader } = await openBoth(simulatedPlatform(), "/spool")
    await append(writer, records(1, 2))
    const [first, second] = (await reader.next({ max: 10 })) ?? []
    expect(first).toMatchObject({ sequence: 1, timestampMs: 1_700_000_000_000.25, codec: 1, returns: 0 })
    expect([second?.sequence, second?.uuid.equals(record(2).uuid)]).toEqual([2, true])
  })

  test("waits for records, and follows the writer up to the last synced one", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool")
    const waiting = reader.next({ max: 10 })
    await platform.settle()
    platform.disk.setLatency({ minMs: 4, maxMs: 4 })
    let confirmed = false
    writer.append([record(1)], () => {
      confirmed = true
    })
    let offered = false
    void waiting.then(() => {
      offered = true
    })
    await platform.runUntil(() => confirmed || offered)
    expect(confirmed).toBe(true)
    expect((await platform.complete(waiting))?.map(text)).toEqual(["1"])
  })

  test("gives no more than asked for, and no more than may be in flight", async () => {
    const { writer, reader } = await openBoth(simulatedPlatform(), "/spool", { reader: { inflight: { records: 5 } } })
    await append(writer, records(1, 20))
    expect(await take(reader, 3)).toEqual(["1", "2", "3"])
    expect(await take(reader, 3)).toEqual(["4", "5"])
    const next = take(reader, 10)
    reader.settle(2)
    expect(await next).toEqual(["6"])
    expect(reader.inFlight).toBe(5)
  })

  test("bounds the bytes in flight as well, but offers one record however large", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool", { reader: { inflight: { bytes: 1000 } } })
    await append(writer, [record(1, 5000), ...records(2, 5, 600)])
    expect(await take(reader)).toEqual(["1"])
    const next = take(reader)
    await platform.settle()
    reader.settle(1)
    expect(await next).toEqual(["2", "3"])
  })

  test("ends when the signal is aborted, and nothing is lost by that", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool")
    const stop = new AbortController()
    const waiting = reader.next({ max: 1, signal: stop.signal })
    await platform.settle()
    stop.abort()
    expect(await waiting).toBeUndefined()
    expect(await reader.next({ max: 1, signal: stop.signal })).toBeUndefined()
    await append(writer, [record(1)])
    expect(await take(reader)).toEqual(["1"])
  })

  test("closing ends a waiting call, and later answers are ignored", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, spool } = await openBoth(platform, "/spool")
    await append(writer, records(1, 3))
    await take(reader, 1)
    await take(reader)
    const waiting = reader.next({ max: 1 })
    await platform.settle()
    await reader.close()
    expect(await waiting).toBeUndefined()
    reader.settle(1)
    reader.giveBack(2, { kind: "error" })
    expect(spool.waiting).toBe(3)
  })

  test("goes through many segments without skipping or repeating", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, spool } = await openBoth(platform, "/spool", { writer: { segmentBytes: 3000 } })
    for (let n = 0; n < 50; n++) await append(writer, records(n * 10 + 1, n * 10 + 10, 100))
    expect(await drain(reader, 500)).toEqual(records(1, 500).map((one) => text(one)))
    await platform.settle()
    expect([spool.waiting, await segmentNames(platform, "/spool")]).toEqual([0, []])
  })
})

describe("settling", () => {
  test("a segment goes when all of it is settled and the position is on disk, not before", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, spool } = await openBoth(platform, "/spool", { writer: { segmentBytes: 1000 } })
    for (let n = 1; n <= 3; n++) await append(writer, records(n * 10, n * 10 + 4, 150))
    for (let n = 0; n < 3; n++) await take(reader)
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.ready", "out.2.ready", "out.3.writing"])
    reader.settleRange(6, 5)
    await platform.settle()
    expect(await segmentNames(platform, "/spool")).toHaveLength(3)
    expect(spool.waiting).toBe(10)
    platform.disk.setLatency({ minMs: 1, maxMs: 1 })
    reader.settleRange(1, 4)
    reader.settle(5)
    await platform.runUntil(() => Object.keys(platform.disk.snapshot()).filter((path) => path.includes(".ready")).length < 2)
    const durable = platform.disk.snapshot({ durable: true })
    expect(durable["/spool/position"]?.length).toBe(8192)
    await platform.advance(100)
    expect(await platform.complete(segmentNames(platform, "/spool"))).toEqual(["out.3.writing"])
  })

  test("answers for what is not in flight are ignored", async () => {
    const { writer, reader, spool } = await openBoth(simulatedPlatform(), "/spool")
    await append(writer, records(1, 3))
    reader.settle(1)
    reader.giveBack(2, { kind: "error" })
    await take(reader, 2)
    reader.settle(1)
    reader.settle(1)
    reader.giveBack(1, { kind: "error" })
    reader.settle(99)
    reader.settle(-1)
    expect([spool.waiting, reader.inFlight]).toEqual([2, 1])
  })

  test("a restart goes on at the lowest record that was not settled", async () => {
    const platform = simulatedPlatform()
    const first = await openBoth(platform, "/spool")
    await append(first.writer, records(1, 10))
    await take(first.reader)
    first.reader.settleRange(1, 4)
    first.reader.settle(7)
    await first.close()
    const second = await openBoth(platform, "/spool")
    expect([second.spool.id, second.spool.recovered, second.spool.waiting]).toEqual([first.spool.id, 6, 6])
    expect(await take(second.reader)).toEqual(["5", "6", "7", "8", "9", "10"])
    expect(await append(second.writer, [record(11)])).toBe(11)
    expect(await take(second.reader)).toEqual(["11"])
  })

  test("after a kill no more than a second of answers is forgotten", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool")
    await append(writer, records(1, 10))
    await take(reader)
    reader.settleRange(1, 4)
    await platform.advance(1100)
    reader.settle(5)
    const { reader: again } = await openBoth(platform.restart(), "/spool")
    expect(await take(again)).toEqual(["5", "6", "7", "8", "9", "10"])
  })

  test("what is settled goes although the disk is full, and makes room", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, spool } = await openBoth(platform, "/spool", { writer: { segmentBytes: 2000 } })
    for (let n = 0; n < 5; n++) await append(writer, [record(n, 1500)])
    const used = Object.values(platform.disk.snapshot()).reduce((sum, { length }) => sum + length, 0)
    platform.disk.setCapacity(used)
    const held = append(writer, [record("held", 1500)])
    await platform.advance(10_000)
    expect([writer.isHolding, spool.waiting]).toEqual([true, 5])
    expect(await drain(reader, 5)).toHaveLength(5)
    await platform.advance(10_000)
    expect(await held).toBe(6)
    expect(await segmentNames(platform, "/spool")).toHaveLength(1)
  })

  test("what is settled goes later when the disk refuses at first", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, log } = await openBoth(platform, "/spool")
    await append(writer, [record(1)])
    await take(reader)
    platform.disk.fail({ operation: "unlink", code: "EIO", times: 2 })
    platform.disk.fail({ operation: "sync", path: "/spool/position", code: "EIO", times: 2 })
    reader.settle(1)
    await platform.advance(10_000)
    expect(await segmentNames(platform, "/spool")).toEqual([])
    expect(log.warnings).toHaveLength(1)
  })
})

describe("coming back", () => {
  test("a record is offered again after 1 s, doubling, at most 1 min, and says how often it came back", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool")
    await append(writer, [record(1)])
    const offered = await watch(platform, reader, { ms: 250_000, answer: () => "transient" })
    expect(offered.map(({ atMs }) => atMs)).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000, 183_000, 243_000])
  })

  test("nothing is written, however often records come back", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool")
    await append(writer, records(1, 100))
    await platform.advance(20_000)
    const before = platform.disk.count("write")
    await watch(platform, reader, { ms: 600_000, answer: () => "transient" })
    expect(platform.disk.count("write")).toBe(before)
  })

  test("an outage is tried with one record, and afterwards all come in order", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool")
    await append(writer, records(1, 5000, 100))
    let down = true
    const during = await watch(platform, reader, { ms: 600_000, answer: () => (down ? "transient" : undefined) })
    expect(during.length).toBeLessThan(5100)
    down = false
    const after = await watch(platform, reader, { ms: 120_000, answer: () => undefined })
    expect(after.map((one) => one.text)).toEqual(records(1, 5000).map((one) => text(one)))
  })

  test("a record that came back goes before those that were not offered yet", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool")
    await append(writer, records(1, 10))
    await take(reader, 4)
    reader.settleRange(1, 2)
    reader.giveBack(4, { kind: "transient" })
    reader.giveBack(3, { kind: "transient" })
    const next = take(reader, 3)
    await platform.advance(999)
    expect(reader.inFlight).toBe(0)
    await platform.advance(1)
    expect(await next).toEqual(["3"])
    reader.settle(3)
    expect(await take(reader, 3)).toEqual(["4", "5"])
  })

  test("one destination that is down does not hold up records for another", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool")
    await append(writer, records(1, 1000))
    // As in a graph, some records are always on their way.
    const onTheirWay: number[] = []
    let offered = 0
    while (offered < 1000) {
      const batch = (await reader.next({ max: 100 })) ?? []
      offered += batch.length
      onTheirWay.push(...batch.map(({ sequence }) => sequence))
      for (const sequence of onTheirWay.splice(0, onTheirWay.length - 50)) {
        if (sequence % 2 === 0) reader.giveBack(sequence, { kind: "transient" })
        else reader.settle(sequence)
      }
      const last = onTheirWay.shift()
      if (last !== undefined) reader.settle(last)
    }
    expect([platform.clock.monotonic(), offered]).toEqual([0, 1000])
  })

  test("a record that came back ten times by its own fault is set aside, and never blocks the others", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, spool, log } = await openBoth(platform, "/spool")
    await append(writer, records(1, 20))
    const offered = await watch(platform, reader, { ms: 1_000_000, answer: (n) => (n === 7 ? "error" : undefined) })
    expect(offered.slice(0, 20).map(({ atMs }) => atMs)).toEqual(Array.from({ length: 20 }, () => 0))
    expect(offered.filter((one) => one.text === "7")).toHaveLength(10)
    expect([spool.counts.quarantined, spool.waiting, log.errors]).toEqual([
      1,
      0,
      ["a record came back too often and was moved to quarantine"],
    ])
    const [kept] = await platform.files.list("/spool/quarantine")
    expect(kept).toMatch(/^out\.1\..*\.7\.returned$/)
    expect((await platform.files.readFile(`/spool/quarantine/${kept}`)).toString()).toContain("record 7")
  })

  test("a record that cannot be set aside stays, and is offered again", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, spool } = await openBoth(platform, "/spool")
    await append(writer, [record(1)])
    platform.disk.fail({ operation: "makeDirectory", code: "ENOSPC" })
    const offered = await watch(platform, reader, { ms: 500_000, answer: () => "invalid" })
    expect(offered).toHaveLength(11)
    expect([spool.counts.quarantined, spool.waiting]).toEqual([1, 0])
  })

  test("is forgotten by a restart", async () => {
    const platform = simulatedPlatform()
    const first = await openBoth(platform, "/spool")
    await append(first.writer, [record(1)])
    await watch(platform, first.reader, { ms: 200_000, answer: () => "error" })
    await first.close()
    const second = await openBoth(platform, "/spool")
    expect((await second.reader.next({ max: 1 }))?.map(({ returns }) => returns)).toEqual([0])
  })
})

describe("with an idle trigger", () => {
  const reader = { idleTrigger: true, idleTimeMs: 10_000 }

  test("opens for one record, then for more, while nothing is appended", async () => {
    const platform = simulatedPlatform()
    const both = await openBoth(platform, "/spool", { reader })
    await append(both.writer, records(1, 7))
    await platform.advance(4000)
    await append(both.writer, [record(8)])
    const offered = await watch(platform, both.reader, { ms: 20_000, answer: () => undefined })
    expect(offered.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 8 }, () => 10_000))
    await append(both.writer, [record(9)])
    expect(await watch(platform, both.reader, { ms: 9999, answer: () => undefined })).toEqual([])
    expect(await watch(platform, both.reader, { ms: 1, answer: () => undefined })).toHaveLength(1)
  })

  test("a backlog of 10,000 with every destination down: one record a period, nothing written, in order afterwards", async () => {
    const platform = simulatedPlatform()
    const both = await openBoth(platform, "/spool", { reader })
    for (let n = 0; n < 10; n++) await append(both.writer, records(n * 1000 + 1, n * 1000 + 1000, 60))
    await platform.advance(1000)
    const written = both.spool.bytes
    const during = await watch(platform, both.reader, { ms: 105_000, answer: () => "transient" })
    expect(during.map((one) => one.text)).toEqual(Array.from({ length: 10 }, () => "1"))
    expect(both.spool.bytes - written).toBeLessThan(100)
    const after = await watch(platform, both.reader, { ms: 11_000, answer: () => undefined })
    expect(after.map((one) => one.text)).toEqual(records(1, 10_000).map((one) => text(one)))
    expect(both.spool.waiting).toBe(0)
  })

  test("counts from the newest file after a start", async () => {
    const platform = simulatedPlatform()
    const before = await openWriter(platform, "/spool")
    await append(before.writer, [record(1)])
    await before.close()
    await platform.advance(7000)
    const both = await openBoth(platform, "/spool", { reader })
    const offered = await watch(platform, both.reader, { ms: 10_000, answer: () => undefined })
    expect(offered.map(({ atMs }) => atMs)).toEqual([3000])
  })

  test("wall time that jumps does not open it", async () => {
    const platform = simulatedPlatform()
    const both = await openBoth(platform, "/spool", { reader })
    await append(both.writer, [record(1)])
    platform.jumpWallClock(3_600_000)
    expect(await watch(platform, both.reader, { ms: 9000, answer: () => undefined })).toEqual([])
  })

  test("a record that fails by its own fault gives way to the next one", async () => {
    const platform = simulatedPlatform()
    const both = await openBoth(platform, "/spool", { reader: { idleTrigger: true, idleTimeMs: 1000 } })
    await append(both.writer, records(1, 3))
    const offered = await watch(platform, both.reader, { ms: 500_000, answer: (n) => (n === 1 ? "error" : undefined) })
    expect(offered.filter((one) => one.text === "1")).toHaveLength(10)
    expect([both.spool.waiting, both.spool.counts.quarantined]).toEqual([0, 1])
    const second = offered.find((one) => one.text === "2")
    expect(second?.atMs).toBeLessThan(20_000)
  })
})

describe("reader and writer as two processes", () => {
  test("the reader sees what is sealed, and the writer goes on where the numbers end", async () => {
    const platform = simulatedPlatform()
    const { writer, spool } = await openWriter(platform, "/spool", { intervalMs: 5000 })
    const { reader, spool: seen } = await openReader(platform, "/spool")
    await append(writer, records(1, 3))
    const waiting = take(reader)
    await platform.advance(4000)
    expect(seen.waiting).toBe(0)
    await platform.advance(2500)
    expect(await waiting).toEqual(["1", "2", "3"])
    expect([seen.id, seen.waiting]).toEqual([spool.id, 3])
    reader.settleRange(1, 3)
    await platform.advance(11_000)
    expect([await segmentNames(platform, "/spool"), spool.waiting]).toEqual([[], 0])
    expect(await append(writer, [record(4)])).toBe(4)
  })

  test("the reader seals what a writer that is gone left behind", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool")
    await append(writer, records(1, 3))
    const { reader } = await openReader(platform.restart(), "/spool")
    expect(await take(reader)).toEqual(["1", "2", "3"])
  })

  test("the reader leaves alone what a living writer writes", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool")
    await append(writer, records(1, 3))
    const { spool } = await openReader(platform, "/spool")
    expect([spool.waiting, await segmentNames(platform, "/spool")]).toEqual([0, ["out.1.writing"]])
    expect(await append(writer, [record(4)])).toBe(4)
  })

  test("a writer whose records are all gone goes on with the numbers of the position", async () => {
    const platform = simulatedPlatform()
    const first = await openBoth(platform, "/spool")
    await append(first.writer, records(1, 5))
    await drain(first.reader, 5)
    await first.close()
    const { writer, spool } = await openWriter(platform, "/spool")
    expect(spool.id).toBe(first.spool.id)
    expect(await append(writer, [record(6)])).toBe(6)
    expect(await segmentNames(platform, "/spool")).toEqual(["out.2.writing"])
  })
})
