// The circuit of an output that keeps one connection. It decides when to connect and what becomes of events meanwhile; the probe is the
// reconnect itself, never an event, and the probe's connection is used, not closed.
//
//   connecting first: events wait until the first attempt has ended; if nobody takes over failed events, on through further attempts,
//                     for `firstWaitMs` at most
//   closed:           events flow
//   open:             events fail at once with one prepared failure, so failover falls at once
//
// One break opens. Refused or reset: the next try after 200 ms ± 20 %, always. Timed out, TLS or login: doubling to 5 s. A connection
// that broke within a second without a delivered event counts as a failed attempt and doubles too.

import { describeThrown, Failure, failureKindOf } from "../errors.ts"
import type { Log } from "../log.ts"
import type { Clock, Random, Timer, Timers } from "../platform/platform.ts"

const quickRetryMs = 200
const slowestRetryMs = 5000
const shortLifeMs = 1000
const spread = 0.2
const quickCodes = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ECONNABORTED", "ENOENT"])

export type CircuitState = "first" | "closed" | "open"

export interface CircuitOptions {
  readonly timers: Timers
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Shut while events should wait in the queue instead of being taken. */
  readonly gate: { open(): void; shut(): void }
  /** Somebody takes over failed events, so there is no use in letting events wait for a second attempt. */
  readonly failsOver: boolean
  /** What is connected to, for the log: `127.0.0.1:10001`. */
  readonly destination: string
  /** How long events wait for the first connection when nobody takes over failed events. */
  readonly firstWaitMs: number
  /** Starts an attempt, which ends with `connected` or `broke`. */
  connect(): void
}

export class Circuit {
  state: CircuitState = "first"
  /** Why events fail while the circuit is open; one object for all of them. */
  failure: Failure = new Failure("transient", "circuit_open", "not connected yet")
  private readonly options: CircuitOptions
  private timer: Timer | undefined = undefined
  private delayMs = quickRetryMs
  private connectedSinceMs = 0
  private startedMs = 0
  private stopped = false

  constructor(options: CircuitOptions) {
    this.options = options
  }

  /** Makes the first attempt; events wait for its end. */
  start(): void {
    this.options.gate.shut()
    this.startedMs = this.options.clock.monotonic()
    this.options.connect()
  }

  /** The attempt succeeded. */
  connected(): void {
    const { log, destination, gate, clock } = this.options
    if (this.state === "open") log.info(`connected to ${destination} again`)
    else log.info(`connected to ${destination}`)
    this.state = "closed"
    this.connectedSinceMs = clock.monotonic()
    gate.open()
  }

  /** The attempt failed, or the connection broke. `delivered`: at least one event got through on it. */
  broke(error: unknown, delivered: boolean): void {
    if (this.stopped) return
    const before = this.state
    const { code, message } = describeThrown(error)
    const shortLived = before === "closed" && !delivered && this.options.clock.monotonic() - this.connectedSinceMs < shortLifeMs
    if (quickCodes.has(code) && !shortLived) this.delayMs = quickRetryMs
    else if (before === "closed" && !shortLived) this.delayMs = quickRetryMs
    else this.delayMs = Math.min(this.delayMs * 2, slowestRetryMs)
    this.open(before, code, message, error)
    this.retry()
  }

  /** Ends for good. */
  stop(): void {
    this.stopped = true
    this.timer?.cancel()
  }

  private open(before: CircuitState, code: string, message: string, error: unknown): void {
    const { destination, log, gate, failsOver, clock, firstWaitMs } = this.options
    if (before !== "open")
      log.warn(`${before === "closed" ? "lost the connection to" : "cannot connect to"} ${destination}: ${message}`, { code })
    if (before === "first" && !failsOver && clock.monotonic() - this.startedMs < firstWaitMs) return
    const kind = failureKindOf(error) === "timeout" ? "timeout" : "transient"
    this.failure = new Failure(kind, code, `${destination}: ${message}`)
    this.state = "open"
    gate.open()
  }

  private retry(): void {
    const { timers, random } = this.options
    const delay = this.delayMs * (1 + spread * (2 * random.float() - 1))
    this.timer?.cancel()
    this.timer = timers.after(delay, () => {
      if (!this.stopped) this.options.connect()
    })
  }
}
