import { crc32 } from "node:zlib"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { SegmentCursor } from "../../../src/spool/cursor.ts"
import {
  check,
  checkRecord,
  decodeSeal,
  decodeSegmentHeader,
  encodeRecord,
  encodeRecordHead,
  encodeSeal,
  encodeSegmentHeader,
  payloadBytesMax,
  recordBytes,
  recordOverheadBytes,
  recordSequence,
  recordTarget,
  type SpoolRecord,
  segmentHeaderBytes,
  spoolTag,
} from "../../../src/spool/format.ts"
import { SpooledRecord } from "../../../src/spool/spooled-record.ts"

const uuid = Buffer.from("00112233445546778899aabbccddeeff", "hex")
const tag = spoolTag(uuid)

const someRecord: fc.Arbitrary<SpoolRecord> = fc.record({
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
  timestampMs: fc.double({ noNaN: true }),
  codec: fc.integer({ min: 0, max: 255 }),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
})
const someSequence = fc.oneof(
  fc.integer({ min: 1, max: 1000 }),
  fc.maxSafeInteger().map((n) => Math.abs(n) || 1),
)

function encoded(record: SpoolRecord, sequence: number): Buffer {
  const bytes = Buffer.alloc(recordOverheadBytes + record.payload.length)
  encodeRecord(recordTarget(bytes), 0, record, { sequence, tag, startsGroup: false })
  return bytes
}

/** A segment as bytes: header, records from sequence 1 on, and where each begins. */
function segment(records: readonly SpoolRecord[]): { bytes: Buffer; starts: number[] } {
  const parts = [encodeSegmentHeader({ uuid, number: 1, first: 1, createdMs: 0 }), ...records.map((one, index) => encoded(one, index + 1))]
  const starts: number[] = []
  let at = segmentHeaderBytes
  for (const part of parts.slice(1)) {
    starts.push(at)
    at += part.length
  }
  return { bytes: Buffer.concat(parts), starts }
}

async function scan(bytes: Buffer): Promise<{ found: SpooledRecord[]; damage: { from: number; to: number }[] }> {
  const platform = simulatedPlatform()
  platform.disk.put("/segment", bytes)
  const cursor = new SegmentCursor(await platform.files.open("/segment", "read"), { tag, expected: 1 })
  const found: SpooledRecord[] = []
  const damage: { from: number; to: number }[] = []
  for (;;) {
    const step = await cursor.read(bytes.length)
    if (step.damage !== undefined) damage.push(step.damage)
    else if (step.chunk === undefined) return { found, damage }
    else {
      const { chunk } = step
      chunk.starts.forEach((at, index) => found.push(new SpooledRecord(chunk, at, { sequence: chunk.first + index, returns: 0 })))
    }
  }
}

describe("records", () => {
  test("come back as they were written, whatever is in them", () => {
    fc.assert(
      fc.property(someRecord, someSequence, fc.integer({ min: 0, max: 20 }), (record, sequence, at) => {
        const bytes = Buffer.concat([Buffer.alloc(at), encoded(record, sequence), Buffer.alloc(3)])
        const target = recordTarget(bytes)
        expect(checkRecord(target, at, bytes.length, tag)).toBe(recordOverheadBytes + record.payload.length)
        expect(recordSequence(target.view, at)).toBe(sequence)
        const read = new SpooledRecord(target, at, { sequence, returns: 0 })
        expect(read.payload.equals(record.payload)).toBe(true)
        expect(read.uuid.equals(record.uuid)).toBe(true)
        expect([read.codec, read.timestampMs]).toEqual([record.codec, record.timestampMs])
      }),
    )
  })

  test("are the same whether the payload is copied or written from where it lies", () => {
    fc.assert(
      fc.property(someRecord, someSequence, (record, sequence) => {
        const head = Buffer.alloc(recordOverheadBytes)
        encodeRecordHead(recordTarget(head), 0, record, { sequence, tag, startsGroup: false })
        expect(Buffer.concat([head, record.payload]).equals(encoded(record, sequence))).toBe(true)
      }),
    )
  })

  test("are refused when any bit of them has flipped", () => {
    fc.assert(
      fc.property(someRecord, fc.nat(), fc.integer({ min: 0, max: 7 }), (record, where, bit) => {
        const bytes = encoded(record, 7)
        const at = where % bytes.length
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
        expect(checkRecord(recordTarget(bytes), 0, bytes.length, tag)).toBeLessThan(0)
      }),
    )
  })

  test("ask for more bytes while they are not all there", () => {
    fc.assert(
      fc.property(someRecord, fc.nat(), (record, cut) => {
        const bytes = encoded(record, 7)
        expect(checkRecord(recordTarget(bytes), 0, cut % bytes.length, tag)).toBe(check.more)
      }),
    )
  })

  test("of another spool are not records of this one", () => {
    const bytes = encoded({ uuid, timestampMs: 0, codec: 0, payload: Buffer.from("x") }, 1)
    expect(checkRecord(recordTarget(bytes), 0, bytes.length, tag ^ 1)).toBe(check.badHeader)
  })

  test("with a length beyond the bound are refused before it is used", () => {
    const bytes = encoded({ uuid, timestampMs: 0, codec: 0, payload: Buffer.alloc(0) }, 1)
    bytes.writeUInt32BE(payloadBytesMax + 1, 8)
    bytes.writeUInt32BE(crc32(bytes.subarray(0, 36)), 36)
    const target = recordTarget(bytes)
    expect(recordBytes(target.view, 0)).toBeGreaterThan(payloadBytesMax)
    expect(checkRecord(target, 0, bytes.length, tag)).toBe(check.badHeader)
  })
})

describe("header and seal", () => {
  test("come back as they were written", () => {
    const header = { uuid, number: 2 ** 40, first: 2 ** 50 + 1, createdMs: 1.5 }
    expect(decodeSegmentHeader(encodeSegmentHeader(header))).toEqual(header)
    const seal = { next: 2 ** 52, offset: 1000, lastAppendMs: 2.5, records: 99 }
    expect(decodeSeal(encodeSeal(tag, seal), tag, 1048)).toEqual(seal)
  })

  test("are refused when any bit of them has flipped", () => {
    const header = encodeSegmentHeader({ uuid, number: 3, first: 9, createdMs: 5 })
    const seal = encodeSeal(tag, { next: 5, offset: 100, lastAppendMs: 0, records: 4 })
    for (let at = 0; at < header.length * 8; at++) {
      const bytes = Buffer.from(header)
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7))
      expect(decodeSegmentHeader(bytes)).toBe("damaged")
    }
    for (let at = 0; at < seal.length * 8; at++) {
      const bytes = Buffer.from(seal)
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7))
      expect(decodeSeal(bytes, tag, 148)).toBeUndefined()
    }
  })

  test("a seal that does not stand where it says is none", () => {
    const seal = encodeSeal(tag, { next: 5, offset: 100, lastAppendMs: 0, records: 4 })
    expect(decodeSeal(seal, tag, 149)).toBeUndefined()
    expect(decodeSeal(seal, tag ^ 1, 148)).toBeUndefined()
  })
})

describe("reading past damage", () => {
  test("finds every record that was not touched, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(someRecord, { minLength: 1, maxLength: 30 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 90 })), { minLength: 1, maxLength: 3 }),
        async (list, holes) => {
          const { bytes, starts } = segment(list)
          const touched = new Set<number>()
          for (const [where, length] of holes) {
            const from = segmentHeaderBytes + (where % (bytes.length - segmentHeaderBytes))
            const to = Math.min(bytes.length, from + length)
            for (let at = from; at < to; at++) bytes[at] = ~(bytes[at] ?? 0)
            for (const [index, start] of starts.entries())
              if (start < to && from < (starts[index + 1] ?? bytes.length)) touched.add(index + 1)
          }
          const whole = segment(list).bytes
          const { found } = await scan(bytes)
          const untouched = list.map((_, index) => index + 1).filter((n) => !touched.has(n))
          const missed = untouched.filter((n) => !found.some(({ sequence }) => sequence === n))
          expect(missed).toEqual([])
          for (const one of found) {
            const start = starts[one.sequence - 1] ?? 0
            expect(one.payload.equals(whole.subarray(start + recordOverheadBytes, start + recordOverheadBytes + one.payload.length))).toBe(
              true,
            )
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  test("names the damaged stretch to the byte", async () => {
    const list = ["one", "two", "three"].map((name) => ({ uuid, timestampMs: 0, codec: 0, payload: Buffer.from(name) }))
    const { bytes, starts } = segment(list)
    bytes[starts[1]! + recordOverheadBytes] = 0
    const { found, damage } = await scan(bytes)
    expect(found.map(({ sequence }) => sequence)).toEqual([1, 3])
    expect(damage).toEqual([{ from: starts[1], to: starts[2] }])
  })

  test("does not take a record inside a damaged payload for one that follows", async () => {
    const inner = encoded({ uuid, timestampMs: 0, codec: 0, payload: Buffer.from("inner") }, 900)
    const list = [Buffer.from("a"), Buffer.concat([Buffer.alloc(100), inner]), Buffer.from("c")]
    const { bytes, starts } = segment(list.map((payload) => ({ uuid, timestampMs: 0, codec: 0, payload })))
    bytes[starts[1]!] = 0
    expect((await scan(bytes)).found.map(({ sequence }) => sequence)).toEqual([1, 3])
  })

  test("reads records that are larger than a chunk, and damage that is", async () => {
    const large = Buffer.alloc(3 * 1024 * 1024, "x")
    const list = [large, Buffer.from("b"), large, Buffer.from("d")].map((payload) => ({ uuid, timestampMs: 0, codec: 0, payload }))
    const { bytes, starts } = segment(list)
    bytes[starts[2]! + 8] = 0xff
    const { found, damage } = await scan(bytes)
    expect(found.map(({ sequence, payload }) => [sequence, payload.length])).toEqual([
      [1, large.length],
      [2, 1],
      [4, 1],
    ])
    expect(damage).toEqual([{ from: starts[2], to: starts[3] }])
  })

  test("leaves old blocks of the disk alone, good as they are", async () => {
    const { bytes } = segment([{ uuid, timestampMs: 0, codec: 0, payload: Buffer.from("a") }])
    const old = encoded({ uuid, timestampMs: 0, codec: 0, payload: Buffer.from("old") }, 1)
    expect((await scan(Buffer.concat([bytes, old]))).found).toHaveLength(1)
  })
})
