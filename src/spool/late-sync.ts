// When a writer syncs what it has confirmed before it was synced: a set time after the first write that is not, or never.

import type { Timer, Timers } from "../platform/platform.ts"

/**
 * When an append is confirmed. `batch`: after the sync of its group, so that a power cut loses nothing confirmed. Milliseconds: after the
 * write, with a sync at most so much later. `never`: after the write; when it reaches the disk is up to the kernel. A crash of the process
 * alone loses nothing confirmed in any of them.
 */
export type SyncMode = "batch" | "never" | number

export class LateSync {
  readonly #timers: Timers
  readonly #afterMs: number | undefined
  readonly #wake: () => void
  #timer: Timer | undefined
  #due = false

  constructor(timers: Timers, mode: SyncMode, wake: () => void) {
    this.#timers = timers
    this.#afterMs = typeof mode === "number" ? mode : undefined
    this.#wake = wake
  }

  /** Something was written that is to be synced, now or later. */
  get isPending(): boolean {
    return this.#due || this.#timer !== undefined
  }

  get isDue(): boolean {
    return this.#due
  }

  /** Something was written. */
  written(): void {
    if (this.#afterMs === undefined || this.isPending) return
    this.#timer = this.#timers.after(this.#afterMs, () => this.#come(), { background: true })
  }

  /** All that was written is about to be synced, or given up. */
  done(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#due = false
  }

  #come(): void {
    this.#timer = undefined
    this.#due = true
    this.#wake()
  }
}
