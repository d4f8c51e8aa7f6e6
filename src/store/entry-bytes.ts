// An entry as bytes, for drivers that keep bytes (file, redis). All numbers big-endian, times as doubles in milliseconds:
//
//   offset  size
//   0       1     format, 1
//   1       1     codec of the payload
//   2       4     attempts
//   6       8     due
//   14      8     created
//   22      8     timestamp of the event
//   30      2     length of the texts
//   32      …     uuid, owner, version, kind as a JSON list of text
//   …       …     payload, to the end
//
// A released format stays readable: what is on users' disks is never refused.

import type { Entry, NewEntry } from "./store.ts"

const format = 1
const fixedBytes = 32
const textsMax = 0xffff

/** @throws RangeError when its texts are too long: together at most 64 KiB */
export function encodeEntry(entry: NewEntry): Buffer {
  const texts = Buffer.from(JSON.stringify([entry.uuid, entry.owner, entry.version, entry.kind]))
  if (texts.length > textsMax)
    throw new RangeError(`uuid, owner, version and kind of an entry have ${texts.length} bytes, at most ${textsMax}`)
  const bytes = Buffer.allocUnsafe(fixedBytes + texts.length + entry.payload.length)
  bytes[0] = format
  bytes[1] = entry.codec
  bytes.writeUInt32BE(entry.attempts, 2)
  bytes.writeDoubleBE(entry.dueMs, 6)
  bytes.writeDoubleBE(entry.createdMs, 14)
  bytes.writeDoubleBE(entry.timestampMs, 22)
  bytes.writeUInt16BE(texts.length, 30)
  texts.copy(bytes, fixedBytes)
  bytes.set(entry.payload, fixedBytes + texts.length)
  return bytes
}

/** `undefined` when these are not the bytes of an entry. The payload is a view of `bytes`. */
export function decodeEntry(id: string, bytes: Buffer): Entry | undefined {
  if (bytes.length < fixedBytes || bytes[0] !== format) return undefined
  const payloadAt = fixedBytes + bytes.readUInt16BE(30)
  const texts = payloadAt <= bytes.length ? readTexts(bytes.toString("utf8", fixedBytes, payloadAt)) : undefined
  if (texts === undefined) return undefined
  const [uuid, owner, version, kind] = texts
  return {
    id,
    uuid,
    owner,
    version,
    kind,
    codec: bytes[1] as number,
    attempts: bytes.readUInt32BE(2),
    dueMs: bytes.readDoubleBE(6),
    createdMs: bytes.readDoubleBE(14),
    timestampMs: bytes.readDoubleBE(22),
    payload: bytes.subarray(payloadAt),
  }
}

function readTexts(json: string): [string, string, string, string] | undefined {
  try {
    const texts: unknown = JSON.parse(json)
    return Array.isArray(texts) && texts.length === 4 && texts.every((text) => typeof text === "string")
      ? (texts as [string, string, string, string])
      : undefined
  } catch {
    return undefined
  }
}
