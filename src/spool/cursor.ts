// Reads one segment from front to back, a chunk at a time, and finds its way past damage.
//
// A chunk holds whole records with continuous sequences, all checked. What cannot be a record is answered as a stretch of damage; what is
// missing shows as a jump of the sequence. What to make of either is the caller's business.

import type { FileHandle } from "../platform/platform.ts"
import {
  check,
  checkRecord,
  checkRecordHeader,
  type RecordTarget,
  recordBytes,
  recordHeaderBytes,
  recordMagicBytes,
  recordOverheadBytes,
  recordSequence,
  recordTarget,
  segmentHeaderBytes,
  startsGroup,
} from "./format.ts"
import { readFully } from "./segment.ts"

const chunkBytes = 1024 * 1024

/** Good records that lie one after another: record `i` has sequence `first + i` and begins at `starts[i]` of `bytes`. */
export interface RecordChunk extends RecordTarget {
  readonly first: number
  readonly starts: readonly number[]
  /** Where in the segment `bytes` begins. */
  readonly offset: number
}

/** Whether a group begins in the chunk: all that stands before it was confirmed. */
export function holdsGroupStart(chunk: RecordChunk): boolean {
  return chunk.starts.some((at) => startsGroup(chunk.view, at))
}

export interface Damage {
  readonly from: number
  readonly to: number
}

/** What was found next. Neither chunk nor damage: there is nothing more, for now or for good. */
export interface Found {
  readonly chunk?: RecordChunk
  readonly damage?: Damage
}

/** Bytes that are being read before they are asked for. */
interface Ahead {
  readonly offset: number
  readonly length: number
  readonly bytes: Promise<Buffer>
}

export class SegmentCursor {
  /** Where reading goes on. */
  offset: number
  /** The sequence that must come next; `undefined` when the segment does not say where it begins. */
  expected: number | undefined
  readonly #handle: FileHandle
  readonly #tag: number
  #ahead: Ahead | undefined

  constructor(handle: FileHandle, options: { tag: number; expected: number | undefined; offset?: number }) {
    this.#handle = handle
    this.#tag = options.tag
    this.expected = options.expected
    this.offset = options.offset ?? segmentHeaderBytes
  }

  /** Begins to read what follows, up to `end`, while the caller is busy with what it has. */
  readAhead(end: number): void {
    const length = Math.min(chunkBytes, end - this.offset)
    if (this.#ahead !== undefined || length <= 0) return
    const bytes = readFully(this.#handle, this.offset, length)
    // Whoever reads on hears of a failure; when nobody does it is nobody's business.
    bytes.catch(() => undefined)
    this.#ahead = { offset: this.offset, length, bytes }
  }

  /** Resolves when the file is not being read any more. */
  async idle(): Promise<void> {
    await this.#ahead?.bytes.catch(() => undefined)
  }

  /** Reads on, up to `end`. */
  async read(end: number): Promise<Found> {
    let wanted = chunkBytes
    for (;;) {
      const ahead = this.#takeAhead()
      const length = ahead?.length ?? Math.min(wanted, end - this.offset)
      if (length <= 0) return {}
      const chunk = recordTarget(await (ahead?.bytes ?? readFully(this.#handle, this.offset, length)))
      const { starts, at, stop } = this.#takeRecords(chunk)
      if (starts.length > 0) return { chunk: this.#advance(chunk, starts, at) }
      if (stop === check.seal) return {}
      if (stop !== check.more) return { damage: await this.#skip(chunk, stop, end) }
      const whole = chunk.bytes.length < recordHeaderBytes ? recordHeaderBytes : recordBytes(chunk.view, 0)
      // The file is shorter than it should be, or its last record is: that record is torn.
      if (chunk.bytes.length < length || this.offset + whole > end) return { damage: await this.#skip(chunk, check.badHeader, end) }
      wanted = whole
    }
  }

  #takeAhead(): Ahead | undefined {
    const ahead = this.#ahead
    this.#ahead = undefined
    return ahead?.offset === this.offset ? ahead : undefined
  }

  #advance(chunk: RecordTarget, starts: number[], at: number): RecordChunk {
    const first = recordSequence(chunk.view, 0)
    const found = { ...chunk, first, starts, offset: this.offset }
    this.offset += at
    this.expected = first + starts.length
    return found
  }

  #takeRecords(chunk: RecordTarget): { starts: number[]; at: number; stop: number } {
    const end = chunk.bytes.length
    const starts: number[] = []
    let at = 0
    let expected = this.expected
    for (;;) {
      const length = checkRecord(chunk, at, end, this.#tag)
      if (length <= 0) return { starts, at, stop: length }
      const sequence = recordSequence(chunk.view, at)
      // A good record in the wrong place is an old block of the disk.
      if (expected !== undefined && sequence !== expected) return { starts, at, stop: check.badHeader }
      starts.push(at)
      at += length
      expected = sequence + 1
    }
  }

  async #skip(chunk: RecordTarget, stop: number, end: number): Promise<Damage> {
    const from = this.offset
    if (stop === check.badPayload && [undefined, recordSequence(chunk.view, 0)].includes(this.expected)) {
      // The header is good, so it says where the next record begins.
      this.offset += recordBytes(chunk.view, 0)
      this.expected = recordSequence(chunk.view, 0) + 1
    } else {
      this.offset = await this.#nextRecord(from, end)
    }
    return { from, to: this.offset }
  }

  /** Where behind `from` the next record begins, or `end`. */
  async #nextRecord(from: number, end: number): Promise<number> {
    let position = from + 1
    while (position < end) {
      const length = Math.min(chunkBytes, end - position)
      const chunk = recordTarget(await readFully(this.#handle, position, length))
      const at = this.#findRecord(chunk, position - from)
      if (at >= 0) {
        this.expected = recordSequence(chunk.view, at)
        return position + at
      }
      if (chunk.bytes.length < length || position + length >= end) return end
      // A header may lie across the border of two chunks.
      position += length - (recordHeaderBytes - 1)
    }
    return end
  }

  #findRecord(chunk: RecordTarget, skippedBytes: number): number {
    const { bytes, view } = chunk
    for (let at = bytes.indexOf(recordMagicBytes); at >= 0; at = bytes.indexOf(recordMagicBytes, at + 1)) {
      if (bytes.length - at < recordHeaderBytes) return -1
      const good = checkRecordHeader(chunk, at, bytes.length, this.#tag) === check.more
      if (good && this.#canStand(recordSequence(view, at), skippedBytes + at)) return at
    }
    return -1
  }

  // A damaged record may hold what looks like one: the sequence has to fit what can have stood in the bytes before it.
  #canStand(sequence: number, skippedBytes: number): boolean {
    const { expected } = this
    return expected === undefined || (sequence >= expected && sequence - expected <= skippedBytes / recordOverheadBytes)
  }
}
