// Where a reader's new records come from, in the order of their sequences. (Those that came back: again.ts.)
//
// What cannot be read is passed over, record by record: counted, logged, and copied to quarantine, or its whole segment marked as doubtful
// so that it is moved there instead of being deleted.

import type { FileHandle } from "../platform/platform.ts"
import { type Damage, holdsGroupStart, type RecordChunk, SegmentCursor } from "./cursor.ts"
import type { SpoolDirectory } from "./directory.ts"
import { hasSeal } from "./listing.ts"
import { copyDamage } from "./quarantine.ts"
import { findSegment, openSegment, readFailure, type Segment } from "./segment.ts"
import { SpooledRecord } from "./spooled-record.ts"
import type { Window } from "./window.ts"

/** What keeps a segment from being read and is no damage (no descriptors, no permission) may pass. */
const retryMs = 1000

interface Opened {
  readonly segment: Segment
  /** Nothing in it can have been left unconfirmed. */
  readonly isConfirmed: boolean
  readonly handle: FileHandle
  readonly cursor: SegmentCursor
}

export class RecordSource {
  /** Not before this (monotonic) is there any use in trying to read. */
  retryAtMs = Number.NEGATIVE_INFINITY
  readonly #directory: SpoolDirectory
  readonly #window: Window
  #opened: Opened | undefined
  #chunk: RecordChunk | undefined
  #index = 0
  #damage: Damage[] = []
  // What is not there in a segment that may end with a group that was never confirmed; and the bytes of that.
  #gaps: { readonly what: "damaged" | "missing"; readonly first: number; readonly count: number; readonly bytes: number }[] = []
  #warned = false

  constructor(directory: SpoolDirectory, window: Window) {
    this.#directory = directory
    this.#window = window
  }

  /** Makes sure that new records are at hand for {@link take}; answers whether there are any. */
  async fill(): Promise<boolean> {
    for (;;) {
      if (!this.passRemoved()) return false
      if (this.#chunk !== undefined) {
        const ready = await this.#position(this.#chunk)
        if (ready === "removed") continue
        if (ready !== "used up") return ready === "ready"
      }
      const segment = findSegment(this.#directory.segments, this.#window.next)
      if (segment === undefined || (segment.active && segment.next <= this.#window.next)) return false
      const missing = segment.hasHeader ? segment.first - this.#window.next : 0
      if (missing > 0 && !this.#skip(missing, "missing", segment)) return false
      const goOn = await this.#read(segment).catch((error: unknown) => this.#failed(segment, error))
      if (!goOn) return false
    }
  }

  /** Passes over what was removed by hand; answers `false` when that does not fit before others are settled. */
  passRemoved(): boolean {
    const { next } = this.#window
    const count = this.#directory.removed.endFrom(next) - next
    if (count === 0) return true
    if (!this.#window.skip(count)) return false
    this.#directory.removedAhead -= count
    return true
  }

  /** Offers up to `max` of the records at hand, and no more than `bytesMax` except for one. */
  take(batch: SpooledRecord[], max: number, bytesMax: number): void {
    const chunk = this.#chunk
    const { next, room } = this.#window
    const limit = Math.min(this.#opened?.segment.next ?? 0, next + Math.min(max, room), this.#directory.removed.startFrom(next))
    if (chunk === undefined) return
    const window = this.#window
    const spool = this.#directory.id
    const before = window.inFlightBytes
    let index = this.#index
    while (index < chunk.starts.length && window.next < limit && window.inFlightBytes - before < bytesMax) {
      const at = chunk.starts[index]!
      const record = new SpooledRecord(chunk, at, { sequence: window.next, returns: 0, spool })
      index += 1
      window.offer(chunk.offset + at, record.end - at)
      batch.push(record)
    }
    this.#index = index
    if (index * 2 >= chunk.starts.length) this.#opened?.cursor.readAhead(this.#opened.segment.dataBytes)
  }

  /** Lets go of a segment that is about to be removed; without one, of whichever is open. */
  async release(segment?: Segment): Promise<void> {
    const opened = this.#opened
    if (opened === undefined || (segment !== undefined && opened.segment !== segment)) return
    this.#opened = undefined
    this.#chunk = undefined
    this.#tearGaps(opened.segment)
    await opened.cursor.idle()
    await opened.handle.close()
  }

  // Passes over what was settled before, and over gaps.
  async #position(chunk: RecordChunk): Promise<"ready" | "blocked" | "removed" | "used up"> {
    const opened = this.#opened
    this.#index = Math.max(this.#index, this.#window.next - chunk.first)
    const sequence = chunk.first + this.#index
    if (opened === undefined || this.#index >= chunk.starts.length || sequence >= opened.segment.next) {
      this.#chunk = undefined
      return "used up"
    }
    const missing = sequence - this.#window.next
    if (missing > 0 && !(await this.#skipDamage(missing, opened, opened.isConfirmed))) return "blocked"
    if (this.#window.next < sequence) return "removed"
    if (this.#gaps.length > 0 && holdsGroupStart(chunk)) this.#loseGaps(opened.segment)
    return "ready"
  }

  /** Reads on in `segment`; answers whether there is any use in going on. */
  async #read(segment: Segment): Promise<boolean> {
    const opened = await this.#open(segment)
    const found = await opened.cursor.read(segment.dataBytes)
    this.#warned = false
    if (found.damage !== undefined) this.#damage.push(found.damage)
    if (found.chunk !== undefined) {
      this.#chunk = found.chunk
      this.#index = 0
    }
    if (found.chunk !== undefined || found.damage !== undefined) return true
    if (segment.active) return false
    return this.#window.next >= segment.next || this.#skipDamage(segment.next - this.#window.next, opened, this.#isEndConfirmed(opened))
  }

  async #open(segment: Segment): Promise<Opened> {
    if (this.#opened?.segment === segment) return this.#opened
    await this.release()
    this.#damage = []
    const { files } = this.#directory.platform
    const { tag } = this.#directory
    const isConfirmed = segment.isConfirmed || (await hasSeal(files, segment, tag))
    const handle = await openSegment(files, segment)
    const cursor = new SegmentCursor(handle, { tag, expected: segment.hasHeader ? segment.first : undefined })
    this.#opened = { segment, isConfirmed, handle, cursor }
    return this.#opened
  }

  /** The next segment was begun when everything before it was on disk; its header says where. */
  #isEndConfirmed({ segment, isConfirmed }: Opened): boolean {
    return isConfirmed || findSegment(this.#directory.segments, segment.next)?.hasHeader === true
  }

  async #skipDamage(count: number, { segment }: Opened, isConfirmed: boolean): Promise<boolean> {
    const what = this.#damage.length > 0 ? "damaged" : "missing"
    let bytes = 0
    try {
      for (const damage of this.#damage) {
        await copyDamage(this.#directory, segment, damage)
        bytes += damage.to - damage.from
      }
    } catch {
      segment.doubtful = true
    }
    this.#damage = []
    if (isConfirmed) return this.#skip(count, what, segment)
    const first = this.#window.next
    const lost = this.#upToRemoved(count)
    if (!this.#window.skip(lost)) return false
    this.#gaps.push({ what, first, count: lost, bytes })
    return true
  }

  #skip(count: number, what: "damaged" | "missing", segment: Segment): boolean {
    const first = this.#window.next
    const lost = this.#upToRemoved(count)
    if (!this.#window.skip(lost)) return false
    this.#directory.lose(what, { segment, first, count: lost })
    return true
  }

  /** What was removed by hand is not lost a second time. */
  #upToRemoved(count: number): number {
    const { next } = this.#window
    return Math.min(count, this.#directory.removed.startFrom(next) - next)
  }

  /** A group begins behind the gaps: they were confirmed once. */
  #loseGaps(segment: Segment): void {
    for (const { what, first, count } of this.#gaps) this.#directory.lose(what, { segment, first, count })
    this.#gaps = []
  }

  /** No group begins behind the gaps: they belong to the last one, which was never confirmed. */
  #tearGaps(segment: Segment): void {
    for (const { count } of this.#gaps) this.#directory.counts.unconfirmed += count
    for (const { bytes } of this.#gaps) this.#directory.tear(segment, bytes)
    this.#gaps = []
  }

  #failed(segment: Segment, error: unknown): boolean {
    const failure = readFailure(error)
    if (segment.active || failure === "passing") {
      this.#later(segment, error)
      return false
    }
    segment.doubtful = failure === "damaged"
    this.#damage = []
    return this.#skip(segment.next - this.#window.next, failure, segment)
  }

  #later(segment: Segment, error: unknown): void {
    const { clock } = this.#directory.platform
    this.retryAtMs = clock.monotonic() + retryMs
    if (this.#warned) return
    this.#warned = true
    this.#directory.log.warn("a segment cannot be read at present; trying again", { segment: segment.path, error: String(error) })
  }
}
