// A loop's pause: over when its time is, when somebody wakes it, or when its signal is aborted. Waking when nothing pauses does nothing.

import type { Timers } from "../platform/platform.ts"

export class Wakeup {
  private readonly timers: Timers
  private end: () => void = () => undefined

  constructor(timers: Timers) {
    this.timers = timers
  }

  wake(): void {
    this.end()
  }

  /** One pause at a time. Resolves to whether its time was over. */
  pause(ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const woken = (): void => end(false)
      const timer = this.timers.after(ms, () => end(true))
      const end = (timeIsOver: boolean): void => {
        this.end = () => undefined
        timer.cancel()
        signal.removeEventListener("abort", woken)
        resolve(timeIsOver)
      }
      this.end = woken
      signal.addEventListener("abort", woken, { once: true })
    })
  }
}
