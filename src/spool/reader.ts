// Reads a spool: hands out records in batches, learns how each ended, and keeps the position.
//
// A record is offered in the order of sequences. One that comes back stays where it is and is offered again after a back-off (1 s, doubling,
// at most 1 min), before records that were not offered yet; how many may be offered at a time is the gate's decision (gate.ts). Every
// offered record is to be answered by `settle` or `giveBack`, once; other answers are ignored.

import { strict as assert } from "node:assert"
import type { FailureKind } from "../errors.ts"
import type { Timer } from "../platform/platform.ts"
import { ReturnedSource } from "./again.ts"
import type { SpoolDirectory } from "./directory.ts"
import { Exclusion } from "./exclusion.ts"
import { Gate } from "./gate.ts"
import { Housekeeper } from "./housekeeper.ts"
import type { Lock } from "./lock.ts"
import type { SequenceRanges } from "./ranges.ts"
import { Removal } from "./removal.ts"
import { dropRemoved } from "./removed.ts"
import { backOffMs, isPassing, ReturnedRecords } from "./returned.ts"
import { RecordSource } from "./source.ts"
import type { SpooledRecord } from "./spooled-record.ts"
import { Window } from "./window.ts"

export interface SpoolReaderOptions {
  /** The instance that reads, for those who look at the spool. */
  readonly name?: string
  /** Offers records only while nothing is appended. @defaultValue false */
  readonly idleTrigger?: boolean
  /** How long nothing must have been appended. @defaultValue 10,000 */
  readonly idleTimeMs?: number
  /** Most that is offered and not answered. @defaultValue 100,000 records, 32 MiB */
  readonly inflight?: { readonly records?: number; readonly bytes?: number }
}

/** A record that could not be set aside is kept this long before that is tried again. */
const setAsideRetryMs = 60_000

export class SpoolReader {
  readonly #directory: SpoolDirectory
  readonly #lock: Lock
  readonly #idleTrigger: boolean
  #inflightBytes: number
  readonly #window: Window
  readonly #gate: Gate
  readonly #returned = new ReturnedRecords()
  readonly #source: RecordSource
  readonly #again: ReturnedSource
  readonly #housekeeper: Housekeeper
  readonly #unsubscribe: () => void
  /** Records that are being moved to quarantine at this moment. */
  readonly #leaving = new Set<number>()
  readonly #exclusion = new Exclusion()
  #settingAside: Promise<void> = Promise.resolve()
  #closed = false
  #reading = false
  #whenRead: (() => void) | undefined
  // Counts whatever may let `next` go on, so that nothing is missed between looking and waiting.
  #version = 0
  #wake: (() => void) | undefined

  /** Use `Spool.openReader`. */
  constructor(directory: SpoolDirectory, lock: Lock, options: SpoolReaderOptions) {
    this.#directory = directory
    this.#lock = lock
    this.#idleTrigger = options.idleTrigger === true
    this.#inflightBytes = options.inflight?.bytes ?? 32 * 1024 * 1024
    this.#window = new Window(directory.lowest)
    this.#gate = new Gate({
      idleTimeMs: this.#idleTrigger ? (options.idleTimeMs ?? 10_000) : undefined,
      inflightMax: options.inflight?.records ?? 100_000,
      lastAppendMs: this.#lastAppend(),
    })
    this.#source = new RecordSource(directory, this.#window)
    this.#again = new ReturnedSource(directory, this.#window, this.#returned)
    this.#housekeeper = new Housekeeper(directory, async (segment) => {
      await this.#source.release(segment)
      await this.#again.release(segment)
    })
    this.#unsubscribe = directory.subscribe({ appended: () => this.#appended(), sealed: () => this.#housekeeper.note() })
    if (directory.segments.length > 0) this.#housekeeper.prepare()
    this.#housekeeper.note()
  }

  /** Records that were offered and not answered. */
  get inFlight(): number {
    return this.#window.inFlight
  }

  /** Another bound on what is offered and not answered. */
  setInflight({ records, bytes }: { readonly records: number; readonly bytes: number }): void {
    this.#inflightBytes = bytes
    this.#gate.setInflightMax(records)
    this.#notify()
  }

  /**
   * Waits for records and offers up to `max` of them, in order. Answers `undefined` when `signal` is aborted or the reader was closed.
   * One call at a time.
   */
  async next(options: { readonly max: number; readonly signal?: AbortSignal }): Promise<SpooledRecord[] | undefined> {
    assert(!this.#reading, "`next` is not called while a call is under way")
    this.#reading = true
    try {
      while (!this.#closed && options.signal?.aborted !== true) {
        while (!this.#exclusion.isFree) await this.#exclusion.whenFree()
        const version = this.#version
        const nowMs = this.#directory.platform.clock.monotonic()
        const batch = await this.#exclusion.take(this.#take(options.max, nowMs))
        if (batch.length > 0) return this.#closed ? undefined : batch
        if (this.#version === version) await this.#wait(nowMs, options.signal)
      }
      return undefined
    } finally {
      this.#reading = false
      this.#whenRead?.()
    }
  }

  /** The record ended well, or lies in a durable place elsewhere: it is done with. */
  settle(sequence: number): void {
    this.settleRange(sequence, 1)
  }

  /** As {@link settle}, for `count` records from `first` on. */
  settleRange(first: number, count: number): void {
    if (this.#closed) return
    const settled = this.#window.settleRange(first, count)
    if (settled === 0) return
    this.#returned.forget(first, count)
    this.#gate.settled(settled)
    this.#progress()
  }

  /** The record ended badly, or came back to this spool: it stays, and is offered again later. */
  giveBack(sequence: number, failure: { readonly kind: FailureKind }): void {
    if (this.#closed || !this.#window.giveBack(sequence)) return
    const nowMs = this.#directory.platform.clock.monotonic()
    const passing = isPassing(failure.kind)
    this.#gate.returned(nowMs, passing || failure.kind === "timeout")
    if (this.#returned.note(sequence, failure.kind) === "poison") this.#setAside(sequence, failure.kind)
    // Behind an idle trigger the gate is the back-off, and what came back first goes first.
    else this.#returned.offerAt(sequence, this.#idleTrigger && passing ? nowMs : nowMs + backOffMs(this.#returned.countOf(sequence)))
    this.#notify()
  }

  /** Where a record stands; one that is in flight is somewhere in the graph. */
  standing(sequence: number): "settled" | "in_flight" | "waiting" {
    const found = this.#window.standing(sequence)
    if (found === "settled" || (found === "ahead" && this.#directory.removed.has(sequence))) return "settled"
    return found === "in_flight" || this.#leaving.has(sequence) ? "in_flight" : "waiting"
  }

  /**
   * Takes waiting records out, for good, as a person asks: those of `wanted` that are not in flight. Nothing is offered meanwhile.
   * `before` gets what will go and may keep it elsewhere first; when it rejects nothing goes. `removed` hears of it within the turn in
   * which it happens. Resolves to how many went, once they cannot come back, and how many could not because they are in flight.
   */
  remove(
    wanted: SequenceRanges,
    does: { readonly before?: (going: SequenceRanges) => Promise<void>; readonly removed: (count: number) => void },
  ): Promise<{ readonly removed: number; readonly inFlight: number }> {
    return this.#exclusion.edit(async () => {
      const parts = { directory: this.#directory, window: this.#window, isLeaving: (sequence: number) => this.#leaving.has(sequence) }
      const removal = new Removal(parts, wanted)
      if (removal.going.count > 0) {
        await does.before?.(removal.going)
        await removal.write()
        removal.apply((sequence) => this.#returned.forget(sequence))
        this.#source.passRemoved()
        does.removed(removal.going.count)
        this.#progress()
        this.#notify()
      }
      return { removed: removal.going.count, inFlight: removal.inFlight }
    })
  }

  /** Offers records again without further back-off, also if an idle trigger would have them wait. */
  offerNow(wanted: SequenceRanges): void {
    const nowMs = this.#directory.platform.clock.monotonic()
    for (const [first, next] of wanted.within(this.#window.base, this.#window.next).list) {
      for (let sequence = first; sequence < next; sequence++) this.#returned.bringForward(sequence, nowMs)
    }
    this.#gate.openNow()
    this.#notify()
  }

  /** Writes the position and gives the role back. What was not answered is offered again by the next reader. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#unsubscribe()
    this.#notify()
    if (this.#reading) await new Promise<void>((resolve) => (this.#whenRead = resolve))
    await this.#exclusion.whenFree()
    await this.#settingAside
    await this.#housekeeper.close()
    await this.#dropRemoved()
    await this.#source.release()
    await this.#again.release()
    this.#directory.hasReader = false
    await this.#lock.release()
  }

  /** What was removed by hand is below the position by now: the file says nothing any more. */
  async #dropRemoved(): Promise<void> {
    const { removed, platform, path } = this.#directory
    if (removed.count === 0 || removed.next > this.#housekeeper.written) return
    await dropRemoved(platform.files, path).catch(() => undefined)
  }

  async #take(max: number, nowMs: number): Promise<SpooledRecord[]> {
    const batch: SpooledRecord[] = []
    const room = Math.min(max, this.#gate.room(nowMs, this.#window.inFlight))
    if (room <= 0 || this.#window.inFlightBytes >= this.#inflightBytes) return batch
    await this.#again.take(batch, nowMs, room)
    const bytes = this.#inflightBytes - this.#window.inFlightBytes
    if (batch.length < room && bytes > 0 && nowMs >= this.#source.retryAtMs && (await this.#source.fill())) {
      this.#source.take(batch, room - batch.length, bytes)
    }
    // Records that were lost were passed over.
    this.#progress()
    return batch
  }

  /** Waits until something changes, or the time comes for which `#take` at `lookedMs` was too early. */
  #wait(lookedMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { timers, clock } = this.#directory.platform
    const times = [this.#gate.openFromMs, this.#returned.nextDueMs, this.#source.retryAtMs].filter((time) => time > lookedMs)
    const waitMs = Math.min(...times) - clock.monotonic()
    if (waitMs <= 0 || signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      let timer: Timer | undefined
      const wake = (): void => {
        this.#wake = undefined
        timer?.cancel()
        signal?.removeEventListener("abort", wake)
        resolve()
      }
      this.#wake = wake
      if (Number.isFinite(waitMs)) timer = timers.after(Math.ceil(waitMs), wake)
      signal?.addEventListener("abort", wake, { once: true })
    })
  }

  #notify(): void {
    this.#version += 1
    this.#wake?.()
  }

  #appended(): void {
    this.#housekeeper.prepare()
    const lastMs = this.#lastAppend()
    if (lastMs !== undefined) this.#gate.appended(lastMs)
    this.#notify()
  }

  /** The last append in monotonic time, which wall time that jumps does not move. */
  #lastAppend(): number | undefined {
    const { lastAppendMs, platform } = this.#directory
    if (lastAppendMs === undefined) return undefined
    return platform.clock.monotonic() - Math.max(0, platform.clock.now() - lastAppendMs)
  }

  #progress(): void {
    const directory = this.#directory
    const window = this.#window
    window.advance()
    if (window.base === directory.lowest && window.settledAbove === directory.settledAbove) return
    directory.settle(window.base, window.settledAbove)
    this.#housekeeper.note()
    this.#notify()
  }

  #setAside(sequence: number, kind: FailureKind): void {
    this.#leaving.add(sequence)
    const { log, path, counts, platform } = this.#directory
    const work = async (): Promise<void> => {
      try {
        await this.#again.setAside(sequence)
        counts.quarantined += 1
        log.error("a record came back too often and was moved to quarantine", { directory: path, sequence, kind })
        this.#returned.forget(sequence)
        this.#window.settle(sequence)
        this.#progress()
      } catch (error) {
        log.warn("a record could not be moved to quarantine; it is offered again", { directory: path, sequence, error: String(error) })
        this.#returned.offerAt(sequence, platform.clock.monotonic() + setAsideRetryMs)
        this.#notify()
      } finally {
        this.#leaving.delete(sequence)
      }
    }
    this.#settingAside = this.#settingAside.then(work)
  }
}
