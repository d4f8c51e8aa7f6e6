// Keeps the position, and removes segments whose records are all settled. The position comes first, always: it may be ahead of the files,
// never behind them.

import type { Timer } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import type { SpoolDirectory } from "./directory.ts"
import { PositionWriter } from "./position.ts"
import { moveAside } from "./quarantine.ts"
import type { Segment } from "./segment.ts"

/** The position is written at most this much later than records were settled, sooner when a segment can go. */
const positionDelayMs = 1000

export class Housekeeper {
  readonly #directory: SpoolDirectory
  readonly #release: (segment: Segment) => Promise<void>
  readonly #position: PositionWriter
  #written: number
  /** A position found at start may stand in the kernel's memory alone, left there by a process that was killed. */
  #isSynced = false
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #isPrepared = false
  #failing = false
  #closed = false

  constructor(directory: SpoolDirectory, release: (segment: Segment) => Promise<void>) {
    const { committer, generation, lowest, path, platform } = directory
    this.#directory = directory
    this.#release = release
    this.#position = new PositionWriter({ files: platform.files, committer, directory: path, generation })
    this.#written = lowest
  }

  /** There is something that will have to be removed some day. */
  prepare(): void {
    if (this.#isPrepared) return
    this.#isPrepared = true
    void this.#position.prepare()
  }

  /** The position as it is on disk, if a reader ever wrote it. */
  get written(): number {
    return this.#written
  }

  /** Something was settled, or a segment was sealed. */
  note(): void {
    if (this.#running !== undefined || this.#closed) return
    const oldest = this.#directory.segments[0]
    const canGo = oldest !== undefined && !oldest.active && oldest.next <= this.#directory.lowest
    if (canGo && !this.#failing) void this.#run()
    else if (canGo || this.#written < this.#directory.lowest) this.#later()
  }

  /** Writes what is settled, removes what can go, and ends. Call nothing afterwards. */
  async close(): Promise<void> {
    await this.#running
    await this.#run()
    this.#closed = true
    this.#timer?.cancel()
    await this.#position.close()
  }

  #later(): void {
    this.#timer ??= this.#directory.platform.timers.after(positionDelayMs, () => void this.#run(), { background: true })
  }

  #run(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#running ??= this.#work().then(() => {
      this.#running = undefined
      this.note()
    })
    return this.#running
  }

  async #work(): Promise<void> {
    try {
      for (;;) {
        await this.#writePosition()
        const oldest = this.#directory.segments[0]
        if (oldest === undefined || oldest.active || oldest.next > this.#written) break
        if (!this.#isSynced) await this.#writePosition({ again: true })
        await this.#remove(oldest)
      }
      this.#failing = false
    } catch (error) {
      const fields = { directory: this.#directory.path, code: errorCode(error), error: String(error) }
      if (!this.#failing) this.#directory.log.warn("delivered records cannot be removed from a spool at present; trying again", fields)
      this.#failing = true
    }
  }

  async #writePosition({ again } = { again: false }): Promise<void> {
    const { lowest, nextNumber, platform, uuid } = this.#directory
    if (this.#written === lowest && !again) return
    await this.#position.write({ uuid, lowest, number: nextNumber, writtenMs: platform.clock.now() })
    this.#written = lowest
    this.#isSynced = true
  }

  // Unlinking is not synced: what a power cut brings back lies below the position, and goes at the next start.
  async #remove(segment: Segment): Promise<void> {
    const { files } = this.#directory.platform
    await this.#release(segment)
    try {
      if (segment.doubtful) await moveAside(this.#directory, segment.path)
      else await files.unlink(segment.path)
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error
    }
    this.#directory.remove(segment)
  }
}
