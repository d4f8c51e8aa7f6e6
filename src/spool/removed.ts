// Which records were taken out of a spool by hand while others before them still wait. The position can only say how far everything is
// settled; what is removed above it stands in the file `removed` of the directory, so that it does not come back with the next start.
//
// Invariants
//   - The file belongs to the reader's side. It is replaced as a whole (written beside, synced, renamed, directory synced) before a removal
//     is confirmed to anyone; so it holds the removals before it or after it, never a part.
//   - What lies below the position means nothing. When nothing else is in it the file goes.
//   - Sequences in it were on disk once: they are never given to new records, even if their segments are gone.
//
//   Layout, big-endian
//      0   4  magic F7 57 44 ("÷WD") and version 1
//      4   4  reserved, 0
//      8  16  uuid of the spool
//     24   8  number of ranges
//     32 16n  for each: first sequence, sequence after the last one (8 bytes each); in order
//  32+16n   4  CRC-32 (IEEE) of all before
//
// Recovery. A file that does not fit its checksum, or is of another spool, counts as empty: removed records may come again, none is lost.

import { crc32 } from "node:zlib"
import { WishboneError } from "../errors.ts"
import type { Files } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import { readNumber, writeNumber } from "./format.ts"
import { type SequenceRange, SequenceRanges } from "./ranges.ts"
import { joinPath, readFully, using } from "./segment.ts"

export const removedFileName = "removed"
/** The next state of the file, before it takes its place. */
export const removedDraftName = "removed.new"
/** More stretches than this are not kept. */
export const removedRangesMax = 65_536

const magic = 0xf7574401
const headBytes = 32
const fileBytesMax = headBytes + 16 * removedRangesMax + 4

export interface RemovedReading {
  readonly status: "good" | "missing" | "damaged"
  readonly uuid?: Buffer
  readonly ranges: SequenceRanges
}

export function encodeRemoved(uuid: Buffer, ranges: SequenceRanges): Buffer {
  const bytes = Buffer.alloc(headBytes + 16 * ranges.list.length + 4)
  bytes.writeUInt32BE(magic, 0)
  uuid.copy(bytes, 8)
  writeNumber(bytes, ranges.list.length, 24)
  ranges.list.forEach(([first, next], index) => {
    writeNumber(bytes, first, headBytes + 16 * index)
    writeNumber(bytes, next, headBytes + 16 * index + 8)
  })
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}

export function decodeRemoved(bytes: Buffer): RemovedReading {
  const damaged: RemovedReading = { status: "damaged", ranges: SequenceRanges.none }
  if (bytes.length < headBytes + 4 || bytes.readUInt32BE(0) !== magic) return damaged
  const count = readNumber(bytes, 24)
  if (bytes.length !== headBytes + 16 * count + 4 || bytes.readUInt32BE(bytes.length - 4) !== crc32(bytes.subarray(0, -4))) return damaged
  const ranges = Array.from({ length: count }, (_, index): SequenceRange => {
    const at = headBytes + 16 * index
    return [readNumber(bytes, at), readNumber(bytes, at + 8)]
  })
  return { status: "good", uuid: Buffer.from(bytes.subarray(8, 24)), ranges: new SequenceRanges(ranges) }
}

/** What the file says. Never rejects: a file that cannot be read counts as damaged. */
export async function readRemoved(files: Files, directory: string): Promise<RemovedReading> {
  try {
    return decodeRemoved(
      await using(files.open(joinPath(directory, removedFileName), "read"), (handle) => readFully(handle, 0, fileBytesMax)),
    )
  } catch (error) {
    return { status: errorCode(error) === "ENOENT" ? "missing" : "damaged", ranges: SequenceRanges.none }
  }
}

/** Resolves when the file says this, for good. @throws `WB_SPOOL_REMOVED_RANGES` when there are too many stretches. */
export async function writeRemoved(files: Files, directory: string, content: { uuid: Buffer; ranges: SequenceRanges }): Promise<void> {
  const { uuid, ranges } = content
  if (ranges.list.length > removedRangesMax) {
    throw new WishboneError("WB_SPOOL_REMOVED_RANGES", { directory, rangesMax: removedRangesMax })
  }
  const draft = joinPath(directory, removedDraftName)
  await using(files.open(draft, "update"), async (handle) => {
    await handle.truncate(0)
    await handle.write([encodeRemoved(uuid, ranges)], 0)
    await handle.sync()
  })
  await files.rename(draft, joinPath(directory, removedFileName))
  await files.syncDirectory(directory)
}

/** Removes the file: nothing in it counts any more. */
export async function dropRemoved(files: Files, directory: string): Promise<void> {
  await files.unlink(joinPath(directory, removedFileName)).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error
  })
}
