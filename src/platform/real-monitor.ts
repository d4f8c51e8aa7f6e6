// What this process uses. Delays of the event loop are kept in two histograms that are emptied in turn, so that a reading covers the last
// half minute at least and a minute at most, whoever reads and however often.

import { type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks"
import type { LoopDelay, Monitor } from "./monitor.ts"

const resolutionMs = 10
const turnMs = 30_000
const nanoseconds = 1e9

/** Begins to measure. Keeps no process alive. */
export function realMonitor(): Monitor {
  const delays = new LoopDelays()
  return {
    read: () => {
      const { user, system } = process.cpuUsage()
      const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
      const { active, idle } = performance.eventLoopUtilization()
      return {
        cpuUserSeconds: user / 1e6,
        cpuSystemSeconds: system / 1e6,
        residentBytes: rss,
        heapUsedBytes: heapUsed,
        heapTotalBytes: heapTotal,
        externalBytes: external,
        startedSeconds: performance.timeOrigin / 1000,
        loopActiveSeconds: active / 1000,
        loopIdleSeconds: idle / 1000,
        loopDelay: delays.read(),
      }
    },
    close: () => delays.close(),
  }
}

class LoopDelays {
  /** The one that has measured for longer comes first. */
  readonly #histograms: IntervalHistogram[] = [started(), started()]
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.#turn(), turnMs).unref()
  }

  read(): LoopDelay {
    const [longer] = this.#histograms
    // A histogram measures the time from timer to timer, the delay is what it has beyond.
    const late = (measured: number): number => Math.max(0, measured / nanoseconds - resolutionMs / 1000)
    if (longer === undefined || longer.count === 0) return { p50: 0, p90: 0, p99: 0, max: 0 }
    const at = (percent: number): number => late(longer.percentile(percent))
    return { p50: at(50), p90: at(90), p99: at(99), max: late(longer.max) }
  }

  close(): void {
    clearInterval(this.#timer)
    for (const histogram of this.#histograms) histogram.disable()
  }

  #turn(): void {
    const longer = this.#histograms.shift()
    if (longer === undefined) return
    longer.reset()
    this.#histograms.push(longer)
  }
}

function started(): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  return histogram
}
