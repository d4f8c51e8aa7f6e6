// How far a spool has been delivered: the lowest sequence that is not settled, in the file `position` of its directory.
//
// Two slots, each in a block of its own (at 0 and at 4096), written in turn: a write that is cut off spoils the older one at most. The slot
// with the higher generation that fits its checksum holds. A slot is written only after the other one was synced.
//
//   Slot, 64 bytes, big-endian, reserved bytes 0
//      0   4  magic F7 57 50 ("÷WP") and version 1
//      4   4  reserved
//      8   8  generation; rises by one with every write
//     16  16  uuid of the spool
//     32   8  lowest sequence that is not settled
//     40   8  number that every later segment must exceed: numbers are not used again, even when no segment is left
//     48   8  time of writing, as a double
//     56   4  reserved
//     60   4  CRC-32 (IEEE) of bytes 0–59
//
// Recovery. The position is synced before a segment is unlinked, so it is never behind what is gone. Without a good slot everything that
// is still there counts as unsettled: records may come twice, none is lost.

import { crc32 } from "node:zlib"
import type { FileHandle, Files } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import type { Committer } from "./committer.ts"
import { readNumber, writeNumber } from "./format.ts"
import { joinPath, readFully, using } from "./segment.ts"

export const positionFileName = "position"
const slotBytes = 64
const slotOffsets = [0, 4096] as const
const fileBytes = 8192
const magic = 0xf7575001

export interface Position {
  readonly generation: number
  readonly uuid: Buffer
  readonly lowest: number
  readonly number: number
  readonly writtenMs: number
}

export type PositionReading = { readonly status: "good"; readonly position: Position } | { readonly status: "missing" | "damaged" }

export function encodeSlot(position: Position): Buffer {
  const bytes = Buffer.alloc(slotBytes)
  bytes.writeUInt32BE(magic, 0)
  writeNumber(bytes, position.generation, 8)
  position.uuid.copy(bytes, 16)
  writeNumber(bytes, position.lowest, 32)
  writeNumber(bytes, position.number, 40)
  bytes.writeDoubleBE(position.writtenMs, 48)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 60)), 60)
  return bytes
}

export function decodeSlot(bytes: Buffer): Position | undefined {
  if (bytes.length < slotBytes || bytes.readUInt32BE(0) !== magic) return undefined
  if (bytes.readUInt32BE(60) !== crc32(bytes.subarray(0, 60))) return undefined
  return {
    generation: readNumber(bytes, 8),
    uuid: Buffer.from(bytes.subarray(16, 32)),
    lowest: readNumber(bytes, 32),
    number: readNumber(bytes, 40),
    writtenMs: bytes.readDoubleBE(48),
  }
}

/** What the file says. Never rejects: a file that cannot be read counts as damaged. */
export async function readPosition(files: Files, directory: string): Promise<PositionReading> {
  try {
    const opening = files.open(joinPath(directory, positionFileName), "read")
    return newest(await using(opening, (handle) => readFully(handle, 0, fileBytes)))
  } catch (error) {
    return { status: errorCode(error) === "ENOENT" ? "missing" : "damaged" }
  }
}

function newest(bytes: Buffer): PositionReading {
  let position: Position | undefined
  for (const offset of slotOffsets) {
    const slot = decodeSlot(bytes.subarray(offset, offset + slotBytes))
    if (slot !== undefined && slot.generation > (position?.generation ?? -1)) position = slot
  }
  if (position !== undefined) return { status: "good", position }
  // The first generation goes to the second slot, and the first slot is not touched before that is safe: as long as it is empty, the
  // first write did not come to its end, and nothing can have been removed.
  return { status: bytes.subarray(0, slotBytes).every((byte) => byte === 0) ? "missing" : "damaged" }
}

/** Writes the position; belongs to the reader's side alone. Calls of `write` must not overlap. */
export class PositionWriter {
  readonly #files: Files
  readonly #committer: Committer
  readonly #directory: string
  #opened: Promise<FileHandle> | undefined
  #generation = 0
  // Whoever made the file may have died before its name was safe.
  #isNameSafe = false

  constructor(options: { files: Files; committer: Committer; directory: string; generation: number }) {
    this.#files = options.files
    this.#committer = options.committer
    this.#directory = options.directory
    this.#generation = options.generation
  }

  /** Makes the file if it is missing, at its full length: on a disk that is full by the time something can be removed it is too late. */
  async prepare(): Promise<void> {
    await this.#open().catch(() => this.close())
  }

  /** Resolves when the position is on disk. */
  async write(position: Omit<Position, "generation">): Promise<void> {
    const generation = this.#generation + 1
    const slot = encodeSlot({ ...position, generation })
    try {
      const handle = await this.#open()
      await handle.write([slot], slotOffsets[generation % 2 === 0 ? 0 : 1])
      await this.#committer.run(() => handle.sync())
      if (!this.#isNameSafe) await this.#committer.run(() => this.#files.syncDirectory(this.#directory))
    } catch (error) {
      // The next write opens the file afresh, and uses this slot again: the other one is the last that is known to be good.
      await this.close()
      throw error
    }
    this.#isNameSafe = true
    this.#generation = generation
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    await opened?.then((handle) => handle.close()).catch(() => undefined)
  }

  #open(): Promise<FileHandle> {
    this.#opened ??= this.#make()
    return this.#opened
  }

  async #make(): Promise<FileHandle> {
    const handle = await this.#files.open(joinPath(this.#directory, positionFileName), "update")
    try {
      const size = await handle.size()
      if (size < fileBytes) await handle.write([Buffer.alloc(fileBytes - size)], size)
      return handle
    } catch (error) {
      await handle.close().catch(() => undefined)
      throw error
    }
  }
}
