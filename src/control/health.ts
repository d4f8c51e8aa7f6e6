// Health and numbers of a running graph over HTTP: `/live`, `/ready` and `/metrics`. Read only, and nothing in it is data; whoever may
// connect may read, which is why it listens on loopback unless asked otherwise.
//
//   /live      200 while the process answers; 503 once it stops because of a FATAL error
//   /ready     200 while the graph can do its work, else 503; JSON that says why (readiness.ts)
//   /metrics   200, text for Prometheus, read afresh at each request
//
// Anything else is 404, any method but GET and HEAD is 405. A mistake in here never ends the process that it watches.

import { WishboneError } from "../errors.ts"
import type { Log } from "../log.ts"
import { addressText } from "../platform/address.ts"
import type { HttpAnswer, HttpExchange, HttpListener } from "../platform/http.ts"
import type { Monitor } from "../platform/monitor.ts"
import type { Address, Platform } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import { metricsOf } from "./metrics.ts"
import { type MeasuredRouter, readSource } from "./metrics-source.ts"
import { metricsContentType } from "./metrics-text.ts"
import { openCircuits, readinessOf } from "./readiness.ts"

export interface HealthOptions {
  readonly platform: Pick<Platform, "files" | "http" | "monitor" | "timers">
  readonly log: Log
  readonly address: Address
  readonly router: MeasuredRouter
  readonly version: string
}

const owner = "`--http`"
const notCached = { "cache-control": "no-store" } as const

export class HealthServer {
  readonly #options: HealthOptions
  readonly #monitor: Monitor
  readonly #pages = new Map<string, () => HttpAnswer | Promise<HttpAnswer>>([
    ["/live", () => this.#live()],
    ["/ready", () => this.#ready()],
    ["/metrics", () => this.#metrics()],
  ])
  #listener: HttpListener | undefined
  #fatal = false

  private constructor(options: HealthOptions) {
    this.#options = options
    this.#monitor = options.platform.monitor()
  }

  /** Listens. @throws `WB_HTTP_LISTEN` when the address cannot be had. */
  static async start(options: HealthOptions): Promise<HealthServer> {
    const server = new HealthServer(options)
    const { address, log, platform } = options
    try {
      const failed = (error: Error): void => log.error(`a request for health or metrics failed: ${error.message}`)
      server.#listener = await platform.http.listen({ owner, address, failed }, (exchange) => void server.#answer(exchange))
    } catch (thrown) {
      server.#monitor.close()
      throw listenError(address, thrown)
    }
    server.#tellWhere(server.#listener.address)
    return server
  }

  /** The process ends because of an error: it is not alive as it should be, and whoever restarts it may begin. */
  fatal(): void {
    this.#fatal = true
  }

  async close(): Promise<void> {
    this.#monitor.close()
    await this.#listener?.close()
  }

  #tellWhere(address: Address): void {
    const { log } = this.#options
    log.info(`health and metrics on ${"path" in address ? address.path : `http://${addressText(address)}/metrics`}`)
    if (!isLocal(address))
      log.warn("health and metrics can be read by whoever reaches this address: bind 127.0.0.1 unless that is meant", {
        address: addressText(address),
      })
  }

  async #answer(exchange: HttpExchange): Promise<void> {
    const page = this.#pages.get(exchange.target.replace(/[?#].*$/s, ""))
    if (page === undefined) return exchange.answer(text(404, `not found: ${[...this.#pages.keys()].join(", ")}\n`))
    if (exchange.method !== "GET" && exchange.method !== "HEAD")
      return exchange.answer(text(405, "only GET and HEAD\n", { allow: "GET, HEAD" }))
    try {
      exchange.answer(await page())
    } catch (thrown) {
      this.#options.log.error(`${exchange.target} could not be answered: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
      exchange.answer(text(500, "internal error\n"))
    }
  }

  #live(): HttpAnswer {
    return this.#fatal ? json(503, { live: false, reasons: ["the process stops because of a fatal error"] }) : json(200, { live: true })
  }

  #ready(): HttpAnswer {
    const figures = this.#options.router.figures()
    const { ready, reasons } = readinessOf(figures)
    return json(ready ? 200 : 503, { ready, phase: figures.phase, reasons, open_circuits: openCircuits(figures.instances) })
  }

  async #metrics(): Promise<HttpAnswer> {
    const source = await readSource({ ...this.#options, process: () => this.#monitor.read() })
    return { status: 200, headers: { ...notCached, "content-type": metricsContentType }, body: metricsOf(source) }
  }
}

function json(status: number, value: unknown): HttpAnswer {
  return { status, headers: { ...notCached, "content-type": "application/json" }, body: `${JSON.stringify(value)}\n` }
}

function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, headers: { ...notCached, "content-type": "text/plain; charset=utf-8", ...headers }, body }
}

function listenError(address: Address, thrown: unknown): unknown {
  const code = errorCode(thrown)
  if (code === undefined || code.startsWith("WB_")) return thrown
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  return new WishboneError("WB_HTTP_LISTEN", { owner, address: addressText(address), code, reason }, { cause: thrown })
}

/** Whether only this machine can connect. */
function isLocal(address: Address): boolean {
  if ("path" in address) return true
  return /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3}|localhost)$/i.test(address.host)
}
