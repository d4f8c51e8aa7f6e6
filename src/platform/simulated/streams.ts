// Standard input and output of the simulated process: a test feeds the one and reads the other.

import type { Connection, ConnectionEvents, StandardStreams } from "../platform.ts"
import { systemError } from "../system-error.ts"
import type { Owner } from "./agenda.ts"
import type { VirtualTime } from "./clock.ts"

/** What lies in the two pipes; it outlives incarnations, as pipes do. */
export interface Pipes {
  fed: Buffer[]
  inputEnded: boolean
  readonly written: Buffer[]
  outputBroken: boolean
  reader: { kick(): void } | undefined
}

/** Empty pipes. */
export function emptyPipes(): Pipes {
  return { fed: [], inputEnded: false, written: [], outputBroken: false, reader: undefined }
}

/** The streams of one incarnation, and the controls over what they are connected to. */
export class SimulatedStreams implements StandardStreams {
  readonly output: StandardStreams["output"]
  readonly #time: VirtualTime
  readonly #owner: Owner
  readonly #pipes: Pipes

  constructor(time: VirtualTime, owner: Owner, pipes: Pipes) {
    this.#time = time
    this.#owner = owner
    this.#pipes = pipes
    this.output = { write: (bytes, written) => this.#write(bytes, written), pendingBytes: 0 }
  }

  input(events: ConnectionEvents): Pick<Connection, "pause" | "resume" | "destroy"> {
    const reader = new Reader(this.#pipes, this.#time, this.#owner, events)
    this.#pipes.reader = reader
    reader.kick()
    return reader
  }

  /** Appends to standard input. */
  feed(content: string | Buffer): void {
    this.#pipes.fed.push(Buffer.from(content))
    this.#pipes.reader?.kick()
  }

  /** Nothing more will be fed. */
  endInput(): void {
    this.#pipes.inputEnded = true
    this.#pipes.reader?.kick()
  }

  /** Nobody reads standard output any more: writes fail with EPIPE. */
  breakOutput(): void {
    this.#pipes.outputBroken = true
  }

  /** All that was written to standard output, as text. */
  get written(): string {
    return this.writtenBytes.toString()
  }

  /** All that was written to standard output. */
  get writtenBytes(): Buffer {
    return Buffer.concat(this.#pipes.written)
  }

  #write(bytes: Buffer, written?: (error: Error | undefined) => void): boolean {
    const error = this.#pipes.outputBroken ? systemError("EPIPE", "write") : undefined
    if (this.#owner.alive && error === undefined) this.#pipes.written.push(Buffer.from(bytes))
    if (written !== undefined) this.#time.post(this.#owner, () => written(error))
    return error === undefined
  }
}

class Reader implements Pick<Connection, "pause" | "resume" | "destroy"> {
  readonly #pipes: Pipes
  readonly #time: VirtualTime
  readonly #owner: Owner
  readonly #events: ConnectionEvents
  #paused = false
  #closed = false
  #posted = false

  constructor(pipes: Pipes, time: VirtualTime, owner: Owner, events: ConnectionEvents) {
    this.#pipes = pipes
    this.#time = time
    this.#owner = owner
    this.#events = events
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.kick()
  }

  destroy(error?: Error): void {
    if (this.#closed) return
    this.#closed = true
    this.#time.post(this.#owner, () => this.#events.closed?.(error))
  }

  kick(): void {
    if (this.#posted || this.#closed) return
    this.#posted = true
    this.#time.post(this.#owner, () => {
      this.#posted = false
      if (!this.#closed && !this.#paused) this.#turn()
    })
  }

  #turn(): void {
    const chunk = this.#pipes.fed.shift()
    if (chunk !== undefined) {
      this.kick()
      this.#events.data?.(chunk)
    } else if (this.#pipes.inputEnded) {
      this.#events.ended?.()
      this.destroy()
    }
  }
}
