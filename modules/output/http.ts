// Sends events as HTTP requests, one by one or many in one body. An event is delivered when the server has answered its request with
// 2xx. Answers that say the event itself is wrong (`permanent_status`) fail it as invalid; whatever else goes wrong may pass, and fails
// it as transient. After five such failures in a row events fail at once, or wait where nobody takes them over, until a probe is answered.
//
// With one connection the order is kept. A body of several events that the server refuses as a whole is sent again in halves, so that
// one bad event does not take good ones with it.

import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"
import {
  type Batch,
  BatchEnds,
  defineModule,
  duration,
  type Event,
  excerpt,
  expanded,
  HttpDestination,
  type HttpPool,
  type HttpResponse,
  type HttpTarget,
  Invalid,
  isBodyEncoding,
  isInvalid,
  OutputModule,
  type RequestCircuit,
  type RequestDraft,
  RequestDrafts,
  Retry,
  readTlsClient,
  retryAfterMs,
  secret,
  size,
  type Timer,
  TransientError,
  templated,
  tlsClient,
  WishboneError,
  z,
} from "../../src/index.ts"

/** Smaller bodies gain nothing by compression; larger ones would hold everything else up meanwhile. */
const gzipBytes = { min: 1024, max: 1024 * 1024 }
const redirectsMax = 5
const redirects = new Set([301, 302, 307, 308])
/** Answers by which a probe's event waits on, as somebody on the way says that the server is not there, or has enough. */
const unavailable = new Set([429, 502, 503, 504])
/** Requests that are put together ahead, for each connection. */
const aheadMax = 2
const contentTypes = { text: "text/plain; charset=utf-8", bytes: "application/octet-stream", json: "application/json" } as const

const spec = defineModule({
  name: "wishbone.output.http",
  summary: "Sends events as HTTP requests.",
  arguments: {
    url: templated(z.string().min(1))
      .default("http://localhost:19283")
      .describe("Where to send. Scheme, host and the path before the first template are fixed: events fill in what comes behind."),
    method: z.enum(["POST", "PUT", "PATCH", "DELETE", "GET"]).default("POST").describe("Method of the requests."),
    headers: z.record(z.string(), templated(z.string())).default({}).describe("Headers to send."),
    content_type: z.string().min(1).optional().describe("`Content-Type` of the bodies; without it, what suits their first payload."),
    auth: z
      .object({
        username: z.string().optional().describe("User, for basic authentication."),
        password: secret().optional().describe("Password of `username`."),
        token: secret().min(1).optional().describe("Bearer token instead of both."),
      })
      .optional()
      .describe("How to authenticate: `username` and `password`, or `token`."),
    tls: tlsClient(),
    timeout: duration({ minMs: 1 }).default(10_000).describe("Bound on a request, from connecting to the end of its answer."),
    connections: z
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .describe("Requests at a time, each on a connection of its own; with 1 the order is kept."),
    batch: z
      .object({
        events: z.int().min(1).max(100_000).default(1).describe("Events of one request."),
        bytes: size({ minBytes: 1 })
          .default(1024 * 1024)
          .describe("Bytes of one body; an event that is larger by itself goes alone."),
        wait: duration({ maxMs: 60_000 })
          .default(0)
          .describe("How long the first event of a request waits for others; 0: a request takes what is there."),
        format: z
          .enum(["lines", "json_array", "single"])
          .optional()
          .describe("How several events make one body: a line each (the default), or a JSON list."),
      })
      .prefault({})
      .describe("How many events make one request."),
    gzip: z.boolean().default(false).describe("Compress bodies of 1 KiB to 1 MiB."),
    permanent_status: z
      .array(z.int().min(300).max(599))
      .default([400, 405, 406, 411, 413, 414, 415, 422, 431])
      .describe("Answers by which the event is invalid, and would be refused again. All others but 2xx may pass."),
    split_refused: z.boolean().default(true).describe("A body of several events that is refused so is sent again in halves."),
    follow_redirects: z.boolean().default(false).describe("Follow redirects to the same host, with the same method and body."),
    keep_answer: z.boolean().default(false).describe("Put the answer at `tmp.<instance>`, and make it the result of the event."),
    answer_bytes_max: size()
      .default(1024 * 1024)
      .describe("Bytes of an answer that are read."),
    idempotency_key: z
      .boolean()
      .default(false)
      .describe("Send the uuid of the event (of several: a hash of all) as `Idempotency-Key`, so that the server can tell repetitions."),
  },
  aliases: { pool_size: "connections", additional_headers: "headers", allow_redirects: "follow_redirects" },
  queues: { inbox: { direction: "in", summary: "Events to send." } },
  contract: ({ connections }) => ({
    acknowledges: "delivered",
    waits: { inbox: [] },
    failsWithinMs: "arguments.timeout",
    reorders: connections > 1,
    holds: "nothing",
  }),
  memory: ({ connections, batch, answer_bytes_max }, { inflightBytes }) =>
    inflightBytes + connections * ((aheadMax + 1) * batch.bytes + answer_bytes_max),
  examples: [
    { title: "Each event a request", arguments: { url: "https://example.test/in", auth: { token: "secret" } } },
    {
      title: "Hundred lines a request, four at a time",
      arguments: { url: "https://example.test/bulk", connections: 4, gzip: true, batch: { events: 100, wait: "200ms" } },
    },
    {
      title: "A place for each kind of event",
      arguments: { url: "https://example.test/in/{{ data.kind | urlencode }}", method: "PUT", headers: { "X-Source": "{{ data.host }}" } },
    },
  ],
})

type Arguments = HttpOutput["args"]

/** A request that failed for a reason that may pass. */
interface Failed {
  readonly error: TransientError
  readonly probe: boolean
  /** The server wants to be left alone for so long. */
  readonly afterMs: number | undefined
  /** What failed was not the event. */
  readonly waitsOn: boolean
}

export default class HttpOutput extends OutputModule<typeof spec> {
  static readonly spec = spec
  override readonly batches = { inbox: (batch: Batch) => this.#take(batch) }
  readonly #destination = new HttpDestination(this.args, spec.name)
  readonly #format = this.args.batch.format ?? (this.args.batch.events === 1 ? "single" : "lines")
  readonly #drafts = new RequestDrafts<HttpTarget>({
    format: this.#format,
    encoded: this.context.encoder !== null,
    eventsMax: this.args.batch.events,
    bytesMax: this.args.batch.bytes,
    waitMs: this.args.batch.wait,
  })
  readonly #circuit: RequestCircuit = this.requestCircuit({ destination: this.#destination.origin, changed: () => this.#advance() })
  readonly #permanent = new Set(this.args.permanent_status)
  readonly #passesBytes = this.passesData && this.#format !== "json_array"
  /** Where all events go, when no argument needs one of them. */
  readonly #fixed = this.context.actor.args.perEvent === null ? this.#destination.fixedTarget(this.args) : undefined
  #pool: HttpPool | undefined
  #underWay = 0
  #waiting: Timer | undefined
  /** Nothing is waited for any more: what is there goes. */
  #hurries = false

  override async preHook(): Promise<void> {
    const { timeout, connections, tls, batch } = this.args
    if (this.#format === "single" && batch.events > 1) {
      const problem = `one body takes no more than one event in the format \`single\`, found ${batch.events}`
      throw new WishboneError("WB_ARGUMENT_INVALID", { module: spec.name, argument: "batch.events", problem })
    }
    const client = await readTlsClient(this, tls)
    this.#pool = await this.platform.http.pool({
      owner: `the instance \`${this.name}\``,
      origin: this.#destination.origin,
      tls: client,
      connectionsMax: connections,
      connectMs: timeout,
    })
  }

  override stopOffering(): void {
    this.#hurries = true
    this.#advance()
  }

  override async postHook(): Promise<void> {
    this.#circuit.stop()
    this.#waiting?.cancel()
    await this.#pool?.close()
    this.warnings.close()
  }

  #take(batch: Batch): void {
    if (this.#circuit.fails) return batch.failRest(this.#circuit.failure)
    const ends = new BatchEnds(batch, (count) => this.countDuplicated(count))
    const nowMs = this.platform.clock.monotonic()
    for (let index = 0; index < batch.events.length; index++) {
      try {
        this.#add(ends, index, nowMs)
      } catch (thrown) {
        ends.failed(index, thrown)
      }
    }
    this.#advance()
  }

  #add(ends: BatchEnds, index: number, nowMs: number): void {
    if (this.#fixed !== undefined && this.#passesBytes && ends.event(index).chunk !== null)
      return this.#drafts.addBytes(this.#fixed, { ends, index }, nowMs)
    const args = ends.args<Arguments>(index)
    const payload = this.payloadOf(ends.event(index), args)
    this.#drafts.add(this.#fixed ?? this.#destination.targetOf(args), { ends, index }, { payload, nowMs })
  }

  /** Sends what can be sent, fails what is to fail, and sees to it that it is called again in time. */
  #advance(): void {
    const nowMs = this.platform.clock.monotonic()
    while (this.#underWay < this.args.connections && this.#circuit.mayRequest) {
      const draft = this.#drafts.next({ nowMs, now: this.#hurries || this.#isAhead })
      if (draft === undefined) break
      if (!draft.isOver) void this.#send(draft)
    }
    if (this.#circuit.fails) for (const draft of this.#drafts.takeAll()) draft.failed(this.#circuit.failure)
    if (this.#isAhead) this.pauseTaking()
    else this.resumeTaking()
    this.#waiting?.cancel()
    const { dueMs } = this.#drafts
    const waits = dueMs !== undefined && dueMs > nowMs
    this.#waiting = waits ? this.platform.timers.after(dueMs - nowMs, () => this.#advance(), { background: true }) : undefined
  }

  /** Whether enough requests are put together for now: more events stay in the queue. */
  get #isAhead(): boolean {
    const { connections, batch } = this.args
    return this.#drafts.events >= aheadMax * connections * batch.events || this.#drafts.bytes >= aheadMax * connections * batch.bytes
  }

  async #send(draft: RequestDraft<HttpTarget>): Promise<void> {
    this.#underWay += 1
    const probe = this.#circuit.begin()
    try {
      this.#answered(draft, await this.#request(draft), probe)
    } catch (error) {
      this.#broke(draft, error as Error, probe)
    }
    this.#underWay -= 1
    this.#advance()
  }

  async #request(draft: RequestDraft<HttpTarget>): Promise<HttpResponse> {
    const { method, timeout, answer_bytes_max, follow_redirects } = this.args
    const { clock } = this.platform
    const { headers, body } = this.#framed(draft)
    const endMs = clock.monotonic() + timeout
    let { path } = draft.target
    for (let hops = 0; ; hops++) {
      const timeoutMs = Math.max(1, endMs - clock.monotonic())
      const request = { method, path, headers, body, timeoutMs, answerBytesMax: answer_bytes_max }
      const response = await (this.#pool as HttpPool).request(request)
      if (!follow_redirects || !redirects.has(response.status) || hops === redirectsMax) return response
      const next = this.#destination.redirected(path, response.headers["location"])
      if (next === undefined) return response
      path = next
    }
  }

  #framed({ target, kind, body, parts }: RequestDraft<HttpTarget>): { headers: Record<string, string>; body: Buffer | undefined } {
    const { gzip, idempotency_key, method } = this.args
    if (method === "GET") return { headers: { ...target.headers }, body: undefined }
    const compressed = gzip && body.length >= gzipBytes.min && body.length <= gzipBytes.max
    const headers: Record<string, string> = { "content-type": this.#format === "json_array" ? contentTypes.json : contentTypes[kind] }
    Object.assign(headers, target.headers)
    if (compressed) headers["content-encoding"] = "gzip"
    if (idempotency_key) headers["idempotency-key"] = keyOf(parts.flatMap(({ ends, indexes }) => indexes.map((at) => ends.event(at).uuid)))
    // Fast rather than small: what a link saves by more it waits for.
    return { headers, body: compressed ? gzipSync(body, { level: 1 }) : body }
  }

  #answered(draft: RequestDraft<HttpTarget>, response: HttpResponse, probe: boolean): void {
    const { status, headers } = response
    if (status >= 200 && status < 300) {
      this.#circuit.succeeded()
      if (this.args.keep_answer) this.#keepAnswer(draft, response)
      draft.delivered()
    } else if (this.#permanent.has(status)) {
      this.#circuit.succeeded()
      if (draft.count > 1 && this.args.split_refused) this.#split(draft)
      else draft.failed(new Invalid(this.#describe(response), { code: `http_${status}` }))
    } else {
      const afterMs = retryAfterMs(headers["retry-after"], this.platform.clock.now())
      const error = new TransientError(this.#describe(response), { code: `http_${status}` })
      this.#failed(draft, { error, probe, afterMs, waitsOn: unavailable.has(status) })
    }
  }

  #broke(draft: RequestDraft<HttpTarget>, cause: Error, probe: boolean): void {
    const code = (cause as { code?: string }).code ?? "http"
    const message = `${this.#destination.origin}: ${cause.message}`
    if (code !== "WB_HTTP_REQUEST" && !isInvalid(cause))
      return this.#failed(draft, { error: new TransientError(message, { code, cause }), probe, afterMs: undefined, waitsOn: true })
    if (probe) this.#circuit.undecided()
    draft.failed(new Invalid(message, { code, cause }))
  }

  #failed(draft: RequestDraft<HttpTarget>, { error, probe, afterMs, waitsOn }: Failed): void {
    // Nobody takes it over, and it was not what failed: it is the next probe.
    if (probe && waitsOn && !this.#failsOver) this.#drafts.putBack([draft])
    else draft.failed(afterMs !== undefined && this.failedIsRetried ? later(error, afterMs) : error)
    // Last: what came after it fails after it.
    this.#circuit.failed(error, { probe, afterMs })
  }

  get #failsOver(): boolean {
    return this.context.actor.port("failed").queue !== null
  }

  /** Sends the halves of what was refused as a whole, in order and before anything else. */
  #split(draft: RequestDraft<HttpTarget>): void {
    const all = draft.parts.filter(({ ends }) => !ends.isOver).flatMap(({ ends, indexes }) => indexes.map((index) => ({ ends, index })))
    const middle = Math.ceil(all.length / 2)
    const halves = [all.slice(0, middle), all.slice(middle)].map((half) =>
      this.#drafts.draftOf(draft.target, half, ({ ends, index }) => this.payloadOf(ends.event(index), ends.args<Arguments>(index))),
    )
    this.#drafts.putBack(halves)
  }

  #keepAnswer(draft: RequestDraft<HttpTarget>, response: HttpResponse): void {
    const body = this.#bodyOf(response)
    const text = body === undefined ? null : body.toString("utf8")
    for (const { ends, indexes } of draft.parts) {
      if (ends.isOver) continue
      for (const index of indexes) keepAnswer(ends.event(index), this.name, { status_code: response.status, server_response: text })
    }
  }

  /** The body of an answer, `undefined` when it was too long or cannot be read. */
  #bodyOf({ headers, body, cut }: HttpResponse): Buffer | undefined {
    const encoding = String(headers["content-encoding"] ?? "").toLowerCase()
    if (cut || !isBodyEncoding(encoding)) {
      this.warnings.warn("an answer could not be kept", cut ? "it is longer than `answer_bytes_max`" : `its encoding is \`${encoding}\``)
      return undefined
    }
    try {
      return expanded(body, encoding, this.args.answer_bytes_max)
    } catch (thrown) {
      this.warnings.warn("an answer could not be kept", (thrown as Error).message)
      return undefined
    }
  }

  /** What a person needs to know of an answer that is none of success. */
  #describe({ status, headers, body }: HttpResponse): string {
    const said = headers["content-encoding"] === undefined ? excerpt(body) : ""
    const location = redirects.has(status) ? ` to ${excerpt(Buffer.from(String(headers["location"] ?? "nowhere")))}` : ""
    const hint =
      location === "" ? "" : this.args.follow_redirects ? "; only those to the same host are followed" : "; `url` may need to change"
    return `${this.#destination.origin} answered ${status}${location}${hint}${said === "" ? "" : `: ${said}`}`
  }
}

/** Tells the same event, or the same events in one body, by the same key. */
function keyOf(uuids: readonly string[]): string {
  const [only = ""] = uuids
  return uuids.length === 1 ? only : createHash("sha256").update(uuids.join()).digest("hex")
}

function keepAnswer(event: Event, instance: string, answer: { status_code: number; server_response: string | null }): void {
  event.tmp[instance] = answer
  event.result = answer.server_response
}

/** The same failure, with the wish to be tried again when the server wants to be asked again. */
function later({ message }: Error, after: number): Retry {
  return Object.assign(new Retry({ after }), { message })
}
