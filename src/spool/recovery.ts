// Finds out at start what a directory holds. It never scans the backlog (only what was not sealed), never refuses to start over what it
// finds, and deletes nothing but files without a single byte of data.

import type { SpoolDirectory } from "./directory.ts"
import { sealLeftover } from "./leftover.ts"
import { listSegments, numberOf, readEnd, type Scan, type SegmentFile, spoolOf } from "./listing.ts"
import { type Position, type PositionReading, readPosition } from "./position.ts"
import { copyDamage, moveAside } from "./quarantine.ts"
import { SequenceRanges } from "./ranges.ts"
import { readRemoved } from "./removed.ts"
import { fileNameOf, holdsOnlyZeros, type Segment, using } from "./segment.ts"

/**
 * Reads the directory, or reads it again. `seal`: no other writer can be alive, so what is unsealed was left behind. While our own reader
 * is open, what it knows counts, not the position on disk.
 */
export async function load(directory: SpoolDirectory, options: { seal: boolean }): Promise<void> {
  const { platform, path } = directory
  const known = new Map(directory.segments.map((segment) => [fileNameOf(segment.path), segment]))
  const listing = await listSegments(platform, path, new Set(known.keys()))
  const reading = directory.hasReader ? undefined : await readPosition(platform.files, path)
  chooseSpool(directory, listing.files, reading)
  const own: SegmentFile[] = []
  const strays = listing.strays
  for (const file of listing.files) {
    if (!spoolOf(file).equals(directory.uuid)) strays.push(file.fileName)
    else {
      directory.lastAppendMs = Math.max(directory.lastAppendMs ?? 0, file.modifiedMs)
      const kept = await takeOver(directory, file, options.seal)
      if (kept !== undefined) own.push(kept)
    }
  }
  directory.warnOfStrays(strays)
  if (!directory.hasReader) forgetVanished(directory, known, listing.skipped)
  await addSegments(directory, own)
  if (reading !== undefined) {
    applyPosition(directory, reading)
    await applyRemoved(directory)
  }
  const { lowest, removed } = directory
  directory.nextSequence = Math.max(directory.nextSequence, directory.segments.at(-1)?.next ?? 1, lowest, removed.next)
  if (!directory.isLoaded) directory.recovered = directory.waiting
  directory.isLoaded = true
}

/** Whose segments these are: those of the position, unless it belongs to none of them; then those of which there are most. */
function chooseSpool(directory: SpoolDirectory, files: readonly SegmentFile[], reading: PositionReading | undefined): void {
  // Once something was read or written the spool is known; what belongs to another one waits for the next start.
  if (directory.segments.length > 0 || directory.hasWriter || (directory.hasReader && directory.nextSequence > 1)) return
  const position = reading?.status === "good" ? reading.position : undefined
  const spools = new Map<string, SegmentFile[]>()
  for (const file of files) {
    const key = spoolOf(file).toString("hex")
    spools.set(key, [...(spools.get(key) ?? []), file])
  }
  if (position !== undefined && (files.length === 0 || spools.has(position.uuid.toString("hex")))) {
    directory.uuid = position.uuid
    return
  }
  const [most] = [...spools.values()].sort((a, b) => b.length - a.length)
  if (most?.[0] !== undefined) directory.uuid = spoolOf(most[0])
}

/** A reader in another process has unlinked them. (What our own writer renames meanwhile is not gone.) */
function forgetVanished(directory: SpoolDirectory, known: ReadonlyMap<string, Segment>, present: ReadonlySet<string>): void {
  for (const [name, segment] of known) {
    if (!segment.active && !present.has(name) && fileNameOf(segment.path) === name) directory.remove(segment)
  }
}

async function takeOver(directory: SpoolDirectory, file: SegmentFile, seal: boolean): Promise<SegmentFile | undefined> {
  if (file.header === "newer") {
    await setAside(directory, file, "it was written by a newer version")
    return undefined
  }
  if (file.parsed.state === "ready") return file
  // Of a writer that is alive in another process.
  if (!seal) return undefined
  try {
    return await sealLeftover(directory, file)
  } catch (error) {
    return setAside(directory, file, "it cannot be read", error)
  }
}

async function addSegments(directory: SpoolDirectory, files: readonly SegmentFile[]): Promise<void> {
  const { segments } = directory
  for (const file of files) {
    const first = await firstOf(directory, file)
    // Our own writer may have sealed one since the directory was listed.
    const isKnown = segments.some((segment) => segment.number === numberOf(file))
    if (first !== undefined && !isKnown) directory.add(segmentOf(file, first))
  }
  segments.sort((a, b) => a.number - b.number)
  dropDisordered(directory)
  const known = [...segments]
  for (const [index, segment] of known.entries()) {
    const following = known[index + 1]
    if (segment.active) continue
    if (following?.hasHeader === true) segment.next = following.first
    else {
      await setEnd(directory, segment, files)
      segment.next = Math.min(segment.next, following?.first ?? Number.POSITIVE_INFINITY)
    }
  }
}

function segmentOf(file: SegmentFile, first: number): Segment {
  const { path, bytes } = file
  const hasHeader = typeof file.header !== "string"
  const createdMs = typeof file.header === "string" ? file.modifiedMs : file.header.createdMs
  const state = { hasHeader, active: false, isConfirmed: false, doubtful: false }
  return { path, number: numberOf(file), first, next: first, dataBytes: bytes, fileBytes: bytes, createdMs, ...state }
}

async function firstOf(directory: SpoolDirectory, file: SegmentFile): Promise<number | undefined> {
  if (typeof file.header !== "string") return file.header.first
  try {
    const { first } = await readEnd(directory.platform.files, file, directory.tag)
    if (first !== undefined) return first
    await setAside(directory, file, "no record of it can be read")
  } catch (error) {
    await setAside(directory, file, "it cannot be read", error)
  }
  return undefined
}

// Sequences rise with the numbers; a segment that breaks this was put here by somebody.
function dropDisordered(directory: SpoolDirectory): void {
  let first = 0
  const strays = directory.segments.filter((segment) => {
    first = Math.max(first, segment.first)
    return segment.first < first
  })
  for (const segment of strays) directory.remove(segment)
  directory.warnOfStrays(strays.map((segment) => fileNameOf(segment.path)))
}

async function setEnd(directory: SpoolDirectory, segment: Segment, files: readonly SegmentFile[]): Promise<void> {
  const file = files.find(({ path }) => path === segment.path)
  if (file === undefined) return
  try {
    const scan = await readEnd(directory.platform.files, file, directory.tag)
    segment.next = Math.max(segment.first, scan.next)
    segment.dataBytes = scan.end
    if (!scan.isSealed) await keepTail(directory, file, scan)
  } catch (error) {
    directory.remove(segment)
    await setAside(directory, file, "it cannot be read", error)
  }
}

// What follows the last good record would go with the segment.
async function keepTail(directory: SpoolDirectory, file: SegmentFile, { end }: Scan): Promise<void> {
  const isEmpty = await using(directory.platform.files.open(file.path, "read"), (handle) => holdsOnlyZeros(handle, end, file.bytes))
  if (isEmpty) return
  await copyDamage(directory, file, { from: end, to: file.bytes })
  directory.tear(file, file.bytes - end)
}

/** Moves a segment out of the way of those that can be read. */
async function setAside(directory: SpoolDirectory, file: SegmentFile, why: string, error?: unknown): Promise<undefined> {
  const fields = { directory: directory.path, segment: file.fileName, ...(error === undefined ? {} : { error: String(error) }) }
  directory.log.error(`a segment was moved to quarantine: ${why}`, fields)
  try {
    await moveAside(directory, file.path)
  } catch (reason) {
    directory.log.error("a segment could not be moved to quarantine and is left alone", { ...fields, error: String(reason) })
  }
  return undefined
}

function applyPosition(directory: SpoolDirectory, reading: PositionReading): void {
  const oldest = directory.segments[0]
  if (reading.status === "good") directory.generation = reading.position.generation
  if (reading.status === "good" && reading.position.uuid.equals(directory.uuid)) {
    takePosition(directory, reading.position)
    return
  }
  directory.lowest = oldest?.first ?? directory.nextSequence
  const lost = reading.status === "good" ? "of another spool" : reading.status
  // A spool whose first segment is still there never had to write a position.
  if (directory.isLoaded || (lost === "missing" && (oldest === undefined || oldest.first === 1 || oldest.number === 1))) return
  directory.counts.positionsLost += 1
  const message = "the position of a spool cannot be used: all that is still there is offered again"
  directory.log.warn(message, { directory: directory.path, position: lost, from: directory.lowest })
}

function takePosition(directory: SpoolDirectory, position: Position): void {
  directory.lowest = position.lowest
  directory.nextNumber = Math.max(directory.nextNumber, position.number)
}

/** Nobody reads here at present, so nothing else is known to be settled above the position. */
async function applyRemoved(directory: SpoolDirectory): Promise<void> {
  const { status, uuid, ranges } = await readRemoved(directory.platform.files, directory.path)
  if (status === "damaged" && !directory.isLoaded) {
    directory.log.warn("what was removed by hand cannot be read; it may be offered again", { directory: directory.path })
  }
  const isOurs = uuid?.equals(directory.uuid) === true
  directory.removed = isOurs ? ranges.within(directory.lowest, Number.POSITIVE_INFINITY) : SequenceRanges.none
  directory.removedAhead = directory.removed.count
  directory.settledAbove = 0
}
