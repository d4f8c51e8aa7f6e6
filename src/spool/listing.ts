// Looks at a directory without changing it: which files are segments, what their headers say, and where their records end.

import type { Files, Platform } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import { holdsGroupStart, SegmentCursor } from "./cursor.ts"
import { decodeSeal, decodeSegmentHeader, type SegmentHeader, sealBytes, segmentHeaderBytes } from "./format.ts"
import { lockFileName } from "./lock.ts"
import { positionFileName } from "./position.ts"
import { quarantineName } from "./quarantine.ts"
import { removedDraftName, removedFileName } from "./removed.ts"
import { joinPath, parseSegmentName, readFully, type SegmentName, using, uuidBytes } from "./segment.ts"

/** How many files are looked at at once: enough to keep a disk busy, few enough to leave descriptors and threads to others. */
const inspectedAtOnce = 16

const ownNames: ReadonlySet<string> = new Set([
  positionFileName,
  quarantineName,
  removedFileName,
  removedDraftName,
  lockFileName("reader"),
  lockFileName("writer"),
])

/** A file with the name of a segment, and its header. */
export interface SegmentFile {
  readonly path: string
  readonly fileName: string
  readonly parsed: SegmentName
  readonly bytes: number
  readonly modifiedMs: number
  readonly header: SegmentHeader | "damaged" | "newer"
}

export interface Listing {
  readonly files: SegmentFile[]
  /** Names of segments that `skip` asked not to look at. */
  readonly skipped: ReadonlySet<string>
  /** Names that mean nothing to a spool. */
  readonly strays: string[]
}

/** What a scan of all records of a segment found. `first` is `undefined` when there is no good record. */
export interface Scan {
  readonly first: number | undefined
  /** Sequence after the last good record. */
  readonly next: number
  /** Where the last good record ends. */
  readonly end: number
  readonly isSealed: boolean
  /** Something before that is missing or damaged which was never confirmed. */
  readonly isTorn: boolean
}

/** Lists the directory; one stat and one read of 64 bytes for each segment. */
export async function listSegments(platform: Platform, directory: string, skip: ReadonlySet<string> = new Set()): Promise<Listing> {
  const files: SegmentFile[] = []
  const strays: string[] = []
  const skipped = new Set<string>()
  const names = await platform.files.list(directory)
  const rest = names[Symbol.iterator]()
  const work = async (): Promise<void> => {
    for (const name of rest) {
      if (skip.has(name)) skipped.add(name)
      else {
        const found = await inspect(platform.files, directory, name)
        if (found === "stray") strays.push(name)
        else if (found !== undefined) files.push(found)
      }
    }
  }
  await Promise.all(Array.from({ length: inspectedAtOnce }, work))
  return { files: files.sort((a, b) => numberOf(a) - numberOf(b)), skipped, strays: strays.sort() }
}

/** The number of a segment: from the header, from the name when that is damaged. */
export function numberOf({ header, parsed }: SegmentFile): number {
  return typeof header === "string" ? parsed.number : header.number
}

export function spoolOf({ header, parsed }: SegmentFile): Buffer {
  return typeof header === "string" ? uuidBytes(parsed.uuid) : header.uuid
}

async function inspect(files: Files, directory: string, fileName: string): Promise<SegmentFile | "stray" | undefined> {
  if (ownNames.has(fileName)) return undefined
  const parsed = parseSegmentName(fileName)
  if (parsed === undefined) return "stray"
  const path = joinPath(directory, fileName)
  const stat = await files.stat(path)
  if (stat === undefined) return undefined
  if (!stat.isFile) return "stray"
  const header = await readHeader(files, path)
  if (header === "gone") return undefined
  return { path, fileName, parsed, bytes: stat.size, modifiedMs: stat.modifiedMs, header }
}

async function readHeader(files: Files, path: string): Promise<SegmentFile["header"] | "gone"> {
  try {
    return decodeSegmentHeader(await readAt(files, path, 0, segmentHeaderBytes))
  } catch (error) {
    return errorCode(error) === "ENOENT" ? "gone" : "damaged"
  }
}

/** Whether a segment was sealed, which says that all in it was confirmed. */
export async function hasSeal(files: Files, { path, fileBytes }: { path: string; fileBytes: number }, tag: number): Promise<boolean> {
  if (fileBytes < segmentHeaderBytes + sealBytes) return false
  return decodeSeal(await readAt(files, path, fileBytes - sealBytes, sealBytes), tag, fileBytes) !== undefined
}

/** Where the records of a segment end: from its seal, or by a scan when it has none. */
export async function readEnd(files: Files, file: SegmentFile, tag: number): Promise<Scan> {
  const { bytes, header, path } = file
  if (typeof header !== "string" && bytes >= segmentHeaderBytes + sealBytes) {
    const seal = decodeSeal(await readAt(files, path, bytes - sealBytes, sealBytes), tag, bytes)
    if (seal !== undefined) return { first: header.first, next: seal.next, end: seal.offset, isSealed: true, isTorn: false }
  }
  return scanSegment(files, file, tag)
}

/** Reads all records of a segment. */
async function scanSegment(files: Files, { path, bytes, header }: SegmentFile, tag: number): Promise<Scan> {
  return using(files.open(path, "read"), async (handle) => {
    const cursor = new SegmentCursor(handle, { tag, expected: typeof header === "string" ? undefined : header.first })
    let scan: Scan = { first: undefined, next: 0, end: segmentHeaderBytes, isSealed: false, isTorn: false }
    let isGap = typeof header === "string"
    for (;;) {
      const { chunk, damage } = await cursor.read(bytes)
      if (chunk !== undefined) {
        isGap = isGap && !holdsGroupStart(chunk)
        const next = chunk.first + chunk.starts.length
        scan = { ...scan, first: scan.first ?? chunk.first, next, end: cursor.offset, isTorn: isGap }
      } else if (damage !== undefined) isGap = true
      else return scan
    }
  })
}

function readAt(files: Files, path: string, position: number, length: number): Promise<Buffer> {
  return using(files.open(path, "read"), (handle) => readFully(handle, position, length))
}
