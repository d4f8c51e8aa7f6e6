// Serving HTTP, as the runtime sees it: `node:http` behind a contract of our own, so that who answers knows neither sockets nor headers
// that frame. What a stranger can make it hold is bounded: connections, bytes of a head, and the time for each of them.
//
// Bodies are read by those who asked for them (`bodies`), when they begin to and no faster than they take them. A body that nobody reads
// is no loss: the request is answered by its head, and its connection closed.

import type { Address } from "./address.ts"
import type { HttpPool, HttpPoolOptions } from "./http-pool.ts"
import type { TlsServer } from "./tls.ts"

/** What is sent back. Length, connection and date are added; a HEAD request gets the same without the body. */
export interface HttpAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** What a body tells whoever reads it: data, and then one of the other two, once. Nothing any more after the answer. */
export interface HttpBodyEvents {
  /** A chunk that the receiver owns from now on. */
  data(chunk: Buffer): void
  /** The body is complete. */
  ended(): void
  /** It will not be: the peer hung up, broke its framing, or took too long (`ETIMEDOUT`). */
  failed(error: Error): void
}

/** The body of a request. */
export interface HttpBody {
  /** As announced; `undefined` when the peer sends it in chunks until it ends. */
  readonly length: number | undefined
  /** Begins to read, once; a peer that waits to be invited (`Expect: 100-continue`) is. It fails when it is not complete `withinMs`. */
  read(events: HttpBodyEvents, withinMs: number): void
  /** No `data` until `resume`; the time runs on. */
  pause(): void
  resume(): void
}

/** One request, whose head has arrived, and its answer. */
export interface HttpExchange {
  readonly method: string
  /** Path and query as they were sent: `/metrics?a=1`. */
  readonly target: string
  /** By lower-case name; a header that comes several times is joined by `, `, or a list where that cannot be done. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Address of the peer, `unknown` for a unix socket. */
  readonly remote: string
  /** `undefined` when none is announced, or the listener was not asked for bodies. */
  readonly body: HttpBody | undefined
  /** Calls `gone` once if the peer hangs up before it has its answer. */
  whenGone(gone: () => void): void
  /** Sends the answer. The first counts; when the peer has gone meanwhile nothing happens. */
  answer(answer: HttpAnswer): void
}

/** Takes each request as it comes. One that throws is answered with 500, and told as `failed`. */
export type HttpHandler = (exchange: HttpExchange) => void

export interface HttpListenOptions {
  /** Who asks for it, in the words of a person: a simulated run has no HTTP, and names who wanted it. */
  readonly owner: string
  readonly address: Address
  /** With it, connections are accepted after their handshake. */
  readonly tls?: TlsServer | undefined
  /** Bound on the TLS handshake. @defaultValue 5000 */
  readonly handshakeMs?: number | undefined
  /** Whether exchanges have their bodies. @defaultValue false */
  readonly bodies?: boolean
  /** Connections from one address at a time. @defaultValue as many as there may be */
  readonly connectionsPerPeerMax?: number
  /** A connection was not accepted: a handshake that failed, or one too many. Strangers cause as many as they like: count them together. */
  readonly refused?: ((remote: string, error: Error) => void) | undefined
  /** Connections at a time; one more is closed at once. @defaultValue 256 */
  readonly connectionsMax?: number
  /** Request line and headers together; a longer head is answered with 431. @defaultValue 16384 */
  readonly headBytesMax?: number
  /** From the connection, or the request before, to the end of the head: 408. Looked at every quarter of it. @defaultValue 5000 */
  readonly headMs?: number
  /** How long a connection may be kept between two requests. @defaultValue 5000 */
  readonly keepAliveMs?: number
  /** How long a connection may stand still in the midst of something: a peer that does not read its answer. @defaultValue 15000 */
  readonly stalledMs?: number
  /** A handler threw, or a connection could not be accepted; the listener goes on. */
  readonly failed?: (error: Error) => void
}

export interface HttpListener {
  /** The port or path bound. */
  readonly address: Address
  /** Accepts no more connections, and keeps none that is not being answered; every answer is the last on its connection. */
  stopAccepting(): void
  /** Takes no more; what is being answered gets a moment, then every connection is closed. */
  close(): Promise<void>
}

export interface Http {
  /** Listens. Rejects with EADDRINUSE, EACCES …; simulated, with `WB_HTTP_SIMULATED`. */
  listen(options: HttpListenOptions, handler: HttpHandler): Promise<HttpListener>
  /** Prepares to send requests to one origin; connects to nothing. Rejects, simulated, with `WB_HTTP_SIMULATED`. */
  pool(options: HttpPoolOptions): Promise<HttpPool>
}
