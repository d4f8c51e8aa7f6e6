// The segment format, version 1: what a spool writes and will always be able to read.
//
// Invariants
//   - All numbers are big-endian. u64 stays below 2^53. Times are milliseconds since 1970 as IEEE 754 doubles. Reserved bytes are 0.
//   - CRC is CRC-32 (IEEE 802.3), as computed by zlib's `crc32`.
//   - Sequences of a spool begin at 1 and are continuous: record after record in a segment, and from one segment to the next.
//   - Where two segments hold the same sequence (a sync failed and its records were written again), the segment with the higher number
//     holds it: a segment ends where the next one begins.
//   - Nothing is changed in place, except that a torn tail is cut off when the segment of a writer that is gone gets sealed.
//
// Segment = header, records, and, when it was sealed in order, a seal. Its name is `<name>.<number>.<spool uuid>.writing` or `.ready`.
//
//   Segment header, 64 bytes
//      0   8  magic F7 57 42 53 0D 0A 1A 0A ("÷WBS"; the line ends show files that went through a text conversion)
//      8   2  version, 1. Magic, version and the place of this header's CRC stay in every version; a segment of a higher one is moved to
//             `quarantine/` whole, never read as if it were this one
//     10   2  length of this header, 64
//     12   4  reserved
//     16  16  uuid of the spool
//     32   8  number of the segment; rises, with gaps
//     40   8  sequence of the first record
//     48   8  time of creation
//     56   4  reserved
//     60   4  CRC of bytes 0–59
//
//   Record, 56 bytes and its payload
//      0   4  magic F7 57 52 ("÷WR") and version 1
//      4   1  codec of the payload; belongs to whoever writes the records
//      5   1  flags. 1: begins a group, so that everything before it was synced when it was written; others are reserved
//      6   2  reserved
//      8   4  length of the payload, at most 64 MiB
//     12   4  tag of the spool: CRC of its uuid. Old blocks of another file are not taken for records.
//     16   8  sequence
//     24   8  timestamp
//     32   4  CRC of uuid and payload (bytes 40 to the end)
//     36   4  CRC of bytes 0–35; nothing above is used before it fits
//     40  16  uuid
//     56   n  payload
//
//   Seal, 48 bytes: spares the scan that would find the last sequence
//      0   4  magic F7 57 45 ("÷WE") and version 1
//      4   4  tag of the spool
//      8   8  sequence after the last record
//     16   8  offset of this seal
//     24   8  time of the last append
//     32   8  number of records
//     40   4  reserved
//     44   4  CRC of bytes 0–43
//
// Recovery. A segment that was not sealed is read to its last good record; what follows was never confirmed. Nor was what is missing or
// damaged in it without any group that begins behind. A record whose header or
// payload does not fit its CRC is skipped: to its end when the header is good, else to the next place where magic, header CRC and tag
// fit and the sequence is one that can stand there. A damaged segment header costs nothing but a scan: spool and number are in the name
// too, the sequences in the records.

import { crc32 } from "node:zlib"

export const segmentHeaderBytes = 64
export const recordHeaderBytes = 40
/** What a record needs beside its payload. */
export const recordOverheadBytes = 56
const uuidBytes = 16
export const sealBytes = 48
/** Longest payload of one record. */
export const payloadBytesMax = 64 * 1024 * 1024
export const formatVersion = 1

const segmentMagic = Buffer.from([0xf7, 0x57, 0x42, 0x53, 0x0d, 0x0a, 0x1a, 0x0a])
const recordMagic = 0xf7575201
const sealMagic = 0xf7574501
const groupFlag = 0x10000
const high = 2 ** 32
/** The bytes with which every record begins. */
export const recordMagicBytes = Buffer.from([0xf7, 0x57, 0x52, formatVersion])

/** What goes into a spool. `codec` says how to read `payload`, 0–255. The bytes must not change until the append is settled. */
export interface SpoolRecord {
  /** The uuid is 16 bytes of these, from `uuidFrom`. */
  readonly uuid: Uint8Array
  /** @defaultValue 0 */
  readonly uuidFrom?: number
  readonly timestampMs: number
  readonly codec: number
  readonly payload: Uint8Array
}

export interface SegmentHeader {
  readonly uuid: Buffer
  readonly number: number
  readonly first: number
  readonly createdMs: number
}

export interface Seal {
  /** Sequence after the last record. */
  readonly next: number
  readonly offset: number
  readonly lastAppendMs: number
  readonly records: number
}

/** The tag that every record of a spool carries. */
export function spoolTag(uuid: Buffer): number {
  return crc32(uuid)
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  segmentMagic.copy(bytes)
  bytes.writeUInt16BE(formatVersion, 8)
  bytes.writeUInt16BE(segmentHeaderBytes, 10)
  header.uuid.copy(bytes, 16)
  writeNumber(bytes, header.number, 32)
  writeNumber(bytes, header.first, 40)
  bytes.writeDoubleBE(header.createdMs, 48)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 60)), 60)
  return bytes
}

/** The header at the start of `bytes`; `newer` when it is of a version we do not know, `damaged` when it is none. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | "newer" | "damaged" {
  if (bytes.length < segmentHeaderBytes || bytes.compare(segmentMagic, 0, 8, 0, 8) !== 0) return "damaged"
  if (bytes.readUInt32BE(60) !== crc32(bytes.subarray(0, 60))) return "damaged"
  if (bytes.readUInt16BE(8) > formatVersion) return "newer"
  const number = readNumber(bytes, 32)
  const first = readNumber(bytes, 40)
  return { uuid: Buffer.from(bytes.subarray(16, 32)), number, first, createdMs: bytes.readDoubleBE(48) }
}

export function encodeSeal(tag: number, seal: Seal): Buffer {
  const bytes = Buffer.alloc(sealBytes)
  bytes.writeUInt32BE(sealMagic, 0)
  bytes.writeUInt32BE(tag, 4)
  writeNumber(bytes, seal.next, 8)
  writeNumber(bytes, seal.offset, 16)
  bytes.writeDoubleBE(seal.lastAppendMs, 24)
  writeNumber(bytes, seal.records, 32)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 44)), 44)
  return bytes
}

/** The seal in the last bytes of a segment of `fileBytes`, or `undefined` when that is none of this spool. */
export function decodeSeal(bytes: Buffer, tag: number, fileBytes: number): Seal | undefined {
  if (bytes.length !== sealBytes || bytes.readUInt32BE(0) !== sealMagic) return undefined
  if (bytes.readUInt32BE(44) !== crc32(bytes.subarray(0, 44)) || bytes.readUInt32BE(4) !== tag) return undefined
  const seal = {
    next: readNumber(bytes, 8),
    offset: readNumber(bytes, 16),
    lastAppendMs: bytes.readDoubleBE(24),
    records: readNumber(bytes, 32),
  }
  return seal.offset === fileBytes - sealBytes ? seal : undefined
}

export interface RecordTarget {
  readonly bytes: Buffer
  readonly view: DataView
}

/** What a record gets when it is written. */
export interface RecordStamp {
  sequence: number
  tag: number
  startsGroup: boolean
}

/** Writes header, uuid and payload at `at`; answers the bytes written. The caller has made sure that they fit. */
export function encodeRecord(target: RecordTarget, at: number, record: SpoolRecord, stamp: RecordStamp): number {
  const { payload } = record
  target.bytes.set(payload, at + recordOverheadBytes)
  return encodeRecordHead(target, at, record, stamp) + payload.length
}

/** Writes header and uuid at `at` for a payload that is written from where it lies; answers the bytes written. */
export function encodeRecordHead(target: RecordTarget, at: number, record: SpoolRecord, stamp: RecordStamp): number {
  encodeHeader(target, at, record, stamp, crc32(record.payload, encodeUuid(target, at + recordHeaderBytes, record)))
  return recordOverheadBytes
}

/** Writes the uuid at `at`; answers its CRC. */
function encodeUuid({ view }: RecordTarget, at: number, { uuid, uuidFrom = 0 }: SpoolRecord): number {
  for (let n = 0; n < uuidBytes; n += 4) {
    const i = uuidFrom + n
    view.setInt32(at + n, uuid[i]! | (uuid[i + 1]! << 8) | (uuid[i + 2]! << 16) | (uuid[i + 3]! << 24), true)
  }
  return crcOfWords(view, at, at + uuidBytes)
}

function encodeHeader(target: RecordTarget, at: number, record: SpoolRecord, stamp: RecordStamp, payloadCrc: number): void {
  const { view } = target
  const { sequence } = stamp
  view.setUint32(at, recordMagic)
  view.setUint32(at + 4, record.codec * 0x1000000 + (stamp.startsGroup ? groupFlag : 0))
  view.setUint32(at + 8, record.payload.length)
  view.setUint32(at + 12, stamp.tag)
  view.setUint32(at + 16, Math.floor(sequence / high))
  view.setUint32(at + 20, sequence >>> 0)
  view.setFloat64(at + 24, record.timestampMs)
  view.setUint32(at + 32, payloadCrc)
  view.setUint32(at + 36, crcOfWords(view, at, at + 36))
}

/** What {@link checkRecord} answers when there is no good record; a good one is answered by its length. */
export const check = { more: 0, badHeader: -1, badPayload: -2, seal: -3 } as const

/**
 * Looks at the record at `at` of a chunk that ends at `end`. Answers its length in bytes when it is good, else one of {@link check}:
 * `more` when it may go on behind `end`, `badPayload` when its header is good (its length is {@link recordBytes}).
 */
export function checkRecord(target: RecordTarget, at: number, end: number, tag: number): number {
  const { bytes, view } = target
  const header = checkRecordHeader(target, at, end, tag)
  if (header < 0) return header
  if (end - at < recordHeaderBytes) return check.more
  const length = recordBytes(view, at)
  if (end - at < length) return check.more
  return crc32(view8(bytes, at + 40, at + length)) === view.getUint32(at + 32) ? length : check.badPayload
}

/** `badHeader` or `seal` when no good record header stands at `at`, else `more`: also when fewer bytes than a header are there. */
export function checkRecordHeader(target: RecordTarget, at: number, end: number, tag: number): number {
  const { view } = target
  if (end - at < recordHeaderBytes) return check.more
  const magic = view.getUint32(at)
  if (magic === sealMagic && end - at >= sealBytes && sealFits(target, at, tag)) return check.seal
  if (magic !== recordMagic || view.getUint32(at + 12) !== tag || crcOfWords(view, at, at + 36) !== view.getUint32(at + 36))
    return check.badHeader
  return view.getUint32(at + 8) > payloadBytesMax ? check.badHeader : check.more
}

function sealFits({ bytes, view }: RecordTarget, at: number, tag: number): boolean {
  return view.getUint32(at + 4) === tag && crc32(view8(bytes, at, at + 44)) === view.getUint32(at + 44)
}

/** Bytes of the record at `at`, header and payload. */
export function recordBytes(view: DataView, at: number): number {
  return recordOverheadBytes + view.getUint32(at + 8)
}

export function recordSequence(view: DataView, at: number): number {
  return view.getUint32(at + 16) * high + view.getUint32(at + 20)
}

/** Whether everything before this record was synced when it was written. */
export function startsGroup(view: DataView, at: number): boolean {
  return (view.getUint32(at + 4) & groupFlag) !== 0
}

export function recordTimestampMs(view: DataView, at: number): number {
  return view.getFloat64(at + 24)
}

export function recordCodec(view: DataView, at: number): number {
  return view.getUint8(at + 4)
}

/** `bytes` with a view on them. */
export function recordTarget(bytes: Buffer): RecordTarget {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
}

/** Writes a number below 2^53 as u64. */
export function writeNumber(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / high), at)
  bytes.writeUInt32BE(value >>> 0, at + 4)
}

export function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * high + bytes.readUInt32BE(at + 4)
}

// `Buffer.subarray` costs half as much again, once a record.
function view8(bytes: Buffer, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from)
}

// A native call costs 150 ns, three times the whole computation for the 36 bytes of a header; hence four table look-ups a word here, for
// what is short.
const table = crcTable()

function crcTable(): Int32Array {
  const result = new Int32Array(4 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
    result[byte] = value
  }
  for (let at = 256; at < result.length; at++) result[at] = (result[(result[at - 256] ?? 0) & 0xff] ?? 0) ^ ((result[at - 256] ?? 0) >>> 8)
  return result
}

/** CRC of the bytes from `from` to `to`, a multiple of four. */
function crcOfWords(view: DataView, from: number, to: number): number {
  let crc = -1
  for (let at = from; at < to; at += 4) {
    crc ^= view.getInt32(at, true)
    crc = table[768 + (crc & 0xff)]! ^ table[512 + ((crc >>> 8) & 0xff)]! ^ table[256 + ((crc >>> 16) & 0xff)]! ^ table[crc >>> 24]!
  }
  return ~crc >>> 0
}
