// Loops of a module that run beside its handlers until the instance ends. A loop that throws is logged, counted and started again after
// two seconds, as in Wishbone.

import type { Log } from "../log.ts"
import type { Timers } from "../platform/platform.ts"
import type { Submit } from "./producer.ts"

/** A loop: it gets `submit`, which returns a promise while the queue is full, and the instance's end. */
export type BackgroundBody = (submit: Submit, signal: AbortSignal) => void | Promise<void>

const restartMs = 2000

export class Background {
  /** Loops that threw and were started again. */
  restarts = 0
  private readonly log: Log
  private readonly timers: Timers
  private readonly signal: AbortSignal
  private readonly running = new Set<Promise<void>>()

  constructor(parts: { log: Log; timers: Timers; signal: AbortSignal }) {
    this.log = parts.log
    this.timers = parts.timers
    this.signal = parts.signal
  }

  /** Loops that have not ended. */
  get count(): number {
    return this.running.size
  }

  run(body: BackgroundBody, submit: Submit): void {
    const loop = this.loop(body, submit).finally(() => this.running.delete(loop))
    this.running.add(loop)
  }

  private async loop(body: BackgroundBody, submit: Submit): Promise<void> {
    while (!this.signal.aborted) {
      try {
        await body(submit, this.signal)
        return
      } catch (thrown) {
        if (this.signal.aborted) return
        this.restarts += 1
        this.log.error(
          `a background loop failed and starts again in 2 seconds: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        )
        await this.timers.sleep(restartMs, this.signal).catch(() => undefined)
      }
    }
  }
}
