// Writes a spool: one write and one sync under way, the next group fills meanwhile. An append is confirmed when its records are synced, and
// not before.
//
// A failed write or sync gives the segment up: what was not synced is written again, under the same sequences, to a new one. With
// `whenFull: "wait"` that is tried until it works; the appends stay unconfirmed and `append` asks its callers to wait. With `"fail"` all
// appends that are not synced fail at once.

import { strict as assert } from "node:assert"
import { WishboneError } from "../errors.ts"
import type { Timer } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import type { SpoolDirectory } from "./directory.ts"
import { payloadBytesMax, type SpoolRecord } from "./format.ts"
import { Group, type Settled, tooLong } from "./group.ts"
import type { Lock } from "./lock.ts"
import { ActiveSegment } from "./segment-file.ts"

export interface SpoolWriterOptions {
  /** Begins the names of the segments: the instance that writes them. */
  readonly name: string
  /** A segment is sealed before it would grow beyond this; one group may be larger. @defaultValue 64 MiB, at most 1 GiB */
  readonly segmentBytes?: number
  /** A segment is sealed this long after its first record. @defaultValue 10,000 */
  readonly intervalMs?: number
  /** `batch`: an append is confirmed after the sync of its group. */
  readonly sync?: "batch"
  /** What to do when the disk is full or fails. @defaultValue `"wait"` */
  readonly whenFull?: "wait" | "fail"
}

const mebibyte = 1024 * 1024
const segmentBytesMax = 1024 * mebibyte
/** More than this in the group that fills: callers are asked to wait. */
const groupBytesMax = mebibyte
/** Groups smaller than this, of several appends, are started no more often than every {@link lingerMs}. */
const smallGroupBytes = 64 * 1024
const lingerMs = 2
const retryMs = { first: 200, max: 5000 }
/** Least time between two segments that are sealed because all of them is settled: a trickle must not make a file a record. */
const drainedSealMs = 250

export class SpoolWriter {
  readonly #directory: SpoolDirectory
  readonly #lock: Lock
  readonly #name: string
  readonly #segmentBytes: number
  readonly #intervalMs: number
  readonly #whenFull: "wait" | "fail"
  readonly #unsubscribe: () => void
  readonly #stop = new AbortController()
  #filling = new Group()
  #spare = new Group()
  #writing: Group | undefined
  #nextSequence: number
  #active: ActiveSegment | undefined
  #interval: Timer | undefined
  #sealDue = false
  #drainedSealAt = Number.NEGATIVE_INFINITY
  #drainedTimer: Timer | undefined
  #working = false
  #closing = false
  #failures = 0
  #groupStartedAt = Number.NEGATIVE_INFINITY
  #lastAppends = 0
  #waitingForRoom: (() => void)[] = []
  #waitingForIdle: (() => void)[] = []

  /** Use `Spool.openWriter`. */
  constructor(directory: SpoolDirectory, lock: Lock, options: SpoolWriterOptions) {
    this.#directory = directory
    this.#lock = lock
    this.#name = options.name
    this.#segmentBytes = Math.min(options.segmentBytes ?? 64 * mebibyte, segmentBytesMax)
    this.#intervalMs = options.intervalMs ?? 10_000
    this.#whenFull = options.whenFull ?? "wait"
    this.#nextSequence = directory.nextSequence
    this.#unsubscribe = directory.subscribe({ drained: () => this.#drained() })
  }

  /** Bytes that are not synced yet. */
  get uncommittedBytes(): number {
    return this.#filling.bytes + (this.#writing?.bytes ?? 0)
  }

  /** Whether the disk refuses at present and appends are held back. */
  get isHolding(): boolean {
    return this.#failures > 0
  }

  /**
   * Takes records, at least one, which get continuous sequences. `settled(undefined, first)` is called when all of them are synced,
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
    this.#filling.add(records, this.#nextSequence, this.#directory.tag, settled)
    this.#nextSequence += records.length
    this.#start()
    return this.hasRoom
  }

  /** Whether `append` may be called without waiting. */
  get hasRoom(): boolean {
    return this.#filling.bytes < groupBytesMax
  }

  /** Resolves when `append` should go on. */
  whenRoom(): Promise<void> {
    if (this.hasRoom) return Promise.resolve()
    return new Promise((resolve) => this.#waitingForRoom.push(resolve))
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
      this.#drainedTimer?.cancel()
      this.#unsubscribe()
      this.#directory.hasWriter = false
      await this.#lock.release()
    } else await this.#whenIdle()
  }

  #whenIdle(): Promise<void> {
    return this.#working ? new Promise((resolve) => this.#waitingForIdle.push(resolve)) : Promise.resolve()
  }

  #start(): void {
    if (this.#working) return
    this.#working = true
    // All that is appended in this turn of the loop shares the first group.
    this.#directory.platform.timers.immediate(() => void this.#work())
  }

  async #work(): Promise<void> {
    for (;;) {
      if (this.#filling.records > 0) {
        await this.#linger()
        await this.#commit(this.#take())
      } else if (this.#active !== undefined && (this.#sealDue || this.#closing)) await this.#seal(this.#active)
      else break
    }
    this.#working = false
    const waiting = this.#waitingForIdle
    this.#waitingForIdle = []
    for (const wake of waiting) wake()
  }

  // Many small appends by several producers would each pay a sync of their own; one producer that waits for each must not wait longer.
  async #linger(): Promise<void> {
    const { timers, clock } = this.#directory.platform
    if (this.#lastAppends < 2 || this.#filling.bytes >= smallGroupBytes || this.#closing) return
    const waitMs = this.#groupStartedAt + lingerMs - clock.monotonic()
    if (waitMs > 0) await timers.sleep(waitMs)
  }

  #take(): Group {
    const group = this.#filling
    this.#filling = this.#spare
    this.#writing = group
    this.#lastAppends = group.appends
    this.#groupStartedAt = this.#directory.platform.clock.monotonic()
    this.#tellRoom()
    return group
  }

  async #commit(group: Group): Promise<void> {
    const error = await this.#store(group)
    this.#writing = undefined
    this.#spare = group
    if (error === undefined) {
      this.#directory.publish(group.first + group.records)
      group.settle(undefined)
    } else this.#fail(group, error)
  }

  /** Answers what kept the group from being stored. */
  async #store(group: Group): Promise<unknown> {
    const { platform, log, path } = this.#directory
    for (;;) {
      try {
        const active = await this.#activeFor(group)
        await active.append(group)
        if (this.#failures > 0) log.info("the spool can be written again", { directory: path })
        this.#failures = 0
        return undefined
      } catch (error) {
        await this.#giveUp(error)
        if (this.#whenFull === "fail" || this.#stop.signal.aborted) return error
        const delayMs = Math.min(retryMs.max, retryMs.first * 2 ** (this.#failures - 1))
        await platform.timers.sleep(delayMs, this.#stop.signal).catch(() => undefined)
      }
    }
  }

  async #activeFor(group: Group): Promise<ActiveSegment> {
    const active = this.#active
    if (active !== undefined && active.bytes + group.bytes <= this.#segmentBytes && !this.#sealDue) return active
    if (active !== undefined) await this.#seal(active)
    const created = await ActiveSegment.create(this.#directory, { name: this.#name, first: group.first })
    this.#active = created
    this.#interval = this.#directory.platform.timers.after(this.#intervalMs, () => this.#sealSoon(), { background: true })
    return created
  }

  async #seal(active: ActiveSegment): Promise<void> {
    this.#forget()
    await active.seal()
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
    const { path, log } = this.#directory
    this.#failures += 1
    const fields = { directory: path, code: errorCode(error), error: String(error) }
    if (this.#failures === 1) log.warn(`a spool cannot be written, ${this.#whenFull === "wait" ? "holding" : "failing"} what comes`, fields)
    const active = this.#active
    this.#forget()
    await active?.giveUp()
  }

  // What fills at this moment has sequences that follow on those which are not used now: it fails too.
  #fail(group: Group, error: unknown): void {
    const { path, nextSequence } = this.#directory
    const failure = new WishboneError("WB_SPOOL_WRITE_FAILED", { directory: path, code: errorCode(error) }, { cause: error })
    const filling = this.#filling
    this.#filling = new Group()
    this.#nextSequence = nextSequence
    group.settle(failure)
    filling.settle(failure)
    this.#tellRoom()
  }

  #drained(): void {
    const active = this.#active
    if (active === undefined || this.#writing !== undefined || this.#sealDue || this.#drainedTimer !== undefined) return
    const { clock, timers } = this.#directory.platform
    const waitMs = this.#drainedSealAt + drainedSealMs - clock.monotonic()
    const seal = (): void => {
      this.#drainedTimer = undefined
      if (this.uncommittedBytes > 0 || this.#directory.lowest < this.#directory.nextSequence) return
      this.#drainedSealAt = clock.monotonic()
      this.#sealSoon()
    }
    if (waitMs > 0) this.#drainedTimer = timers.after(waitMs, seal, { background: true })
    else seal()
  }

  #tellRoom(): void {
    const waiting = this.#waitingForRoom
    this.#waitingForRoom = []
    for (const wake of waiting) wake()
  }
}
