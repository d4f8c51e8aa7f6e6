// Receives lines over TCP. Nothing is acknowledged to the sender.
//
// A chunk is one batch: its lines become events that are pieces of the chunk, with one time and one submit. While the queue is full the
// connection is not read, so TCP itself slows the sender down. Whatever strangers send ends at most their own connection.

import {
  type Address,
  type Connection,
  defineModule,
  type Event,
  InputModule,
  LineSplit,
  type Listener,
  port,
  size,
  WishboneError,
  z,
} from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.input.tcp",
  summary: "Receives lines over TCP.",
  arguments: {
    host: z.string().min(1).default("127.0.0.1").describe("Address to listen on; `0.0.0.0` for all addresses of this machine."),
    port: port().default(19283).describe("Port to listen on; 0 takes any free one."),
    delimiter: z
      .string()
      .min(1)
      .nullable()
      .default("\n")
      .describe("What ends an event; `null` makes one event of all that a connection brings."),
    encoding: z.enum(["text", "binary"]).default("text").describe("`text`: data is text where it is valid UTF-8; `binary`: always bytes."),
    max_connections: z.int().min(1).default(1000).describe("Connections open at once; more are refused."),
    line_bytes_max: size({ minBytes: 1 })
      .default(1024 * 1024)
      .describe("Longest event; a longer one ends its connection."),
  },
  aliases: { address: "host" },
  queues: { outbox: { direction: "out", summary: "One event a line." } },
  contract: { acknowledges: "none", waits: {}, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [
    { title: "Lines from this machine", arguments: { port: 10_001 } },
    { title: "One event a connection, from anywhere", arguments: { host: "0.0.0.0", delimiter: null } },
  ],
})

export default class TcpInput extends InputModule<typeof spec> {
  static readonly spec = spec
  readonly #senders = new Set<Sender>()
  #listener: Listener | undefined
  #stopping = false

  /** Where it listens, once it does. */
  get address(): Address | undefined {
    return this.#listener?.address
  }

  override async preHook(): Promise<void> {
    const { host, port } = this.args
    const failed = (error: Error): void => this.warnings.warn("a connection could not be accepted", error.message)
    try {
      this.#listener = await this.platform.sockets.listen({ address: { host, port }, failed }, (connection) => this.#accept(connection))
    } catch (cause) {
      const { code, message } = cause as { code?: string; message: string }
      const details = { instance: this.name, host, port, code, problem: message }
      throw new WishboneError(code === "EADDRINUSE" ? "WB_PORT_IN_USE" : "WB_LISTEN_FAILED", details, { cause })
    }
    const { address } = this.#listener
    this.log.info(`listening on ${host}:${"port" in address ? address.port : port}`)
  }

  override async stopTaking(): Promise<void> {
    this.#stopping = true
    for (const sender of this.#senders) sender.pause()
    await this.#listener?.close()
  }

  override async postHook(): Promise<void> {
    this.#stopping = true
    await this.#listener?.close()
    for (const sender of this.#senders) sender.destroy("the input stopped")
    this.warnings.close()
  }

  #accept(connection: Connection): void {
    const { max_connections } = this.args
    if (this.#stopping || this.#senders.size >= max_connections) {
      if (!this.#stopping)
        this.warnings.warn("a connection was refused", `${connection.remote}, as ${max_connections} are open (\`max_connections\`)`)
      connection.setEvents({})
      connection.destroy()
      return
    }
    const sender: Sender = new Sender(connection, {
      ...this.args,
      event: (chunk, start, end, timestamp) => this.incomingBytes({ chunk, start, end, encoding: this.args.encoding }, timestamp),
      now: () => this.platform.clock.now() / 1000,
      submit: (events) => this.#submit(sender, events),
      warn: (kind, detail) => this.warnings.warn(kind, `${connection.remote}: ${detail}`),
      gone: () => this.#senders.delete(sender),
    })
    this.#senders.add(sender)
  }

  #submit(sender: Sender, events: readonly Event[]): void {
    const full = this.submit(events)
    if (full !== undefined) {
      sender.pause()
      void full.then(() => {
        if (!this.#stopping) sender.resume()
      })
    }
    this.runNow()
  }
}

interface SenderParts {
  readonly delimiter: string | null
  readonly line_bytes_max: number
  event(chunk: Buffer, start: number, end: number, timestamp: number): Event
  now(): number
  submit(events: readonly Event[]): void
  warn(kind: string, detail: string): void
  gone(): void
}

/** One connection and the line that has begun on it. */
class Sender {
  readonly #connection: Connection
  readonly #parts: SenderParts
  readonly #lines: LineSplit
  /** Of the chunk in hand. */
  #events: Event[] = []
  #timestamp = 0
  /** Submits that wait for room. */
  #waiting = 0
  #over = false

  constructor(connection: Connection, parts: SenderParts) {
    this.#connection = connection
    this.#parts = parts
    this.#lines = new LineSplit({
      delimiter: parts.delimiter,
      lineBytesMax: parts.line_bytes_max,
      line: (chunk, start, end) => this.#line(chunk, start, end),
      tooLong: () => this.#tooLong(),
    })
    connection.setEvents({
      data: (chunk) => this.#take(() => this.#lines.push(chunk)),
      ended: () => this.#take(() => this.#lines.end()),
      closed: (error) => this.#closed(error),
    })
  }

  pause(): void {
    this.#waiting += 1
    this.#connection.pause()
  }

  resume(): void {
    this.#waiting -= 1
    if (this.#waiting === 0 && !this.#over) this.#connection.resume()
  }

  /** Closes the connection; a line that has begun is dropped. */
  destroy(reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#dropUnfinished(reason)
    this.#connection.destroy()
  }

  #take(cut: () => void): void {
    if (this.#over) return
    this.#timestamp = this.#parts.now()
    cut()
    const events = this.#events
    if (events.length === 0) return
    this.#events = []
    this.#parts.submit(events)
  }

  #line(chunk: Buffer, start: number, end: number): void {
    if (this.#over) return
    try {
      this.#events.push(this.#parts.event(chunk, start, end, this.#timestamp))
    } catch (thrown) {
      this.#parts.warn("a line was dropped", (thrown as Error).message)
    }
  }

  /** What came before in this chunk is still submitted. */
  #tooLong(): void {
    if (this.#over) return
    this.#over = true
    this.#parts.warn("a connection was ended", `a line has more than ${this.#parts.line_bytes_max} bytes (\`line_bytes_max\`)`)
    this.#connection.destroy()
  }

  #closed(error: Error | undefined): void {
    this.#parts.gone()
    if (this.#over) return
    this.#over = true
    this.#dropUnfinished(error?.message ?? "the connection was closed")
  }

  #dropUnfinished(reason: string): void {
    const { unfinishedBytes } = this.#lines
    if (unfinishedBytes > 0) this.#parts.warn("an unfinished line was dropped", `${unfinishedBytes} bytes, ${reason}`)
  }
}
