// Receives events over HTTP: a request is an event, or each of its lines is. It is answered when its events are safe (or, with
// `reply: results`, when all that became of them is known), so a sender that hears 2xx may forget them.
//
// Several paths lead to queues of their own. While a queue is full the bodies for it are not read and new requests wait, for a bounded
// time. Whatever strangers send ends at most their own request or connection, and what they may take up is bounded.

import {
  type Address,
  Admission,
  type Applicant,
  acceptedAnswer,
  bodyEncodings,
  defineModule,
  duration,
  type Event,
  expanded,
  failedAnswer,
  HttpAccess,
  type HttpAnswer,
  type HttpExchange,
  type HttpListener,
  InputModule,
  Invalid,
  isBodyEncoding,
  isInvalid,
  isWishboneError,
  jsonAnswer,
  LineSplit,
  port,
  type RequestTarget,
  readTlsServer,
  requestTarget,
  resultsAnswer,
  secret,
  size,
  statusOfInvalid,
  type Ticket,
  type TicketOwner,
  type Timer,
  takeBody,
  tlsServer,
  WishboneError,
  z,
} from "../../src/index.ts"

/** Events of one request; each is many times as large as an empty line. */
const requestEventsMax = 65_536
/** What a connection may add to all other bounds before it counts as standing still. */
const stallMs = 5000
/** Out queues that every instance has; no path leads there. */
const ownQueues = new Set(["successful", "failed", "logs", "metrics"])
const bodyMethods = new Set(["POST", "PUT", "PATCH"])

const route = z.union([
  z.string().min(1),
  z.object({
    queue: z.string().min(1).describe("The queue it leads to."),
    allow: z.array(z.string()).optional().describe("Names of `users` and `tokens` that may use it; without it, all."),
  }),
])

const spec = defineModule({
  name: "wishbone.input.http",
  summary: "Receives events over HTTP.",
  arguments: {
    host: z.string().min(1).default("127.0.0.1").describe("Address to listen on; `0.0.0.0` for all addresses of this machine."),
    port: port().default(19283).describe("Port to listen on; 0 takes any free one."),
    tls: tlsServer(),
    paths: z
      .record(z.string().regex(/^\/[^?#]*$/), route)
      .default({})
      .describe("Queue by path. Without any, `/` leads to `outbox` and `/<queue>` to each queue that a route starts from."),
    methods: z
      .array(z.enum(["POST", "PUT", "PATCH", "DELETE", "GET"]))
      .min(1)
      .default(["POST", "PUT"])
      .describe("Methods that make events."),
    users: z
      .record(z.string().regex(/^[^:]+$/), secret().min(1))
      .default({})
      .describe("Passwords by user, for basic authentication."),
    tokens: z.record(z.string(), secret().min(1)).default({}).describe("Bearer tokens, by a name for whoever has them."),
    delimiter: z.string().min(1).nullable().default(null).describe("What ends an event in a body; `null`: a body is one event."),
    encoding: z.enum(["text", "binary"]).default("text").describe("`text`: data is text where it is valid UTF-8; `binary`: always bytes."),
    reply: z
      .enum(["safe", "results"])
      .default("safe")
      .describe("When to answer: when all events of the request are `safe`, or when they are through, with their `results` as JSON."),
    success_status: z.int().min(200).max(299).default(200).describe("Status of a good answer."),
    headers: z
      .array(z.string().min(1))
      .default(["content-type", "user-agent"])
      .describe("Headers of the request that are kept at `tmp.<instance>.headers`. What lies there cannot be changed."),
    body_bytes_max: size({ minBytes: 1 })
      .default(1024 * 1024)
      .describe("Largest body, before and after it is expanded; a larger one is answered 413."),
    head_bytes_max: size({ minBytes: 512, maxBytes: 1024 * 1024 })
      .default(16 * 1024)
      .describe("Longest request line and headers; longer ones are answered 431."),
    max_connections: z.int().min(1).default(1000).describe("Connections open at once; more are refused."),
    max_connections_per_peer: z.int().min(1).default(500).describe("The same from one address."),
    max_requests: z.int().min(1).default(1000).describe("Requests under way at once; as many again wait."),
    max_requests_bytes: size({ minBytes: 1 })
      .default(64 * 1024 * 1024)
      .describe("Bytes of their bodies."),
    head_timeout: duration({ minMs: 10 }).default(5000).describe("How long the head of a request may take."),
    body_timeout: duration({ minMs: 1 }).default(30_000).describe("How long its body may take, from when it is read; then 408."),
    idle_timeout: duration({ minMs: 1 }).default(5000).describe("How long a connection is kept between two requests."),
    wait_timeout: duration().default(5000).describe("How long a request waits for room; then 503."),
    reply_timeout: duration({ minMs: 1 }).default(30_000).describe("How long its events may take; then 503, for results 504."),
    handshake_timeout: duration({ minMs: 1 }).default(5000).describe("Bound on the TLS handshake."),
  },
  aliases: { address: "host" },
  queues: {
    outbox: { direction: "out", summary: "Events that came to `/`, unless `paths` says otherwise." },
    "*": { direction: "out", summary: "Events that came to other paths; the routes name these queues." },
  },
  contract: { acknowledges: "delivered", waits: {}, failsWithinMs: 0, reorders: false, holds: "nothing" },
  memory: ({ max_requests_bytes }) => max_requests_bytes,
  examples: [
    { title: "Each body an event", arguments: { port: 8080 } },
    { title: "Lines, from whoever has the token", arguments: { host: "0.0.0.0", delimiter: "\n", tokens: { shop: "secret" } } },
    {
      title: "Two paths, one of them for one user alone",
      arguments: {
        paths: { "/orders": "orders", "/stock": { queue: "stock", allow: ["clerk"] } },
        users: { clerk: "secret", shop: "another secret" },
      },
    },
  ],
})

/** A request as it was understood. */
interface Asked extends RequestTarget {
  readonly queue: string
  readonly encoding: string
  /** Who asks, where that is known. */
  readonly user: string | undefined
}

interface Refusal {
  readonly status: number
  readonly error: string
  readonly headers?: Readonly<Record<string, string>>
}

const stopping: Refusal = { status: 503, error: "stopping", headers: { "retry-after": "1" } }
const busy: Refusal = { status: 503, error: "busy", headers: { "retry-after": "1" } }
const ofBody = {
  size: { status: 413, error: "the body is too large" },
  timeout: { status: 408, error: "the body took too long" },
  broken: { status: 400, error: "the body is not complete" },
} satisfies Record<string, Refusal>

export default class HttpInput extends InputModule<typeof spec> {
  static readonly spec = spec
  readonly #access = new HttpAccess(this.args)
  readonly #admission = new Admission({
    timers: this.platform.timers,
    requestsMax: this.args.max_requests,
    bytesMax: this.args.max_requests_bytes,
    waitMs: this.args.wait_timeout,
  })
  readonly #paths = new Map(
    Object.entries(this.args.paths).map(([path, to]) => [path, typeof to === "string" ? { queue: to } : to] as const),
  )
  readonly #methods = new Set<string>(this.args.methods)
  readonly #kept = this.args.headers.map((name) => name.toLowerCase())
  /** Requests whose events are on their way, and how each is given up. */
  readonly #unanswered = new Set<() => void>()
  #listener: HttpListener | undefined
  #stopping = false

  /** Where it listens, once it does. */
  get address(): Address | undefined {
    return this.#listener?.address
  }

  /** Requests that were let in and have no answer, and those that wait for room. */
  get requests(): { readonly underWay: number; readonly waiting: number } {
    return { underWay: this.#admission.requests, waiting: this.#admission.waitingCount }
  }

  override async preHook(): Promise<void> {
    this.#check()
    const { host, port, tls, handshake_timeout, wait_timeout, body_timeout, reply_timeout } = this.args
    const options = {
      owner: `the instance \`${this.name}\``,
      address: { host, port },
      tls: await readTlsServer(this, tls),
      handshakeMs: handshake_timeout,
      bodies: true,
      connectionsMax: this.args.max_connections,
      connectionsPerPeerMax: this.args.max_connections_per_peer,
      headBytesMax: this.args.head_bytes_max,
      headMs: this.args.head_timeout,
      keepAliveMs: this.args.idle_timeout,
      stalledMs: wait_timeout + body_timeout + reply_timeout + stallMs,
      failed: (error: Error): void => this.warnings.warn("a request or connection failed", error.message),
      refused: (remote: string, error: Error): void => this.warnings.warn("a connection was refused", `${remote}: ${error.message}`),
    }
    try {
      this.#listener = await this.platform.http.listen(options, (exchange) => this.#take(exchange))
    } catch (cause) {
      if (isWishboneError(cause)) throw cause
      const { code, message } = cause as { code?: string; message: string }
      const details = { instance: this.name, host, port, code, problem: message }
      throw new WishboneError(code === "EADDRINUSE" ? "WB_PORT_IN_USE" : "WB_LISTEN_FAILED", details, { cause })
    }
    const { address } = this.#listener
    this.log.info(`listening on ${host}:${"port" in address ? address.port : port}`)
  }

  override stopTaking(): void {
    this.#stopping = true
    this.#admission.close()
    this.#listener?.stopAccepting()
  }

  override async postHook(): Promise<void> {
    this.stopTaking()
    for (const giveUp of Array.from(this.#unanswered)) giveUp()
    await this.#listener?.close()
    this.warnings.close()
  }

  #check(): void {
    const known = this.outQueues
    const { users, tokens } = this.args
    for (const { queue, allow = [] } of this.#paths.values()) {
      if (!known.includes(queue)) throw new WishboneError("WB_TARGET_UNCONNECTED", { instance: this.name, argument: "paths", queue, known })
      const stranger = allow.find((name) => !Object.hasOwn(users, name) && !Object.hasOwn(tokens, name))
      if (stranger === undefined) continue
      const problem = `\`allow\` names \`${stranger}\`, who is neither among \`users\` nor among \`tokens\``
      throw new WishboneError("WB_ARGUMENT_INVALID", { module: spec.name, argument: "paths", problem })
    }
  }

  #take(exchange: HttpExchange): void {
    const asked = this.#look(exchange)
    if ("status" in asked) return this.#refuse(exchange, asked)
    const { body_bytes_max } = this.args
    const applicant: Applicant = {
      port: this.context.actor.port(asked.queue),
      // What is compressed, or does not say how long it is, may become as large as may be.
      bytes: exchange.body === undefined ? 0 : asked.encoding === "" ? (exchange.body.length ?? body_bytes_max) : body_bytes_max,
      admitted: () => this.#read(exchange, asked, applicant),
      refused: () => this.#refuse(exchange, this.#stopping ? stopping : busy),
    }
    exchange.whenGone(() => void this.#admission.forget(applicant))
    this.#admission.enter(applicant)
  }

  /** What the head of a request asks for, or why it does not get it. */
  #look({ method, target, headers, body }: HttpExchange): Asked | Refusal {
    if (this.#stopping) return stopping
    const user = this.#access.nameOf(headers["authorization"])
    if (!this.#access.isOpen && user === undefined)
      return { status: 401, error: "who are you?", headers: { "www-authenticate": this.#access.challenge } }
    const at = parsed(target)
    if ("status" in at) return at
    const to = this.#routeOf(at.path)
    if (to === undefined) return { status: 404, error: "there is nothing at this path" }
    if (to.allow !== undefined && !(user !== undefined && to.allow.includes(user)))
      return { status: 403, error: "this path is not for you" }
    if (!this.#methods.has(method))
      return { status: 405, error: "this method makes no events", headers: { allow: this.args.methods.join(", ") } }
    const encoding = String(headers["content-encoding"] ?? "").toLowerCase()
    if (!isBodyEncoding(encoding)) return { status: 415, error: "this encoding is not read", headers: { "accept-encoding": bodyEncodings } }
    if (body === undefined && bodyMethods.has(method) && headers["content-length"] === undefined)
      return { status: 411, error: "how long is the body?" }
    if ((body?.length ?? 0) > this.args.body_bytes_max) return ofBody.size
    return { ...at, queue: to.queue, encoding: encoding === "identity" ? "" : encoding, user }
  }

  #routeOf(path: string): { readonly queue: string; readonly allow?: readonly string[] | undefined } | undefined {
    if (this.#paths.size > 0) return this.#paths.get(path)
    const queue = path === "/" ? "outbox" : path.slice(1)
    return ownQueues.has(queue) || (this.context.actor.ports.get(queue)?.queue ?? null) === null ? undefined : { queue }
  }

  #read(exchange: HttpExchange, asked: Asked, applicant: Applicant): void {
    const { body_bytes_max, body_timeout } = this.args
    const refuse = (refusal: Refusal): void => {
      this.#admission.leave(applicant)
      this.#refuse(exchange, refusal)
    }
    takeBody(
      exchange.body,
      { bytesMax: body_bytes_max, withinMs: body_timeout },
      {
        failed: (reason) => refuse(ofBody[reason]),
        complete: (bytes) => {
          if (this.#stopping) return refuse(stopping)
          let events: Event[]
          try {
            events = this.#eventsOf(exchange, asked, expanded(bytes, asked.encoding, body_bytes_max))
          } catch (thrown) {
            return refuse(refusalOf(thrown, this.log))
          }
          this.#submit(exchange, { asked, applicant, events })
        },
      },
    )
  }

  /** @throws Invalid when any of it cannot be decoded */
  #eventsOf(exchange: HttpExchange, asked: Asked, body: Buffer): Event[] {
    const { delimiter, encoding } = this.args
    const timestamp = this.platform.clock.now() / 1000
    const events: Event[] = []
    const unit = (chunk: Buffer, start: number, end: number): void => {
      if (this.decoder === null) events.push(this.incomingBytes({ chunk, start, end, encoding }, timestamp))
      else for (const event of this.incomingUnit({ chunk, start, end, encoding }, timestamp)) events.push(event)
      if (events.length > requestEventsMax) throw new Invalid(`more than ${requestEventsMax} events in one request`, { code: "expansion" })
    }
    if (delimiter === null) unit(body, 0, body.length)
    else {
      const lines = new LineSplit({ delimiter, lineBytesMax: this.args.body_bytes_max, line: unit, tooLong: () => undefined })
      lines.push(body)
      lines.end()
    }
    const notes = this.#notes(exchange, asked)
    for (const event of events) event.tmp[this.name] = notes
    return events
  }

  /** What the events of a request are told of it: one object for all of them, which nobody may change. */
  #notes({ method, remote, headers }: HttpExchange, { path, query, user }: Asked): Readonly<Record<string, unknown>> {
    const kept: Record<string, unknown> = {}
    for (const name of this.#kept) if (Object.hasOwn(headers, name) && name !== "__proto__") kept[name] = headers[name]
    return Object.freeze({
      method,
      path,
      query: Object.freeze(query),
      headers: Object.freeze(kept),
      remote,
      ...(user !== undefined && { user }),
    })
  }

  #submit(exchange: HttpExchange, { asked, applicant, events }: { asked: Asked; applicant: Applicant; events: readonly Event[] }): void {
    const { reply, success_status, reply_timeout } = this.args
    const answer = (answered: HttpAnswer): void => {
      if (!this.#unanswered.delete(giveUp)) return
      late.cancel()
      this.#admission.leave(applicant)
      exchange.answer(answered)
    }
    const giveUp = (): void => answer(jsonAnswer(503, { error: "stopping" }, { "retry-after": "1" }))
    const late: Timer = this.platform.timers.after(reply_timeout, () => {
      this.warnings.warn("a request was not answered in time", `its ${events.length} events took longer than \`reply_timeout\``)
      answer(
        reply === "results"
          ? jsonAnswer(504, { error: "not through in time" })
          : jsonAnswer(503, { error: "not safe in time" }, { "retry-after": "1" }),
      )
    })
    this.#unanswered.add(giveUp)
    if (events.length === 0) return answer(jsonAnswer(success_status, reply === "results" ? [] : { events: 0 }))
    const settled = (ticket: Ticket): void =>
      answer(ticket.failed === null ? acceptedAnswer(success_status, events.length) : failedAnswer(ticket))
    const owner: TicketOwner = {
      ticketSettled: (ticket) => reply === "safe" && settled(ticket),
      ticketDone: (ticket) => reply === "results" && answer(resultsAnswer(ticket, success_status)),
    }
    this.track(events, owner, { results: reply === "results" })
    void this.submit(events, asked.queue)
    this.runNow()
  }

  #refuse(exchange: HttpExchange, { status, error, headers }: Refusal): void {
    if (status < 500 && status !== 404 && status !== 405)
      this.warnings.warn(`a request was answered ${status}`, `${exchange.remote}: ${error}`)
    exchange.answer(jsonAnswer(status, { error }, headers))
  }
}

function parsed(target: string): RequestTarget | Refusal {
  try {
    return requestTarget(target)
  } catch (thrown) {
    return { status: 400, error: (thrown as Error).message }
  }
}

function refusalOf(thrown: unknown, log: { error(message: string): void }): Refusal {
  if (isInvalid(thrown)) return { status: statusOfInvalid(thrown), error: thrown.message }
  log.error(`a request could not be taken: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  return { status: 500, error: "internal error" }
}
