// Seals a segment when all of it is settled, so that it can go: at once, but not so often that a trickle makes a file for each record.

import type { Clock, Timer, Timers } from "../platform/platform.ts"

/** Least time between two segments that are sealed for this reason. */
const leastMs = 1000

export class DrainedSeal {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #seal: () => boolean
  #lastAtMs = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined

  /** `seal` answers whether there was still a reason to. */
  constructor(clock: Clock, timers: Timers, seal: () => boolean) {
    this.#clock = clock
    this.#timers = timers
    this.#seal = seal
  }

  /** All that was written is settled. */
  note(): void {
    if (this.#timer !== undefined) return
    const waitMs = this.#lastAtMs + leastMs - this.#clock.monotonic()
    if (waitMs > 0) this.#timer = this.#timers.after(waitMs, () => this.#try(), { background: true })
    else this.#try()
  }

  cancel(): void {
    this.#timer?.cancel()
  }

  #try(): void {
    this.#timer = undefined
    if (this.#seal()) this.#lastAtMs = this.#clock.monotonic()
  }
}
