// A record as the reader hands it out: where it lies in the chunk it was read with. Views on that are made when they are asked for, which
// is rare: on the common way an event is made of it, whose bytes stay where they are.

import type { Event, Offer, UuidPlace, UuidSource } from "../event.ts"
import { eventOfPieces, type RecordPieces } from "../event-codec.ts"
import { uuidText } from "../platform/uuid.ts"
import {
  type RecordTarget,
  recordBytes,
  recordCodec,
  recordHeaderBytes,
  recordOverheadBytes,
  recordTimestampMs,
  type SpoolRecord,
} from "./format.ts"

export class SpooledRecord implements SpoolRecord, RecordPieces, UuidPlace, Offer {
  /** Its place in the spool: with the spool's id, the origin of the event that it becomes. */
  readonly sequence: number
  /** Empty when it is only looked at. */
  readonly spool: string
  readonly timestampMs: number
  readonly codec: number
  /** How often it was offered before and came back, since the spool was opened. */
  readonly returns: number
  /** Up to 1 MiB that holds many records: copy what is kept for long. The payload is `chunk[start, end)`. */
  readonly chunk: Buffer
  readonly start: number
  readonly end: number

  constructor(target: RecordTarget, at: number, place: { readonly sequence: number; readonly returns: number; readonly spool?: string }) {
    const { bytes, view } = target
    this.sequence = place.sequence
    this.spool = place.spool ?? ""
    this.returns = place.returns
    this.timestampMs = recordTimestampMs(view, at)
    this.codec = recordCodec(view, at)
    this.chunk = bytes
    this.start = at + recordOverheadBytes
    this.end = at + recordBytes(view, at)
  }

  /** A view on the chunk. */
  get payload(): Buffer {
    return this.chunk.subarray(this.start, this.end)
  }

  /** The 16 bytes; a view as well. */
  get uuid(): Buffer {
    return this.chunk.subarray(this.uuidAt, this.start)
  }

  get uuidBytes(): Buffer {
    return this.chunk
  }

  get uuidAt(): number {
    return this.start - recordOverheadBytes + recordHeaderBytes
  }

  get offers(): number {
    return this.returns + 1
  }

  /** The event of the record, with its origin. @throws Invalid when the bytes are not what their codec says. */
  toEvent(source: UuidSource): Event {
    const event = eventOfPieces(source, this)
    // Bytes keep the chunk alive anyway; other data must not do so for the sake of a uuid.
    if (event.chunk !== null) {
      if (!event.hasUuid) event.adoptUuid(this)
      event.adoptOffer(this)
    } else {
      if (!event.hasUuid) event.uuid = uuidText(this.chunk, this.uuidAt)
      event.adoptOffer({ spool: this.spool, sequence: this.sequence, offers: this.offers })
    }
    return event
  }
}
