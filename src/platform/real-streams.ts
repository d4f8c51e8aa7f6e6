// Standard input and output of the real platform. Both may be a terminal, a file, a pipe or nothing at all, and Node closes each of
// them in its own way: here an input ends with `ended` and `closed`, and a broken output is an error of the write it broke.

import type { Readable, Writable } from "node:stream"
import { highWaterBytes } from "./address.ts"
import type { Connection, ConnectionEvents, StandardStreams } from "./platform.ts"
import { errorCode, systemError } from "./system-error.ts"

/** Reads `stdin()` and writes `stdout()`; both are fetched at first use, because Node sets the process up for them when asked. */
export function realStreams(stdin: () => Readable = () => process.stdin, stdout: () => Writable = () => process.stdout): StandardStreams {
  return { input: (events) => new StreamInput(stdin(), events), output: new StreamOutput(stdout) }
}

class StreamInput implements Pick<Connection, "pause" | "resume" | "destroy"> {
  readonly #stream: Readable
  readonly #events: ConnectionEvents
  readonly #onData = (chunk: Buffer | string): void => this.#events.data?.(typeof chunk === "string" ? Buffer.from(chunk) : chunk)
  readonly #onEnd = (): void => this.#end()
  readonly #onError = (error: Error): void => this.#close(error)
  readonly #onClose = (): void => this.#close(undefined)
  #closed = false

  constructor(stream: Readable, events: ConnectionEvents) {
    this.#stream = stream
    this.#events = events
    stream.on("end", this.#onEnd)
    stream.on("error", this.#onError)
    stream.on("close", this.#onClose)
    stream.on("data", this.#onData)
    // A stream that is over already would stay silent.
    if (stream.readableEnded || stream.destroyed) process.nextTick(this.#onEnd)
  }

  pause(): void {
    if (!this.#closed) this.#stream.pause()
  }

  resume(): void {
    if (!this.#closed) this.#stream.resume()
  }

  destroy(error?: Error): void {
    this.#close(error)
    // An open standard input would keep the process alive.
    this.#stream.destroy()
  }

  #end(): void {
    if (this.#closed) return
    this.#events.ended?.()
    // Some streams close after their end, some never do.
    this.#close(undefined)
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#stream.off("data", this.#onData)
    this.#stream.off("end", this.#onEnd)
    this.#stream.off("close", this.#onClose)
    // The error listener stays: what the stream still has to say must not end the process.
    process.nextTick(() => this.#events.closed?.(error))
  }
}

class StreamOutput implements Pick<Connection, "write" | "pendingBytes"> {
  readonly #get: () => Writable
  #stream: Writable | undefined
  #error: Error | undefined

  constructor(get: () => Writable) {
    this.#get = get
  }

  get pendingBytes(): number {
    return this.#stream?.writableLength ?? 0
  }

  write(bytes: Buffer, written?: (error: Error | undefined) => void): boolean {
    const stream = this.#open()
    if (stream.destroyed || stream.writableEnded) {
      if (written !== undefined) process.nextTick(written, this.#error ?? systemError("EPIPE", "write"))
      return false
    }
    if (written === undefined) stream.write(bytes)
    else stream.write(bytes, (error) => written(this.#outcome(error)))
    return stream.writableLength < highWaterBytes
  }

  #open(): Writable {
    if (this.#stream !== undefined) return this.#stream
    const stream = this.#get()
    stream.on("error", (error) => {
      this.#error ??= error
    })
    this.#stream = stream
    return stream
  }

  #outcome(error: Error | null | undefined): Error | undefined {
    if (error === null || error === undefined) return undefined
    if (errorCode(error)?.startsWith("ERR_") !== true) return error
    return this.#error ?? this.#stream?.errored ?? systemError("EPIPE", "write")
  }
}
