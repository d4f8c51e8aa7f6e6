// A segment as the spool knows it in memory, and what its name says. Names are `<name>.<number>.<spool uuid>.writing` or `.ready`: name is
// that of the instance that wrote it and may change from segment to segment.

import type { FileHandle, Files } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"

export type SegmentState = "writing" | "ready"

/** One segment of a directory; kept up to date by whoever owns the role that changes it. */
export interface Segment {
  path: string
  readonly number: number
  /** Sequence of the first record. */
  readonly first: number
  /** Sequence after the last record; grows with every sync while the segment is `active`. */
  next: number
  /** Bytes that may be read; grows with every sync while the segment is `active`. */
  dataBytes: number
  /** Bytes the file takes. */
  fileBytes: number
  readonly createdMs: number
  /** Its header can be read; `first` is exact then. */
  readonly hasHeader: boolean
  /** Our own writer still appends to it. */
  active: boolean
  /** All up to `next` was confirmed. Where that is not known, the seal says so. */
  readonly isConfirmed: boolean
  /** Something in it could not be read: it is moved to `quarantine/` when its time has come, not deleted. */
  doubtful: boolean
}

export interface SegmentName {
  readonly name: string
  readonly number: number
  /** Uuid of the spool, in text form. */
  readonly uuid: string
  readonly state: SegmentState
}

const pieceBytes = 1024 * 1024
const damageCodes: ReadonlySet<string> = new Set(["EIO", "EBADMSG", "EUCLEAN", "EISDIR"])
const pattern = /^(.+)\.(\d{1,15})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.(writing|ready)$/

export function parseSegmentName(fileName: string): SegmentName | undefined {
  const match = pattern.exec(fileName)
  if (match === null) return undefined
  const [, name = "", number = "", uuid = "", state = ""] = match
  return { name, number: Number(number), uuid, state: state as SegmentState }
}

export function segmentName({ name, number, uuid, state }: SegmentName): string {
  return `${name.replaceAll(/[^\w.-]/g, "_")}.${number}.${uuid}.${state}`
}

export function uuidBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll("-", ""), "hex")
}

export function joinPath(directory: string, name: string): string {
  return directory.endsWith("/") ? `${directory}${name}` : `${directory}/${name}`
}

export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1)
}

/** Opens a segment for reading, also when it is being renamed from `.writing` to `.ready` at this moment. */
export async function openSegment(files: Files, segment: { readonly path: string }): Promise<FileHandle> {
  const { path } = segment
  try {
    return await files.open(path, "read")
  } catch (error) {
    if (errorCode(error) !== "ENOENT" || segment.path === path) throw error
    return files.open(segment.path, "read")
  }
}

/** Gives `work` a file, and closes it however that ends. */
export async function using<T>(opening: Promise<FileHandle>, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await opening
  try {
    return await work(handle)
  } finally {
    await handle.close()
  }
}

/** Reads `length` bytes at `position`, fewer only at the end of the file. */
export async function readFully(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length)
  let filled = 0
  while (filled < length) {
    const count = await handle.read(bytes, filled, length - filled, position + filled)
    if (count === 0) return bytes.subarray(0, filled)
    filled += count
  }
  return bytes
}

export async function holdsOnlyZeros(handle: FileHandle, from: number, to: number): Promise<boolean> {
  for (let at = from; at < to; at += pieceBytes) {
    const bytes = await readFully(handle, at, Math.min(pieceBytes, to - at))
    if (bytes.some((byte) => byte !== 0)) return false
  }
  return true
}

/** The segment that holds `sequence`, or the first one behind it. */
export function findSegment(segments: readonly Segment[], sequence: number): Segment | undefined {
  let low = 0
  let high = segments.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (segments[middle]!.next > sequence) high = middle
    else low = middle + 1
  }
  return segments[low]
}

/** What a failure to read a segment means: `missing` and `damaged` for good, `passing` when it is worth trying again. */
export function readFailure(error: unknown): "missing" | "damaged" | "passing" {
  const code = errorCode(error)
  if (code === "ENOENT") return "missing"
  return code !== undefined && damageCodes.has(code) ? "damaged" : "passing"
}
