// What a process knows about one spool directory: its segments, how far they are synced and how far they are settled. Writer and reader
// of the same process share it; each changes only what belongs to its role.
//
// Numbers here are never kept on disk: at start they follow from the files.

import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { uuidText } from "../platform/uuid.ts"
import type { Committer } from "./committer.ts"
import { spoolTag } from "./format.ts"
import { SequenceRanges } from "./ranges.ts"
import type { Segment } from "./segment.ts"

/** Notices between the sides of a spool. They come within the turn that caused them, after the state was changed. */
export interface DirectoryListener {
  /** More records can be read. */
  appended?(): void
  /** A segment is complete. */
  sealed?(): void
  /** All that was written is settled. */
  drained?(): void
  /** A segment is gone, and its bytes with it. */
  freed?(): void
}

/** What happened to records that did not go the usual way, since the directory was opened. */
export interface SpoolCounts {
  /** Records that could not be read; their bytes are in quarantine. */
  damaged: number
  /** Records of which nothing was found. */
  missing: number
  /** Sequences passed over at the end of a segment: their records were torn before anyone was told that they are safe. */
  unconfirmed: number
  /** Records that came back too often, now in quarantine. */
  quarantined: number
  /** Times that a position could not be used and everything was offered again. */
  positionsLost: number
  /** Bytes at the end of unsealed segments that were never confirmed, now in quarantine. */
  tornBytes: number
}

export class SpoolDirectory {
  readonly platform: Platform
  readonly log: Log
  readonly committer: Committer
  readonly path: string
  /** State folder of the graph that uses it. */
  readonly state: string | undefined
  /** In order. The last one may be active. */
  readonly segments: Segment[] = []
  nextNumber = 1
  /** Sequence after the last record that is confirmed (in another process: sealed). */
  nextSequence = 1
  /** Lowest sequence that is not settled. */
  lowest = 1
  /** Records above it that are settled. */
  settledAbove = 0
  /** Records that were taken out by hand, as the disk has it (removed.ts). */
  removed: SequenceRanges = SequenceRanges.none
  /** How many of them lie above what the reader has come to, and so are not among those above. */
  removedAhead = 0
  /** Wall time of the last append; after a start that of the newest segment. */
  lastAppendMs: number | undefined
  /** Records that waited when the directory was first read. */
  recovered = 0
  generation = 0
  isLoaded = false
  hasWriter = false
  hasReader = false
  readonly counts: SpoolCounts = { damaged: 0, missing: 0, unconfirmed: 0, quarantined: 0, positionsLost: 0, tornBytes: 0 }
  #uuid: Buffer
  #id: string
  #tag: number
  #bytes = 0
  #warnedOfStrays = false
  readonly #listeners = new Set<DirectoryListener>()

  constructor(options: { platform: Platform; log: Log; committer: Committer; path: string; state?: string | undefined }) {
    this.platform = options.platform
    this.log = options.log
    this.committer = options.committer
    this.path = options.path
    this.state = options.state
    this.#uuid = Buffer.alloc(16)
    this.platform.random.uuidInto(this.#uuid, 0)
    this.#id = uuidText(this.#uuid, 0)
    this.#tag = spoolTag(this.#uuid)
  }

  /** Identifies the spool, wherever its directory moves. */
  get uuid(): Buffer {
    return this.#uuid
  }

  set uuid(uuid: Buffer) {
    this.#uuid = uuid
    this.#id = uuidText(uuid, 0)
    this.#tag = spoolTag(uuid)
  }

  /** {@link uuid} as text. */
  get id(): string {
    return this.#id
  }

  get tag(): number {
    return this.#tag
  }

  /** Records that are on disk and not settled. */
  get waiting(): number {
    return Math.max(0, this.nextSequence - this.lowest - this.settledAbove - this.removedAhead)
  }

  /** Bytes that the segments take. */
  get bytes(): number {
    return this.#bytes
  }

  /** Wall time at which the oldest waiting record was written, no more than the lifetime of a segment too early. */
  get oldestAtMs(): number | undefined {
    return this.waiting === 0 ? undefined : this.segments.find((segment) => segment.next > this.lowest)?.createdMs
  }

  add(segment: Segment): void {
    this.segments.push(segment)
    this.#bytes += segment.fileBytes
    this.nextNumber = Math.max(this.nextNumber, segment.number + 1)
  }

  remove(segment: Segment): void {
    const at = this.segments.indexOf(segment)
    if (at < 0) return
    this.segments.splice(at, 1)
    this.#bytes -= segment.fileBytes
    for (const listener of this.#listeners) listener.freed?.()
  }

  /** Sets the bytes a file takes. */
  resize(segment: Segment, fileBytes: number): void {
    this.#bytes += fileBytes - segment.fileBytes
    segment.fileBytes = fileBytes
  }

  /** Makes records readable: they are on disk. */
  publish(next: number): void {
    this.nextSequence = next
    this.lastAppendMs = this.platform.clock.now()
    this.tellAppended()
  }

  tellAppended(): void {
    for (const listener of this.#listeners) listener.appended?.()
  }

  tellSealed(): void {
    for (const listener of this.#listeners) listener.sealed?.()
  }

  /** Notes how far records are settled. */
  settle(lowest: number, above: number): void {
    this.lowest = lowest
    this.settledAbove = above
    if (lowest === this.nextSequence) for (const listener of this.#listeners) listener.drained?.()
  }

  /** Counts records that will never be offered. */
  lose(what: "damaged" | "missing", records: { readonly segment: Segment; readonly first: number; readonly count: number }): void {
    const { segment, first, count } = records
    this.counts[what] += count
    this.log.error(`records of a spool are ${what}`, { segment: segment.path, first, count })
  }

  /** Counts bytes that were never confirmed to anyone. */
  tear(segment: { readonly path: string }, bytes: number): void {
    this.counts.tornBytes += bytes
    this.log.warn("the end of a segment was never confirmed; what is left of it is in quarantine", { segment: segment.path, bytes })
  }

  /** Answers a function that ends the subscription. */
  subscribe(listener: DirectoryListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Says once that there are files which are none of the spool's. */
  warnOfStrays(names: readonly string[]): void {
    if (this.#warnedOfStrays || names.length === 0) return
    this.#warnedOfStrays = true
    const fields = { directory: this.path, files: names.slice(0, 5), count: names.length }
    this.log.warn("files that do not belong to this spool are left alone", fields)
  }
}
