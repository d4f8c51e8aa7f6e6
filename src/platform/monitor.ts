// What a process uses, and how its event loop gets on, as the runtime sees it. Measuring costs two timers, so it begins when asked for.

/** How much later than it was due a timer was called, in seconds, over the last half minute to minute. */
export interface LoopDelay {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** Read at one moment. Totals are since the process began and only grow. */
export interface ProcessFigures {
  readonly cpuUserSeconds: number
  readonly cpuSystemSeconds: number
  readonly residentBytes: number
  readonly heapUsedBytes: number
  readonly heapTotalBytes: number
  /** Memory of buffers, outside the heap. */
  readonly externalBytes: number
  /** When the process began, in seconds since 1970. */
  readonly startedSeconds: number
  /** Time the event loop was at work, and waited for something to do. */
  readonly loopActiveSeconds: number
  readonly loopIdleSeconds: number
  readonly loopDelay: LoopDelay
}

export interface Monitor {
  read(): ProcessFigures
  /** Ends the measuring of delays. */
  close(): void
}

const nothing: ProcessFigures = {
  cpuUserSeconds: 0,
  cpuSystemSeconds: 0,
  residentBytes: 0,
  heapUsedBytes: 0,
  heapTotalBytes: 0,
  externalBytes: 0,
  startedSeconds: 0,
  loopActiveSeconds: 0,
  loopIdleSeconds: 0,
  loopDelay: { p50: 0, p90: 0, p99: 0, max: 0 },
}

/** Of a simulated process, which uses nothing. */
export function idleMonitor(): Monitor {
  return { read: () => nothing, close: () => undefined }
}
