// The circuit of an output that sends requests. Unlike a kept connection a request says nothing about the next one, so one failure opens
// nothing: five in a row do, of those that may pass (kinds transient and timeout). An answer that refuses the event is an answer.
//
//   closed:  requests go out
//   open:    where somebody takes over failed events they fail at once with one prepared failure, so that failover falls at once;
//            else they wait. After 200 ms, doubling to 5 s, one request, the oldest that waits or the next that comes, is the probe.
//
// A server that names a time (`Retry-After`) is not probed before it.

import { describeThrown, Failure, failureKindOf } from "../errors.ts"
import type { Log } from "../log.ts"
import type { Random, Timer, Timers } from "../platform/platform.ts"

const failuresMax = 5
const firstProbeMs = 200
const slowestProbeMs = 5000
const spread = 0.2
/** However long a server wants to be left alone. */
const longestWishMs = 300_000

export interface RequestCircuitOptions {
  readonly timers: Timers
  readonly random: Random
  readonly log: Log
  /** Somebody takes over failed events, so there is no use in letting them wait. */
  readonly failsOver: boolean
  /** What is asked, for the log: `https://example.test`. */
  readonly destination: string
  /** It opened, closed, or the probe is due. */
  changed(): void
}

/** How a request failed. */
export interface RequestFailure {
  /** What {@link RequestCircuit.begin} said of it. */
  readonly probe: boolean
  /** The server wants to be left alone for so long. */
  readonly afterMs?: number | undefined
}

export class RequestCircuit {
  state: "closed" | "open" = "closed"
  /** Why events fail while the circuit is open; one object for all of them. */
  failure: Failure = new Failure("transient", "circuit_open", "no request has failed yet")
  private readonly options: RequestCircuitOptions
  private failures = 0
  private delayMs = firstProbeMs
  private probeDue = false
  private timer: Timer | undefined = undefined
  private stopped = false

  constructor(options: RequestCircuitOptions) {
    this.options = options
  }

  /** Whether a request may go out now: any while closed, the probe alone while open. */
  get mayRequest(): boolean {
    return this.state === "closed" || this.probeDue
  }

  /** Whether events are to fail at once. */
  get fails(): boolean {
    return this.state === "open" && !this.probeDue && this.options.failsOver
  }

  /** A request goes out; answers whether it is the probe. */
  begin(): boolean {
    const probe = this.state === "open"
    this.probeDue = false
    return probe
  }

  /** A request was answered: whatever the answer says, somebody is there. */
  succeeded(): void {
    this.failures = 0
    this.delayMs = firstProbeMs
    if (this.state === "closed") return
    this.timer?.cancel()
    this.state = "closed"
    this.probeDue = false
    this.options.log.info(`requests to ${this.options.destination} are answered again`)
    this.options.changed()
  }

  /** A request failed for a reason that may pass. */
  failed(error: unknown, { probe, afterMs = 0 }: RequestFailure): void {
    if (this.stopped) return
    this.failures += 1
    const waitMs = Math.min(afterMs, longestWishMs)
    if (this.state === "closed" && this.failures >= failuresMax) this.open(error, waitMs)
    else if (probe) this.probeLater(error, waitMs)
  }

  /** The probe ended before it could say anything: another one may go out at once. */
  undecided(): void {
    if (this.state === "closed" || this.stopped) return
    this.probeDue = true
  }

  /** Ends for good. */
  stop(): void {
    this.stopped = true
    this.timer?.cancel()
  }

  private open(error: unknown, waitMs: number): void {
    const { log, destination, failsOver } = this.options
    const { code, message } = describeThrown(error)
    const meanwhile = failsOver ? "events fail at once" : "events wait"
    log.warn(`${this.failures} requests in a row to ${destination} failed, ${meanwhile} until one is answered: ${message}`, { code })
    this.state = "open"
    this.prepare(error)
    this.probeAfter(waitMs)
    this.options.changed()
  }

  private probeLater(error: unknown, waitMs: number): void {
    this.prepare(error)
    this.delayMs = Math.min(this.delayMs * 2, slowestProbeMs)
    this.probeAfter(waitMs)
  }

  private prepare(error: unknown): void {
    const { code, message } = describeThrown(error)
    const kind = failureKindOf(error) === "timeout" ? "timeout" : "transient"
    this.failure = new Failure(kind, code, message)
  }

  private probeAfter(waitMs: number): void {
    const { timers, random, changed } = this.options
    const delay = this.delayMs * (1 + spread * (2 * random.float() - 1))
    this.timer?.cancel()
    this.timer = timers.after(Math.max(delay, waitMs), () => {
      if (this.stopped || this.state === "closed") return
      this.probeDue = true
      changed()
    })
  }
}
