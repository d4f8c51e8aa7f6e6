// Reads events from standard input. It ends, and with it a graph that has no other input, when standard input ends.

import { type Connection, DecodedStream, type Decoder, defineModule, type Event, InputModule, LineSplit, size, z } from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.input.stdin",
  summary: "Reads lines from standard input.",
  arguments: {
    delimiter: z
      .string()
      .min(1)
      .nullable()
      .default("\n")
      .describe("What ends an event; `null` makes one event of all that comes or, with a `protocol`, of each item that it finds in that."),
    encoding: z.enum(["text", "binary"]).default("text").describe("`text`: data is text where it is valid UTF-8; `binary`: always bytes."),
    line_bytes_max: size({ minBytes: 1 })
      .default(1024 * 1024)
      .describe("Longest event; a longer one is left out, with an error in the log."),
  },
  queues: { outbox: { direction: "out", summary: "One event a line." } },
  contract: { acknowledges: "none", waits: {}, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [{ title: "What another program prints", arguments: {} }],
})

export default class Stdin extends InputModule<typeof spec> {
  static readonly spec = spec
  #lines: LineSplit | DecodedStream = this.#makeLines()
  #input: Pick<Connection, "pause" | "resume" | "destroy"> | undefined
  /** Of the chunk in hand. */
  #events: Event[] = []
  #timestamp = 0
  /** The last submit that had to wait; the input ends when it has room. */
  #room: Promise<void> | undefined
  #stopping = false

  override preHook(): void {
    if (this.decoder !== null && this.args.delimiter === null) this.#lines = this.#makeStream(this.decoder)
    this.#input = this.platform.streams.input({
      data: (chunk) => this.#take(() => this.#lines.push(chunk)),
      ended: () => this.#take(() => this.#lines.end()),
      closed: (error) => this.#closed(error),
    })
  }

  override stopTaking(): void {
    this.#stopping = true
    this.#input?.pause()
  }

  override postHook(): void {
    this.#input?.destroy()
    const { unfinishedBytes } = this.#lines
    if (unfinishedBytes > 0) this.log.warn(`a line of standard input had begun and was dropped: ${unfinishedBytes} bytes`)
    this.warnings.close()
  }

  #makeLines(): LineSplit {
    const { delimiter, line_bytes_max } = this.args
    return new LineSplit({
      delimiter,
      lineBytesMax: line_bytes_max,
      line:
        this.decoder === null ? (chunk, start, end) => this.#line(chunk, start, end) : (chunk, start, end) => this.#unit(chunk, start, end),
      tooLong: () => this.log.error(`a line of standard input has more than ${line_bytes_max} bytes and was left out (\`line_bytes_max\`)`),
    })
  }

  #makeStream(decoder: Decoder): DecodedStream {
    return new DecodedStream({
      decoder: decoder.fresh(),
      item: (value) => this.#made(() => [this.incomingItem(value, this.#timestamp)]),
      invalid: (problem) => this.warnings.warn("something on standard input that cannot be decoded was dropped", problem),
      broken: (problem) => this.#broken(problem),
    })
  }

  #take(cut: () => void): void {
    this.#timestamp = this.platform.clock.now() / 1000
    cut()
    const events = this.#events
    if (events.length === 0) return
    this.#events = []
    this.#room = this.submit(events)
    if (this.#room !== undefined) {
      this.#input?.pause()
      void this.#room.then(() => {
        if (!this.#stopping) this.#input?.resume()
      })
    }
    this.runNow()
  }

  #line(chunk: Buffer, start: number, end: number): void {
    try {
      this.#events.push(this.incomingBytes({ chunk, start, end, encoding: this.args.encoding }, this.#timestamp))
    } catch (thrown) {
      this.warnings.warn("a line of standard input was dropped", (thrown as Error).message)
    }
  }

  #unit(chunk: Buffer, start: number, end: number): void {
    this.#made(() => this.incomingUnit({ chunk, start, end, encoding: this.args.encoding }, this.#timestamp))
  }

  #made(make: () => readonly Event[]): void {
    try {
      for (const event of make()) this.#events.push(event)
    } catch (thrown) {
      this.warnings.warn("a line of standard input was dropped", (thrown as Error).message)
    }
  }

  /** Nothing further can be decoded: what was taken goes its way, and whoever writes learns that nobody reads. */
  #broken(problem: string): void {
    this.log.error(`standard input is read no further, as it cannot be decoded: ${problem}`)
    this.#input?.destroy()
  }

  #closed(error: Error | undefined): void {
    if (this.#stopping) return
    if (error !== undefined) this.log.error(`standard input broke: ${error.message}`)
    void (this.#room ?? Promise.resolve()).then(() => this.ended())
  }
}
