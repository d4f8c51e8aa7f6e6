// The receiving side of lines that are answered: every non-empty line gets one reply ended by LF, in the order of arrival, `ok` when its
// event is safe, else `failed <kind>`. The lines of one chunk share a ticket; the oldest chunk whose ticket is open holds the replies of
// all later ones back, and what becomes free at once leaves in one write.

import type { FailureKind } from "../errors.ts"
import type { Clock, Timer, Timers } from "../platform/platform.ts"
import type { Ticket, TicketOwner } from "../ticket.ts"

export interface LineAnswersOptions {
  /** Lines and bytes that may wait for their replies; at either bound there is no room. A chunk that was read counts as a whole. */
  readonly linesMax: number
  readonly bytesMax: number
  /** A line gets `failed timeout` when it has no other reply after so long. */
  readonly timeoutMs: number
  readonly timers: Timers
  readonly clock: Clock
  /** Sends replies. */
  write(bytes: Buffer): void
  /** Whether more lines may come. */
  room(free: boolean): void
  /** Every line has its reply. */
  answered(): void
}

/** The lines of one chunk, as they came. */
export interface ChunkLines {
  /** How many became events, in the order of slots. */
  readonly events: number
  /** Places, among all lines of the chunk, of those that could not become events; ascending. */
  readonly invalid: readonly number[]
  readonly bytes: number
  /** How many events each of the other lines became, in order, where a protocol may have found none or several in one. @defaultValue one each */
  readonly counts?: readonly number[] | undefined
}

/** One chunk whose lines are not all answered. It owns their ticket. */
class Chunk implements TicketOwner {
  readonly lines: ChunkLines
  readonly sinceMs: number
  ticket: Ticket | null = null
  settled = false
  private readonly answers: LineAnswers

  constructor(answers: LineAnswers, lines: ChunkLines, sinceMs: number) {
    this.answers = answers
    this.lines = lines
    this.sinceMs = sinceMs
  }

  get count(): number {
    return (this.lines.counts?.length ?? this.lines.events) + this.lines.invalid.length
  }

  ticketSettled(ticket: Ticket): void {
    this.ticket = ticket
    this.settled = true
    this.answers.advance()
  }

  replies(): string {
    const { invalid, counts } = this.lines
    const failed = this.ticket?.failed ?? null
    if (this.settled && failed === null && invalid.length === 0) return "ok\n".repeat(this.count)
    let text = ""
    let slot = 0
    let next = 0
    for (let place = 0; place < this.count; place++) {
      if (invalid[next] === place) {
        next += 1
        text += reply("invalid")
        continue
      }
      const end = slot + (counts?.[place - next] ?? 1)
      text += reply(this.kindOf(slot, end))
      slot = end
    }
    return text
  }

  /** What became of a line, by its slots: the kind of the first that failed. One in which nothing was found is through. */
  private kindOf(slot: number, end: number): FailureKind | undefined {
    if (!this.settled) return slot < end ? "timeout" : undefined
    const failed = this.ticket?.failed ?? null
    for (let at = slot; failed !== null && at < end; at++) if (failed.has(at)) return failed.get(at)?.kind
    return undefined
  }
}

function reply(kind: FailureKind | undefined): string {
  return kind === undefined ? "ok\n" : `failed ${kind}\n`
}

/** The replies of one connection. */
export class LineAnswers {
  private readonly options: LineAnswersOptions
  private readonly chunks: Chunk[] = []
  private lines = 0
  private bytes = 0
  private full = false
  private timer: Timer | undefined = undefined
  private closed = false

  constructor(options: LineAnswersOptions) {
    this.options = options
  }

  /** Lines without a reply. */
  get unanswered(): number {
    return this.lines
  }

  /** Lines came, in order; they are answered when the ticket that the answer is to own is settled. Without events there is no ticket. */
  expect(lines: ChunkLines): TicketOwner {
    const { clock, timeoutMs, linesMax, bytesMax } = this.options
    const chunk = new Chunk(this, lines, clock.monotonic())
    this.chunks.push(chunk)
    this.lines += chunk.count
    this.bytes += lines.bytes
    this.timer ??= this.arm(timeoutMs)
    if (!this.full && (this.lines >= linesMax || this.bytes >= bytesMax)) {
      this.full = true
      this.options.room(false)
    }
    if (lines.events === 0) {
      chunk.settled = true
      this.advance()
    }
    return chunk
  }

  /** Sends what can be sent. Called by a chunk that was settled. */
  advance(): void {
    let text = ""
    for (let oldest = this.chunks[0]; oldest?.settled === true; oldest = this.chunks[0]) text += this.take(oldest)
    this.send(text)
  }

  /** No more replies. */
  close(): void {
    this.closed = true
    this.timer?.cancel()
    this.chunks.length = 0
    this.lines = 0
  }

  private take(chunk: Chunk): string {
    this.chunks.shift()
    this.lines -= chunk.count
    this.bytes -= chunk.lines.bytes
    return chunk.replies()
  }

  private send(text: string): void {
    if (text === "" || this.closed) return
    const { linesMax, bytesMax } = this.options
    this.options.write(Buffer.from(text, "latin1"))
    if (this.full && this.lines <= linesMax / 2 && this.bytes <= bytesMax / 2) {
      this.full = false
      this.options.room(true)
    }
    if (this.lines === 0) this.options.answered()
  }

  private arm(delayMs: number): Timer {
    return this.options.timers.after(delayMs, () => this.look(), { background: true })
  }

  /** One timer for the oldest: what has waited too long is answered without its ticket, which then holds nobody back any more. */
  private look(): void {
    const { clock, timeoutMs } = this.options
    const lateMs = clock.monotonic() - timeoutMs
    this.timer = undefined
    let text = ""
    for (let oldest = this.chunks[0]; oldest !== undefined && (oldest.settled || oldest.sinceMs <= lateMs); oldest = this.chunks[0])
      text += this.take(oldest)
    const [oldest] = this.chunks
    if (oldest !== undefined && !this.closed) this.timer = this.arm(oldest.sinceMs - lateMs)
    this.send(text)
  }
}
