// What every parser must hold, whatever bytes come: it ends, throws nothing but what it says it throws, and gives nothing that was not there.
// Short in every run (fuzz.test.ts), for as long as one likes in a soak.

import fc from "fast-check"
import { expect } from "vitest"
import { LineSplit } from "../../src/actor/line-split.ts"
import type { Event } from "../../src/event.ts"
import { decodeEvent, encodeEvent } from "../../src/event-codec.ts"
import { simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { SegmentCursor } from "../../src/spool/cursor.ts"
import {
  decodeSeal,
  decodeSegmentHeader,
  encodeRecord,
  encodeSegmentHeader,
  recordOverheadBytes,
  recordTarget,
  segmentHeaderBytes,
  spoolTag,
} from "../../src/spool/format.ts"
import { encodeSlot, readPosition } from "../../src/spool/position.ts"
import { SpooledRecord } from "../../src/spool/spooled-record.ts"
import { check } from "../unit/bootstrap/fakes.ts"

export type Effort = Pick<fc.Parameters<unknown>, "numRuns" | "interruptAfterTimeLimit">

const uuid = Buffer.from("00112233445546778899aabbccddeeff", "hex")
const tag = spoolTag(uuid)
const source = { uuid: () => "00000000-0000-4000-8000-000000000000" }
const bytes = (maxLength: number): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength }).map((list) => Buffer.from(list))

/** A change of a stretch of bytes. */
type Mutation = { readonly at: number; readonly cut: number; readonly put: Buffer }

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  cut: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(100)),
  put: fc.oneof(bytes(3), bytes(80)),
})

function mutated(original: Buffer, mutations: readonly Mutation[]): Buffer {
  return mutations.reduce((found, { at, cut, put }) => {
    const from = at % (found.length + 1)
    return Buffer.concat([found.subarray(0, from), put, found.subarray(Math.min(found.length, from + cut))])
  }, original)
}

/** Lines are the same however the bytes are cut into chunks, and those that a plain split finds. */
export function fuzzLines(effort: Effort): void {
  const delimiters = ["\n", "\r\n", "||", "aab", "abab"]
  const piece = fc.oneof(fc.constantFrom("\n", "\r", "\r\n", "|", "||", "a", "ab", "aab", "abab", "b"), fc.string({ maxLength: 4 }))
  const stream = fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join("")))
  const property = fc.property(stream, fc.constantFrom(...delimiters), fc.nat(12), fc.array(fc.nat(9)), (all, delimiter, max, cuts) => {
    const lineBytesMax = max + 1
    expect(split(all, cuts, { delimiter, lineBytesMax })).toEqual(plainSplit(all, { delimiter, lineBytesMax }))
  })
  fc.assert(property, effort)
}

interface Lines {
  readonly lines: string[]
  readonly tooLong: number
}

function split(all: Buffer, cuts: readonly number[], { delimiter, lineBytesMax }: { delimiter: string; lineBytesMax: number }): Lines {
  const lines: string[] = []
  let tooLong = 0
  const line = (chunk: Buffer, start: number, end: number): unknown => lines.push(chunk.toString("latin1", start, end))
  const splitter = new LineSplit({ delimiter, lineBytesMax, line, tooLong: () => (tooLong += 1) })
  let at = 0
  for (const cut of cuts) splitter.push(all.subarray(at, (at = Math.min(all.length, at + cut))))
  splitter.push(all.subarray(at))
  splitter.end()
  return { lines, tooLong }
}

function plainSplit(all: Buffer, { delimiter, lineBytesMax }: { delimiter: string; lineBytesMax: number }): Lines {
  const parts = all.toString("latin1").split(delimiter)
  const lines = parts.map((part) => (delimiter === "\n" ? part.replace(/\r$/, "") : part)).filter((part) => part !== "")
  return { lines: lines.filter((part) => part.length <= lineBytesMax), tooLong: lines.filter((part) => part.length > lineBytesMax).length }
}

/** A segment that anything happened to gives only records that were written, in order, and becomes events or is refused as invalid. */
export async function fuzzRecords(effort: Effort): Promise<void> {
  const payloads = fc.array(bytes(120), { minLength: 1, maxLength: 12 })
  const codec = fc.oneof(fc.constantFrom(1, 2, 3, 17, 18, 19), fc.nat(255))
  const property = fc.asyncProperty(payloads, codec, fc.array(mutation, { maxLength: 6 }), async (list, kind, mutations) => {
    const damaged = mutated(segment(list, kind), mutations)
    const found = await scan(damaged)
    const sequences = found.map(({ sequence }) => sequence)
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b))
    for (const record of found) {
      expect(record.payload.equals(list[record.sequence - 1] as Buffer)).toBe(true)
      decodes(record)
    }
    decodeSegmentHeader(damaged)
    decodeSeal(damaged.subarray(-48), tag, damaged.length)
  })
  await fc.assert(property, effort)
}

function segment(payloads: readonly Buffer[], codec: number): Buffer {
  const parts = [encodeSegmentHeader({ uuid, number: 1, first: 1, createdMs: 0 })]
  for (const [index, payload] of payloads.entries()) {
    const part = Buffer.alloc(recordOverheadBytes + payload.length)
    const stamp = { sequence: index + 1, tag, startsGroup: index % 3 === 0 }
    encodeRecord(recordTarget(part), 0, { uuid, timestampMs: index, codec, payload }, stamp)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

async function scan(content: Buffer): Promise<SpooledRecord[]> {
  const platform = simulatedPlatform()
  platform.disk.put("/segment", content)
  const cursor = new SegmentCursor(await platform.files.open("/segment", "read"), { tag, expected: 1 })
  const found: SpooledRecord[] = []
  let offset = segmentHeaderBytes
  for (;;) {
    const { chunk, damage } = await cursor.read(content.length)
    if (chunk === undefined && damage === undefined) return found
    expect(cursor.offset).toBeGreaterThan(offset)
    offset = cursor.offset
    chunk?.starts.forEach((at, index) => found.push(new SpooledRecord(chunk, at, { sequence: chunk.first + index, returns: 0 })))
  }
}

/** What can be decoded can be written again, and says the same. */
function decodes(record: SpooledRecord): void {
  let event: Event
  try {
    event = decodeEvent(source, record)
  } catch (thrown) {
    expect(thrown).toMatchObject({ name: "Invalid" })
    return
  }
  const again = decodeEvent(source, encodeEvent(event))
  expect([again.uuid, again.data, again.tags, again.bulk]).toEqual([event.uuid, event.data, event.tags, event.bulk])
}

/** A position file in any state gives a position that was written once, or none. */
export async function fuzzPosition(effort: Effort): Promise<void> {
  const generations = fc.array(fc.nat(1000), { minLength: 1, maxLength: 2 })
  const property = fc.asyncProperty(generations, fc.array(mutation, { maxLength: 4 }), async (list, mutations) => {
    const file = Buffer.alloc(8192)
    for (const [slot, generation] of list.entries()) {
      encodeSlot({ generation, uuid, lowest: generation + 1, number: 1, writtenMs: 0 }).copy(file, slot * 4096)
    }
    const platform = simulatedPlatform()
    platform.disk.put("/tmp/position", mutated(file, mutations))
    const reading = await readPosition(platform.files, "/tmp")
    if (mutations.length === 0) expect(reading.status).toBe("good")
    if (reading.status !== "good") return
    expect(list).toContain(reading.position.generation)
    expect(reading.position.lowest).toBe(reading.position.generation + 1)
  })
  await fc.assert(property, effort)
}

const rightFile = `state: ./state
modules:
  source: {module: wishbone.input.tcp, arguments: {port: 1000}}
  out:
    module: wishbone.output.tcp
    queues: {inbox: {size: 10, when_full: spill, sync: 1s}}
  spool: {module: wishbone.output.disk, arguments: {directory: ./spool}}
routingtable:
  - source.outbox -> out.inbox
  - out.failed -> spool.inbox
`

/** Any text is a plan or a list of problems, each with a place in it. */
export async function fuzzBootstrap(effort: Effort): Promise<void> {
  const word = fc.constantFrom(
    "modules:",
    "routingtable:",
    "- ",
    "  ",
    "\n",
    ": ",
    "{",
    "}",
    "[",
    "&a ",
    "*a",
    "<<: ",
    "${X}",
    "!!int ",
    "|",
    "a.b -> c.d",
    "null",
  )
  const put = fc.oneof(
    fc.string({ maxLength: 8 }),
    word,
    fc.array(word, { maxLength: 6 }).map((words) => words.join("")),
  )
  const change = fc.record({ at: fc.nat(), cut: fc.nat(30), put: put.map((text) => Buffer.from(text)) })
  const mutatedFile = fc.array(change, { minLength: 1, maxLength: 5 }).map((changes) => mutated(Buffer.from(rightFile), changes).toString())
  const property = fc.asyncProperty(fc.oneof({ weight: 5, arbitrary: mutatedFile }, fc.string({ maxLength: 200 })), async (text) => {
    const { plan, problems } = await check(text)
    const isRefused = problems.some(({ severity }) => severity === "error")
    expect(plan === undefined).toBe(isRefused)
    for (const { line, column, message } of problems) {
      expect([message === "", line >= 1, column >= 1, line <= text.split("\n").length + 1]).toEqual([false, true, true, true])
    }
  })
  await fc.assert(property, effort)
}
