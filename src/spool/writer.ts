// Writes a spool: one write and one sync under way, the next group fills meanwhile. An append is confirmed when its records are synced, and
// not before; unless `sync` says that it need not be: then when they are written.
//
// A failed write or sync gives the segment up: what was not synced is written again, under the same sequences, to a new one. With
// `whenFull: "wait"` that is tried until it works; the appends stay unconfirmed and `append` asks its callers to wait. With `"fail"` all
// appends that are not synced fail at once. What was confirmed when it was written cannot be written again: a sync that fails later gives
// the segment up as it is, and says so.
//
// With `diskBytes` the disk is full when the segments take as much: `wait` holds what comes until the reader has freed some of it.

import { strict as assert } from "node:assert"
import { Failure, WishboneError } from "../errors.ts"
import type { Timer } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import type { SpoolDirectory } from "./directory.ts"
import { DrainedSeal } from "./drained-seal.ts"
import { payloadBytesMax, type SpoolRecord } from "./format.ts"
import { Group, type Settled, tooLong } from "./group.ts"
import { LateSync, type SyncMode } from "./late-sync.ts"
import type { Lock } from "./lock.ts"
import { Refusals } from "./refusals.ts"
import { ActiveSegment } from "./segment-file.ts"
import { SpaceLimit } from "./space-limit.ts"
import { Waiters } from "./waiters.ts"

export interface SpoolWriterOptions {
  /** Begins the names of the segments: the instance that writes them. */
  readonly name: string
  /** A segment is sealed before it would grow beyond this; one group may be larger. @defaultValue 64 MiB, at most 1 GiB */
  readonly segmentBytes?: number
  /** A segment is sealed this long after its first record. @defaultValue 10,000 */
  readonly intervalMs?: number
  /** When an append is confirmed. @defaultValue `"batch"` */
  readonly sync?: SyncMode
  /** Bytes of all segments at which no more is taken. @defaultValue as much as the disk takes */
  readonly diskBytes?: number | undefined
  /** What to do when the disk is full or fails. @defaultValue `"wait"` */
  readonly whenFull?: "wait" | "fail"
}

const mebibyte = 1024 * 1024
const segmentBytesMax = 1024 * mebibyte
/** More than this in the group that fills: callers are asked to wait. */
const groupBytesMax = mebibyte
/** Groups smaller than this that come by themselves, not in answer to a commit, are started no more often than every {@link lingerMs}. */
const smallGroupBytes = 64 * 1024
const lingerMs = 2

export class SpoolWriter {
  readonly #directory: SpoolDirectory
  readonly #lock: Lock
  readonly #name: string
  readonly #segmentBytes: number
  readonly #intervalMs: number
  readonly #whenFull: "wait" | "fail"
  readonly #sync: SyncMode
  readonly #lateSync: LateSync
  readonly #space: SpaceLimit
  readonly #drainedSeal: DrainedSeal
  readonly #unsubscribe: () => void
  readonly #stop = new AbortController()
  #filling = new Group()
  #spare = new Group()
  #writing: Group | undefined
  #nextSequence: number
  /** Those who need their appends synced, whatever `sync` says. */
  #anxious = 0
  #active: ActiveSegment | undefined
  #interval: Timer | undefined
  #sealDue = false
  #working = false
  #closing = false
  readonly #refusals: Refusals
  #groupStartedAt = Number.NEGATIVE_INFINITY
  #cameMeanwhile = false
  readonly #room = new Waiters()
  readonly #idle = new Waiters()

  /** Use `Spool.openWriter`. */
  constructor(directory: SpoolDirectory, lock: Lock, options: SpoolWriterOptions) {
    this.#directory = directory
    this.#lock = lock
    this.#name = options.name
    this.#segmentBytes = Math.min(options.segmentBytes ?? 64 * mebibyte, segmentBytesMax)
    this.#intervalMs = options.intervalMs ?? 10_000
    this.#whenFull = options.whenFull ?? "wait"
    this.#sync = options.sync ?? "batch"
    this.#nextSequence = directory.nextSequence
    const { clock, timers } = directory.platform
    this.#lateSync = new LateSync(timers, this.#sync, () => this.#start())
    this.#space = new SpaceLimit(directory, options.diskBytes)
    this.#refusals = new Refusals(directory, this.#whenFull === "wait" ? "holding" : "failing")
    this.#drainedSeal = new DrainedSeal(clock, timers, () => this.#sealDrained())
    this.#unsubscribe = directory.subscribe({ drained: () => this.#drained() })
  }

  /** Bytes that are not confirmed yet. */
  get uncommittedBytes(): number {
    return this.#filling.bytes + (this.#writing?.bytes ?? 0)
  }

  /** Whether the disk refuses at present and appends are held back. */
  get isHolding(): boolean {
    return this.#refusals.isOn || this.#space.isHolding
  }

  /**
   * Takes records, at least one, which get continuous sequences. `settled(undefined, first)` is called when all of them are confirmed,
   * `settled(error, first)` when they are not and will not be. Records of one append are confirmed together; appends in their order.
   * Answers `false` when more should wait for {@link whenRoom}; what was handed over was taken all the same.
   * @throws `WB_SPOOL_RECORD_TOO_LARGE`, `WB_SPOOL_CLOSED`; nothing was taken then
   */
  append(records: readonly SpoolRecord[], settled: Settled): boolean {
    if (this.#closing) throw new WishboneError("WB_SPOOL_CLOSED", { directory: this.#directory.path })
    assert(records.length > 0, "an append has at least one record")
    const long = tooLong(records)
    if (long >= 0) {
      const bytes = records[long]?.payload.length
      throw new WishboneError("WB_SPOOL_RECORD_TOO_LARGE", {
        directory: this.#directory.path,
        bytes,
        bytesMax: payloadBytesMax,
        index: long,
      })
    }
    // Only in a group that is written after the one before was synced may a record say so.
    const stamp = { first: this.#nextSequence, tag: this.#directory.tag, marksGroup: this.#sync === "batch" }
    this.#filling.add(records, stamp, settled)
    this.#nextSequence += records.length
    this.#start()
    return this.hasRoom
  }

  /**
   * Has appends that are handed over from now on confirmed when they are synced, whatever `sync` says, until the function that it answers
   * is called. They are written to a segment of their own.
   */
  syncEach(): () => void {
    let ended = false
    this.#anxious += 1
    return () => {
      if (!ended) this.#anxious -= 1
      ended = true
    }
  }

  /** Whether `append` may be called without waiting. */
  get hasRoom(): boolean {
    return this.#filling.bytes < groupBytesMax
  }

  /** Resolves when `append` should go on. */
  whenRoom(): Promise<void> {
    return this.hasRoom ? Promise.resolve() : this.#room.wait()
  }

  /** Writes what was taken, seals the segment and gives the role back. With `signal` aborted, what the disk still refuses then fails. */
  async close(signal?: AbortSignal): Promise<void> {
    if (!this.#closing) {
      this.#closing = true
      const giveUp = (): void => this.#stop.abort()
      if (signal?.aborted === true) giveUp()
      signal?.addEventListener("abort", giveUp, { once: true })
      this.#start()
      await this.#whenIdle()
      signal?.removeEventListener("abort", giveUp)
      this.#interval?.cancel()
      this.#drainedSeal.cancel()
      this.#unsubscribe()
      this.#directory.hasWriter = false
      await this.#lock.release()
    } else await this.#whenIdle()
  }

  #whenIdle(): Promise<void> {
    return this.#working ? this.#idle.wait() : Promise.resolve()
  }

  #start(): void {
    if (this.#working) return
    this.#working = true
    // All that is appended in this turn of the loop shares the first group.
    this.#directory.platform.timers.immediate(() => void this.#work())
  }

  async #work(): Promise<void> {
    for (;;) {
      if (this.#lateSync.isDue) await this.#syncLate()
      if (this.#filling.records > 0) {
        await this.#linger()
        await this.#commit(this.#take())
      } else if (this.#active !== undefined && (this.#sealDue || this.#closing)) await this.#seal(this.#active)
      else break
    }
    this.#working = false
    this.#idle.wake()
  }

  // A trickle would pay a sync for every few records. Producers that wait for their confirmation before they go on must not wait longer
  // than for the disk; they are recognised by nothing having come while it worked.
  async #linger(): Promise<void> {
    const { timers, clock } = this.#directory.platform
    if (!this.#cameMeanwhile || this.#filling.bytes >= smallGroupBytes || this.#closing) return
    const waitMs = this.#groupStartedAt + lingerMs - clock.monotonic()
    if (waitMs > 0) await timers.sleep(waitMs)
  }

  #take(): Group {
    const group = this.#filling
    this.#filling = this.#spare
    this.#writing = group
    this.#groupStartedAt = this.#directory.platform.clock.monotonic()
    this.#room.wake()
    return group
  }

  async #commit(group: Group): Promise<void> {
    const error = (await this.#waitForSpace()) ?? (await this.#store(group))
    this.#writing = undefined
    this.#spare = group
    this.#cameMeanwhile = this.#filling.records > 0
    if (error === undefined) {
      this.#directory.publish(group.first + group.records)
      group.settle(undefined)
    } else this.#fail(group, error)
  }

  /** Answers why nothing may be stored. A segment can go only when it is sealed, so the one that is written is sealed first. */
  async #waitForSpace(): Promise<unknown> {
    if (!this.#space.isReached) return undefined
    if (this.#active !== undefined) await this.#seal(this.#active)
    return this.#whenFull === "fail" ? this.#space.refuse() : this.#space.wait(this.#stop.signal)
  }

  /** Answers what kept the group from being stored. */
  async #store(group: Group): Promise<unknown> {
    for (;;) {
      try {
        const active = await this.#activeFor(group)
        await active.append(group)
        if (active.syncMode !== "batch") this.#lateSync.written()
        this.#refusals.end()
        return undefined
      } catch (error) {
        await this.#giveUp(error)
        if (this.#whenFull === "fail" || this.#stop.signal.aborted) return error
        await this.#refusals.backOff(this.#stop.signal)
      }
    }
  }

  async #activeFor(group: Group): Promise<ActiveSegment> {
    const active = this.#active
    const sync = this.#anxious > 0 ? "batch" : this.#sync
    const fits = active !== undefined && active.bytes + group.bytes <= this.#segmentBytes && active.syncMode === sync
    if (fits && !this.#sealDue) return active
    if (active !== undefined) await this.#seal(active)
    const created = await ActiveSegment.create(this.#directory, { name: this.#name, first: group.first, sync })
    this.#active = created
    this.#interval = this.#directory.platform.timers.after(this.#intervalMs, () => this.#sealSoon(), { background: true })
    return created
  }

  async #seal(active: ActiveSegment): Promise<void> {
    if (this.#lateSync.isPending && !(await this.#syncLate())) return
    this.#forget()
    await active.seal()
  }

  /** Syncs what was confirmed before; answers whether that worked. When it did not, the segment is given up. */
  async #syncLate(): Promise<boolean> {
    const active = this.#active
    this.#lateSync.done()
    try {
      await active?.sync()
      return true
    } catch (error) {
      this.#refusals.noteLate(error)
      this.#forget()
      await active?.retire()
      return false
    }
  }

  #forget(): void {
    this.#interval?.cancel()
    this.#active = undefined
    this.#sealDue = false
  }

  #sealSoon(): void {
    if (this.#active === undefined) return
    this.#sealDue = true
    this.#start()
  }

  async #giveUp(error: unknown): Promise<void> {
    this.#refusals.note(error)
    // What was confirmed before it was synced is in this segment, too, and is not written again.
    if (this.#lateSync.isPending && !(await this.#syncLate())) return
    const active = this.#active
    this.#forget()
    await active?.giveUp()
  }

  // What fills at this moment has sequences that follow on those which are not used now: it fails too.
  #fail(group: Group, error: unknown): void {
    const { path, nextSequence } = this.#directory
    const details = { directory: path, code: errorCode(error) }
    const failure = error instanceof Failure ? error : new WishboneError("WB_SPOOL_WRITE_FAILED", details, { cause: error })
    const filling = this.#filling
    this.#filling = new Group()
    this.#nextSequence = nextSequence
    group.settle(failure)
    filling.settle(failure)
    this.#room.wake()
  }

  #drained(): void {
    if (this.#active !== undefined && this.#writing === undefined && !this.#sealDue) this.#drainedSeal.note()
  }

  #sealDrained(): boolean {
    if (this.uncommittedBytes > 0 || this.#directory.lowest < this.#directory.nextSequence) return false
    this.#sealSoon()
    return true
  }
}
