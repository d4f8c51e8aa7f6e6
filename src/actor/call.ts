// One handler call that goes on after its synchronous part, and the bound on how long calls may take. calls.ts says what becomes of them.

import { Failure } from "../errors.ts"
import type { Event } from "../event.ts"
import type { Clock, Timer, Timers } from "../platform/platform.ts"
import type { Port } from "./port.ts"

/** An event on its way into a port, decided and not yet done. */
export interface Submission {
  /** Becomes the branch that goes on when the submission is carried out. */
  event: Event
  readonly port: Port
  /** Why it goes to `failed`, when the handler failed it by name. */
  readonly failure: { readonly thrown: unknown } | null
}

/** What the call gives back when it ends: the place among the concurrent calls of its consumer. */
export interface CallSlot {
  active: number
}

export class Call {
  readonly event: Event
  readonly slot: CallSlot
  /** Submitted in the synchronous part; `null` once it is in the queues. */
  staged: readonly Submission[] | null
  /** The synchronous part has decided to hold the event. */
  readonly kept: boolean
  /** The event left by `submit`, `hold` or `fail`: this call no longer owns it. */
  moved = false
  /** The handler has returned or thrown. */
  over = false
  /** Its time was over before the handler ended: what it still does is refused. */
  timedOut = false
  /** The copy for `successful`, made when the event was submitted. */
  successCopy: Event | null
  /** Aborts the handler's signal when its time is over; instances without `timeout` have none. */
  controller: AbortController | null = null
  dueMs = 0

  constructor(event: Event, slot: CallSlot, begun: { submissions: readonly Submission[]; kept: boolean; successCopy: Event | null }) {
    this.event = event
    this.slot = slot
    this.staged = begun.submissions
    this.kept = begun.kept
    this.successCopy = begun.successCopy
  }
}

/** Bounds the calls of one instance in time, with one timer for all: they start in order and have the same bound. */
export class CallTimeouts {
  /** Calls that timed out and whose handlers are still running. */
  stillRunning = 0
  readonly overrunFailure = new Failure("timeout", "timeout", "earlier calls that timed out are still running, as many as may run at once")
  private readonly callsMax: number
  private readonly clock: Clock
  private readonly timers: Timers
  private readonly timeoutMs: number
  private readonly expired: (call: Call, failure: Failure) => void
  private readonly calls = new Set<Call>()
  private timer: Timer | undefined = undefined
  private controller: AbortController | null = null

  constructor(parts: {
    clock: Clock
    timers: Timers
    timeoutMs: number
    callsMax: number
    expired: (call: Call, failure: Failure) => void
  }) {
    this.clock = parts.clock
    this.timers = parts.timers
    this.timeoutMs = parts.timeoutMs
    this.expired = parts.expired
    this.callsMax = parts.callsMax
  }

  /** More calls than may run at once have timed out and still run: the instance takes no more calls, it fails events at once. */
  get overrun(): boolean {
    return this.stillRunning > this.callsMax
  }

  /** The signal of the call about to be made. */
  nextSignal(): AbortSignal {
    this.controller = new AbortController()
    return this.controller.signal
  }

  /** Bounds a call whose handler returned a promise. */
  watch(call: Call): void {
    call.controller = this.controller
    call.dueMs = this.clock.monotonic() + this.timeoutMs
    this.calls.add(call)
    this.timer ??= this.timers.after(this.timeoutMs, this.onTimer, { background: true })
  }

  unwatch(call: Call): void {
    this.calls.delete(call)
  }

  /** The instance ends: so do its calls. */
  close(): void {
    this.timer?.cancel()
    for (const call of this.calls) call.controller?.abort()
  }

  private readonly onTimer = (): void => {
    this.timer = undefined
    const now = this.clock.monotonic()
    for (const call of this.calls) {
      if (call.dueMs > now) {
        this.timer = this.timers.after(call.dueMs - now, this.onTimer, { background: true })
        return
      }
      this.calls.delete(call)
      this.expired(call, new Failure("timeout", "timeout", `the handler had not ended after ${this.timeoutMs} ms`))
    }
  }
}
