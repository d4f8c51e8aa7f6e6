// An event as bytes, for the spool, and as plain data, for other programs (`native_events`).
//
// Bytes: `[u32 length of the header][header, JSON][payload]` when the codec has the flag `withHeader`, else the payload alone. The header
// holds what the event is besides uuid, timestamp and data (and the uuid, when it is no uuid in the usual form); an event that only
// travelled has none. The low bits of the codec say what
// the payload is: text in UTF-8, bytes as they are, or JSON. Bytes inside JSON are written as `{"$bytes": "<base64>"}`; a map
// that happens to have just that key is written with one more `$` before it.

import { failureKinds, Invalid } from "./errors.ts"
import {
  type ErrorRecord,
  Event,
  type EventMeta,
  type HistoryEntry,
  historyEdge,
  parentsMax,
  type UuidPlace,
  type UuidSource,
} from "./event.ts"
import { uuidText } from "./platform/uuid.ts"

/** Codec byte: what the payload is, and whether a header stands before it. These numbers are on users' disks: never change one. */
export const codec = { text: 1, bytes: 2, json: 3, withHeader: 16 } as const

/** An event ready for a record. */
export interface EncodedEvent {
  readonly codec: number
  /** 16 bytes. */
  readonly uuid: Buffer
  readonly timestampMs: number
  readonly payload: Buffer
}

/** An event on its way into a record, in pieces that lie where they lay: to be copied at once. */
export interface EventPieces {
  readonly codec: number
  /** The uuid is 16 bytes of these, from `uuidFrom`. */
  readonly uuid: Buffer
  readonly uuidFrom: number
  readonly timestampMs: number
  readonly payload: Uint8Array
}

/** A record as it was read: its payload is `chunk[start, end)`. */
export interface RecordPieces {
  readonly codec: number
  readonly timestampMs: number
  readonly chunk: Buffer
  readonly start: number
  readonly end: number
}

/** Plain data of a whole event, as `native_events` gives and takes it. */
export interface NativeEvent {
  readonly uuid: string
  readonly timestamp: number
  readonly ttl: number
  readonly data: unknown
  readonly tags: readonly string[]
  readonly errors: Readonly<Record<string, ErrorRecord>>
  readonly tmp: Readonly<Record<string, unknown>>
  readonly bulk: boolean
  readonly meta: Readonly<Partial<EventMeta>>
}

/** The event as bytes. `ttl` and where it was read from are not kept: what is read again starts afresh. @throws Invalid when its data cannot be written. */
export function encodeEvent(event: Event): EncodedEvent {
  const { codec: kind, timestampMs, uuid, uuidFrom, payload } = piecesOf(event)
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
  return { codec: kind, uuid: uuid.subarray(uuidFrom, uuidFrom + 16), timestampMs, payload: bytes }
}

/** As {@link encodeEvent}, for whoever copies the bytes at once. @throws Invalid */
export function piecesOf(event: Event): EventPieces {
  const place = event.uuidPlace()
  const { uuidBytes: uuid, uuidAt: uuidFrom } = place ?? noUuid
  const timestampMs = event.timestamp * 1000
  const { chunk } = event
  if (chunk !== null && place !== undefined && !event.hasTravelled) {
    // `Buffer.subarray` costs half as much again, and nobody needs what it adds.
    const payload = new Uint8Array(chunk.buffer, chunk.byteOffset + event.start, event.end - event.start)
    return { uuid, uuidFrom, codec: event.encodingOfBytes === "text" ? codec.text : codec.bytes, timestampMs, payload }
  }
  const header = encodeHeader(event, place === undefined ? event.uuid : undefined)
  const [kind, payload] = encodePayload(event)
  if (header === undefined) return { uuid, uuidFrom, codec: kind, timestampMs, payload }
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(header.length)
  return { uuid, uuidFrom, codec: kind | codec.withHeader, timestampMs, payload: Buffer.concat([length, header, payload]) }
}

/** The event of a record. @throws Invalid when the bytes are not what their codec says. */
export function decodeEvent(source: UuidSource, record: EncodedEvent): Event {
  const { codec: kind, timestampMs, uuid, payload } = record
  const event = eventOfPieces(source, { codec: kind, timestampMs, chunk: payload, start: 0, end: payload.length })
  if (event.hasUuid) return event
  // Bytes keep the chunk they came in alive anyway; other data must not do so for the sake of a uuid.
  if (event.chunk === null) event.uuid = uuidText(uuid, 0)
  else event.adoptUuid({ uuidBytes: uuid, uuidAt: 0 })
  return event
}

/** The event of a record, but for its uuid, unless that stands in the header. @throws Invalid */
export function eventOfPieces(source: UuidSource, record: RecordPieces): Event {
  const { codec: code, chunk, end } = record
  const kind = code & ~codec.withHeader
  const hasHeader = (code & codec.withHeader) !== 0
  const header = record.start + 4
  const start = hasHeader ? header + headerLength(chunk, record) : record.start
  const timestamp = record.timestampMs / 1000
  let event: Event
  if (kind === codec.json) event = new Event(source, timestamp, fromJson(chunk.toString("utf8", start, end)))
  else if (kind === codec.text || kind === codec.bytes) {
    event = Event.ofBytes(source, timestamp, { chunk, start, end, encoding: kind === codec.text ? "text" : "binary" })
  } else throw new Invalid(`codec ${code} is not known to this version`)
  if (hasHeader) restoreHeader(event, fromJson(chunk.toString("utf8", header, start)))
  return event
}

/** The whole event as plain data; bytes in it stay Buffers. */
export function toNative(event: Event): NativeEvent {
  const { uuid, timestamp, ttl, data, tags, errors, tmp, bulk, meta } = event
  return { uuid, timestamp, ttl, data, tags, errors, tmp, bulk, meta: Object.assign({}, meta) }
}

/** An event from plain data as {@link toNative} gives it. Missing parts are made anew. @throws Invalid when it is not such data. */
export function fromNative(source: UuidSource, now: number, native: unknown): Event {
  if (!isMap(native) || !("data" in native)) throw new Invalid("a native event is a map with at least `data`")
  const { timestamp, data } = native
  const event = new Event(source, typeof timestamp === "number" && Number.isFinite(timestamp) ? timestamp : now, data)
  restoreHeader(event, native)
  return event
}

/** How {@link toJson} writes. */
export interface JsonStyle {
  /** Spaces a level is indented by; 0: all on one line. */
  readonly indent?: number
  /** Keys of maps in order. */
  readonly sorted?: boolean
}

/** Data as JSON text; bytes inside it in base64. @throws Invalid for what JSON cannot hold: functions, symbols, cycles, big integers. */
export function toJson(value: unknown, { indent = 0, sorted = false }: JsonStyle = {}): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value, sorted ? replaceSorted : replaceBytes, indent)
  } catch (cause) {
    throw new Invalid(`the data cannot be written as JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  if (text === undefined) throw new Invalid(`the data cannot be written as JSON: it is ${typeof value}`)
  return text
}

/** Reads what {@link toJson} wrote. @throws Invalid */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text, reviveBytes)
  } catch (cause) {
    throw new Invalid(`not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function encodePayload(event: Event): [kind: number, payload: Buffer] {
  const { chunk } = event
  if (chunk !== null) return [event.encodingOfBytes === "text" ? codec.text : codec.bytes, chunk.subarray(event.start, event.end)]
  const { data } = event
  if (typeof data === "string") return [codec.text, Buffer.from(data)]
  if (Buffer.isBuffer(data)) return [codec.bytes, data]
  return [codec.json, Buffer.from(toJson(data))]
}

function encodeHeader(event: Event, uuid: string | undefined): Buffer | undefined {
  if (!event.hasTravelled && uuid === undefined) return undefined
  const { tags, errors, tmp, bulk, meta } = event
  const { origin: _origin, ttlSpent: _ttlSpent, wish: _wish, ...kept } = meta
  return Buffer.from(toJson({ tags, errors, tmp, bulk, meta: kept, ...(uuid === undefined ? {} : { uuid }) }))
}

function headerLength(chunk: Buffer, { start, end }: RecordPieces): number {
  const length = end - start < 4 ? Number.POSITIVE_INFINITY : chunk.readUInt32BE(start)
  if (4 + length > end - start) throw new Invalid("the record is shorter than its header says")
  return length
}

function restoreHeader(event: Event, header: unknown): void {
  if (!isMap(header)) throw new Invalid("the header of the record is not a map")
  const { tags, errors, tmp, bulk, meta, uuid } = header
  if (typeof uuid === "string") event.uuid = uuid
  if (Array.isArray(tags) && tags.length > 0) event.set("tags", tags.filter(isPlain))
  if (isMap(errors) && Object.keys(errors).length > 0) Object.assign(event.errors, errors)
  if (isMap(tmp) && Object.keys(tmp).length > 0) event.set("tmp", tmp)
  event.bulk = bulk === true
  if (isMap(meta)) restoreMeta(event.meta, meta)
}

/** Takes over what has the right shape: the map may come from another program, and nothing in it may break an event later. Where the
 *  event was read from and whether its hops were spent is not taken over. */
function restoreMeta(known: EventMeta, meta: Record<string, unknown>): void {
  const { parents, attempts, offers, history, failures, priority, delivery, args, resent } = meta
  if (Array.isArray(parents)) known.parents = parents.filter((parent) => typeof parent === "string").slice(-parentsMax)
  if (Array.isArray(history)) {
    const entries = history.filter(isHistoryEntry)
    known.history = [...entries.slice(0, historyEdge), ...entries.slice(historyEdge).slice(-historyEdge)]
  }
  known.attempts = countOf(attempts)
  known.offers = countOf(offers)
  known.failures = Math.max(countOf(failures), known.history.length)
  if (typeof priority === "number" && Number.isFinite(priority)) known.priority = priority
  known.delivery = delivery
  known.args = args
  known.resent = resent === true
}

function isHistoryEntry(value: unknown): value is HistoryEntry {
  if (!isMap(value)) return false
  const { time, instance, kind, code, message } = value
  if (typeof time !== "number" || typeof instance !== "string" || typeof code !== "string" || typeof message !== "string") return false
  return failureKinds.some((known) => known === kind)
}

function countOf(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : 0
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

const noUuid: UuidPlace = { uuidBytes: Buffer.alloc(16), uuidAt: 0 }

const bytesKey = "$bytes"

/** `this` is the map around the value: `JSON.stringify` has already called `toJSON` on a Buffer when it hands it over. */
function replaceBytes(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw new TypeError(`\`${key}\` is a ${typeof value}`)
  if (typeof value !== "object" || value === null) return value
  const original = isMap(this) || Array.isArray(this) ? (this as Record<string, unknown>)[key] : undefined
  if (Buffer.isBuffer(original)) return { [bytesKey]: original.toString("base64") }
  const only = onlyKey(value)
  return only !== undefined && /^\$+bytes$/.test(only) ? { [`$${only}`]: (value as Record<string, unknown>)[only] } : value
}

function replaceSorted(this: unknown, key: string, value: unknown): unknown {
  const replaced: unknown = replaceBytes.call(this, key, value)
  if (!isMap(replaced)) return replaced
  return Object.fromEntries(
    Object.keys(replaced)
      .toSorted()
      .map((name) => [name, replaced[name]]),
  )
}

function reviveBytes(key: string, value: unknown): unknown {
  if (key === "__proto__") return undefined
  const only = onlyKey(value)
  if (only === undefined || !/^\$+bytes$/.test(only)) return value
  const inner = (value as Record<string, unknown>)[only]
  if (only !== bytesKey) return { [only.slice(1)]: inner }
  return typeof inner === "string" ? Buffer.from(inner, "base64") : value
}

function onlyKey(value: unknown): string | undefined {
  if (!isMap(value)) return undefined
  const keys = Object.keys(value)
  return keys.length === 1 ? keys[0] : undefined
}
