// One incoming connection that brings lines: cuts them, makes events, answers them where the input does, and knows when it may be read.
// A chunk is one batch with one time, one submit and, with answers, one ticket.

import type { Event } from "../event.ts"
import type { Connection, Timers } from "../platform/platform.ts"
import type { TicketOwner } from "../ticket.ts"
import { DecodedStream } from "./decoded-stream.ts"
import type { Decoder } from "./decoder.ts"
import { LineAnswers, type LineAnswersOptions } from "./line-answers.ts"
import { LineSplit, type TakeLine } from "./line-split.ts"

/** How long a closed connection is still read, so that its last replies are not thrown away by a reset. */
const lingerMs = 1000

/** What a connection needs of the input it belongs to. */
export interface LineConnectionParts {
  readonly delimiter: string | null
  readonly lineBytesMax: number
  /** `null`: lines are not answered. */
  readonly answers: Pick<LineAnswersOptions, "linesMax" | "bytesMax" | "timeoutMs" | "timers" | "clock"> | null
  readonly timers: Timers
  /** Seconds since 1970. */
  now(): number
  /** @throws Invalid */
  event(chunk: Buffer, start: number, end: number, timestamp: number): Event
  /** Where a protocol decodes: `null` without one. */
  readonly decoding: LineDecoding | null
  /** `owner` is to own the ticket of the events. A promise means that no more is to be read before. */
  submit(events: readonly Event[], owner: TicketOwner | null): Promise<void> | undefined
  /** Something that the peer did wrong. */
  warn(kind: string, detail: string): void
  gone(): void
}

/** How a protocol makes events of what comes. */
export interface LineDecoding {
  /** For this connection alone. Without a delimiter it gets the bytes as they come, and each item counts as a line. */
  readonly decoder: Decoder
  /** The event of one item. @throws Invalid */
  item(value: unknown, timestamp: number): Event
  /** The events of one line. @throws Invalid */
  unit(chunk: Buffer, start: number, end: number, timestamp: number): readonly Event[]
}

export class LineConnection {
  /** Nothing has come yet. */
  silent = true
  private readonly connection: Connection
  private readonly parts: LineConnectionParts
  private readonly lines: LineSplit | DecodedStream
  private readonly answers: LineAnswers | null
  // Of the chunk in hand.
  private events: Event[] = []
  private invalid: number[] = []
  /** Events of each line, where that need not be one. */
  private counts: number[] | null
  private timestamp = 0
  /** Reasons not to read. */
  private holds = 0
  /** The peer does not take its replies. */
  private deaf = false
  private heard = false
  private quietSinceMs: number
  /** The peer will send no more. */
  private finished = false
  private over = false
  private resolveClosed: (() => void) | undefined = undefined

  constructor(connection: Connection, parts: LineConnectionParts, nowMs: number) {
    this.connection = connection
    this.parts = parts
    this.quietSinceMs = nowMs
    const { decoding, delimiter } = parts
    this.counts = decoding === null || delimiter === null ? null : []
    this.lines = decoding === null || delimiter !== null ? this.makeLines(decoding) : this.makeStream(decoding)
    this.answers = parts.answers === null ? null : this.makeAnswers(parts.answers)
    connection.setEvents({
      data: (chunk) => this.take(chunk),
      ended: () => this.ended(),
      drained: () => this.drained(),
      closed: (error) => this.closed(error),
    })
  }

  /** Reads no more until {@link LineConnection.resume}; both count. */
  pause(): void {
    this.holds += 1
    this.connection.pause()
  }

  resume(): void {
    this.holds -= 1
    if (this.holds === 0 && !this.over) this.connection.resume()
  }

  /** For how long nothing has come although it was awaited, as far as looks at intervals can tell. */
  quietMs(nowMs: number): number {
    const awaited = this.deaf || (this.holds === 0 && (this.answers?.unanswered ?? 0) === 0)
    if (this.heard || !awaited) this.quietSinceMs = nowMs
    this.heard = false
    return nowMs - this.quietSinceMs
  }

  /** Closes the connection at once; a line that has begun is dropped. */
  destroy(reason: string): void {
    if (this.over) return
    this.over = true
    this.answers?.close()
    this.dropUnfinished(reason)
    this.connection.destroy()
  }

  /** Closes the connection without further replies, though so that those sent before arrive. */
  close(reason: string): Promise<void> {
    if (this.over || this.answers === null) {
      this.destroy(reason)
      return Promise.resolve()
    }
    this.over = true
    this.answers.close()
    this.dropUnfinished(reason)
    return new Promise((resolve) => {
      const timer = this.parts.timers.after(lingerMs, () => this.connection.destroy())
      this.resolveClosed = () => {
        timer.cancel()
        resolve()
      }
      this.connection.end()
      this.connection.resume()
    })
  }

  private makeLines(decoding: LineDecoding | null): LineSplit {
    const { delimiter, lineBytesMax } = this.parts
    const line: TakeLine =
      decoding === null
        ? (chunk, start, end) => this.line(chunk, start, end)
        : (chunk, start, end) => this.decodedLine(decoding, chunk, start, end)
    return new LineSplit({ delimiter, lineBytesMax, line, tooLong: () => this.tooLong() })
  }

  private makeStream({ decoder, item }: LineDecoding): DecodedStream {
    return new DecodedStream({
      decoder,
      item: (value) => this.made(() => [item(value, this.timestamp)]),
      invalid: (problem) => this.refuse("something that cannot be decoded was dropped", problem),
      broken: (problem) => this.broken(problem),
    })
  }

  private makeAnswers(options: NonNullable<LineConnectionParts["answers"]>): LineAnswers {
    return new LineAnswers({
      ...options,
      write: (bytes) => this.write(bytes),
      room: (free) => (free ? this.resume() : this.pause()),
      answered: () => {
        if (this.finished) this.connection.end()
      },
    })
  }

  private take(chunk: Buffer): void {
    if (this.over || this.finished) return
    this.heard = true
    this.silent = false
    this.timestamp = this.parts.now()
    this.lines.push(chunk)
    this.submit(chunk.length)
  }

  /** The peer ended in order: what is unfinished is a line. With answers we end when all of them are given. */
  private ended(): void {
    if (this.over) return
    this.timestamp = this.parts.now()
    this.lines.end()
    this.finished = true
    this.submit(0)
    if (this.answers?.unanswered === 0) this.connection.end()
  }

  private submit(bytes: number): void {
    const { events, invalid, answers, counts } = this
    if (events.length === 0 && invalid.length === 0 && (counts === null || counts.length === 0)) return
    this.events = []
    if (invalid.length > 0) this.invalid = []
    if (counts !== null) this.counts = []
    const owner = answers === null ? null : answers.expect({ events: events.length, invalid, bytes, counts: counts ?? undefined })
    if (events.length === 0) return
    const full = this.parts.submit(events, owner)
    if (full === undefined) return
    this.pause()
    void full.then(() => this.resume())
  }

  private line(chunk: Buffer, start: number, end: number): void {
    if (this.over) return
    try {
      this.events.push(this.parts.event(chunk, start, end, this.timestamp))
    } catch (thrown) {
      this.refuse("a line was dropped", (thrown as Error).message)
    }
  }

  private decodedLine(decoding: LineDecoding, chunk: Buffer, start: number, end: number): void {
    if (!this.over) this.made(() => decoding.unit(chunk, start, end, this.timestamp))
  }

  /** Takes the events of one line or item, or refuses it. */
  private made(make: () => readonly Event[]): void {
    try {
      const events = make()
      for (const event of events) this.events.push(event)
      this.counts?.push(events.length)
    } catch (thrown) {
      this.refuse(`${this.counts === null ? "an item" : "a line"} was dropped`, (thrown as Error).message)
    }
  }

  /** Nothing further can be decoded. Where items are answered this one is refused, and what was taken before gets its replies. */
  private broken(problem: string): void {
    if (this.over) return
    if (this.answers === null) return this.giveUp(problem)
    this.refuse("a connection is read no further", problem)
    this.finished = true
  }

  /** Where lines are answered this one is refused and skipped. Else nobody could tell the peer: what came before it in this chunk is still
   *  submitted, and the connection ends. */
  private tooLong(): void {
    if (this.over) return
    const problem = `a line has more than ${this.parts.lineBytesMax} bytes (\`line_bytes_max\`)`
    if (this.answers !== null) return this.refuse("a line was refused", problem)
    this.giveUp(problem)
  }

  private giveUp(problem: string): void {
    this.over = true
    this.parts.warn("a connection was ended", problem)
    this.connection.destroy()
  }

  private refuse(kind: string, problem: string): void {
    this.parts.warn(kind, problem)
    if (this.answers !== null) this.invalid.push((this.counts?.length ?? this.events.length) + this.invalid.length)
  }

  private write(bytes: Buffer): void {
    if (this.connection.write(bytes) || this.deaf) return
    this.deaf = true
    this.pause()
  }

  private drained(): void {
    if (!this.deaf) return
    this.deaf = false
    this.resume()
  }

  private closed(error: Error | undefined): void {
    this.parts.gone()
    this.resolveClosed?.()
    if (this.over) return
    this.over = true
    this.answers?.close()
    this.dropUnfinished(error?.message ?? "the connection was closed")
  }

  private dropUnfinished(reason: string): void {
    const { unfinishedBytes } = this.lines
    if (unfinishedBytes > 0) this.parts.warn("an unfinished line was dropped", `${unfinishedBytes} bytes, ${reason}`)
  }
}
