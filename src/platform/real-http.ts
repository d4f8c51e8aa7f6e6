// HTTP on the real platform: `node:http` with its limits set, see http.ts for what they are.

import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { HttpAnswer, HttpExchange, HttpHandler, HttpListener, HttpListenOptions } from "./http.ts"
import { remoteOf } from "./real-connection.ts"
import { lingers, RequestBody } from "./real-http-body.ts"
import { bind, tcpAddress } from "./real-listen.ts"
import { Handshakes, secureOptions } from "./real-tls.ts"

const defaults = {
  connectionsMax: 256,
  connectionsPerPeerMax: Number.POSITIVE_INFINITY,
  headBytesMax: 16 * 1024,
  headMs: 5000,
  keepAliveMs: 5000,
  stalledMs: 15_000,
} as const
const headersMax = 100
/** Requests of one connection without an answer, of a peer that does not wait for them. */
const pipelinedMax = 32
/** How long what is being answered may take once the listener closes. */
const graceMs = 500

/** Listens, see `Http.listen`. */
export async function listenHttp(options: HttpListenOptions, handler: HttpHandler): Promise<HttpListener> {
  const server = await limitedServer(options)
  const handling: Handling = { handler, options, unanswered: new WeakMap(), stopping: false }
  const take = (request: IncomingMessage, response: ServerResponse): void => handle(request, response, { handling, invites: false })
  server.on("request", take)
  // Nobody is invited to send a body before somebody reads it.
  server.on("checkContinue", (request, response) => handle(request, response, { handling, invites: true }))
  server.on("checkExpectation", take)
  await bind(server, options)
  server.on("error", (error) => options.failed?.(error))
  const address = "path" in options.address ? options.address : tcpAddress(server)
  let ended: Promise<void> | undefined
  const stopAccepting = (): Promise<void> => {
    handling.stopping = true
    ended ??= new Promise((resolve) => void server.close(() => resolve()))
    server.closeIdleConnections()
    return ended
  }
  let closing: Promise<void> | undefined
  return { address, stopAccepting: () => void stopAccepting(), close: () => (closing ??= close(server, stopAccepting())) }
}

async function limitedServer(options: HttpListenOptions): Promise<Server> {
  const { connectionsMax, headBytesMax, headMs, keepAliveMs, stalledMs, bodies } = { ...defaults, ...options }
  const server = await bareServer(options, {
    maxHeaderSize: headBytesMax,
    headersTimeout: headMs,
    // With the head, where nothing else is read; bodies have a time of their own, from when somebody begins to read them.
    requestTimeout: bodies === true ? 0 : headMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.max(10, headMs / 4),
    noDelay: true,
  })
  server.maxConnections = connectionsMax
  server.maxHeadersCount = headersMax
  server.timeout = stalledMs
  server.on("drop", (data) => {
    const { remoteAddress, remotePort } = data as { remoteAddress?: string; remotePort?: number }
    options.refused?.(`${remoteAddress}:${remotePort}`, new Error(`${connectionsMax} connections are open`))
  })
  limitPeers(server, options)
  return server
}

async function bareServer({ tls, handshakeMs, refused, connectionsMax }: HttpListenOptions, options: ServerOptions): Promise<Server> {
  if (tls === undefined) return createServer(options)
  const https = await import("node:https")
  const server = https.createServer({ ...options, ...secureOptions(tls) })
  // Node serves a connection itself when its handshake is over.
  void new Handshakes(server, { handshakeMs, refused, handshakesMax: connectionsMax ?? defaults.connectionsMax }, () => undefined)
  return server
}

function limitPeers(server: Server, { connectionsPerPeerMax: most = defaults.connectionsPerPeerMax, refused }: HttpListenOptions): void {
  if (most === Number.POSITIVE_INFINITY) return
  const open = new Map<string, number>()
  server.on("connection", (socket: Socket) => {
    const peer = socket.remoteAddress ?? ""
    const count = (open.get(peer) ?? 0) + 1
    if (count > most) {
      refused?.(remoteOf(socket), new Error(`${most} connections from there are open`))
      socket.destroy()
      return
    }
    open.set(peer, count)
    socket.once("close", () => {
      const left = (open.get(peer) ?? 1) - 1
      if (left > 0) open.set(peer, left)
      else open.delete(peer)
    })
  })
}

interface Handling {
  readonly handler: HttpHandler
  readonly options: HttpListenOptions
  /** Requests without an answer, by connection. */
  readonly unanswered: WeakMap<Socket, number>
  stopping: boolean
}

function handle(request: IncomingMessage, response: ServerResponse, { handling, invites }: { handling: Handling; invites: boolean }): void {
  const { handler, options, unanswered } = handling
  const { socket } = request
  // What breaks the connection shows as its end; there is nothing to be done about it.
  request.on("error", () => undefined)
  response.on("error", () => undefined)
  const count = (unanswered.get(socket) ?? 0) + 1
  unanswered.set(socket, count)
  response.once("close", () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1))
  const reading = options.bodies === true
  const body =
    reading && announcesBody(request) ? new RequestBody(request, invites ? () => response.writeContinue() : undefined) : undefined
  const exchange: HttpExchange = {
    method: request.method ?? "",
    target: request.url ?? "",
    headers: request.headers,
    remote: remoteOf(socket),
    body,
    whenGone: (gone) => void response.once("close", () => !response.writableFinished && gone()),
    answer: (answer) => {
      body?.forget()
      send(response, answer, { request, reading, last: handling.stopping || count > pipelinedMax })
    },
  }
  if (count > pipelinedMax) return exchange.answer({ status: 503, headers: { "retry-after": "1" } })
  try {
    handler(exchange)
  } catch (thrown) {
    options.failed?.(thrown instanceof Error ? thrown : new Error(String(thrown)))
    exchange.answer({ status: 500, headers: { "content-type": "text/plain" }, body: "internal error\n" })
  }
}

function announcesBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0"
}

interface Asked {
  readonly request: IncomingMessage
  /** The listener reads bodies. */
  readonly reading: boolean
  readonly last: boolean
}

function send(response: ServerResponse, { status, headers, body = "" }: HttpAnswer, { request, reading, last }: Asked): void {
  if (response.headersSent || response.destroyed) return
  // An unread body lies before the next request: the connection is of no more use.
  const unread = announcesBody(request) && !(reading && request.complete)
  response.writeHead(status, {
    ...headers,
    ...(status !== 204 && { "content-length": String(Buffer.byteLength(body)) }),
    ...((last || unread) && { connection: "close" }),
  })
  if (reading && unread) lingers(request, response, body)
  // Text goes out together with the head, in one piece.
  else response.end(body)
}

async function close(server: Server, ended: Promise<void>): Promise<void> {
  const late = setTimeout(() => server.closeAllConnections(), graceMs)
  await ended
  clearTimeout(late)
}
