// Reads records again that came back. They stay where they were written; records that lie side by side are read together.

import type { FileHandle } from "../platform/platform.ts"
import type { SpoolDirectory } from "./directory.ts"
import { checkRecord, recordSequence, recordTarget } from "./format.ts"
import { copyDamage, copyRecord } from "./quarantine.ts"
import type { ReturnedRecords } from "./returned.ts"
import { findSegment, openSegment, readFailure, readFully, type Segment, using } from "./segment.ts"
import { SpooledRecord } from "./spooled-record.ts"
import type { Window } from "./window.ts"

/** No more than this is read at once, unless one record is larger. */
const bytesMax = 1024 * 1024
/** What keeps a segment from being read and is no damage may pass. */
const retryMs = 1000

export class ReturnedSource {
  readonly #directory: SpoolDirectory
  readonly #window: Window
  readonly #returned: ReturnedRecords
  #opened: { readonly segment: Segment; readonly handle: FileHandle } | undefined

  constructor(directory: SpoolDirectory, window: Window, returned: ReturnedRecords) {
    this.#directory = directory
    this.#window = window
    this.#returned = returned
  }

  /** Offers up to `max` of the records that are due, lowest sequence first. What is lost by now is settled. */
  async take(batch: SpooledRecord[], nowMs: number, max: number): Promise<void> {
    const sequences: number[] = []
    while (sequences.length < max && this.#returned.peek(nowMs) !== undefined) {
      const sequence = this.#returned.take()
      // It may have been removed by hand meanwhile.
      if (this.#window.standing(sequence) === "returned") sequences.push(sequence)
    }
    for (let from = 0; from < sequences.length; ) {
      const { segment, to } = this.#run(sequences, from)
      const run = sequences.slice(from, to)
      await this.#read(segment, run, batch).catch((error: unknown) => this.#failed(segment, run, error))
      from = to
    }
  }

  /** Copies a record to quarantine. Resolves when the copy is on disk. */
  async setAside(sequence: number): Promise<void> {
    const { platform, segments, uuid } = this.#directory
    const segment = findSegment(segments, sequence)!
    const { offset, bytes } = this.#window.locate(sequence)
    const record = await using(openSegment(platform.files, segment), (handle) => readFully(handle, offset, bytes))
    const header = { uuid, number: segment.number, first: sequence, createdMs: segment.createdMs }
    await copyRecord(this.#directory, segment, { header, record })
  }

  /** Lets go of a segment that is about to be removed; without one, of whichever is open. */
  async release(segment?: Segment): Promise<void> {
    const opened = this.#opened
    if (opened === undefined || (segment !== undefined && opened.segment !== segment)) return
    this.#opened = undefined
    await opened.handle.close()
  }

  /** The records from `from` on that lie side by side in one segment. */
  #run(sequences: readonly number[], from: number): { segment: Segment; to: number } {
    const segment = findSegment(this.#directory.segments, sequences[from]!)!
    let bytes = this.#window.locate(sequences[from]!).bytes
    let to = from + 1
    while (to < sequences.length && sequences[to]! === sequences[to - 1]! + 1 && sequences[to]! < segment.next && bytes < bytesMax) {
      bytes += this.#window.locate(sequences[to]!).bytes
      to += 1
    }
    return { segment, to }
  }

  async #read(segment: Segment, sequences: readonly number[], batch: SpooledRecord[]): Promise<void> {
    const { offset } = this.#window.locate(sequences[0]!)
    const last = this.#window.locate(sequences.at(-1)!)
    const chunk = recordTarget(await readFully(await this.#open(segment), offset, last.offset + last.bytes - offset))
    for (const sequence of sequences) {
      const place = this.#window.locate(sequence)
      const at = place.offset - offset
      const isGood = checkRecord(chunk, at, chunk.bytes.length, this.#directory.tag) > 0 && recordSequence(chunk.view, at) === sequence
      if (isGood) {
        this.#window.offerAgain(sequence)
        batch.push(new SpooledRecord(chunk, at, { sequence, returns: this.#returned.countOf(sequence), spool: this.#directory.id }))
      } else {
        const copied = copyDamage(this.#directory, segment, { from: place.offset, to: place.offset + place.bytes })
        await copied.catch(() => {
          segment.doubtful = true
        })
        this.#lose("damaged", segment, sequence)
      }
    }
  }

  #failed(segment: Segment, sequences: readonly number[], error: unknown): void {
    const failure = readFailure(error)
    const dueMs = this.#directory.platform.clock.monotonic() + retryMs
    if (failure === "damaged") segment.doubtful = true
    for (const sequence of sequences) {
      if (failure === "passing") this.#returned.offerAt(sequence, dueMs)
      else this.#lose(failure, segment, sequence)
    }
  }

  #lose(what: "damaged" | "missing", segment: Segment, sequence: number): void {
    this.#directory.lose(what, { segment, first: sequence, count: 1 })
    this.#returned.forget(sequence)
    this.#window.settle(sequence)
  }

  async #open(segment: Segment): Promise<FileHandle> {
    if (this.#opened?.segment === segment) return this.#opened.handle
    await this.release()
    const handle = await openSegment(this.#directory.platform.files, segment)
    this.#opened = { segment, handle }
    return handle
  }
}
