// What a record says, for people and programs that look at a spool: a line about it, or the whole event.

import type { UuidSource } from "../event.ts"
import { codec, decodeEvent, toJson, toNative } from "../event-codec.ts"
import { uuidText } from "../platform/uuid.ts"
import type { SpooledRecord } from "./spooled-record.ts"

/** Characters of the data that a line shows. */
const previewLength = 80

/** What is told of a record in a list. */
export interface RecordLine {
  readonly sequence: number
  readonly uuid: string
  /** When the event was made, ISO 8601. */
  readonly time: string
  /** Of the payload. */
  readonly bytes: number
  readonly codec: "text" | "bytes" | "json" | "unknown"
  /** The beginning of the data. */
  readonly preview: string
}

export function recordLine(record: SpooledRecord): RecordLine {
  const { sequence, payload } = record
  const kind = record.codec & ~codec.withHeader
  const name = kind === codec.text ? "text" : kind === codec.bytes ? "bytes" : kind === codec.json ? "json" : "unknown"
  const data = dataOf(record)
  // A character has at most four bytes.
  const start = data.subarray(0, previewLength * 4)
  const text = name === "bytes" || name === "unknown" ? start.toString("latin1") : start.toString("utf8")
  const preview = text.length > previewLength || start.length < data.length ? `${text.slice(0, previewLength)}…` : text
  return { sequence, uuid: uuidOf(record), time: timeText(record.timestampMs), bytes: payload.length, codec: name, preview }
}

/** A whole record: the event as it would be offered, or why it cannot be read, with its bytes. Bytes inside are `{"$bytes": "<base64>"}`. */
export function recordDocument(source: UuidSource, record: SpooledRecord): Record<string, unknown> {
  const { preview: _, ...line } = recordLine(record)
  try {
    return { ...line, event: JSON.parse(toJson(toNative(decodeEvent(source, record)))) as unknown }
  } catch (error) {
    return { ...line, problem: error instanceof Error ? error.message : String(error), payload: record.payload.toString("base64") }
  }
}

/** The uuid of the event. One that is no uuid in the usual form stands in the header of the payload. */
export function uuidOf(record: SpooledRecord): string {
  const { uuid } = record
  if (uuid.some((byte) => byte !== 0) || (record.codec & codec.withHeader) === 0) return uuidText(uuid, 0)
  try {
    const header: unknown = JSON.parse(record.payload.toString("utf8", 4, startOf(record)))
    const own = (header as { uuid?: unknown } | null)?.uuid
    return typeof own === "string" ? own : uuidText(uuid, 0)
  } catch {
    return uuidText(uuid, 0)
  }
}

function dataOf(record: SpooledRecord): Buffer {
  return record.payload.subarray(startOf(record))
}

function startOf({ codec: code, payload }: SpooledRecord): number {
  if ((code & codec.withHeader) === 0) return 0
  return payload.length < 4 ? payload.length : Math.min(payload.length, 4 + payload.readUInt32BE(0))
}

function timeText(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString()
}
