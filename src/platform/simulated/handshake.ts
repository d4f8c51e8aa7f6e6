// The TLS handshake of simulated connections. Nothing is encrypted and no certificate is read: a hello and its answer, in the shape of
// TLS records, travel over the simulated wire, so that latency, stalls, cuts and peers who do not speak TLS come by themselves.
//
// A listener that wants a client certificate refuses a client without one. Other than in TLS 1.3, the client learns of it before
// `connected`. When both ends are silent, the end whose time is up first says so, and the other sees a hang-up.

import { defaultHandshakeMs, highWaterBytes } from "../address.ts"
import type { Connection, ConnectionEvents, ConnectOptions, ListenOptions, TlsClient, TlsCode, TlsServer } from "../platform.ts"
import { systemError } from "../system-error.ts"
import { checkPair, tlsError } from "../tls-error.ts"
import type { Owner } from "./agenda.ts"
import { SimulatedConnection } from "./connection.ts"
import type { Place, Wire } from "./wire.ts"

/** What becomes of the handshakes with a listener, if not the usual. */
export type HandshakeRule = TlsCode | "slow"

const helloType = 0x16
const alertType = 0x15
const headerBytes = 5
const withCertificate = "certificate"

function tlsRecord(type: number, body: string): Buffer {
  return Buffer.from([type, 3, 3, 0, body.length, ...Buffer.from(body)])
}

/** Puts one record together from chunks. */
class RecordReader {
  #bytes = Buffer.alloc(0)

  /** Answers `undefined` as long as more must come, type 0 for what is no record. */
  add(chunk: Buffer): { readonly type: number; readonly body: string; readonly rest: Buffer } | undefined {
    const bytes = Buffer.concat([this.#bytes, chunk])
    this.#bytes = bytes
    const type = bytes[0]
    if (type !== helloType && type !== alertType) return { type: 0, body: "", rest: bytes }
    const end = headerBytes + (bytes[headerBytes - 1] ?? 0)
    if (bytes.length < headerBytes || bytes.length < end) return undefined
    return { type, body: bytes.toString("utf8", headerBytes, end), rest: bytes.subarray(end) }
  }
}

/** A connecting end with TLS: keeps what its owner writes until the handshake is over, then steps aside. */
export class SecureClient implements Connection {
  readonly remote: string
  /** The end below, which the network knows. */
  readonly raw: SimulatedConnection
  readonly #wire: Wire
  readonly #tls: TlsClient
  readonly #handshakeMs: number
  #events: ConnectionEvents
  readonly #answer = new RecordReader()
  #early: { readonly bytes: Buffer; readonly written: ((error: Error | undefined) => void) | undefined }[] = []
  #earlyBytes = 0
  #secure = false
  #ending = false
  #paused = false

  constructor(wire: Wire, owner: Owner, place: Place, events: ConnectionEvents, options: ConnectOptions & { tls: TlsClient }) {
    this.remote = place.remote
    this.#wire = wire
    this.#tls = options.tls
    this.#handshakeMs = options.handshakeMs ?? defaultHandshakeMs
    this.#events = events
    this.raw = new SimulatedConnection(wire, owner, place, {
      connected: () => this.#begin(),
      data: (chunk) => this.#hear(chunk),
      ended: () => this.#fail("WB_TLS_CLOSED"),
      closed: (error) => this.#closed(error),
    })
    try {
      checkPair(options.tls)
    } catch (error) {
      this.raw.destroy(error as Error)
    }
  }

  get pendingBytes(): number {
    return this.#earlyBytes + this.raw.pendingBytes
  }

  write(bytes: Buffer, written?: (error: Error | undefined) => void): boolean {
    if (this.#secure) return this.raw.write(bytes, written)
    if (this.#ending || this.raw.isClosed) {
      if (written !== undefined) this.#wire.post(() => this.raw.owner.alive && written(systemError("EPIPE", "write")))
      return false
    }
    this.#early.push({ bytes, written })
    this.#earlyBytes += bytes.length
    return this.#earlyBytes < highWaterBytes
  }

  end(): void {
    this.#ending = true
    if (this.#secure) this.raw.end()
  }

  destroy(error?: Error): void {
    this.raw.destroy(error)
  }

  pause(): void {
    this.#paused = true
    if (this.#secure) this.raw.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#secure) this.raw.resume()
  }

  setEvents(events: ConnectionEvents): void {
    this.#events = events
    if (this.#secure) this.raw.setEvents(events)
  }

  #begin(): void {
    this.raw.write(tlsRecord(helloType, this.#tls.cert === undefined ? "" : withCertificate))
    this.#wire.after(this.#handshakeMs, () => {
      if (!this.#secure) this.#fail("WB_TLS_TIMEOUT")
    })
  }

  #hear(chunk: Buffer): void {
    const answer = this.#answer.add(chunk)
    if (answer === undefined) return
    if (answer.type === alertType) this.#fail(answer.body as TlsCode)
    else if (answer.type === helloType) this.#succeed(answer.rest)
    else this.#fail("WB_TLS_PLAINTEXT")
  }

  #succeed(rest: Buffer): void {
    this.#secure = true
    this.raw.setEvents(this.#events)
    if (rest.length > 0) this.raw.unread(rest)
    if (this.#paused) this.raw.pause()
    const early = this.#early
    this.#early = []
    this.#earlyBytes = 0
    for (const { bytes, written } of early) this.raw.write(bytes, written)
    if (this.#ending) this.raw.end()
    this.#events.connected?.()
  }

  #fail(code: TlsCode): void {
    if (this.raw.owner.alive) this.raw.destroy(tlsError(code, { remote: this.remote }))
  }

  #closed(error: Error | undefined): void {
    const lost = this.#early
    this.#early = []
    this.#earlyBytes = 0
    for (const { written } of lost) written?.(error ?? systemError("ECANCELED", "write"))
    this.#events.closed?.(error)
  }
}

interface Shaking {
  readonly wire: Wire
  readonly tls: TlsServer
  readonly options: ListenOptions
  /** Asked for when the client has said hello. */
  rule(): HandshakeRule | undefined
  /** The handshake is over: well without an error, otherwise the end is closed or about to be. Comes at most once. */
  done(error: Error | undefined): void
}

/** The listener's end of a handshake. */
export class ServerHandshake {
  readonly #raw: SimulatedConnection
  readonly #parts: Shaking
  readonly #hello = new RecordReader()
  #over = false

  constructor(raw: SimulatedConnection, parts: Shaking) {
    this.#raw = raw
    this.#parts = parts
    raw.setEvents({
      data: (chunk) => this.#hear(chunk),
      ended: () => this.#refuse("WB_TLS_CLOSED"),
      closed: (error) => this.#finish(error ?? tlsError("WB_TLS_CLOSED", { remote: raw.remote })),
    })
  }

  /** Starts the clock. */
  start(): void {
    const { wire, options } = this.#parts
    wire.post(() => wire.after(options.handshakeMs ?? defaultHandshakeMs, () => this.#refuse("WB_TLS_TIMEOUT")))
  }

  /** Hangs up without a word to anybody. */
  giveUp(): void {
    this.#over = true
    this.#raw.destroy()
  }

  #hear(chunk: Buffer): void {
    if (this.#over) return
    const hello = this.#hello.add(chunk)
    if (hello === undefined) return
    if (hello.type !== helloType) {
      this.#refuse("WB_TLS_PLAINTEXT")
      return
    }
    const rule = this.#parts.rule() ?? this.#missing(hello.body)
    if (rule === "slow") return
    if (rule === undefined) this.#succeed()
    else this.#refuse(rule, tlsRecord(alertType, rule))
  }

  #missing(shown: string): TlsCode | undefined {
    const { ca, verify } = this.#parts.tls
    return ca !== undefined && verify !== false && shown !== withCertificate ? "WB_TLS_CERTIFICATE_REQUIRED" : undefined
  }

  #succeed(): void {
    this.#raw.write(tlsRecord(helloType, ""))
    this.#finish(undefined)
  }

  #refuse(code: TlsCode, lastWords?: Buffer): void {
    if (this.#over || !this.#raw.owner.alive) return
    this.#finish(tlsError(code, { remote: this.#raw.remote }))
    if (lastWords === undefined) this.#raw.destroy()
    else this.#raw.write(lastWords, () => this.#raw.destroy())
  }

  #finish(error: Error | undefined): void {
    if (this.#over) return
    this.#over = true
    this.#parts.done(error)
  }
}
