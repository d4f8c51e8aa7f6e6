import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { Committer } from "../../../src/spool/committer.ts"
import { decodeSlot, encodeSlot, PositionWriter, readPosition } from "../../../src/spool/position.ts"
import { append, openBoth, openReader, openWriter, record, records, segmentNames, take } from "./setup.ts"

const uuid = Buffer.alloc(16, 3)

function writerOn(platform: SimulatedPlatform, generation = 0): PositionWriter {
  return new PositionWriter({ files: platform.files, committer: new Committer(), directory: "/tmp", generation })
}

async function lowestOn(platform: SimulatedPlatform): Promise<number | string> {
  const reading = await readPosition(platform.files, "/tmp")
  return reading.status === "good" ? reading.position.lowest : reading.status
}

describe("the position file", () => {
  test("a slot comes back as it was written, and is refused when any bit of it has flipped", () => {
    const position = { generation: 2 ** 41, uuid, lowest: 2 ** 51, number: 77, writtenMs: 1.25 }
    const slot = encodeSlot(position)
    expect(decodeSlot(slot)).toEqual(position)
    for (let bit = 0; bit < slot.length * 8; bit++) {
      const bytes = Buffer.from(slot)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(decodeSlot(bytes)).toBeUndefined()
    }
  })

  test("the newest good slot counts", async () => {
    const platform = simulatedPlatform()
    const writer = writerOn(platform)
    for (let lowest = 1; lowest <= 5; lowest++) await writer.write({ uuid, lowest, number: 1, writtenMs: 0 })
    expect(await lowestOn(platform)).toBe(5)
    platform.disk.damage("/tmp/position", 4096 + 20, Buffer.from("damage"))
    expect(await lowestOn(platform)).toBe(4)
    platform.disk.damage("/tmp/position", 20, Buffer.from("damage"))
    expect(await lowestOn(platform)).toBe("damaged")
  })

  test("a power cut at any moment leaves the last position that was confirmed, or a newer one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.nat(30), async (seed, steps) => {
        const platform = simulatedPlatform({ seed })
        platform.disk.setLatency({ minMs: 1, maxMs: 3 })
        let confirmed = 0
        let begun = 0
        const write = async (): Promise<void> => {
          const writer = writerOn(platform)
          for (;;) {
            begun += 1
            await writer.write({ uuid, lowest: begun, number: 1, writtenMs: 0 })
            confirmed = begun
          }
        }
        void write()
        await platform.advance(steps)
        const next = platform.restart({ powerCut: true })
        const found = await next.complete(lowestOn(next))
        const lowest = typeof found === "string" ? 0 : found
        expect(lowest).toBeGreaterThanOrEqual(confirmed)
        expect(lowest).toBeLessThanOrEqual(begun)
      }),
      { numRuns: 150 },
    )
  })
})

describe("a position that cannot be used", () => {
  /** Ten records, the first four of two segments of five settled. */
  async function prepared(): Promise<SimulatedPlatform> {
    const platform = simulatedPlatform()
    const { writer, reader, close } = await openBoth(platform, "/spool", { writer: { segmentBytes: 500 } })
    await append(writer, records(1, 5))
    await append(writer, records(6, 10))
    const seen = [...(await take(reader)), ...(await take(reader))]
    expect(seen).toHaveLength(10)
    reader.settleRange(1, 7)
    await close()
    return platform
  }

  test("because it is lost: what is still there is offered again, with a warning", async () => {
    const platform = await prepared()
    await platform.files.unlink("/spool/position")
    const { reader, spool, log, writer } = await openBoth(platform, "/spool")
    expect([spool.waiting, spool.counts.positionsLost, log.warnings.length]).toEqual([5, 1, 1])
    expect(await take(reader)).toEqual(["6", "7", "8", "9", "10"])
    expect(await append(writer, [record(11)])).toBe(11)
  })

  test("because it is damaged: the same", async () => {
    const platform = await prepared()
    platform.disk.put("/spool/position", Buffer.alloc(8192, 1))
    const { reader, spool } = await openBoth(platform, "/spool")
    expect([await take(reader), spool.counts.positionsLost]).toEqual([["6", "7", "8", "9", "10"], 1])
    reader.settleRange(6, 4)
    await platform.advance(1100)
    const { spool: again } = await openReader(platform.restart(), "/spool")
    expect([again.waiting, again.counts.positionsLost]).toEqual([1, 0])
  })

  test("because it is of another spool: the same", async () => {
    const platform = await prepared()
    const slot = encodeSlot({ generation: 99, uuid, lowest: 9, number: 50, writtenMs: 0 })
    platform.disk.put("/spool/position", Buffer.concat([slot, Buffer.alloc(8192 - slot.length)]))
    const { reader, spool, log } = await openBoth(platform, "/spool")
    expect([await take(reader), spool.counts.positionsLost, log.warnings.length]).toEqual([["6", "7", "8", "9", "10"], 1, 1])
    reader.settleRange(6, 4)
    await platform.advance(1100)
    const { spool: again } = await openReader(platform.restart(), "/spool")
    expect(again.waiting).toBe(1)
  })

  test("is not missed where nothing was ever settled", async () => {
    const platform = simulatedPlatform()
    const { writer } = await openWriter(platform, "/spool")
    await append(writer, records(1, 3))
    const { spool, log } = await openReader(platform.restart(), "/spool")
    expect([spool.waiting, spool.counts.positionsLost, log.warnings]).toEqual([3, 0, []])
  })
})

test("segments that a power cut brought back below the position go at the next start", async () => {
  const platform = simulatedPlatform()
  const { writer, reader } = await openBoth(platform, "/spool", { writer: { segmentBytes: 500 } })
  await append(writer, records(1, 5))
  await append(writer, records(6, 10))
  const kept = Object.entries(platform.disk.snapshot()).filter(([path]) => path.includes("out.1."))
  await take(reader)
  await take(reader)
  reader.settleRange(1, 7)
  await platform.advance(1100)
  expect(await segmentNames(platform, "/spool")).toEqual(["out.2.writing"])
  const next = platform.restart()
  for (const [path, bytes] of kept) next.disk.put(path, bytes)
  const again = await openBoth(next, "/spool")
  await next.settle()
  expect([again.spool.waiting, await segmentNames(next, "/spool")]).toEqual([3, ["out.2.ready"]])
})
