// Who may come in: requests are admitted, before their bodies are read, as far as there is room for them: in the queue they lead to,
// among the requests under way, and in the memory for their bodies. The others wait in line, for a bounded time, and each queue has a
// line of its own, so that a full one holds up nobody else's.

import type { Timer, Timers } from "../platform/platform.ts"
import type { Queue, Wakeable } from "../queue/queue.ts"
import type { Port } from "./port.ts"

export interface AdmissionOptions {
  readonly timers: Timers
  /** Admitted and not through. As many again may wait. */
  readonly requestsMax: number
  /** Bytes of bodies of those; one that is larger by itself is admitted alone. */
  readonly bytesMax: number
  /** How long one waits for room. */
  readonly waitMs: number
}

/** Who asks to come in. */
export interface Applicant {
  readonly port: Port
  /** Bytes that it will take up, at most. */
  readonly bytes: number
  /** It is in, until {@link Admission.leave}. */
  admitted(): void
  /** There was no room for it in time, or the line is too long. */
  refused(): void
}

interface Waiting {
  readonly applicant: Applicant
  readonly timer: Timer
}

export class Admission implements Wakeable {
  /** Admitted, and their bytes. */
  requests = 0
  bytes = 0
  private readonly options: AdmissionOptions
  private waiting: Waiting[] = []
  private looks = false
  private closed = false
  private readonly watched = new Set<Queue>()

  constructor(options: AdmissionOptions) {
    this.options = options
  }

  /** In line. */
  get waitingCount(): number {
    return this.waiting.length
  }

  /** Lets the applicant in now, or later, or not at all. */
  enter(applicant: Applicant): void {
    const { requestsMax, waitMs, timers } = this.options
    const behind = this.waiting.some((one) => one.applicant.port === applicant.port)
    if (!this.closed && !behind && this.fits(applicant)) return this.admit(applicant)
    if (this.closed || this.waiting.length >= requestsMax || waitMs === 0) return applicant.refused()
    const timer = timers.after(waitMs, () => this.forget(applicant) && applicant.refused())
    this.waiting.push({ applicant, timer })
    this.watch(applicant.port)
  }

  /** One that was admitted is through. */
  leave({ bytes }: Applicant): void {
    this.requests -= 1
    this.bytes -= bytes
    if (this.waiting.length > 0) this.wake()
  }

  /** One does not wait any more; answers whether it did. */
  forget(applicant: Applicant): boolean {
    const at = this.waiting.findIndex((one) => one.applicant === applicant)
    if (at < 0) return false
    const [found] = this.waiting.splice(at, 1)
    found?.timer.cancel()
    // It may have been first in its line.
    this.wake()
    return true
  }

  /** Lets nobody in any more; who waits is refused. */
  close(): void {
    this.closed = true
    for (const { applicant, timer } of this.waiting.splice(0)) {
      timer.cancel()
      applicant.refused()
    }
    for (const queue of this.watched) queue.stopWaiting(this)
    this.watched.clear()
  }

  /** There may be room. */
  wake(): void {
    if (this.looks || this.closed) return
    this.looks = true
    this.options.timers.immediate(() => this.look())
  }

  private look(): void {
    this.looks = false
    this.watched.clear()
    if (this.closed) return
    const stuck = new Set<Port>()
    const before = this.waiting
    this.waiting = []
    const left: Waiting[] = []
    for (const one of before) {
      const { applicant, timer } = one
      if (!stuck.has(applicant.port) && this.fits(applicant)) {
        timer.cancel()
        this.admit(applicant)
        continue
      }
      stuck.add(applicant.port)
      left.push(one)
    }
    this.waiting = [...left, ...this.waiting]
    for (const port of stuck) this.watch(port)
  }

  private admit(applicant: Applicant): void {
    this.requests += 1
    this.bytes += applicant.bytes
    applicant.admitted()
  }

  private fits({ port, bytes }: Applicant): boolean {
    const { requestsMax, bytesMax } = this.options
    if (port.full || this.requests >= requestsMax) return false
    return this.bytes === 0 || this.bytes + bytes <= bytesMax
  }

  /** Hears of room in a queue that is full; elsewhere room is made by those who leave. */
  private watch({ queue, full }: Port): void {
    if (!full || queue === null || this.watched.has(queue)) return
    this.watched.add(queue)
    queue.waitForRoom(this)
  }
}
