import { crc32 } from "node:zlib"
import { describe, expect, test } from "vitest"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { describeSpool, isSegment } from "../../../src/spool/describe.ts"
import { encodeSegmentHeader, segmentHeaderBytes } from "../../../src/spool/format.ts"
import { append, drain, onlySegment, openBoth, openReader, openWriter, record, records, segmentNames, take } from "./setup.ts"

/** A process that wrote `count` records, some to a segment, and was killed. */
async function killedWriter(count: number, options: { each?: number; segmentBytes?: number } = {}): Promise<SimulatedPlatform> {
  const platform = simulatedPlatform()
  const { writer } = await openWriter(platform, "/spool", { segmentBytes: options.segmentBytes ?? 1e6 })
  const each = options.each ?? count
  for (let n = 1; n <= count; n += each) await append(writer, records(n, Math.min(count, n + each - 1)))
  return platform.restart()
}

async function quarantined(platform: SimulatedPlatform): Promise<string[]> {
  if ((await platform.files.stat("/spool/quarantine")) === undefined) return []
  return (await platform.files.list("/spool/quarantine")).map((name) => name.replace(/\.[0-9a-f-]{36}\./, "."))
}

const recordLength = 56 + "record 1".length

describe("segments that were left behind", () => {
  test("are sealed by the next writer, and the numbers go on", async () => {
    const platform = await killedWriter(5)
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.writing"])
    const { writer, reader, spool } = await openBoth(platform, "/spool")
    expect([await segmentNames(platform, "/spool"), spool.recovered]).toEqual([["out.1.ready"], 5])
    expect(await append(writer, [record(6)])).toBe(6)
    expect(await drain(reader, 6)).toEqual(["1", "2", "3", "4", "5", "6"])
  })

  test("with a torn record at the end lose that, and keep a copy of it", async () => {
    const platform = await killedWriter(3)
    const path = await onlySegment(platform, "/spool")
    const handle = await platform.files.open(path, "update")
    await handle.truncate((await handle.size()) - 5)
    const { writer, reader, spool, log } = await openBoth(platform, "/spool")
    expect(await append(writer, [record("again")])).toBe(3)
    expect(await drain(reader, 3)).toEqual(["1", "2", "again"])
    expect(spool.counts).toMatchObject({ tornBytes: recordLength - 5, damaged: 0 })
    expect(log.warnings).toHaveLength(1)
    expect(await quarantined(platform)).toEqual([`out.1.writing.${segmentHeaderBytes + 2 * recordLength}.damaged`])
  })

  test("with zeros at the end, as a power cut leaves them, lose nothing and warn of nothing", async () => {
    const platform = await killedWriter(3)
    const path = await onlySegment(platform, "/spool")
    const handle = await platform.files.open(path, "update")
    await handle.truncate((await handle.size()) + 10_000)
    const { reader, log } = await openBoth(platform, "/spool")
    expect(await drain(reader, 3)).toEqual(["1", "2", "3"])
    expect([log.warnings, await quarantined(platform)]).toEqual([[], []])
  })

  test.each([
    ["empty", Buffer.alloc(0)],
    ["zeros", Buffer.alloc(5000)],
    ["a header alone", encodeSegmentHeader({ uuid: Buffer.alloc(16), number: 1, first: 1, createdMs: 0 })],
  ])("that hold nothing (%s) are removed", async (_, content) => {
    const platform = simulatedPlatform()
    platform.disk.put(`/spool/out.1.${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}.writing`, content)
    const { writer, reader, log } = await openBoth(platform, "/spool")
    expect([await segmentNames(platform, "/spool"), log.warnings]).toEqual([[], []])
    await append(writer, [record(1)])
    expect(await drain(reader, 1)).toEqual(["1"])
  })

  test("that hold something, but no record, go to quarantine", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(`/spool/out.1.${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}.writing`, "what is this")
    const { log } = await openBoth(platform, "/spool")
    expect([await segmentNames(platform, "/spool"), await quarantined(platform), log.warnings.length]).toEqual([[], ["out.1.writing"], 1])
  })

  test("are read although they cannot be sealed", async () => {
    const platform = await killedWriter(3)
    platform.disk.fail({ operation: "write", code: "ENOSPC" })
    const { reader, log } = await openReader(platform, "/spool")
    expect(await take(reader)).toEqual(["1", "2", "3"])
    expect([log.warnings.length, await segmentNames(platform, "/spool")]).toEqual([1, ["out.1.writing"]])
  })

  test("are not scanned once they are sealed: a start reads a head and a seal", async () => {
    const platform = simulatedPlatform()
    const first = await openWriter(platform, "/spool", { segmentBytes: 100_000 })
    for (let n = 0; n < 20; n++) await append(first.writer, records(n * 100, n * 100 + 99, 900))
    await first.close()
    const before = platform.disk.count("read")
    const { spool } = await openBoth(platform, "/spool")
    expect(spool.waiting).toBe(2000)
    expect(platform.disk.count("read") - before).toBeLessThan(60)
  })
})

describe("damage", () => {
  /** Three sealed segments of ten records. */
  async function sealed(): Promise<{ platform: SimulatedPlatform; paths: string[] }> {
    const platform = simulatedPlatform()
    const { writer, close } = await openWriter(platform, "/spool", { segmentBytes: 800 })
    for (let n = 0; n < 3; n++) await append(writer, records(n * 10 + 1, n * 10 + 10))
    await close()
    const names = (await platform.files.list("/spool")).filter((name) => name.endsWith(".ready"))
    return { platform, paths: names.map((name) => `/spool/${name}`) }
  }

  const all = (except: number[] = []): string[] =>
    Array.from({ length: 30 }, (_, n) => String(n + 1)).filter((n) => !except.includes(Number(n)))

  test("in one record costs that record: skipped, counted, copied, the rest in order", async () => {
    const { platform, paths } = await sealed()
    platform.disk.damage(paths[1]!, segmentHeaderBytes + 4 * (recordLength + 1) + 60, Buffer.from("#"))
    const { reader, spool, log } = await openBoth(platform, "/spool")
    expect(await drain(reader, 29)).toEqual(all([15]))
    expect([spool.counts.damaged, spool.waiting, log.errors]).toEqual([1, 0, ["records of a spool are damaged"]])
    const [copy] = await quarantined(platform)
    expect(copy).toBe(`out.2.ready.${segmentHeaderBytes + 4 * (recordLength + 1)}.damaged`)
    const name = (await platform.files.list("/spool/quarantine"))[0]
    expect((await platform.files.readFile(`/spool/quarantine/${name}`)).toString()).toContain("15")
  })

  test("in the last records of a segment is noticed at its end", async () => {
    const { platform, paths } = await sealed()
    const size = (await platform.files.stat(paths[0]!))?.size ?? 0
    const handle = await platform.files.open(paths[0]!, "update")
    await handle.truncate(size - 48 - 100)
    const { reader, spool } = await openBoth(platform, "/spool")
    expect(await drain(reader, 28)).toEqual(all([9, 10]))
    expect([spool.counts.damaged, spool.waiting]).toEqual([2, 0])
    await platform.advance(2000)
    expect(await segmentNames(platform, "/spool")).toEqual([])
  })

  test("of a segment's header costs nothing", async () => {
    const { platform, paths } = await sealed()
    for (const path of paths) platform.disk.damage(path, 5, Buffer.from("damaged"))
    const { reader, spool, writer } = await openBoth(platform, "/spool")
    expect([spool.waiting, await drain(reader, 30)]).toEqual([30, all()])
    expect(await append(writer, [record(31)])).toBe(31)
  })

  test("all over a segment costs that segment, which goes to quarantine whole", async () => {
    const { platform, paths } = await sealed()
    platform.disk.put(paths[1]!, Buffer.alloc(700, "x"))
    const { reader, spool, log } = await openBoth(platform, "/spool")
    expect(await drain(reader, 20)).toEqual([...all().slice(0, 10), ...all().slice(20)])
    expect([spool.counts, spool.waiting, await quarantined(platform)]).toMatchObject([{ missing: 10, damaged: 0 }, 0, ["out.2.ready"]])
    expect(log.errors.length).toBeGreaterThan(0)
  })

  test("a missing segment is counted, and the rest is read", async () => {
    const { platform, paths } = await sealed()
    await platform.files.unlink(paths[1]!)
    const { reader, spool } = await openBoth(platform, "/spool")
    expect(await drain(reader, 20)).toEqual([...all().slice(0, 10), ...all().slice(20)])
    expect([spool.counts.missing, spool.counts.damaged, spool.waiting]).toEqual([10, 0, 0])
  })

  test("a segment that vanishes while the spool is open is missing, too", async () => {
    const { platform, paths } = await sealed()
    const { reader, spool } = await openBoth(platform, "/spool")
    await platform.files.unlink(paths[1]!)
    expect(await drain(reader, 20)).toEqual([...all().slice(0, 10), ...all().slice(20)])
    expect(spool.counts.missing).toBe(10)
  })

  test("a disk that cannot read a segment: it is moved to quarantine, not deleted", async () => {
    const { platform, paths } = await sealed()
    const { reader, spool } = await openBoth(platform, "/spool")
    platform.disk.fail({ operation: "read", path: paths[1]!, code: "EIO", times: 1 })
    expect(await drain(reader, 20)).toEqual([...all().slice(0, 10), ...all().slice(20)])
    await platform.advance(2000)
    expect([spool.counts.damaged, await quarantined(platform), await segmentNames(platform, "/spool")]).toEqual([10, ["out.2.ready"], []])
  })

  test("what may pass, such as a lack of descriptors, is tried again and costs nothing", async () => {
    const { platform } = await sealed()
    const { reader, log } = await openBoth(platform, "/spool")
    platform.disk.fail({ operation: "open", path: "/spool", code: "EMFILE", times: 3 })
    expect(await platform.complete(drain(reader, 30))).toEqual(all())
    expect([log.warnings.length, log.errors.length]).toEqual([1, 0])
  })

  test("met when a record is read again costs that record alone", async () => {
    const { platform, paths } = await sealed()
    const { reader, spool } = await openBoth(platform, "/spool")
    await take(reader, 10)
    platform.disk.damage(paths[0]!, segmentHeaderBytes + recordLength + 60, Buffer.from("#"))
    for (let n = 1; n <= 3; n++) reader.giveBack(n, { kind: "error" })
    reader.settleRange(4, 7)
    await platform.advance(1000)
    expect(await take(reader, 3)).toEqual(["1", "3", "11"])
    expect([spool.counts.damaged, (await quarantined(platform)).length]).toEqual([1, 1])
  })

  test("a segment of a newer version goes to quarantine untouched", async () => {
    const { platform, paths } = await sealed()
    const bytes = Buffer.from(await platform.files.readFile(paths[1]!))
    bytes.writeUInt16BE(2, 8)
    bytes.writeUInt32BE(crc32(bytes.subarray(0, 60)), 60)
    platform.disk.put(paths[1]!, bytes)
    const { reader } = await openBoth(platform, "/spool")
    expect(await drain(reader, 20)).toEqual([...all().slice(0, 10), ...all().slice(20)])
    const name = (await platform.files.list("/spool/quarantine"))[0]
    expect((await platform.files.readFile(`/spool/quarantine/${name}`)).equals(bytes)).toBe(true)
  })
})

describe("files that do not belong here", () => {
  test("are left alone, with one warning", async () => {
    const platform = await killedWriter(2, { each: 1, segmentBytes: 100 })
    const foreign = encodeSegmentHeader({ uuid: Buffer.alloc(16, 7), number: 9, first: 500, createdMs: 0 })
    platform.disk.put("/spool/notes.txt", "mine")
    platform.disk.put(`/spool/other.8.${"07".repeat(4)}-0707-0707-0707-${"07".repeat(6)}.writing`, foreign)
    platform.disk.put("/spool/sub/file", "deeper")
    const before = Object.keys(platform.disk.snapshot()).filter((path) => !path.includes("out."))
    const { reader, log, close } = await openBoth(platform, "/spool")
    expect(log.warnings).toEqual(["files that do not belong to this spool are left alone"])
    expect(await drain(reader, 2)).toEqual(["1", "2"])
    await close()
    expect(Object.keys(platform.disk.snapshot())).toEqual(expect.arrayContaining(before.filter((path) => !path.endsWith(".lock"))))
  })
})

describe("looking from outside", () => {
  test("describes a spool without changing it, beside its owners", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, spool } = await openBoth(platform, "/spool", { writer: { segmentBytes: 1000 } })
    for (let n = 0; n < 3; n++) await append(writer, records(n * 10 + 1, n * 10 + 10))
    await take(reader)
    reader.settleRange(1, 10)
    await platform.advance(1100)
    platform.disk.put("/spool/quarantine/x", "x")
    const before = platform.disk.snapshot()
    const seen = await describeSpool(platform, "/spool")
    expect(platform.disk.snapshot()).toEqual(before)
    expect(seen).toMatchObject({ id: spool.id, waiting: 20, quarantined: 1, strays: [], position: { lowest: 11 } })
    expect(seen.segments.map(({ number, first, next, state, header }) => ({ number, first, next, state, header }))).toEqual([
      { number: 2, first: 11, next: 21, state: "ready", header: "good" },
      { number: 3, first: 21, next: 31, state: "writing", header: "good" },
    ])
    expect([isSegment(seen.segments[0]!.file), isSegment("position"), isSegment("out.1.ready")]).toEqual([true, false, false])
  })
})
