// Receives lines over TCP. With `acknowledge: line` each line is answered when its event is safe; else nothing is told to the sender.
//
// A chunk is one batch: its lines become events that are pieces of the chunk, with one time and one submit. While the queue is full the
// connection is not read, so TCP itself slows the sender down. Whatever strangers send ends at most their own connection, and what they
// may take up is bounded: connections in all and by peer, handshakes, line length, silence.

import {
  type Address,
  type Connection,
  type Decoder,
  defineModule,
  duration,
  type Event,
  InputModule,
  LineConnection,
  type LineDecoding,
  type Listener,
  port,
  readTlsServer,
  size,
  type TicketOwner,
  type Timer,
  tlsServer,
  WishboneError,
  z,
} from "../../src/index.ts"

/** Bytes of lines that may wait for their replies, by connection. */
const unansweredBytesMax = 16 * 1024 * 1024
/** Silence is looked for so many times within its bound. */
const looks = 8

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
      .describe(
        "What ends an event; `null` makes one event of all that a connection brings or, with a `protocol`, of each item that it finds in that.",
      ),
    encoding: z.enum(["text", "binary"]).default("text").describe("`text`: data is text where it is valid UTF-8; `binary`: always bytes."),
    acknowledge: z
      .enum(["none", "line"])
      .default("none")
      .describe("`line` answers each line that is not empty, in order: `ok` when its event is safe, else `failed` and the kind."),
    unanswered_max: z.int().min(1).default(10_000).describe("Lines without a reply, by connection; beyond, it is not read."),
    reply_timeout: duration({ minMs: 1 }).default(30_000).describe("A line without another reply by then is answered `failed timeout`."),
    max_connections: z.int().min(1).default(1000).describe("Connections open at once; more are refused."),
    max_connections_per_peer: z.int().min(1).default(500).describe("The same from one address."),
    line_bytes_max: size({ minBytes: 1 })
      .default(1024 * 1024)
      .describe("Longest event; a longer one ends its connection, or, with `acknowledge: line`, is answered `failed invalid`."),
    first_byte_timeout: duration()
      .default(10_000)
      .describe("A connection that has sent nothing by then is closed once half of `max_connections` are open; 0: never."),
    idle_timeout: duration().default(300_000).describe("A connection on which nothing comes for so long is closed; 0: never."),
    handshake_timeout: duration({ minMs: 1 }).default(5000).describe("Bound on the TLS handshake."),
    keep_alive: duration()
      .default(60_000)
      .describe("After so long without a byte the peer's kernel is asked whether it is still there; 0: never."),
    tls: tlsServer(),
  },
  aliases: { address: "host" },
  queues: { outbox: { direction: "out", summary: "One event a line." } },
  contract: ({ acknowledge }) => ({
    acknowledges: acknowledge === "line" ? "delivered" : "none",
    waits: {},
    failsWithinMs: 0,
    reorders: false,
    holds: "nothing",
  }),
  examples: [
    { title: "Lines from this machine", arguments: { port: 10_001 } },
    { title: "One event a connection, from anywhere", arguments: { host: "0.0.0.0", delimiter: null } },
    { title: "Each line answered when its event is safe", arguments: { port: 10_001, acknowledge: "line" } },
    {
      title: "TLS, for clients with a certificate of our own authority",
      arguments: { host: "0.0.0.0", tls: { cert: "server.pem", key: "server.key", ca: "ca.pem" } },
    },
  ],
})

export default class TcpInput extends InputModule<typeof spec> {
  static readonly spec = spec
  readonly #open = new Set<LineConnection>()
  readonly #byPeer = new Map<string, number>()
  #listener: Listener | undefined
  #sweeper: Timer | undefined
  #stopping = false

  /** Where it listens, once it does. */
  get address(): Address | undefined {
    return this.#listener?.address
  }

  override async preHook(): Promise<void> {
    const { host, port, handshake_timeout, keep_alive, acknowledge, tls } = this.args
    const options = {
      address: { host, port },
      tls: await readTlsServer(this, tls),
      handshakeMs: handshake_timeout,
      keepAliveMs: keep_alive === 0 ? undefined : keep_alive,
      // A peer that has sent its last line still wants its replies.
      halfOpen: acknowledge === "line",
      failed: (error: Error): void => this.warnings.warn("a connection could not be accepted", error.message),
      refused: (remote: string, error: Error): void => this.warnings.warn("a TLS handshake failed", `${remote}: ${error.message}`),
    }
    try {
      this.#listener = await this.platform.sockets.listen(options, (connection) => this.#accept(connection))
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
    // Never resumed: what is read by now goes its way, and its replies go out.
    for (const connection of this.#open) connection.pause()
    await this.#listener?.close()
  }

  override async postHook(): Promise<void> {
    this.#stopping = true
    this.#sweeper?.cancel()
    await this.#listener?.close()
    await Promise.all([...this.#open].map((connection) => connection.close("the input stopped")))
    this.warnings.close()
  }

  #accept(connection: Connection): void {
    const peer = hostOf(connection.remote)
    const refusal = this.#refusal(peer)
    if (this.#stopping || refusal !== undefined) {
      if (refusal !== undefined) this.warnings.warn("a connection was refused", `${connection.remote}, ${refusal}`)
      connection.setEvents({})
      connection.destroy()
      return
    }
    const { clock, timers } = this.platform
    const { delimiter, encoding, line_bytes_max, acknowledge, unanswered_max, reply_timeout } = this.args
    const answers = { linesMax: unanswered_max, bytesMax: unansweredBytesMax, timeoutMs: reply_timeout, timers, clock }
    const parts = {
      delimiter,
      lineBytesMax: line_bytes_max,
      answers: acknowledge === "line" ? answers : null,
      timers,
      decoding: this.decoder && this.#decoding(this.decoder),
      now: () => clock.now() / 1000,
      event: (chunk: Buffer, start: number, end: number, timestamp: number) =>
        this.incomingBytes({ chunk, start, end, encoding }, timestamp),
      submit: (events: readonly Event[], owner: TicketOwner | null) => this.#submit(events, owner),
      warn: (kind: string, detail: string) => this.warnings.warn(kind, `${connection.remote}: ${detail}`),
      gone: () => this.#gone(lines, peer),
    }
    const lines: LineConnection = new LineConnection(connection, parts, clock.monotonic())
    this.#open.add(lines)
    this.#byPeer.set(peer, (this.#byPeer.get(peer) ?? 0) + 1)
    this.#sweepLater()
  }

  #decoding(decoder: Decoder): LineDecoding {
    const { encoding } = this.args
    return {
      decoder: decoder.fresh(),
      item: (value, timestamp) => this.incomingItem(value, timestamp),
      unit: (chunk, start, end, timestamp) => this.incomingUnit({ chunk, start, end, encoding }, timestamp),
    }
  }

  /** Why one more connection from `peer` is too many. */
  #refusal(peer: string): string | undefined {
    const { max_connections, max_connections_per_peer } = this.args
    if (this.#stopping) return undefined
    if (this.#open.size >= max_connections) return `as ${max_connections} are open (\`max_connections\`)`
    if ((this.#byPeer.get(peer) ?? 0) < max_connections_per_peer) return undefined
    return `as ${max_connections_per_peer} from there are open (\`max_connections_per_peer\`)`
  }

  #gone(lines: LineConnection, peer: string): void {
    this.#open.delete(lines)
    const left = (this.#byPeer.get(peer) ?? 1) - 1
    if (left > 0) this.#byPeer.set(peer, left)
    else this.#byPeer.delete(peer)
  }

  #submit(events: readonly Event[], owner: TicketOwner | null): Promise<void> | undefined {
    if (owner !== null) this.track(events, owner)
    const full = this.submit(events)
    this.runNow()
    return full
  }

  /** One timer for the silence of all connections. */
  #sweepLater(): void {
    const { first_byte_timeout, idle_timeout } = this.args
    const bounds = [first_byte_timeout, idle_timeout].filter((bound) => bound > 0)
    if (bounds.length === 0 || this.#stopping) return
    this.#sweeper ??= this.platform.timers.after(Math.min(...bounds) / looks, () => this.#sweep(), { background: true })
  }

  #sweep(): void {
    this.#sweeper = undefined
    const { first_byte_timeout, idle_timeout, max_connections } = this.args
    const nowMs = this.platform.clock.monotonic()
    for (const lines of this.#open) {
      const quietMs = lines.quietMs(nowMs)
      const scarce = this.#open.size * 2 > max_connections
      if (idle_timeout > 0 && quietMs >= idle_timeout) this.#end(lines, `nothing came for ${idle_timeout} ms (\`idle_timeout\`)`)
      else if (scarce && lines.silent && first_byte_timeout > 0 && quietMs >= first_byte_timeout)
        this.#end(lines, `nothing came within ${first_byte_timeout} ms (\`first_byte_timeout\`)`)
    }
    if (this.#open.size > 0) this.#sweepLater()
  }

  #end(lines: LineConnection, reason: string): void {
    this.log.debug(`a connection was closed: ${reason}`)
    lines.destroy(reason)
  }
}

/** Of `192.0.2.1:4711` or `[::1]:4711` what comes before the port. */
function hostOf(remote: string): string {
  const colon = remote.lastIndexOf(":")
  return colon < 0 ? remote : remote.slice(0, colon)
}
