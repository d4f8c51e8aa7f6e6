// Clock and timers of the real platform.

import { performance } from "node:perf_hooks"
import type { Clock, Timer, Timers } from "./platform.ts"

/** Node runs a timer of more than this at once. */
const longestDelayMs = 2 ** 31 - 1

/** The clock of this machine. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

/** Timers of the event loop. */
export const realTimers: Timers = {
  after: (delayMs, callback, options) => new RealTimer(delayMs, callback, options?.background === true),
  every: (intervalMs, callback, options) => {
    const timer = setInterval(callback, Math.min(intervalMs, longestDelayMs))
    if (options?.background === true) timer.unref()
    return { cancel: () => clearInterval(timer) }
  },
  immediate: (callback) => {
    setImmediate(callback)
  },
  sleep: (delayMs, signal) => sleep(realTimers, delayMs, signal),
}

class RealTimer implements Timer {
  #handle: NodeJS.Timeout | undefined

  constructor(delayMs: number, callback: () => void, background: boolean) {
    this.#arm(delayMs, callback, background)
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  #arm(delayMs: number, callback: () => void, background: boolean): void {
    const restMs = delayMs - longestDelayMs
    this.#handle = restMs > 0 ? setTimeout(() => this.#arm(restMs, callback, background), longestDelayMs) : setTimeout(callback, delayMs)
    if (background) this.#handle.unref()
  }
}

/** `Timers.sleep` in terms of `Timers.after`: both platforms share it. */
export function sleep(timers: Pick<Timers, "after">, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return new Promise((resolve) => timers.after(delayMs, resolve))
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error)
      return
    }
    const abort = (): void => {
      timer.cancel()
      reject(signal.reason as Error)
    }
    const timer = timers.after(delayMs, () => {
      signal.removeEventListener("abort", abort)
      resolve()
    })
    signal.addEventListener("abort", abort, { once: true })
  })
}
