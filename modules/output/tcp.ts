// Sends events as lines over one TCP connection that is kept open.
//
// A batch is one write. It counts as delivered when the kernel has taken all its bytes, which does not say that the peer read them.
// While there is no connection events fail at once, in order, so that failover falls at once; the circuit decides when to try again.
// When the connection breaks, whatever the kernel had not confirmed fails in the order in which it came, before anything newer.

import {
  type Batch,
  type Circuit,
  type Connection,
  defineModule,
  duration,
  LineJoin,
  OutputModule,
  port,
  type Timer,
  TransientError,
  z,
} from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.output.tcp",
  summary: "Sends events as lines over TCP.",
  arguments: {
    host: z.string().min(1).default("127.0.0.1").describe("Name or address to connect to."),
    port: port().min(1).default(19283).describe("Port to connect to."),
    timeout: duration({ minMs: 1 }).default(10_000).describe("Bound on connecting, on a write that does not get on, and on closing."),
    delimiter: z.string().default("\n").describe("What ends each event."),
    delimiter_in_data: z
      .enum(["fail", "allow"])
      .default("fail")
      .describe("What to do with data that holds the delimiter: `fail` the event, or `allow` it to arrive as several."),
    confirm: z.enum(["written"]).default("written").describe("When an event counts as delivered: `written` when the kernel has taken it."),
  },
  queues: { inbox: { direction: "in", summary: "Events to send." } },
  contract: { acknowledges: "accepted", waits: { inbox: [] }, failsWithinMs: "arguments.timeout", reorders: false, holds: "nothing" },
  examples: [{ title: "Lines to a collector", arguments: { host: "collector.example.test", port: 10_001 } }],
})

export default class TcpOutput extends OutputModule<typeof spec> {
  static readonly spec = spec
  override readonly batches = { inbox: (batch: Batch) => this.#send(batch) }
  readonly #lines = new LineJoin({ delimiter: this.args.delimiter, allowsDelimiter: this.args.delimiter_in_data === "allow" })
  readonly #passesData = this.passesData
  readonly #circuit: Circuit = this.circuit({
    destination: `${this.args.host}:${this.args.port}`,
    firstWaitMs: this.args.timeout,
    connect: () => this.#connect(),
  })
  #link: Link | undefined

  override preHook(): void {
    this.#circuit.start()
  }

  override async postHook(): Promise<void> {
    this.#circuit.stop()
    await this.#link?.close()
  }

  #connect(): void {
    const { host, port, timeout } = this.args
    const { sockets, timers, clock } = this.platform
    const link = new Link({
      timeoutMs: timeout,
      timers,
      clock,
      connect: (events) => sockets.connect({ host, port }, events),
      connected: () => this.#circuit.connected(),
      room: (free) => (free ? this.resumeTaking() : this.pauseTaking()),
      confirmed: (written) => this.#confirmed(written),
      broke: (error) => this.#broke(link, error),
    })
    this.#link = link
  }

  /** The kernel has taken a batch. A stop that lost patience may have failed some of it before: that was sent, and will be again. */
  #confirmed({ batch, count }: Written): void {
    this.countDuplicated(count - batch.unsettled)
    batch.delivered()
  }

  #broke(link: Link, error: Error): void {
    if (this.#link === link) this.#link = undefined
    this.#circuit.broke(error, link.delivered)
    const failure = this.#circuit.state === "open" ? this.#circuit.failure : error
    for (const { batch, count } of link.unconfirmed) {
      this.countDuplicated(count)
      batch.failRest(failure)
    }
  }

  #send(batch: Batch): void {
    const link = this.#link
    if (link?.up !== true) return batch.failRest(this.#circuit.failure)
    const bytes = this.#join(batch)
    if (batch.unsettled === 0) return
    // Nothing to write is written at once.
    if (bytes.length === 0) return batch.delivered()
    link.write(bytes, batch)
  }

  #join(batch: Batch): Buffer {
    const { events } = batch
    for (let at = 0; at < events.length; at++) {
      const event = events[at]
      if (event === undefined) continue
      try {
        if (event.chunk !== null && this.#passesData) this.#lines.addPiece(event.chunk, event.start, event.end)
        else this.#lines.add(this.payloadOf(event, batch.args(at)))
      } catch (thrown) {
        batch.failed(at, thrown)
      }
    }
    return this.#lines.take()
  }
}

/** A batch whose bytes were handed over, and how many of its events those are. */
interface Written {
  readonly batch: Batch
  readonly count: number
}

interface LinkParts {
  readonly timeoutMs: number
  readonly timers: TcpOutput["platform"]["timers"]
  readonly clock: TcpOutput["platform"]["clock"]
  connect(events: Parameters<Connection["setEvents"]>[0]): Connection
  connected(): void
  confirmed(written: Written): void
  /** Whether the kernel takes more. */
  room(free: boolean): void
  /** The attempt failed, or the connection broke or was closed; what it leaves is in `unconfirmed`. Comes once. */
  broke(error: Error): void
}

/** One connection, from the attempt to its end, and the batches on it. */
class Link {
  /** Batches handed over and not confirmed by the kernel, in order. */
  readonly unconfirmed: Written[] = []
  /** The kernel has taken at least one batch. */
  delivered = false
  up = false
  readonly #parts: LinkParts
  readonly #connection: Connection
  /** Bounds the attempt, then writes that do not get on. */
  #timer: Timer | undefined
  #progressMs = 0
  #ended = false
  #closed: (() => void) | undefined

  constructor(parts: LinkParts) {
    this.#parts = parts
    this.#timer = parts.timers.after(parts.timeoutMs, () =>
      this.#break(new TransientError(`no answer within ${parts.timeoutMs} ms`, { code: "ETIMEDOUT" })),
    )
    this.#connection = parts.connect({
      connected: () => this.#connected(),
      // Whatever is written after a FIN may be lost without a word, so the connection is over.
      ended: () => this.#break(new TransientError("the peer closed the connection", { code: "closed_by_peer" })),
      drained: () => {
        if (!this.#ended) parts.room(true)
      },
      closed: (error) => this.#onClosed(error),
    })
  }

  write(bytes: Buffer, batch: Batch): void {
    if (this.unconfirmed.length === 0) this.#watch()
    this.unconfirmed.push({ batch, count: batch.unsettled })
    const room = this.#connection.write(bytes, (error) => this.#written(error))
    if (!room && !this.#ended) this.#parts.room(false)
  }

  /** Sends what is pending and closes in order; after `timeoutMs` in any way. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closed = resolve
      this.#timer?.cancel()
      if (!this.up) return this.#connection.destroy()
      this.#timer = this.#parts.timers.after(this.#parts.timeoutMs, () => this.#connection.destroy())
      this.#connection.end()
    })
  }

  #connected(): void {
    if (this.#ended || this.#closed !== undefined) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.up = true
    this.#parts.connected()
  }

  #written(error: Error | undefined): void {
    if (this.#ended) return
    if (error !== undefined) return this.#break(error)
    this.delivered = true
    this.#progressMs = this.#parts.clock.monotonic()
    const written = this.unconfirmed.shift()
    if (written !== undefined) this.#parts.confirmed(written)
  }

  /** One timer for all writes: it looks now and then whether the oldest got on. */
  #watch(): void {
    this.#progressMs = this.#parts.clock.monotonic()
    this.#timer ??= this.#parts.timers.after(this.#parts.timeoutMs, () => this.#look(), { background: true })
  }

  #look(): void {
    const { timeoutMs, clock, timers } = this.#parts
    this.#timer = undefined
    if (this.unconfirmed.length === 0) return
    const stalledMs = clock.monotonic() - this.#progressMs
    if (stalledMs >= timeoutMs) this.#break(new TransientError(`the peer has taken nothing for ${timeoutMs} ms`, { code: "ETIMEDOUT" }))
    else this.#timer = timers.after(timeoutMs - stalledMs, () => this.#look(), { background: true })
  }

  #break(error: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.up = false
    this.#connection.destroy()
    this.#timer?.cancel()
    this.#parts.broke(error)
  }

  #onClosed(error: Error | undefined): void {
    this.#break(error ?? new TransientError("the connection was closed", { code: "closed" }))
    this.#timer?.cancel()
    this.#closed?.()
  }
}
