// TLS on the real platform. `node:tls` is loaded when it is first asked for: a process without TLS pays neither its millisecond nor its
// memory. A connection of TLS is a `RealConnection` over Node's TLS socket.

import { createPrivateKey, X509Certificate } from "node:crypto"
import { isIP, type NetConnectOpts, type ServerOpts, Socket } from "node:net"
import type * as NodeTls from "node:tls"
import type { SecureContext, Server, TLSSocket, TlsOptions } from "node:tls"
import { defaultHandshakeMs, defaultHandshakesMax } from "./address.ts"
import type { Connection, ConnectionEvents, ConnectOptions, ListenOptions, Pem, TlsClient, TlsServer } from "./platform.ts"
import { atLeastASecond, type Explain, RealConnection, remoteOf } from "./real-connection.ts"
import { certificateError, checkPair, explainTls, tlsError } from "./tls-error.ts"

const minVersion = "TLSv1.2"
const certificateBlock = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g

function nodeTls(): typeof NodeTls {
  return process.getBuiltinModule("node:tls")
}

/** See `Sockets.checkTls`. */
export function checkTls(tls: TlsClient | TlsServer): void {
  contextOf(tls)
}

// Node passes over authorities that it cannot read, and over a certificate without its key; the rest it refuses in riddles.
function contextOf(tls: TlsClient | TlsServer): SecureContext {
  checkPair(tls)
  const { ca, cert, key } = tls
  if (ca !== undefined) readCertificates("ca", ca)
  if (cert !== undefined && key !== undefined) checkKey(readCertificates("cert", cert), key)
  try {
    return nodeTls().createSecureContext({ ca, cert, key, minVersion })
  } catch (error) {
    throw certificateError(`OpenSSL refuses the certificate or key: ${(error as Error).message}`, error)
  }
}

/** The first certificate of `pem`. */
function readCertificates(name: "ca" | "cert", pem: Pem): X509Certificate {
  const blocks = pem.toString().match(certificateBlock)
  if (blocks === null) throw certificateError(`\`${name}\` holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`)
  try {
    return blocks.map((block) => new X509Certificate(block))[0] as X509Certificate
  } catch (error) {
    throw certificateError(`\`${name}\` holds a certificate that is damaged`, error)
  }
}

function checkKey(certificate: X509Certificate, pem: Pem): void {
  const text = pem.toString()
  if (/ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(text))
    throw certificateError("`key` is encrypted; it must lie in its file without a passphrase")
  if (!text.includes("PRIVATE KEY-----")) throw certificateError("`key` holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)")
  if (!certificate.checkPrivateKey(readKey(text))) throw certificateError("`key` does not belong to `cert`")
}

function readKey(text: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(text)
  } catch (error) {
    throw certificateError("`key` holds a private key that is damaged", error)
  }
}

/** Connects to `target` and shakes hands; `remote` is how it is called. */
export function connectSecure(
  target: NetConnectOpts,
  remote: string,
  events: ConnectionEvents,
  options: ConnectOptions & { tls: TlsClient },
): Connection {
  const explain: Explain = (error) => explainTls(error, remote)
  try {
    const socket = secureSocket(target, options)
    const connection = new RealConnection(socket, remote, events, explain)
    socket.once("connect", () => {
      if (options.keepAliveMs !== undefined) socket.setKeepAlive(true, atLeastASecond(options.keepAliveMs))
      const timer = setTimeout(() => connection.destroy(tlsError("WB_TLS_TIMEOUT", { remote })), options.handshakeMs ?? defaultHandshakeMs)
      const stop = (): void => clearTimeout(timer)
      socket.once("secureConnect", stop).once("close", stop)
    })
    return connection
  } catch (error) {
    // Told like any other failure, as without TLS.
    const connection = new RealConnection(new Socket(), remote, events)
    connection.destroy(error as Error)
    return connection
  }
}

/** Starts to connect to `target` and to shake hands. @throws WB_TLS_CERTIFICATE */
export function secureSocket(target: NetConnectOpts, { tls, halfOpen }: ConnectOptions & { tls: TlsClient }): TLSSocket {
  const secureContext = contextOf(tls)
  const name = tls.serverName ?? ("host" in target ? target.host : undefined) ?? "localhost"
  const { connect, checkServerIdentity } = nodeTls()
  const socket = connect({
    ...target,
    secureContext,
    // Never left to Node, whose default an environment variable can turn off.
    rejectUnauthorized: tls.verify !== false,
    // An address is no name to ask for, though one to find in the certificate.
    servername: isIP(name) === 0 ? name : "",
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  })
  socket.allowHalfOpen = halfOpen === true
  return socket
}

/** A server whose connections are handed out after their handshake, see `Handshakes`. @throws WB_TLS_CERTIFICATE */
export function secureServer(tls: TlsServer, options: ServerOpts): Server {
  // A peer that hangs up during the handshake is noticed only without half-open; see `Handshakes`.
  return nodeTls().createServer({ ...options, allowHalfOpen: false, ...secureOptions(tls) })
}

/** What a server of Node needs to speak TLS. @throws WB_TLS_CERTIFICATE */
export function secureOptions(tls: TlsServer): TlsOptions {
  checkTls(tls)
  const { ca, cert, key } = tls
  const clients = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: tls.verify !== false }
  return { cert, key, minVersion, ...clients }
}

/** How handshakes are bounded, and who hears of those that fail. */
type HandshakeOptions = Pick<ListenOptions, "handshakeMs" | "handshakesMax" | "halfOpen" | "refused">

/**
 * The handshakes under way at a listener: each ends by its deadline. The deadline is ours: Node's counts idle time, which a peer that
 * sends a byte now and then stretches for ever.
 */
export class Handshakes {
  readonly #options: HandshakeOptions
  readonly #pending = new Map<Socket, { readonly remote: string; readonly timer: NodeJS.Timeout }>()
  #open = true

  /** `accepted` gets each socket whose handshake is over, and what to call its peer. */
  constructor(server: Server, options: HandshakeOptions, accepted: (socket: TLSSocket, remote: string) => void) {
    this.#options = options
    server.on("connection", (raw) => this.#begin(raw))
    server.on("secureConnection", (socket) => this.#succeeded(socket, accepted))
    server.on("tlsClientError", (error, socket) => this.#failed(error, socket))
  }

  /** Hangs up on whoever is shaking hands. */
  close(): void {
    this.#open = false
    for (const raw of this.#pending.keys()) {
      this.#end(raw)
      raw.destroy()
    }
  }

  #begin(raw: Socket): void {
    const remote = remoteOf(raw)
    if (!this.#open || this.#pending.size >= (this.#options.handshakesMax ?? defaultHandshakesMax)) {
      raw.destroy()
      this.#refuse(remote, tlsError("WB_TLS_BUSY", { remote }))
      return
    }
    const timer = setTimeout(() => {
      this.#end(raw)
      raw.destroy()
      this.#refuse(remote, tlsError("WB_TLS_TIMEOUT", { remote }))
    }, this.#options.handshakeMs ?? defaultHandshakeMs)
    this.#pending.set(raw, { remote, timer })
  }

  #succeeded(socket: TLSSocket, accepted: (socket: TLSSocket, remote: string) => void): void {
    const remote = this.#end(rawOf(socket))
    if (remote === undefined) {
      socket.destroy()
      return
    }
    socket.allowHalfOpen = this.#options.halfOpen === true
    accepted(socket, remote)
  }

  #failed(error: Error, socket: TLSSocket): void {
    const remote = this.#end(rawOf(socket))
    socket.destroy()
    if (remote === undefined) return
    // A certificate that did not pass is a hang-up of Node's own; why, it only notes.
    const reason = socket.authorizationError as Error | string | null | undefined
    this.#refuse(remote, explainTls(typeof reason === "string" ? Object.assign(new Error(reason), { code: reason }) : error, remote))
  }

  /** Takes a connection out and answers its peer, `undefined` when it was not in. */
  #end(raw: Socket | undefined): string | undefined {
    const found = raw === undefined ? undefined : this.#pending.get(raw)
    if (raw === undefined || found === undefined) return undefined
    clearTimeout(found.timer)
    this.#pending.delete(raw)
    return found.remote
  }

  #refuse(remote: string, error: Error): void {
    if (this.#open) this.#options.refused?.(remote, error)
  }
}

// Node has no public way from a TLS socket to the connection below it, and where the handshake failed no address of the peer either.
function rawOf(socket: TLSSocket): Socket | undefined {
  return (socket as unknown as { _parent?: Socket })._parent
}
