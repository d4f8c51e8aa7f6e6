// Who runs next. Actors with waiting events stand once on one ready list and take turns; a slice of turns is bounded by time and by
// count (virtual time stands still in a simulation), then I/O gets its turn.

import type { Clock, Timers } from "../platform/platform.ts"

/** Something that takes turns. */
export interface Runnable {
  /** On the ready list. Owned by the scheduler. */
  listed: boolean
  /** Runs until `deadlineMs` (monotonic) at most; answers whether it wants another turn. Must not throw. */
  turn(deadlineMs: number): boolean
  /** Its last turn took far longer than a turn may: nothing else ran meanwhile. */
  tookLong?(tookMs: number): void
}

const turnMs = 0.5
const sliceMs = 2
const sliceTurns = 256
const longMs = 100

export class Scheduler {
  private readonly clock: Clock
  private readonly timers: Timers
  private readonly ready: Runnable[] = []
  /** Where the ready list starts; entries before it have had their turn. */
  private first = 0
  private running = false
  private pending = false
  /** Called after each slice, when nobody runs: tests check their invariants here. */
  afterSlice: (() => void) | undefined = undefined

  constructor(clock: Clock, timers: Timers) {
    this.clock = clock
    this.timers = timers
  }

  /** Puts `runnable` on the ready list, unless it stands there. Runs nothing in this call. */
  add(runnable: Runnable): void {
    if (runnable.listed) return
    runnable.listed = true
    this.ready.push(runnable)
    if (!this.running && !this.pending) this.request()
  }

  /** Runs one slice now: for callbacks that just brought a chunk, so that it does not wait for the next turn of the event loop. */
  run(): void {
    if (this.running) return
    this.running = true
    try {
      this.slice()
    } finally {
      // Also after a turn that threw, which ends the process: until then the others go on, so that it can drain.
      this.running = false
      if (this.first < this.ready.length && !this.pending) this.request()
    }
    this.afterSlice?.()
  }

  get idle(): boolean {
    return this.first === this.ready.length
  }

  private request(): void {
    this.pending = true
    this.timers.immediate(this.onImmediate)
  }

  private readonly onImmediate = (): void => {
    this.pending = false
    this.run()
  }

  private slice(): void {
    const { clock, ready } = this
    let now = clock.monotonic()
    const end = now + sliceMs
    for (let turns = 0; turns < sliceTurns && now < end; turns++) {
      const runnable = ready[this.first]
      if (runnable === undefined) break
      this.first += 1
      runnable.listed = false
      if (runnable.turn(now + turnMs) && !runnable.listed) {
        runnable.listed = true
        ready.push(runnable)
      }
      const before = now
      now = clock.monotonic()
      if (now - before > longMs) runnable.tookLong?.(now - before)
    }
    if (this.first === ready.length || this.first > 1024) {
      ready.splice(0, this.first)
      this.first = 0
    }
  }
}
