// A backlog as a writer would have left it: sealed segments of 64 MiB, one after the other.

import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  encodeRecord,
  encodeSeal,
  encodeSegmentHeader,
  recordOverheadBytes,
  recordTarget,
  segmentHeaderBytes,
  spoolTag,
} from "../../src/spool/format.ts"
import { segmentName } from "../../src/spool/segment.ts"

const segmentBytes = 64 * 1024 * 1024
const uuid = Buffer.alloc(16, 9)
const uuidText = "09090909-0909-0909-0909-090909090909"

/** Fills `directory` with records of `size` bytes, `bytes` in all. */
export function layOut(directory: string, bytes: number, size: number): void {
  mkdirSync(directory, { recursive: true })
  const tag = spoolTag(uuid)
  const target = recordTarget(Buffer.allocUnsafeSlow(segmentBytes))
  const record = { uuid, timestampMs: 0, codec: 1, payload: Buffer.alloc(size, "x") }
  const perSegment = Math.floor((segmentBytes - segmentHeaderBytes) / (recordOverheadBytes + size))
  for (let number = 1, first = 1; (number - 1) * segmentBytes < bytes; number++, first += perSegment) {
    encodeSegmentHeader({ uuid, number, first, createdMs: 0 }).copy(target.bytes)
    let at = segmentHeaderBytes
    for (let n = 0; n < perSegment; n++) at += encodeRecord(target, at, record, { sequence: first + n, tag, startsGroup: n % 1000 === 0 })
    const seal = encodeSeal(tag, { next: first + perSegment, offset: at, lastAppendMs: 0, records: perSegment })
    const name = segmentName({ name: "bench", number, uuid: uuidText, state: "ready" })
    writeFileSync(join(directory, name), Buffer.concat([target.bytes.subarray(0, at), seal]))
  }
}
