import { describe, expect, test } from "vitest"
import { realPlatform } from "../../../src/platform/real.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { Committer } from "../../../src/spool/committer.ts"
import { payloadBytesMax } from "../../../src/spool/format.ts"
import { append, drain, openBoth, openReader, openWriter, record, records, segmentNames, take, temporaryDirectory } from "./setup.ts"

describe("group commit", () => {
  test("appends of one turn share one write and one sync, and each learns its sequences", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool")
    const firsts = await Promise.all([append(writer, records(1, 3)), append(writer, [record(4)]), append(writer, records(5, 9))])
    expect(firsts).toEqual([1, 4, 5])
    expect([platform.disk.count("write"), platform.disk.count("sync")]).toEqual([1, 1])
  })

  test("what arrives during a sync is the next group: never two writes or two syncs at once", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool")
    await append(writer, [record(0)])
    platform.disk.setLatency({ minMs: 5, maxMs: 5 })
    const before = platform.disk.count("sync")
    const confirmed: number[] = []
    const start = platform.clock.monotonic()
    for (let n = 1; n <= 30; n++) {
      writer.append([record(n)], () => confirmed.push(platform.clock.monotonic() - start))
      await platform.advance(1)
    }
    await platform.runUntil(() => confirmed.length === 30)
    expect(platform.disk.count("sync") - before).toBeLessThanOrEqual(5)
    expect(confirmed).toEqual(confirmed.toSorted((a, b) => a - b))
  })

  test("nothing is confirmed before it is synced", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool")
    let durable = ""
    writer.append([record("precious")], () => {
      durable = Object.values(platform.disk.snapshot({ durable: true })).join("\n")
    })
    await platform.runUntil(() => durable !== "")
    expect(durable).toContain("record precious")
  })

  test("a trickle is gathered for 2 ms, producers that wait for each confirmation wait for the disk alone", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool")
    const produce = async (): Promise<void> => {
      for (let n = 0; n < 10; n++) await append(writer, [record(n)])
    }
    await Promise.all([produce(), produce(), produce()])
    expect(platform.clock.monotonic()).toBe(0)
    platform.disk.setLatency({ minMs: 0.4, maxMs: 0.4 })
    const before = platform.disk.count("sync")
    let confirmed = 0
    for (let n = 0; n < 100; n++) {
      writer.append([record(n)], () => {
        confirmed += 1
      })
      await platform.advance(0.25)
    }
    await platform.runUntil(() => confirmed === 100)
    expect(platform.disk.count("sync") - before).toBeLessThanOrEqual(16)
  })

  test("asks to wait beyond 1 MiB and says when to go on", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool")
    platform.disk.setLatency({ minMs: 10, maxMs: 10 })
    const half = records(1, 1, 600 * 1024)
    expect(writer.append(half, () => undefined)).toBe(true)
    expect(writer.append(half, () => undefined)).toBe(false)
    let waited = false
    const room = writer.whenRoom().then(() => {
      waited = true
    })
    await platform.settle()
    expect([waited, writer.hasRoom]).toEqual([true, true])
    await room
    expect(writer.uncommittedBytes).toBeGreaterThan(1024 * 1024)
    await platform.complete(writer.close())
    expect(writer.uncommittedBytes).toBe(0)
  })

  test("keeps large payloads whole", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool")
    const sizes = [10, 40_000, 10, 3_000_000, 32 * 1024, 32 * 1024 + 1, 10]
    await append(
      writer,
      sizes.map((size, index) => record(index, size)),
    )
    const payloads: Buffer[] = []
    while (payloads.length < sizes.length) payloads.push(...((await reader.next({ max: 10 }))?.map(({ payload }) => payload) ?? []))
    expect(payloads.map((payload) => payload.length)).toEqual(sizes)
    payloads.forEach((payload, index) => expect(payload.equals(record(index, sizes[index]).payload)).toBe(true))
  })

  test("a record that is too large fails alone: nothing of its append is taken", async () => {
    const { writer, spool } = await openWriter(simulatedPlatform(), "/spool")
    const large = { ...record(1), payload: Buffer.alloc(payloadBytesMax + 1) }
    expect(() => writer.append([record(0), large], () => undefined)).toThrow(expect.objectContaining({ code: "WB_SPOOL_RECORD_TOO_LARGE" }))
    expect(await append(writer, [record(2)])).toBe(1)
    expect(spool.waiting).toBe(1)
  })

  test("at most four syncs are under way over all spools", async () => {
    const committer = new Committer()
    let running = 0
    let most = 0
    const order: number[] = []
    const releases: (() => void)[] = []
    const runs = Array.from({ length: 12 }, (_, n) =>
      committer.run(async () => {
        running += 1
        most = Math.max(most, running)
        await new Promise<void>((resolve) => releases.push(resolve))
        order.push(n)
        running -= 1
      }),
    )
    while (order.length < 12) {
      releases.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(runs)
    expect(most).toBe(4)
    expect(order).toEqual(Array.from({ length: 12 }, (_, n) => n))
  })

  test("a failing sync frees its place for the others", async () => {
    const committer = new Committer()
    const fail = (): Promise<void> => Promise.reject(new Error("no"))
    await Promise.allSettled(Array.from({ length: 9 }, () => committer.run(fail)))
    let ran = false
    await committer.run(async () => {
      ran = true
    })
    expect(ran).toBe(true)
  })
})

describe("segments", () => {
  test("no file is made before the first record", async () => {
    const platform = simulatedPlatform()
    const { writer, close } = await openWriter(platform, "/spool")
    await platform.advance(60_000)
    expect(await platform.files.list("/spool")).toEqual(["writer.lock"])
    await append(writer, [record(1)])
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.writing"])
    await close()
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.ready"])
  })

  test("are sealed before they grow beyond their size", async () => {
    const platform = simulatedPlatform()
    const { writer, close } = await openWriter(platform, "/spool", { segmentBytes: 4096 })
    for (let n = 1; n <= 10; n++) await append(writer, [record(n, 1000)])
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.ready", "out.2.ready", "out.3.ready", "out.4.writing"])
    await close()
    const files = Object.entries(platform.disk.snapshot()).filter(([path]) => path.endsWith(".ready"))
    for (const [, bytes] of files) expect(bytes.length).toBeLessThanOrEqual(4096 + 48)
  })

  test("are sealed an interval after their first record", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool", { intervalMs: 10_000 })
    await platform.advance(7000)
    await append(writer, [record(1)])
    await platform.advance(6000)
    await append(writer, [record(2)])
    await platform.advance(3990)
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.writing"])
    await platform.advance(10)
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.ready"])
    await append(writer, [record(3)])
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.ready", "out.2.writing"])
  })

  test("are sealed and removed at once when all of them is settled", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, spool } = await openBoth(platform, "/spool")
    await append(writer, records(1, 2))
    expect(await take(reader)).toEqual(["1", "2"])
    reader.settle(1)
    await platform.settle()
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.writing"])
    reader.settle(2)
    await platform.settle()
    expect(await segmentNames(platform, "/spool")).toEqual([])
    expect([spool.waiting, spool.bytes, spool.oldestMs]).toEqual([0, 0, undefined])
  })

  test("a trickle that is settled at once does not make a file for each record", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool")
    for (let n = 1; n <= 100; n++) {
      await append(writer, [record(n)])
      await take(reader)
      reader.settle(n)
      await platform.advance(10)
    }
    await platform.advance(1000)
    expect(await segmentNames(platform, "/spool")).toEqual([])
    expect(platform.disk.count("rename")).toBeLessThanOrEqual(6)
  })

  test("are named by the instance, made safe for a file name", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool", { name: "a/b c.d" })
    await append(writer, [record(1)])
    expect(await segmentNames(platform, "/spool")).toEqual(["a_b_c.d.1.writing"])
  })
})

describe("a disk that fails", () => {
  test("after a failed sync the records go to a new segment, and the file is never synced again", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, log, close } = await openBoth(platform, "/spool")
    await append(writer, [record(1)])
    platform.disk.fail({ operation: "sync", code: "EIO" })
    const second = append(writer, [record(2)])
    await platform.settle()
    expect(writer.isHolding).toBe(true)
    await platform.advance(200)
    expect(await second).toBe(2)
    expect(writer.isHolding).toBe(false)
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.ready", "out.2.writing"])
    const durable = Object.entries(platform.disk.snapshot({ durable: true }))
    expect(durable.find(([path]) => path.includes("out.2."))?.[1].toString()).toContain("record 2")
    expect(await take(reader)).toEqual(["1"])
    expect(await take(reader)).toEqual(["2"])
    expect(log.warnings).toHaveLength(1)
    await close()
  })

  test.each(["wait", "fail"] as const)(
    "what a failed sync left behind in the old segment gives way to the new one (%s)",
    async (whenFull) => {
      const platform = simulatedPlatform()
      const { writer } = await openWriter(platform, "/spool", { whenFull })
      await append(writer, [record(1)])
      platform.disk.fail({ operation: "sync", code: "EIO" })
      platform.disk.fail({ operation: "truncate", code: "EIO", times: 9 })
      const failed = append(writer, [record("doubtful")]).catch(() => undefined)
      await platform.advance(200)
      await failed
      await platform.complete(append(writer, [record("last")]))
      const { reader, spool } = await openReader(platform.restart(), "/spool")
      const expected = whenFull === "wait" ? ["1", "doubtful", "last"] : ["1", "last"]
      expect(spool.waiting).toBe(expected.length)
      expect(await drain(reader, expected.length)).toEqual(expected)
    },
  )

  test("a full disk holds what comes, asks to wait, warns once and goes on by itself", async () => {
    const platform = simulatedPlatform()
    const { writer, reader, log } = await openBoth(platform, "/spool")
    await append(writer, [record(1)])
    platform.disk.setCapacity(0)
    const confirmed: number[] = []
    for (let n = 2; n <= 4; n++) writer.append([record(n)], (error, first) => confirmed.push(error === undefined ? first : -1))
    await platform.advance(60_000)
    expect(confirmed).toEqual([])
    expect(await segmentNames(platform, "/spool")).toEqual(["out.1.ready"])
    platform.disk.setCapacity(1e9)
    await platform.advance(5000)
    expect(confirmed).toEqual([2, 3, 4])
    expect([...(await take(reader)), ...(await take(reader))]).toEqual(["1", "2", "3", "4"])
    expect(log.warnings.filter((text) => text.includes("cannot be written"))).toHaveLength(1)
  })

  test("tries again after 200 ms, doubling to 5 s", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openBoth(platform, "/spool")
    platform.disk.fail({ operation: "open", path: "/spool", code: "ENOSPC", times: 1000 })
    writer.append([record(1)], () => undefined)
    const tries: number[] = []
    let seen = platform.disk.count("open")
    for (let ms = 0; ms < 20_000; ms += 100) {
      await platform.advance(100)
      if (platform.disk.count("open") > seen) tries.push(ms + 100)
      seen = platform.disk.count("open")
    }
    expect(tries).toEqual([100, 200, 600, 1400, 3000, 6200, 11200, 16200])
  })

  test("with `fail` every append that is not synced fails with the error, and the next one starts afresh", async () => {
    const platform = simulatedPlatform()
    const { writer, reader } = await openBoth(platform, "/spool", { writer: { whenFull: "fail" } })
    await append(writer, [record("kept")])
    platform.disk.fail({ operation: "write", code: "ENOSPC" })
    const lost = await Promise.allSettled([append(writer, [record("lost")]), append(writer, [record("lost too")])])
    for (const one of lost) {
      expect(one.status === "rejected" && one.reason).toMatchObject({ code: "WB_SPOOL_WRITE_FAILED", cause: { code: "ENOSPC" } })
    }
    expect(await platform.complete(append(writer, [record("next")]))).toBe(2)
    expect([...(await take(reader)), ...(await take(reader))]).toEqual(["kept", "next"])
  })

  test("closing with an aborted signal fails what the disk still refuses", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool")
    platform.disk.setReadOnly(true)
    const refused = Promise.allSettled([append(writer, [record(1)])])
    await platform.advance(1000)
    const stop = new AbortController()
    const closed = writer.close(stop.signal)
    await platform.advance(10_000)
    stop.abort()
    await platform.complete(closed)
    expect((await refused)[0]).toMatchObject({ status: "rejected", reason: { code: "WB_SPOOL_WRITE_FAILED" } })
  })
})

test("closing writes what was taken; then nothing more is taken", async () => {
  const platform = simulatedPlatform()
  const { writer, spool } = await openWriter(platform, "/spool")
  const last = append(writer, records(1, 5))
  await writer.close()
  expect(await last).toBe(1)
  expect(spool.waiting).toBe(5)
  expect(() => writer.append([record(6)], () => undefined)).toThrow(expect.objectContaining({ code: "WB_SPOOL_CLOSED" }))
})

test("works the same on a real disk", async () => {
  const platform = realPlatform()
  const directory = `${temporaryDirectory()}/spool`
  const { writer, close } = await openWriter(platform, directory, { segmentBytes: 100_000 })
  const firsts = await Promise.all(Array.from({ length: 20 }, (_, n) => append(writer, records(n * 50 + 1, n * 50 + 50, 500))))
  expect(firsts).toEqual(Array.from({ length: 20 }, (_, n) => n * 50 + 1))
  await close()
  const { reader, spool, close: closeReader } = await openReader(platform, directory)
  expect(spool.waiting).toBe(1000)
  const texts: string[] = []
  while (texts.length < 1000) texts.push(...(await take(reader)))
  expect(texts).toEqual(records(1, 1000).map(({ payload }) => payload.toString().replace("record ", "")))
  reader.settleRange(1, 1000)
  await closeReader()
  expect(await platform.files.list(directory)).toEqual(["position"])
})
