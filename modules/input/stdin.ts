// Reads events from standard input. It ends, and with it a graph that has no other input, when standard input ends.

import { type Connection, defineModule, type Event, InputModule, LineSplit, size, z } from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.input.stdin",
  summary: "Reads lines from standard input.",
  arguments: {
    delimiter: z.string().min(1).nullable().default("\n").describe("What ends an event; `null` makes one event of all that comes."),
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
  readonly #lines = new LineSplit({
    delimiter: this.args.delimiter,
    lineBytesMax: this.args.line_bytes_max,
    line: (chunk, start, end) => this.#line(chunk, start, end),
    tooLong: () =>
      this.log.error(`a line of standard input has more than ${this.args.line_bytes_max} bytes and was left out (\`line_bytes_max\`)`),
  })
  #input: Pick<Connection, "pause" | "resume" | "destroy"> | undefined
  /** Of the chunk in hand. */
  #events: Event[] = []
  #timestamp = 0
  /** The last submit that had to wait; the input ends when it has room. */
  #room: Promise<void> | undefined
  #stopping = false

  override preHook(): void {
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

  #closed(error: Error | undefined): void {
    if (this.#stopping) return
    if (error !== undefined) this.log.error(`standard input broke: ${error.message}`)
    void (this.#room ?? Promise.resolve()).then(() => this.ended())
  }
}
