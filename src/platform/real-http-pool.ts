// Requests on the real platform: undici's `Pool` over sockets of our own making, so that TLS and the resolver behave as for every other
// connection. See http-pool.ts for what is bounded.

import { Socket } from "node:net"
import type { TLSSocket } from "node:tls"
import { type buildConnector, type Dispatcher, errors, Pool } from "undici"
import type { HttpPool, HttpPoolOptions, HttpRequest, HttpResponse } from "./http-pool.ts"
import { tcpTarget } from "./real-sockets.ts"
import { secureSocket } from "./real-tls.ts"
import { errorCode, systemError } from "./system-error.ts"
import { explainTls, tlsError } from "./tls-error.ts"

const defaults = { connectionsMax: 1, connectMs: 10_000, keepAliveMs: 4000 } as const
const headBytesMax = 16 * 1024
/** Where connections are probed by the kernel. */
const probeAfterMs = 60_000

/** See `Http.pool`. */
export function openHttpPool(options: HttpPoolOptions): HttpPool {
  const { origin, connectionsMax, connectMs, keepAliveMs, tls } = { ...defaults, ...options }
  const connecting = new Set<Socket>()
  const pool = new Pool(origin, {
    connect: connector({ connectMs, tls, connecting }),
    connections: connectionsMax,
    pipelining: 1,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: headBytesMax,
    // One deadline of our own covers both, see `Answer`.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const { host } = new URL(origin)
  return {
    request: (request) => new Promise((resolve, reject) => send(pool, { request, host }, { resolve, reject })),
    close: async () => {
      const closed = pool.destroy(systemError("ECONNABORTED", "request"))
      for (const socket of connecting) socket.destroy(systemError("ECONNABORTED", "connect"))
      await closed
    },
  }
}

interface Connecting {
  readonly connectMs: number
  readonly tls: HttpPoolOptions["tls"]
  /** Sockets that do not stand yet. */
  readonly connecting: Set<Socket>
}

function connector({ connectMs, tls, connecting }: Connecting): buildConnector.connector {
  return ({ hostname, port, protocol }, callback) => {
    const secure = protocol === "https:"
    const remote = `${hostname}:${port === "" ? (secure ? 443 : 80) : port}`
    const done = once((error: Error | null, socket: Socket | undefined) => {
      clearTimeout(timer)
      if (socket !== undefined) connecting.delete(socket)
      if (error === null && socket !== undefined) callback(null, socket)
      else callback(error ?? systemError("ECONNABORTED", "connect"), null)
    })
    const late = (socket: Socket): void =>
      void socket.destroy(secure && !socket.connecting ? tlsError("WB_TLS_TIMEOUT", { remote }) : systemError("ETIMEDOUT", "connect"))
    const target = tcpTarget(hostname, Number(port === "" ? (secure ? 443 : 80) : port))
    let socket: Socket
    try {
      socket = secure ? secureSocket(target, { tls: tls ?? {} }) : new Socket().connect(target)
    } catch (error) {
      callback(error as Error, null)
      return
    }
    const timer = setTimeout(() => late(socket), connectMs)
    connecting.add(socket)
    socket
      .setNoDelay(true)
      .setKeepAlive(true, probeAfterMs)
      .once(secure ? "secureConnect" : "connect", () => done(null, socket))
      // Stays: what breaks later is undici's to tell, and must not be nobody's.
      .on("error", (error) => done(secure ? explainTls(error, remote) : error, socket))
      .once("close", () => done(systemError("ECONNRESET", "connect"), socket as Socket | TLSSocket))
  }
}

function once<Given extends unknown[]>(call: (...given: Given) => void): (...given: Given) => void {
  let called = false
  return (...given) => {
    if (called) return
    called = true
    call(...given)
  }
}

interface Settling {
  readonly resolve: (response: HttpResponse) => void
  readonly reject: (error: Error) => void
}

interface Sending {
  readonly request: HttpRequest
  readonly host: string
}

function send(pool: Pool, { request, host }: Sending, settling: Settling): void {
  const { method, path, headers, body, timeoutMs, answerBytesMax } = request
  const answer = new Answer(settling, { host, timeoutMs, answerBytesMax })
  try {
    pool.dispatch({ method: method as Dispatcher.HttpMethod, path, headers, ...(body !== undefined && { body }) }, answer)
  } catch (error) {
    answer.fail(error as Error)
  }
}

/** Gathers one answer, and ends it when its time is over. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #settling: Settling
  readonly #limits: { readonly host: string; readonly timeoutMs: number; readonly answerBytesMax: number }
  readonly #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #over = false
  #status = 0
  #headers: HttpResponse["headers"] = {}
  readonly #chunks: Buffer[] = []
  #bytes = 0

  constructor(settling: Settling, limits: { host: string; timeoutMs: number; answerBytesMax: number }) {
    this.#settling = settling
    this.#limits = limits
    this.#timer = setTimeout(() => this.#late(), limits.timeoutMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(systemError("ETIMEDOUT", "request"))
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HttpResponse["headers"]): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.#limits.answerBytesMax - this.#bytes
    if (chunk.length > 0 && room > 0) this.#chunks.push(chunk.subarray(0, room))
    this.#bytes += chunk.length
    if (chunk.length <= room) return
    this.#settle(true)
    controller.abort(systemError("ECONNABORTED", "read"))
  }

  onResponseEnd(): void {
    this.#settle(false)
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.fail(error)
  }

  fail(error: Error): void {
    if (this.#end()) this.#settling.reject(explain(error, this.#limits.host))
  }

  #late(): void {
    const error = Object.assign(systemError("ETIMEDOUT", "request"), { message: `no answer within ${this.#limits.timeoutMs} ms` })
    this.fail(error)
    this.#controller?.abort(error)
  }

  #settle(cut: boolean): void {
    if (!this.#end()) return
    const body = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
    this.#settling.resolve({ status: this.#status, headers: this.#headers, body, cut })
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    clearTimeout(this.#timer)
    return true
  }
}

/** What undici says in the words of the contract. */
function explain(error: Error, host: string): Error {
  const code = errorCode(error) ?? ""
  if (error instanceof errors.InvalidArgumentError || error instanceof errors.RequestContentLengthMismatchError)
    return coded("WB_HTTP_REQUEST", `the request cannot be sent: ${error.message}`, error)
  if (error instanceof errors.SocketError) return coded("ECONNRESET", `${host} hung up before it had answered`, error)
  if (error instanceof errors.ClientDestroyedError || error instanceof errors.ClientClosedError)
    return coded("ECONNABORTED", "the request was given up, as the output stopped", error)
  if (error.name === "HTTPParserError" || code.startsWith("HPE_") || code.startsWith("UND_ERR_"))
    return coded("WB_HTTP_ANSWER", `${host} gave an answer that is no HTTP: ${error.message}`, error)
  // One error for several addresses has a code and no text.
  return error.message === "" ? coded(code, `${code} ${host}`, error) : error
}

function coded(code: string, message: string, cause: Error): Error {
  return Object.assign(new Error(message, { cause }), { code })
}
