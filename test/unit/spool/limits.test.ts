// How much a writer takes, and when it says that it has: `diskBytes` and `sync`.

import { describe, expect, test } from "vitest"
import { failureKindOf } from "../../../src/errors.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { append, drain, openBoth, openReader, openWriter, record, records, segmentNames } from "./setup.ts"

const limit = { segmentBytes: 4096, diskBytes: 8192 }

describe("a spool that has reached its size", () => {
  test("holds what comes, warns once, and goes on when the reader has freed some of it", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, spool, log } = await openBoth(platform, "/spool", { writer: limit })
    await append(writer, records(1, 8, 1000))
    let confirmed = 0
    for (let n = 9; n <= 12; n++) writer.append([record(n, 1000)], () => (confirmed += 1))
    await platform.advance(60_000)
    expect([confirmed, writer.isHolding, log.warnings]).toEqual([0, true, ["a spool has reached `disk_bytes`, holding what comes"]])
    expect(await platform.complete(drain(reader, 12))).toEqual(Array.from({ length: 12 }, (_, index) => `${index + 1}`))
    await platform.settle()
    expect([confirmed, writer.isHolding, log.infos]).toEqual([4, false, ["the spool takes more again"]])
    expect(spool.bytes).toBeLessThan(limit.diskBytes)
  })

  test("never grows beyond it by more than a group, however fast events come", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, spool } = await openBoth(platform, "/spool", { writer: limit })
    let most = 0
    platform.afterEachStep(() => (most = Math.max(most, spool.bytes)))
    const produce = async (): Promise<void> => {
      for (let n = 1; n <= 200; n++) await append(writer, [record(n, 500)])
    }
    const produced = produce()
    expect(await platform.complete(drain(reader, 200))).toHaveLength(200)
    await platform.complete(produced)
    expect(most).toBeLessThan(limit.diskBytes + 1000)
  })

  test("fails what comes with kind overflow when it is asked to", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, log } = await openBoth(platform, "/spool", { writer: { ...limit, whenFull: "fail" } })
    await append(writer, records(1, 8, 1000))
    const refused: unknown = await append(writer, [record(9)]).catch((error: unknown) => error)
    expect(failureKindOf(refused)).toBe("overflow")
    await append(writer, [record(10)]).catch(() => undefined)
    expect(log.warnings).toEqual(["a spool has reached `disk_bytes`, failing what comes"])
    await platform.complete(drain(reader, 8))
    await platform.settle()
    expect(await append(writer, [record(11)])).toBe(9)
    expect(await platform.complete(drain(reader, 1))).toEqual(["11"])
  })

  test("counts what it finds at start", async () => {
    const platform = simulatedPlatform()
    const first = await openWriter(platform, "/spool", limit)
    await append(first.writer, records(1, 8, 1000))
    await first.close()
    const { writer } = await openWriter(platform, "/spool", { ...limit, whenFull: "fail" })
    await expect(append(writer, [record(9)])).rejects.toMatchObject({ code: "overflow" })
  })

  test("is freed by a reader in another process, too", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool", limit)
    await append(writer, records(1, 8, 1000))
    let confirmed = 0
    writer.append([record(9)], () => (confirmed += 1))
    const other = await openReader(platform, "/spool")
    await platform.complete(drain(other.reader, 8))
    await platform.advance(15_000)
    expect(confirmed).toBe(1)
  })

  test("fails what it holds when closing may not wait", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool", limit)
    await append(writer, records(1, 8, 1000))
    const outcomes: unknown[] = []
    writer.append([record(9)], (error) => outcomes.push(error))
    await platform.complete(writer.close(AbortSignal.abort()))
    expect(outcomes.map(failureKindOf)).toEqual(["overflow"])
  })
})

describe("confirmed when they are written", () => {
  test("records survive a crash, whether they were synced or not", async () => {
    for (const sync of ["never", 1000] as const) {
      const platform = simulatedPlatform()
      const { writer } = await openWriter(platform, "/spool", { sync })
      await append(writer, records(1, 5))
      expect(platform.disk.count("sync")).toBe(0)
      const after = platform.restart({ powerCut: false })
      const { reader } = await openReader(after, "/spool")
      expect(await after.complete(drain(reader, 5))).toEqual(["1", "2", "3", "4", "5"])
    }
  })

  test("records are synced within the time that was set, all that came meanwhile at once", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool", { sync: 500 })
    for (let n = 1; n <= 10; n++) {
      await append(writer, [record(n)])
      await platform.advance(40)
    }
    expect(platform.disk.count("sync")).toBe(0)
    await platform.advance(100)
    expect(platform.disk.count("sync")).toBe(1)
    const after = platform.restart({ powerCut: true })
    const { reader } = await openReader(after, "/spool")
    expect(await after.complete(drain(reader, 10))).toHaveLength(10)
  })

  test("records are never synced when that is asked for, not at the end either", async () => {
    const platform = simulatedPlatform()
    const { writer, close } = await openWriter(platform, "/spool", { sync: "never", segmentBytes: 4096 })
    for (let n = 1; n <= 10; n++) await append(writer, [record(n, 1000)])
    await platform.complete(close())
    expect([platform.disk.count("sync"), await segmentNames(platform, "/spool")]).toEqual([
      0,
      ["out.1.ready", "out.2.ready", "out.3.ready", "out.4.ready"],
    ])
  })

  test("a segment is synced before it is sealed, so that its seal tells the truth", async () => {
    const platform = simulatedPlatform()
    const { writer, close } = await openWriter(platform, "/spool", { sync: 60_000 })
    await append(writer, records(1, 10))
    await platform.complete(close())
    const after = platform.restart({ powerCut: true })
    const { reader, log } = await openReader(after, "/spool")
    expect(await after.complete(drain(reader, 10))).toHaveLength(10)
    expect(log.errors).toEqual([])
  })

  test("a power cut may take them, and what follows is written and read in order all the same", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const platform = simulatedPlatform({ seed })
      const { writer } = await openWriter(platform, "/spool", { sync: "never", segmentBytes: 4096 })
      for (let n = 1; n <= 20; n++) await append(writer, [record(n, 500)])
      const after = platform.restart({ powerCut: true })
      const { writer: next, reader, spool } = await openBoth(after, "/spool", { writer: { sync: "never" } })
      await append(next, records(101, 103))
      const came: number[] = []
      while (spool.waiting > 0) came.push(...(await after.complete(drain(reader, 1))).map(Number))
      expect(came.slice(-3)).toEqual([101, 102, 103])
      expect(came).toEqual(came.toSorted((a, b) => a - b))
    }
  })

  test("a sync that fails is an error, gives the segment up as it is, and later ones are synced again", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, log } = await openBoth(platform, "/spool", { writer: { sync: 100 } })
    await append(writer, records(1, 3))
    platform.disk.fail({ operation: "sync", code: "EIO" })
    await platform.advance(200)
    expect(log.errors).toEqual(["a spool could not be synced: what was written since the last sync is lost if the power fails now"])
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.ready"])
    await append(writer, records(4, 6))
    await platform.advance(200)
    expect(platform.disk.count("sync")).toBe(2)
    expect(await platform.complete(drain(reader, 6))).toEqual(["1", "2", "3", "4", "5", "6"])
  })

  test("what the disk refuses to write is held, and what was confirmed before is synced", async () => {
    const platform = simulatedPlatform()
    const { writer, log } = await openWriter(platform, "/spool", { sync: 60_000 })
    await append(writer, records(1, 3))
    platform.disk.fail({ operation: "write", code: "ENOSPC" })
    await platform.complete(append(writer, records(4, 6)))
    expect([platform.disk.count("sync"), log.warnings.length]).toEqual([1, 1])
    const after = platform.restart({ powerCut: true })
    const { reader } = await openReader(after, "/spool")
    expect(await after.complete(drain(reader, 3))).toEqual(["1", "2", "3"])
  })
})
