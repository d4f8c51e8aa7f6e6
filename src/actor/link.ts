// One outgoing connection, from the attempt to its end, and what is sent on it. It bounds the attempt, watches that writes get on, stops
// writing at the peer's FIN, and closes by half-close. What counts as arrived is left to a `Confirmation`, when to connect to the circuit.

import { TransientError } from "../errors.ts"
import type { Clock, Connection, ConnectionEvents, Timer, Timers } from "../platform/platform.ts"
import type { Batch } from "./batch.ts"

/** A batch whose bytes were handed over. */
export interface Sent {
  readonly batch: Batch
  /** How many events of the batch are in it. */
  readonly count: number
  /** What it costs in memory while it waits. */
  readonly cost: number
  /** What the batch was released with. */
  readonly bytes?: Buffer
  /** Of each event of the batch, how many replies it gets; see {@link LineQuestions}. */
  readonly replies?: Uint32Array
  /** When the kernel had taken it; monotonic milliseconds. */
  writtenMs?: number
}

/** Decides when what was sent on one connection counts as arrived. */
export interface Confirmation {
  /** Something was confirmed. */
  readonly any: boolean
  /** Handed to the connection. Comes in the order of the bytes, as does `written`. */
  handed(sent: Sent): void
  /** The kernel has taken the oldest that it had not taken. */
  written(nowMs: number): void
  data(chunk: Buffer): void
  /** The peer answered our half-close with its own: it has read everything. */
  finished(): void
  /** The connection is over: what is not confirmed, in order, and what was confirmed without proof not long ago. Ends its timers. */
  close(): { readonly unconfirmed: readonly Sent[]; readonly presumed: readonly Sent[] }
}

/** What becomes of confirmed and broken things is told to the owner. */
export interface LinkParts {
  /** Bound on the attempt, and on closing. */
  readonly timeoutMs: number
  /** How long the kernel may take nothing, nor anything be confirmed, while something is to be written. */
  readonly stallMs: number
  readonly timers: Timers
  readonly clock: Clock
  readonly confirmation: Confirmation
  connect(events: ConnectionEvents): Connection
  connected(): void
  /** Whether the kernel takes more. */
  room(free: boolean): void
  /** The attempt failed, or the connection broke or was closed. Comes once. */
  broke(error: Error): void
}

export class Link {
  up = false
  /** It was asked to close: nothing more is to be written. */
  closing = false
  private readonly parts: LinkParts
  private readonly connection: Connection
  /** Writes that the kernel has not taken. */
  private unwritten = 0
  /** Bounds the attempt, then writes that do not get on, then the closing. */
  private timer: Timer | undefined = undefined
  private progressMs = 0
  private ended = false
  private readonly closed: Promise<void>
  private resolveClosed: () => void = () => undefined

  constructor(parts: LinkParts) {
    this.parts = parts
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve
    })
    this.timer = parts.timers.after(parts.timeoutMs, () =>
      this.break(new TransientError(`no answer within ${parts.timeoutMs} ms`, { code: "ETIMEDOUT" })),
    )
    this.connection = parts.connect({
      connected: () => this.onConnected(),
      data: (chunk) => {
        if (!this.ended) parts.confirmation.data(chunk)
      },
      ended: () => this.onEnded(),
      drained: () => {
        if (!this.ended) parts.room(true)
      },
      closed: (error) => this.onClosed(error),
    })
  }

  write(bytes: Buffer, sent: Sent): void {
    if (this.unwritten === 0) this.watch()
    this.unwritten += 1
    this.parts.confirmation.handed(sent)
    const room = this.connection.write(bytes, (error) => this.onWritten(error))
    if (!room && !this.ended) this.parts.room(false)
  }

  /** Sends what is pending and closes in order; after `timeoutMs` in any way. */
  close(): Promise<void> {
    if (this.closing) return this.closed
    this.closing = true
    this.timer?.cancel()
    if (!this.up) this.connection.destroy()
    else {
      this.timer = this.parts.timers.after(this.parts.timeoutMs, () => this.connection.destroy())
      this.connection.end()
    }
    return this.closed
  }

  /** Gives the connection up, and tells why. */
  break(error: Error): void {
    if (this.ended) return
    this.ended = true
    this.up = false
    this.connection.destroy()
    this.timer?.cancel()
    this.parts.broke(error)
  }

  private onConnected(): void {
    if (this.ended || this.closing) return
    this.timer?.cancel()
    this.timer = undefined
    this.up = true
    this.parts.connected()
  }

  private onWritten(error: Error | undefined): void {
    if (this.ended) return
    if (error !== undefined) return this.break(error)
    this.unwritten -= 1
    this.progressMs = this.parts.clock.monotonic()
    this.parts.confirmation.written(this.progressMs)
  }

  /** Whatever is written after a FIN may be lost without a word, so the connection is over. Only the answer to our own is good news. */
  private onEnded(): void {
    if (this.ended) return
    if (this.closing && this.unwritten === 0) this.parts.confirmation.finished()
    this.break(new TransientError("the peer closed the connection", { code: "closed_by_peer" }))
  }

  private onClosed(error: Error | undefined): void {
    this.break(error ?? new TransientError("the connection was closed", { code: "closed" }))
    this.timer?.cancel()
    this.resolveClosed()
  }

  /** One timer for all writes: it looks now and then whether the oldest got on. */
  private watch(): void {
    this.progressMs = this.parts.clock.monotonic()
    if (!this.closing) this.timer ??= this.parts.timers.after(this.parts.stallMs, () => this.look(), { background: true })
  }

  private look(): void {
    const { stallMs, clock, timers } = this.parts
    this.timer = undefined
    if (this.unwritten === 0) return
    const stalledMs = clock.monotonic() - this.progressMs
    if (stalledMs >= stallMs) this.break(new TransientError(`the peer has taken nothing for ${stallMs} ms`, { code: "ETIMEDOUT" }))
    else this.timer = timers.after(stallMs - stalledMs, () => this.look(), { background: true })
  }
}
