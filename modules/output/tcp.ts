// Sends events as lines over one TCP connection that is kept open. A batch is one write.
//
// When an event counts as delivered is `confirm`: `tail` presumes it read when the connection is still up a little after the kernel took its
// last byte; `written` does not wait for that; with `line` the peer answers each line. While there is no connection events fail at once,
// in order, so that failover falls at once; the circuit decides when to try again. When the connection breaks, whatever is not confirmed
// fails in the order in which it came, before anything newer.

import {
  type Batch,
  type Circuit,
  type Confirmation,
  defineModule,
  duration,
  type Event,
  LineJoin,
  LineQuestions,
  Link,
  notSent,
  OutputModule,
  port,
  readTlsClient,
  type Sent,
  Slabs,
  size,
  Tail,
  tlsClient,
  WishboneError,
  WrittenConfirmation,
  z,
} from "../../src/index.ts"

/** What a released event costs beside its bytes, and one that is kept as an object; near enough for a bound. */
const placeBytes = 8
const eventBytes = 512
/** How a connection ends whose peer died with unread bytes. */
const resets = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"])

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
    confirm: z
      .enum(["tail", "written", "line"])
      .default("tail")
      .describe(
        "When an event counts as delivered: `written` when the kernel has taken it, `tail` when the connection is still up `tail_ms` later, `line` when the peer (an input with `acknowledge: line`) answers `ok`.",
      ),
    tail_ms: z
      .int()
      .min(1)
      .max(60_000)
      .default(50)
      .describe("How long the connection must stay up after an event was written, in milliseconds."),
    tail_bytes: size()
      .default(16 * 1024 * 1024)
      .describe("Memory for events that wait for `tail_ms`; beyond, the oldest count as delivered early."),
    keep_bytes: size()
      .default(0)
      .describe("Of the events delivered last so many bytes are kept, and sent to `failed` once more if the connection ends by a reset."),
    reply_timeout: duration({ minMs: 1 })
      .default(40_000)
      .describe("With `confirm: line`, how long the peer may leave the oldest line unanswered."),
    keep_alive: duration()
      .default(60_000)
      .describe("After so long without a byte the peer's kernel is asked whether it is still there; 0: never."),
    tls: tlsClient(),
  },
  queues: { inbox: { direction: "in", summary: "Events to send." } },
  contract: ({ confirm, timeout, reply_timeout }) => ({
    acknowledges: ({ written: "accepted", tail: "presumed", line: "delivered" } as const)[confirm],
    waits: { inbox: [] },
    failsWithinMs: confirm === "line" ? Math.max(timeout, reply_timeout) : "arguments.timeout",
    reorders: false,
    holds: "nothing",
  }),
  memory: ({ confirm, tail_bytes, keep_bytes }, { inflightBytes }) => inflightBytes + (confirm === "tail" ? tail_bytes : 0) + keep_bytes,
  examples: [
    { title: "Lines to a collector", arguments: { host: "collector.example.test", port: 10_001 } },
    { title: "To another wishbone-ts that answers each line", arguments: { host: "relay.example.test", confirm: "line" } },
    {
      title: "TLS, with a certificate of our own",
      arguments: { host: "collector.example.test", tls: { ca: "ca.pem", cert: "client.pem", key: "client.key" } },
    },
  ],
})

export default class TcpOutput extends OutputModule<typeof spec> {
  static readonly spec = spec
  override readonly batches = { inbox: (batch: Batch) => this.#send(batch) }
  /** Buffers for the tail to use again; not for what is kept beyond it. */
  readonly #slabs = this.args.confirm === "tail" && this.args.keep_bytes === 0 ? new Slabs(this.args.tail_bytes) : undefined
  readonly #lines = new LineJoin({
    delimiter: this.args.delimiter,
    allowsDelimiter: this.args.delimiter_in_data === "allow",
    counts: this.args.confirm === "line",
    ...(this.#slabs && { allocate: this.#slabs.take }),
  })
  readonly #passesData = this.passesData
  readonly #circuit: Circuit = this.circuit({
    destination: `${this.args.host}:${this.args.port}`,
    firstWaitMs: this.args.timeout,
    connect: () => this.#connect(),
  })
  #tls: Awaited<ReturnType<typeof readTlsClient>>
  #link: Link | undefined
  /** Connections that are not closed yet, the one in use among them. */
  readonly #links = new Set<Link>()
  /** Batches that came after the last connection had been closed by a flush, and wait for a new one. */
  #late: Batch[] = []
  #presumedEarly = 0

  /** Events that counted as delivered before `tail_ms`, as the tail was full. */
  get presumedEarly(): number {
    return this.#presumedEarly
  }

  override async preHook(): Promise<void> {
    this.#checkLines()
    this.#tls = await readTlsClient(this, this.args.tls)
    this.#circuit.start()
  }

  /** Nothing more is to come: the peer's answer to our half-close says for certain that it read everything. */
  override flush(): void {
    if (this.args.confirm === "tail" && this.#link?.up === true && this.context.actor.released > 0) void this.#link.close()
  }

  override async postHook(): Promise<void> {
    this.#circuit.stop()
    await Promise.all([...this.#links].map((link) => link.close()))
    this.warnings.close()
  }

  /** Replies are counted by lines, so both ends must agree on what a line is. */
  #checkLines(): void {
    const { confirm, delimiter, delimiter_in_data } = this.args
    if (confirm !== "line" || (delimiter !== "" && (delimiter_in_data === "fail" || delimiter.length === 1))) return
    const argument = delimiter === "" ? "delimiter" : "delimiter_in_data"
    const problem = `\`confirm: line\` needs lines that can be counted, found ${JSON.stringify(this.args[argument])}`
    const hint = delimiter === "" ? "Name what ends a line." : "Leave it at `fail`, or use a delimiter of one character."
    throw new WishboneError("WB_ARGUMENT_INVALID", { argument, module: spec.name, problem, hint })
  }

  #connect(): void {
    const { host, port, timeout, keep_alive, confirm, reply_timeout } = this.args
    const { sockets, timers, clock } = this.platform
    const confirmation = this.#confirmation((error) => link.break(error))
    const options = { tls: this.#tls, handshakeMs: timeout, keepAliveMs: keep_alive === 0 ? undefined : keep_alive }
    const link: Link = new Link({
      timeoutMs: timeout,
      stallMs: confirm === "line" ? Math.max(timeout, reply_timeout) : timeout,
      timers,
      clock,
      confirmation,
      connect: (events) => sockets.connect({ host, port }, events, options),
      connected: () => this.#connected(),
      room: (free) => (free ? this.resumeTaking() : this.pauseTaking()),
      broke: (error) => this.#broke(link, confirmation, error),
    })
    this.#link = link
    this.#links.add(link)
  }

  #confirmation(broken: (error: Error) => void): Confirmation {
    const { timers, clock } = this.platform
    const { confirm, tail_ms, tail_bytes, keep_bytes, reply_timeout } = this.args
    const confirmed = (sent: Sent): void => this.#confirmed(sent)
    if (confirm === "written") return new WrittenConfirmation(confirmed)
    const tooLate = (count: number): void => this.countDuplicated(count)
    if (confirm === "line") return new LineQuestions({ timeoutMs: reply_timeout, timers, clock, broken, tooLate })
    const early = (sent: Sent): void => this.#early(sent)
    return new Tail({ tailMs: tail_ms, tailBytes: tail_bytes, keepBytes: keep_bytes, timers, clock, confirmed, early })
  }

  #connected(): void {
    this.#circuit.connected()
    for (const batch of this.#late.splice(0)) this.#send(batch)
  }

  /** A batch counts as arrived. A stop that lost patience may have failed some of it before: that was sent, and will be again. */
  #confirmed({ batch, count, bytes }: Sent): void {
    this.countDuplicated(count - batch.unsettled)
    batch.delivered()
    if (bytes !== undefined && batch.isThrough) this.#slabs?.give(bytes)
  }

  #early({ count }: Sent): void {
    this.#presumedEarly += count
    this.warnings.warn("the tail is full (`tail_bytes`)", `${this.#presumedEarly} events so far counted as delivered before \`tail_ms\``)
  }

  #broke(link: Link, confirmation: Confirmation, error: Error): void {
    const { unconfirmed, presumed } = confirmation.close()
    if (this.#link === link) this.#link = undefined
    this.#links.delete(link)
    // One that a flush has closed is not missed before somebody needs another one.
    if (!link.closing) this.#circuit.broke(error, confirmation.any)
    const failure = this.#circuit.state === "open" ? this.#circuit.failure : error
    if (resets.has((error as { code?: string }).code ?? ""))
      for (const { batch } of presumed) this.countDuplicated(batch.offerAgain(failure))
    for (const { batch, count } of unconfirmed) {
      this.countDuplicated(count)
      batch.failRest(failure)
    }
    if (!link.closing) for (const batch of this.#late.splice(0)) batch.failRest(failure)
  }

  #send(batch: Batch): void {
    const link = this.#link
    if (link?.closing === true || (link === undefined && this.#circuit.state === "closed")) return this.#sendLate(batch)
    if (link?.up !== true) return batch.failRest(this.#circuit.failure)
    const pieces = this.args.confirm === "tail" ? new Uint32Array(2 * batch.events.length) : undefined
    const replies = this.args.confirm === "line" ? new Uint32Array(batch.events.length) : undefined
    const bytes = this.#join(batch, pieces, replies)
    const count = batch.unsettled
    if (count === 0) return
    link.write(bytes, pieces === undefined ? { batch, count, cost: 0, ...(replies && { replies }) } : this.#release(batch, bytes, pieces))
  }

  /** From here on the tail keeps bytes, not events. */
  #release(batch: Batch, bytes: Buffer, pieces: Uint32Array): Sent {
    const count = batch.unsettled
    // A small piece must not keep a large chunk alive for the length of the tail.
    const own = bytes.length * 4 < bytes.buffer.byteLength && bytes.buffer.byteLength > 16 * 1024 ? Buffer.from(bytes) : bytes
    const kept = batch.release({ bytes: own, pieces }, { copies: this.args.keep_bytes > 0 })
    return { batch, count, cost: bytes.length + placeBytes * pieces.length + eventBytes * kept, bytes: own }
  }

  /** After a flush has closed the connection events came all the same: they wait for another one. */
  #sendLate(batch: Batch): void {
    this.#late.push(batch)
    if (this.#late.length > 1) return
    this.#link = undefined
    this.#circuit.start()
  }

  #join(batch: Batch, pieces: Uint32Array | undefined, replies: Uint32Array | undefined): Buffer {
    const { events } = batch
    const lines = this.#lines
    for (let at = 0; at < events.length; at++) {
      const event = events[at]
      if (event === undefined) continue
      const before = lines.lines
      try {
        if (event.chunk !== null && this.#passesData) this.#addPiece(event, event.chunk, at, pieces)
        else lines.add(this.payloadOf(event, batch.args(at)))
        if (replies !== undefined) replies[at] = lines.lines - before
      } catch (thrown) {
        if (replies !== undefined) replies[at] = notSent
        batch.failed(at, thrown)
      }
    }
    return lines.take()
  }

  #addPiece({ start, end }: Event, chunk: Buffer, at: number, pieces: Uint32Array | undefined): void {
    this.#lines.addPiece(chunk, start, end)
    if (pieces === undefined) return
    const { pieceEnd } = this.#lines
    pieces[2 * at] = pieceEnd - (end - start)
    pieces[2 * at + 1] = pieceEnd
  }
}
