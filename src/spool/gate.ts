// Decides how many records may be offered at this moment. Times are monotonic milliseconds.
//
// With an idle trigger the gate opens once nothing was appended for `idleTimeMs`, for one record; while records end well more follow: each
// that does lets one more be in flight, which doubles them round by round. A record that comes back, or an append (events fall to this
// disk again), closes it for another `idleTimeMs`.
//
// Without an idle trigger the gate is open, and only an outage closes it: a record comes back by no fault of its own, and until its
// back-off is over nothing ends well. Then it opens for one record, and grows as above; the pause doubles from 1 s to 1 min while that
// goes wrong. As soon as anything ends well the gate is open again: one destination of several that is down does not hold up the others.

import { backOffMs } from "./returned.ts"

export interface GateOptions {
  /** Without it there is no idle trigger. */
  readonly idleTimeMs?: number | undefined
  /** Most records in flight. */
  readonly inflightMax: number
  /** When the last append was, if there was one. */
  readonly lastAppendMs?: number | undefined
}

export class Gate {
  readonly #idleTimeMs: number | undefined
  #inflightMax: number
  #allowance: number
  #openFromMs = Number.NEGATIVE_INFINITY
  #isClosed: boolean
  #fruitlessRounds = 0

  constructor(options: GateOptions) {
    this.#idleTimeMs = options.idleTimeMs
    this.#inflightMax = options.inflightMax
    this.#allowance = options.inflightMax
    this.#isClosed = options.idleTimeMs !== undefined
    if (options.lastAppendMs !== undefined) this.appended(options.lastAppendMs)
  }

  /** Another bound on what is in flight; while the gate is open it counts at once. */
  setInflightMax(inflightMax: number): void {
    const before = this.#inflightMax
    this.#inflightMax = inflightMax
    this.#allowance = this.#allowance >= before ? inflightMax : Math.min(this.#allowance, inflightMax)
  }

  appended(atMs: number): void {
    if (this.#idleTimeMs !== undefined) this.#close(atMs + this.#idleTimeMs)
  }

  /** `count` records ended well. */
  settled(count: number): void {
    this.#fruitlessRounds = 0
    if (!this.#isClosed) this.#allowance = Math.min(this.#inflightMax, this.#allowance + count)
    else if (this.#idleTimeMs === undefined) this.#isClosed = false
  }

  /** A record came back; `outage`: by no fault of its own. */
  returned(nowMs: number, outage: boolean): void {
    if (this.#idleTimeMs !== undefined) this.#close(nowMs + this.#idleTimeMs)
    else if (outage && !this.#isClosed) {
      // What else is in flight and comes back meanwhile belongs to the same round.
      this.#fruitlessRounds += 1
      this.#close(nowMs + backOffMs(this.#fruitlessRounds))
    }
  }

  /** How many more records may be offered while `inFlight` are. */
  room(nowMs: number, inFlight: number): number {
    if (this.#isClosed) {
      if (nowMs < this.#openFromMs) return 0
      this.#isClosed = false
      this.#allowance = 1
    }
    return Math.max(0, this.#allowance - inFlight)
  }

  /** A person asks for a try at once: it opens for one record. */
  openNow(): void {
    this.#openFromMs = Number.NEGATIVE_INFINITY
  }

  /** When it opens, if only time is missing. */
  get openFromMs(): number {
    return this.#isClosed ? this.#openFromMs : Number.NEGATIVE_INFINITY
  }

  #close(untilMs: number): void {
    this.#openFromMs = Math.max(this.#openFromMs, untilMs)
    this.#isClosed = true
  }
}
