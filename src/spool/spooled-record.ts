// A record as the reader hands it out: views on the chunk it was read with, made when they are asked for where that is rare.

import { type RecordTarget, recordBytes, recordCodec, recordOverheadBytes, recordTimestampMs, type SpoolRecord } from "./format.ts"

export class SpooledRecord implements SpoolRecord {
  /** Its place in the spool: with the spool's id, the origin of the event that it becomes. */
  readonly sequence: number
  readonly timestampMs: number
  readonly codec: number
  /** A view on a chunk of up to 1 MiB that holds many records: copy what is kept for long. */
  readonly payload: Buffer
  /** How often it was offered before and came back, since the spool was opened. */
  readonly returns: number
  private readonly chunk: Buffer
  private readonly at: number

  constructor(target: RecordTarget, at: number, place: { readonly sequence: number; readonly returns: number }) {
    const { bytes, view } = target
    this.sequence = place.sequence
    this.returns = place.returns
    this.timestampMs = recordTimestampMs(view, at)
    this.codec = recordCodec(view, at)
    this.payload = bytes.subarray(at + recordOverheadBytes, at + recordBytes(view, at))
    this.chunk = bytes
    this.at = at
  }

  /** The 16 bytes; a view as well. */
  get uuid(): Buffer {
    return this.chunk.subarray(this.at + 40, this.at + recordOverheadBytes)
  }
}
