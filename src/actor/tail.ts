// When a line sent over TCP counts as arrived, as far as the sender can tell by itself.
//
// That the kernel has taken the bytes proves nothing: it does so with megabytes unread at the other end. But a peer that dies breaks the
// connection, and mostly within milliseconds. So an event is presumed read when the connection is still up `tailMs` after the kernel took
// its last byte, or at once when the peer answers our half-close with its own. If it breaks before, the whole tail fails, in order.
// A peer that stalls for longer than that and then dies takes what the kernels held with it: `keepBytes` offers the last bytes again.

import type { Clock, Timer, Timers } from "../platform/platform.ts"
import type { Confirmation, Sent } from "./link.ts"

/** Confirmed as soon as the kernel has taken it. */
export class WrittenConfirmation implements Confirmation {
  any = false
  private readonly unwritten: Sent[] = []
  private readonly confirmed: (sent: Sent) => void

  constructor(confirmed: (sent: Sent) => void) {
    this.confirmed = confirmed
  }

  handed(sent: Sent): void {
    this.unwritten.push(sent)
  }

  written(): void {
    this.any = true
    const sent = this.unwritten.shift()
    if (sent !== undefined) this.confirmed(sent)
  }

  data(): void {}

  finished(): void {}

  close(): ReturnType<Confirmation["close"]> {
    return { unconfirmed: this.unwritten.splice(0), presumed: [] }
  }
}

export interface TailOptions {
  readonly tailMs: number
  /** Cost of what the tail holds at most; beyond it the oldest is presumed read before its time. */
  readonly tailBytes: number
  /** Cost of what is kept after it was presumed read. */
  readonly keepBytes: number
  readonly timers: Timers
  readonly clock: Clock
  confirmed(sent: Sent): void
  /** `sent` is confirmed before its time. */
  early(sent: Sent): void
}

/** Written batches wait together, with one timer for all of them. */
export class Tail implements Confirmation {
  any = false
  private readonly options: TailOptions
  private readonly unwritten: Sent[] = []
  private readonly waiting: Sent[] = []
  private waitingCost = 0
  private readonly kept: Sent[] = []
  private keptCost = 0
  private timer: Timer | undefined = undefined

  constructor(options: TailOptions) {
    this.options = options
  }

  handed(sent: Sent): void {
    this.unwritten.push(sent)
  }

  written(nowMs: number): void {
    const sent = this.unwritten.shift()
    if (sent === undefined) return
    sent.writtenMs = nowMs
    this.waiting.push(sent)
    this.waitingCost += sent.cost
    while (this.waitingCost > this.options.tailBytes) this.presume({ early: true })
    this.timer ??= this.arm(this.options.tailMs)
  }

  data(): void {}

  finished(): void {
    while (this.waiting.length > 0) this.presume({ early: false })
    this.kept.length = 0
  }

  close(): ReturnType<Confirmation["close"]> {
    this.timer?.cancel()
    return { unconfirmed: [...this.waiting.splice(0), ...this.unwritten.splice(0)], presumed: this.kept.splice(0) }
  }

  private arm(delayMs: number): Timer {
    return this.options.timers.after(delayMs, () => this.look(), { background: true })
  }

  private look(): void {
    const { tailMs, clock } = this.options
    const dueMs = clock.monotonic() - tailMs
    this.timer = undefined
    while (this.waiting.length > 0 && (this.waiting[0]?.writtenMs ?? 0) <= dueMs) this.presume({ early: false })
    const [oldest] = this.waiting
    // Under load there is always a next one: a few looks a tail are enough.
    if (oldest !== undefined) this.timer ??= this.arm(Math.max((oldest.writtenMs ?? 0) - dueMs, tailMs / 8))
  }

  private presume({ early }: { early: boolean }): void {
    const sent = this.waiting.shift()
    if (sent === undefined) return
    this.waitingCost -= sent.cost
    this.any = true
    if (early) this.options.early(sent)
    this.options.confirmed(sent)
    this.keep(sent)
  }

  private keep(sent: Sent): void {
    const { keepBytes } = this.options
    if (keepBytes === 0) return
    this.kept.push(sent)
    this.keptCost += sent.cost
    while (this.keptCost > keepBytes) this.keptCost -= this.kept.shift()?.cost ?? 0
  }
}
