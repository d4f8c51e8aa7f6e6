// Looks at a spool from outside, for tests and commands: takes no lock, changes nothing, may run beside its owners.

import type { Platform } from "../platform/platform.ts"
import { uuidText } from "../platform/uuid.ts"
import { spoolTag } from "./format.ts"
import { listSegments, numberOf, readEnd, type SegmentFile, spoolOf } from "./listing.ts"
import { readPosition } from "./position.ts"
import { countQuarantined } from "./quarantine.ts"
import { readRemoved } from "./removed.ts"
import { parseSegmentName } from "./segment.ts"

export interface SegmentDescription {
  readonly file: string
  readonly number: number
  /** Uuid of its spool. */
  readonly spool: string
  readonly state: "writing" | "ready"
  readonly header: "good" | "damaged" | "newer"
  readonly bytes: number
  /** Sequence of the first record and the one after the last. */
  readonly first: number
  readonly next: number
}

export interface SpoolDescription {
  /** Uuid of the spool that the position, or else the segments, belong to. */
  readonly id: string | undefined
  /** Records that are not settled, as far as the position on disk says. */
  readonly waiting: number
  readonly bytes: number
  /** In order. */
  readonly segments: readonly SegmentDescription[]
  readonly position: { readonly spool: string; readonly lowest: number } | "missing" | "damaged"
  /** Files in quarantine. */
  readonly quarantined: number
  readonly strays: readonly string[]
}

/** Whether a file has the name of a segment. */
export function isSegment(fileName: string): boolean {
  return parseSegmentName(fileName) !== undefined
}

/** What lies in a spool directory. Scans segments that are not sealed. */
export async function describeSpool(platform: Platform, directory: string): Promise<SpoolDescription> {
  const listing = await listSegments(platform, directory)
  const reading = await readPosition(platform.files, directory)
  const segments: SegmentDescription[] = []
  for (const file of listing.files) segments.push(await describeSegment(platform, file))
  const position =
    reading.status === "good" ? { spool: uuidText(reading.position.uuid, 0), lowest: reading.position.lowest } : reading.status
  const owned = typeof position === "object" && (segments.length === 0 || segments.some(({ spool }) => spool === position.spool))
  const id = owned ? position.spool : segments[0]?.spool
  const own = segments.filter(({ spool }) => spool === id)
  const lowest = Math.max(owned ? position.lowest : 0, own[0]?.first ?? 0)
  const next = own.at(-1)?.next ?? 0
  const removed = await readRemoved(platform.files, directory)
  return {
    id,
    waiting: Math.max(
      0,
      next - lowest - (removed.uuid !== undefined && uuidText(removed.uuid, 0) === id ? removed.ranges.within(lowest, next).count : 0),
    ),
    bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
    segments,
    position,
    quarantined: await countQuarantined({ platform, path: directory }),
    strays: listing.strays,
  }
}

async function describeSegment(platform: Platform, file: SegmentFile): Promise<SegmentDescription> {
  const uuid = spoolOf(file)
  const header = typeof file.header === "string" ? file.header : "good"
  const end = header === "newer" ? undefined : await readEnd(platform.files, file, spoolTag(uuid)).catch(() => undefined)
  const first = typeof file.header === "string" ? (end?.first ?? 0) : file.header.first
  return {
    file: file.fileName,
    number: numberOf(file),
    spool: uuidText(uuid, 0),
    state: file.parsed.state,
    header,
    bytes: file.bytes,
    first,
    next: Math.max(first, end?.next ?? 0),
  }
}
