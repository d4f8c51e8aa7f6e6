// What a person does to a spool: look, offer again, put back, move elsewhere, throw away. Works on a spool of a running graph, through the
// reader it has, and on one that nobody uses, whose roles are taken for as long as it lasts.
//
// Nothing is lost wherever this is cut off: what is moved or put back is synced in its new place before it leaves the old one, so at
// worst it is there twice; what is thrown away was counted before (`select`), and only that goes. Records in flight stay: the graph has
// them.

import { WishboneError } from "../errors.ts"
import type { Platform } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import type { SpoolRecord } from "./format.ts"
import { type Standing, walk } from "./inspect.ts"
import { quarantineName } from "./quarantine.ts"
import { listQuarantined, type Quarantined, readQuarantined } from "./quarantined.ts"
import { RangeCollector, type SequenceRange, SequenceRanges } from "./ranges.ts"
import type { SpoolReader } from "./reader.ts"
import { uuidOf } from "./record-text.ts"
import { joinPath } from "./segment.ts"
import type { Spool } from "./spool.ts"
import type { SpooledRecord } from "./spooled-record.ts"
import { keyOf, type Spools } from "./spools.ts"
import type { SpoolWriter } from "./writer.ts"

/** Which records are meant. What is given narrows; without anything all of them. */
export interface Selection {
  /** What lies in quarantine, instead of what waits. */
  readonly quarantined?: boolean | undefined
  readonly sequences?: readonly SequenceRange[] | undefined
  readonly uuid?: string | undefined
}

/** What a selection comes to at one moment. What is done with it is done to these, and to no other. */
export interface Selected {
  readonly waiting: SequenceRanges
  /** Selected, but on the way through the graph: they are left alone. */
  readonly inFlight: number
  readonly quarantined: readonly Quarantined[]
}

export interface EditResult {
  /** Records, and other things in quarantine, to which it was done. */
  readonly done: number
  /** Left alone: on the way through the graph. */
  readonly inFlight: number
  /** Left alone: no record that can be read, or none of ours. */
  readonly skipped: number
}

/** Told now and then how many are done. A signal ends the work between two steps. */
export interface EditOptions {
  readonly progress?: (done: number) => void
  readonly signal?: AbortSignal | undefined
}

const batchRecords = 1024
const batchBytes = 1024 * 1024
const breatheEvery = 65_536

export class SpoolEditor {
  readonly #platform: Platform
  readonly #spools: Spools
  readonly #spool: Spool

  /** Of a spool that is open in `spools`, whoever opened it, and stays open meanwhile. */
  constructor(parts: { platform: Platform; spools: Spools; spool: Spool }) {
    this.#platform = parts.platform
    this.#spools = parts.spools
    this.#spool = parts.spool
  }

  /** Finds out what a selection comes to. Reads the backlog only for a uuid. */
  async select({ quarantined = false, sequences, uuid }: Selection): Promise<Selected> {
    const { platform, spool } = { platform: this.#platform, spool: this.#spool }
    if (quarantined) {
      const found = await listQuarantined(platform, spool.path)
      return { waiting: SequenceRanges.none, inFlight: 0, quarantined: await narrowed(platform, found, { sequences, uuid }) }
    }
    return this.#withReader(async () => {
      const view = spool.view()
      const asked = new SequenceRanges(sequences ?? [[view.lowest, view.next]]).within(view.lowest, view.next)
      const found = uuid === undefined ? asked : await sequencesOf(walk(view, asked), uuid)
      return { ...(await this.#sorted(found, (sequence) => view.standing(sequence))), quarantined: [] }
    })
  }

  /** Offers what waits at once, and puts what is in quarantine at the end of the spool. */
  async replay(selected: Selected, options: EditOptions = {}): Promise<EditResult> {
    this.#spool.reader?.offerNow(selected.waiting)
    const copied = await this.#putBack(selected.quarantined, this.#spool, options)
    return { ...copied, done: copied.done + selected.waiting.count, inFlight: selected.inFlight }
  }

  /** Puts records at the end of another spool. @throws `WB_SPOOL_SAME`, and what opening a writer throws */
  async move(selected: Selected, to: string, options: EditOptions = {}): Promise<EditResult> {
    const { files } = this.#platform
    const [from, other] = [await files.stat(this.#spool.path), await files.stat(to)]
    if (from !== undefined && other !== undefined && keyOf(from) === keyOf(other))
      throw new WishboneError("WB_SPOOL_SAME", { directory: to })
    const target = await this.#spools.open(to)
    try {
      const waiting = await this.#moveWaiting(selected.waiting, target, options)
      const put = await this.#putBack(selected.quarantined, target, {
        ...options,
        progress: (done) => options.progress?.(waiting.done + done),
      })
      return { done: waiting.done + put.done, inFlight: selected.inFlight + waiting.inFlight, skipped: waiting.skipped + put.skipped }
    } finally {
      await target.close()
    }
  }

  /** Removes them for good. */
  async purge({ waiting, inFlight, quarantined }: Selected, options: EditOptions = {}): Promise<EditResult> {
    const { account } = this.#spool
    const removed = (count: number): void => account.removed(count)
    const gone = await this.#withReader((reader) => reader.remove(waiting, { removed }))
    const ours = quarantined.filter(({ kind }) => kind !== "other")
    let done = gone.removed
    for (const entry of ours) {
      if (options.signal?.aborted === true) break
      if (await this.#unlink(entry)) done += 1
      options.progress?.(done)
    }
    await this.#syncQuarantine(ours.length)
    return { done, inFlight: inFlight + gone.inFlight, skipped: quarantined.length - ours.length }
  }

  async #moveWaiting(waiting: SequenceRanges, target: Spool, { progress, signal }: EditOptions): Promise<EditResult> {
    const total = { done: 0, inFlight: 0 }
    if (waiting.count === 0) return { ...total, skipped: 0 }
    await this.#withReader((reader) =>
      withWriter(target, async (writer) => {
        for await (const batch of batches(walk(this.#spool.view(), waiting))) {
          if (signal?.aborted === true) return
          const { removed, inFlight } = await reader.remove(sequencesIn(batch), {
            before: (going) =>
              append(
                writer,
                target,
                batch.filter(({ sequence }) => going.has(sequence)),
              ),
            removed: (count) => this.#spool.account.removed(count),
          })
          total.done += removed
          total.inFlight += inFlight
          progress?.(total.done)
        }
      }),
    )
    // What could not be read stays.
    return { ...total, skipped: signal?.aborted === true ? 0 : waiting.count - total.done - total.inFlight }
  }

  /** Puts records of the quarantine at the end of `target`. */
  async #putBack(quarantined: readonly Quarantined[], target: Spool, { progress, signal }: EditOptions): Promise<EditResult> {
    const records = quarantined.filter(({ kind }) => kind === "record")
    let done = 0
    let skipped = quarantined.length - records.length
    if (records.length === 0) return { done, inFlight: 0, skipped }
    await withWriter(target, async (writer) => {
      for (const entry of records) {
        if (signal?.aborted === true) return
        const record = await readQuarantined(this.#platform.files, entry)
        if (record === undefined) skipped += 1
        else {
          await append(writer, target, [record])
          await this.#unlink(entry)
          done += 1
          progress?.(done)
        }
      }
    })
    await this.#syncQuarantine(done)
    return { done, inFlight: 0, skipped }
  }

  /** Splits what is there into what waits and what is in flight. */
  async #sorted(found: SequenceRanges, standing: (sequence: number) => Standing): Promise<Pick<Selected, "waiting" | "inFlight">> {
    const waiting = new RangeCollector()
    let inFlight = 0
    for (const [first, next] of found.list) {
      for (let sequence = first; sequence < next; sequence++) {
        const where = standing(sequence)
        if (where === "in_flight") inFlight += 1
        else if (where === "waiting") waiting.add(sequence)
        // A long backlog must not hold up the graph.
        if (sequence % breatheEvery === 0) await new Promise<void>((resolve) => this.#platform.timers.immediate(resolve))
      }
    }
    return { waiting: waiting.take(), inFlight }
  }

  /** Answers `false` when it was gone already. */
  async #unlink({ path }: Quarantined): Promise<boolean> {
    try {
      await this.#platform.files.unlink(path)
      return true
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false
      throw error
    }
  }

  async #syncQuarantine(unlinked: number): Promise<void> {
    if (unlinked > 0) await this.#platform.files.syncDirectory(joinPath(this.#spool.path, quarantineName))
  }

  /** Gives `work` the reader that is open here, or one of its own. @throws `WB_SPOOL_LOCKED` */
  async #withReader<T>(work: (reader: SpoolReader) => Promise<T>): Promise<T> {
    const open = this.#spool.reader
    if (open !== undefined) return work(open)
    const reader = await this.#spool.openReader({ name: "events" })
    try {
      return await work(reader)
    } finally {
      await reader.close()
    }
  }
}

/** Gives `work` the writer that is open here, or one of its own; what it appends is synced when it is told so. @throws `WB_SPOOL_LOCKED` */
async function withWriter<T>(spool: Spool, work: (writer: SpoolWriter) => Promise<T>): Promise<T> {
  const open = spool.writer
  if (open !== undefined) {
    // The graph may do without syncs; what is removed elsewhere for the sake of a copy here may not.
    const asBefore = open.syncEach()
    return work(open).finally(asBefore)
  }
  const writer = await spool.openWriter({ name: "events", whenFull: "fail" })
  try {
    return await work(writer)
  } finally {
    await writer.close()
  }
}

/** Resolves when the records are on disk. */
async function append(writer: SpoolWriter, spool: Spool, records: readonly SpoolRecord[]): Promise<void> {
  await writer.whenRoom()
  await new Promise<void>((resolve, reject) => {
    writer.append(records, (error) => {
      if (error !== undefined) return reject(error as Error)
      spool.account.putIn(records.length)
      resolve()
    })
  })
}

async function* batches(records: AsyncIterable<SpooledRecord>): AsyncGenerator<SpooledRecord[]> {
  let batch: SpooledRecord[] = []
  let bytes = 0
  for await (const record of records) {
    batch.push(record)
    bytes += record.payload.length
    if (batch.length < batchRecords && bytes < batchBytes) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

function sequencesIn(batch: readonly SpooledRecord[]): SequenceRanges {
  const found = new RangeCollector()
  for (const { sequence } of batch) found.add(sequence)
  return found.take()
}

async function sequencesOf(records: AsyncIterable<SpooledRecord>, uuid: string): Promise<SequenceRanges> {
  const found = new RangeCollector()
  for await (const record of records) if (uuidOf(record) === uuid) found.add(record.sequence)
  return found.take()
}

async function narrowed(platform: Platform, found: readonly Quarantined[], by: Selection): Promise<Quarantined[]> {
  const { uuid } = by
  const sequences = by.sequences && new SequenceRanges(by.sequences)
  const chosen: Quarantined[] = []
  for (const entry of found) {
    if (sequences !== undefined && (entry.sequence === undefined || !sequences.has(entry.sequence))) continue
    if (uuid !== undefined) {
      const record = entry.kind === "record" ? await readQuarantined(platform.files, entry) : undefined
      if (record === undefined || uuidOf(record) !== uuid) continue
    }
    chosen.push(entry)
  }
  return chosen
}
