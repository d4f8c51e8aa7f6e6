// Records on their way to the disk: serialised as they arrive, written as a few large buffers in one call. One group is filled while the
// other one is written; both are used again, so that a busy spool allocates nothing.

import {
  encodeRecord,
  encodeRecordHead,
  payloadBytesMax,
  type RecordStamp,
  type RecordTarget,
  recordOverheadBytes,
  recordTarget,
  type SpoolRecord,
} from "./format.ts"

/** Called once an append is settled: its records are on disk under `first`, `first + 1` …, or they are not and `error` says why. */
export type Settled = (error: unknown, first: number) => void

const firstChunkBytes = 64 * 1024
const chunkBytesMax = 1024 * 1024
/** Longer payloads are written from where they lie instead of being copied. */
const copiedBytesMax = 32 * 1024

/** Index of the first record with a payload that is too long, or -1. */
export function tooLong(records: readonly SpoolRecord[]): number {
  for (let i = 0; i < records.length; i++) if (records[i]!.payload.length > payloadBytesMax) return i
  return -1
}

export class Group {
  bytes = 0
  records = 0
  appends = 0
  /** Sequence of the first record, when there is one. */
  first = 0
  #chunk: RecordTarget = recordTarget(Buffer.allocUnsafeSlow(firstChunkBytes))
  // Where in the chunk the part begins that is not yet among the parts, and where it ends.
  #from = 0
  #to = 0
  #parts: Buffer[] = []
  readonly #stamp: RecordStamp = { sequence: 0, tag: 0, startsGroup: false }
  #settled: Settled[] = []
  #firsts: number[] = []

  /** Adds an append: its records get the sequences from `first` on. `marksGroup`: the first record of the group says that it is that. */
  add(records: readonly SpoolRecord[], stamp: { first: number; tag: number; marksGroup: boolean }, settled: Settled): void {
    const { first, tag, marksGroup } = stamp
    if (this.records === 0) this.first = first
    this.#stamp.tag = tag
    for (let i = 0; i < records.length; i++) {
      this.#stamp.sequence = first + i
      this.#stamp.startsGroup = marksGroup && first + i === this.first
      this.#encode(records[i]!)
    }
    this.records += records.length
    this.appends += 1
    this.#settled.push(settled)
    this.#firsts.push(first)
  }

  /** The bytes, in order. They stay as they are until {@link reset}. */
  parts(): readonly Buffer[] {
    this.#cut()
    return this.#parts
  }

  /** Tells every append of the group what became of it. The group can be used again then. */
  settle(error: unknown): void {
    const settled = this.#settled
    const firsts = this.#firsts
    this.#reset()
    for (let i = 0; i < settled.length; i++) settled[i]!(error, firsts[i]!)
  }

  #reset(): void {
    this.bytes = 0
    this.records = 0
    this.appends = 0
    this.#from = 0
    this.#to = 0
    this.#parts = []
    this.#settled = []
    this.#firsts = []
  }

  #encode(record: SpoolRecord): void {
    const { payload } = record
    const length = recordOverheadBytes + payload.length
    this.bytes += length
    if (payload.length <= copiedBytesMax) {
      this.#makeRoom(length)
      this.#to += encodeRecord(this.#chunk, this.#to, record, this.#stamp)
      return
    }
    this.#makeRoom(recordOverheadBytes)
    this.#to += encodeRecordHead(this.#chunk, this.#to, record, this.#stamp)
    this.#cut()
    this.#parts.push(Buffer.from(payload.buffer, payload.byteOffset, payload.length))
  }

  #makeRoom(length: number): void {
    const { bytes } = this.#chunk
    if (this.#to + length <= bytes.length) return
    this.#cut()
    // The larger chunk is kept for the next groups: a spool that is used grows to what one group needs, one that is not stays small.
    this.#chunk = recordTarget(Buffer.allocUnsafeSlow(Math.min(bytes.length * 2, chunkBytesMax)))
    this.#from = 0
    this.#to = 0
  }

  #cut(): void {
    if (this.#to > this.#from) this.#parts.push(this.#chunk.bytes.subarray(this.#from, this.#to))
    this.#from = this.#to
  }
}
