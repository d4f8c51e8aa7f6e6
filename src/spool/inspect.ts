// Looks at the records of a spool, one after another, without taking anything: of a spool that is open in this process, or from outside,
// beside whoever owns it. What is read is a chunk at a time, however much waits.
//
// From outside the disk is all there is to know: the position may lag behind by a second, and nobody can tell what is in flight.

import type { Files, Platform } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import { SegmentCursor } from "./cursor.ts"
import type { SpoolDirectory } from "./directory.ts"
import { spoolTag } from "./format.ts"
import { listSegments, numberOf, readEnd, type SegmentFile, spoolOf } from "./listing.ts"
import { readPosition } from "./position.ts"
import { type SequenceRange, SequenceRanges } from "./ranges.ts"
import { readRemoved } from "./removed.ts"
import { openSegment, type Segment } from "./segment.ts"
import { SpooledRecord } from "./spooled-record.ts"

/** Where a record of a spool stands. From outside all that is not settled counts as waiting. */
export type Standing = "settled" | "in_flight" | "waiting"

/** What is to be read of a segment; of an open one it changes. */
type ViewedSegment = Pick<Segment, "path" | "first" | "next" | "dataBytes" | "hasHeader">

/** The records of a spool, to look at. */
export interface SpoolView {
  readonly files: Files
  readonly tag: number
  /** Lowest sequence that may wait, and the one after the last on disk. */
  readonly lowest: number
  readonly next: number
  readonly segments: readonly ViewedSegment[]
  readonly standing: (sequence: number) => Standing
}

/** What this process knows of an open spool. */
export function viewOf(directory: SpoolDirectory, standing?: (sequence: number) => Standing): SpoolView {
  const { lowest, nextSequence: next, platform, segments, tag } = directory
  const isRemoved = (sequence: number): Standing => (directory.removed.has(sequence) ? "settled" : "waiting")
  return { files: platform.files, tag, lowest, next, segments: [...segments], standing: standing ?? isRemoved }
}

/** What the files of a directory say. Takes no lock and changes nothing. */
export async function viewFromOutside(platform: Platform, directory: string): Promise<SpoolView> {
  const { files } = platform
  const listing = await listSegments(platform, directory)
  const reading = await readPosition(files, directory)
  const removed = await readRemoved(files, directory)
  const position = reading.status === "good" ? reading.position : undefined
  const uuid = listing.files.some((file) => position?.uuid.equals(spoolOf(file)) === true) ? position?.uuid : uuidOfMost(listing.files)
  const tag = uuid === undefined ? 0 : spoolTag(uuid)
  const segments = await viewedSegments(
    files,
    listing.files.filter((file) => uuid !== undefined && spoolOf(file).equals(uuid)),
    tag,
  )
  const gone = uuid !== undefined && removed.uuid?.equals(uuid) === true ? removed.ranges : SequenceRanges.none
  const lowest = uuid !== undefined && position?.uuid.equals(uuid) === true ? position.lowest : (segments[0]?.first ?? 1)
  const next = segments.at(-1)?.next ?? lowest
  return { files, tag, lowest, next, segments, standing: (sequence) => (gone.has(sequence) ? "settled" : "waiting") }
}

function uuidOfMost(files: readonly SegmentFile[]): Buffer | undefined {
  const counts = new Map<string, number>()
  for (const file of files) counts.set(spoolOf(file).toString("hex"), (counts.get(spoolOf(file).toString("hex")) ?? 0) + 1)
  const [most] = [...counts].sort((a, b) => b[1] - a[1])
  return most === undefined ? undefined : Buffer.from(most[0], "hex")
}

async function viewedSegments(files: Files, listed: readonly SegmentFile[], tag: number): Promise<ViewedSegment[]> {
  const segments: ViewedSegment[] = []
  for (const file of listed.toSorted((a, b) => numberOf(a) - numberOf(b))) {
    const segment = await viewedSegment(files, file, tag).catch(() => undefined)
    if (segment !== undefined) segments.push(segment)
  }
  // A segment ends where the next one begins.
  segments.forEach((segment, index) => {
    segment.next = Math.min(segment.next, segments[index + 1]?.first ?? Number.POSITIVE_INFINITY)
  })
  return segments
}

async function viewedSegment(files: Files, file: SegmentFile, tag: number): Promise<ViewedSegment | undefined> {
  if (file.header === "newer") return undefined
  const end = await readEnd(files, file, tag)
  if (end.first === undefined) return undefined
  const hasHeader = file.header !== "damaged"
  return { path: file.path, first: end.first, next: end.next, dataBytes: end.end, hasHeader }
}

/**
 * The records that are not settled, in order: those of `wanted`, or all. Damage is passed over, and so is a segment that is removed
 * meanwhile. Each record is a view on the chunk it was read with.
 */
export async function* walk(view: SpoolView, wanted?: SequenceRanges): AsyncGenerator<SpooledRecord> {
  const all: SequenceRange = [view.lowest, view.next]
  const within = (wanted ?? new SequenceRanges([all])).within(...all)
  for (const segment of view.segments) {
    if (within.startFrom(segment.first) >= segment.next) continue
    const handle = await openSegment(view.files, segment).catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return undefined
      throw error
    })
    if (handle === undefined) continue
    try {
      const cursor = new SegmentCursor(handle, { tag: view.tag, expected: segment.hasHeader ? segment.first : undefined })
      for (let at = segment.first; within.startFrom(at) < segment.next; ) {
        const { chunk, damage } = await cursor.read(segment.dataBytes)
        if (chunk === undefined && damage === undefined) break
        if (chunk === undefined) continue
        at = chunk.first + chunk.starts.length
        for (const [index, start] of chunk.starts.entries()) {
          const sequence = chunk.first + index
          if (sequence >= segment.next || !within.has(sequence) || view.standing(sequence) === "settled") continue
          yield new SpooledRecord(chunk, start, { sequence, returns: 0 })
        }
      }
    } finally {
      await handle.close()
    }
  }
}
