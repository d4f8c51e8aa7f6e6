// A connection over a Node socket, with Node's surprises taken out: no error event escapes, no error is anything but a system error or
// one of TLS, `written` is always answered before `closed`, and a chunk never reaches an owner who has destroyed the connection.
//
// This is on the hot path: a write is one call, no closure is made unless `written` is asked for, chunks are handed on as they come.

import type { Socket } from "node:net"
import { addressText, highWaterBytes } from "./address.ts"
import type { Connection, ConnectionEvents } from "./platform.ts"
import { errorCode, systemError } from "./system-error.ts"

/** Says what an error of a socket means, or hands it back as it is. */
export type Explain = (error: Error) => Error

const asItIs: Explain = (error) => error

const noEvents: ConnectionEvents = {}

/** A connection over a Node socket, made by `connect` or accepted by a listener. */
export class RealConnection implements Connection {
  readonly remote: string
  readonly #socket: Socket
  readonly #explain: Explain
  #events: ConnectionEvents
  // The TLS handshake is still to come, or under way.
  #shaking: boolean
  // The owner was promised `drained`.
  #blocked = false
  // Nothing can be written any more: ended or destroyed by the owner, or broken.
  #finished = false
  #destroyed = false
  #error: Error | undefined

  /** `explain` makes of a socket of TLS what it is: its errors are told in the words of the contract. */
  constructor(socket: Socket, remote: string, events: ConnectionEvents = noEvents, explain?: Explain) {
    this.remote = remote
    this.#socket = socket
    this.#events = events
    this.#explain = explain ?? asItIs
    this.#shaking = explain !== undefined && socket.connecting
    socket.setNoDelay(true)
    socket.on(explain === undefined ? "connect" : "secureConnect", () => this.#connect())
    socket.on("data", (chunk: Buffer) => {
      if (!this.#destroyed) this.#events.data?.(chunk)
    })
    socket.on("end", () => {
      // Within the handshake it is an error, which comes.
      if (!this.#destroyed && !this.#shaking) this.#events.ended?.()
    })
    socket.on("drain", () => this.#drain())
    socket.on("error", (error) => this.#fail(error))
    // One tick later than Node: callbacks of writes that never reached the kernel come with or after its "close".
    socket.on("close", () => process.nextTick(() => this.#close()))
  }

  get pendingBytes(): number {
    return this.#destroyed ? 0 : this.#socket.writableLength
  }

  write(bytes: Buffer, written?: (error: Error | undefined) => void): boolean {
    if (this.#finished) {
      if (written !== undefined) process.nextTick(written, systemError("EPIPE", "write"))
      return false
    }
    if (written === undefined) this.#socket.write(bytes)
    else this.#socket.write(bytes, (error) => written(this.#outcome(error)))
    // Not what Node answers: it counts bytes that the kernel took within the call, and would stop every large batch for a turn.
    if (this.#socket.writableLength < highWaterBytes) return true
    this.#blocked = true
    return false
  }

  end(): void {
    this.#finished = true
    // Node would end a handshake in its midst.
    if (!this.#shaking) this.#socket.end()
  }

  destroy(error?: Error): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#finished = true
    this.#error ??= error
    this.#socket.destroy()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  setEvents(events: ConnectionEvents): void {
    this.#events = events
  }

  // What became of a write. A write that Node still held when the socket closed is reported as well done by Node in one case and with
  // an error of its own in another.
  #outcome(error: Error | null | undefined): Error | undefined {
    const failed = error ?? undefined
    if (failed === undefined && !this.#socket.destroyed) return undefined
    if (failed !== undefined && errorCode(failed)?.startsWith("ERR_") === false) return this.#explain(failed)
    return this.#error ?? this.#explain(this.#socket.errored ?? systemError("ECANCELED", "write"))
  }

  #connect(): void {
    if (this.#destroyed) return
    this.#shaking = false
    if (this.#finished) this.#socket.end()
    this.#events.connected?.()
  }

  #drain(): void {
    if (!this.#blocked || this.#destroyed) return
    this.#blocked = false
    this.#events.drained?.()
  }

  #fail(error: Error): void {
    this.#finished = true
    this.#error ??= this.#explain(plainError(error))
    // Of a refusal that comes after the handshake Node tells, and leaves the socket open.
    this.#socket.destroy()
  }

  #close(): void {
    this.#destroyed = true
    this.#finished = true
    const events = this.#events
    this.#events = noEvents
    events.closed?.(this.#error)
  }
}

/** The first of several errors where Node tried several addresses: the others say the same of less likely addresses. */
function plainError(error: Error): Error {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  return first instanceof Error ? first : error
}

export function remoteOf(socket: Socket): string {
  // The peer may be gone before it was accepted, and has no address then; a unix peer never has one.
  if (socket.remoteAddress === undefined || socket.remotePort === undefined) return "unknown"
  // A listener on "::" sees IPv4 peers by their mapped addresses.
  return addressText({ host: socket.remoteAddress.replace(/^::ffff:(?=\d+\.)/, ""), port: socket.remotePort })
}

/** Node cuts a keep-alive delay to whole seconds, and takes 0 for the kernel's two hours. */
export function atLeastASecond(delayMs: number): number {
  return Math.max(delayMs, 1000)
}
