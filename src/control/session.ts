// One connection to the admin socket: cuts lines, has them answered one after another, and never keeps more than a chunk of them. A client
// that does not read its answers holds up itself alone.

import { LineSplit } from "../actor/line-split.ts"
import { isWishboneError } from "../errors.ts"
import type { Connection, Timer, Timers } from "../platform/platform.ts"
import { type Answer, idOf, lineBytesMax, readRequest } from "./protocol.ts"
import type { Requests } from "./requests.ts"

/** A connection on which nothing was asked for so long is closed. */
const idleMs = 10 * 60_000

export class Session {
  /** Resolves when nothing is done any more. */
  readonly ended: Promise<void>
  readonly #connection: Connection
  readonly #requests: Requests
  readonly #timers: Timers
  readonly #gone = new AbortController()
  readonly #lines: LineSplit
  #waiting: string[] = []
  #busy = false
  #finished = false
  #idle: Timer | undefined
  #drained: (() => void) | undefined
  #resolve: () => void = () => undefined

  constructor(connection: Connection, parts: { requests: Requests; timers: Timers }) {
    this.#connection = connection
    this.#requests = parts.requests
    this.#timers = parts.timers
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#lines = new LineSplit({
      delimiter: "\n",
      lineBytesMax,
      line: (chunk, start, end) => void this.#waiting.push(chunk.toString("utf8", start, end)),
      tooLong: () => this.#refuse(`a line has at most ${lineBytesMax} bytes`),
    })
    connection.setEvents({
      data: (chunk) => this.#data(chunk),
      ended: () => this.#finish(),
      drained: () => this.#wake(),
      closed: () => this.#closed(),
    })
    this.#watchIdle()
  }

  /** Ends it; what is being done for it stops at the next step. */
  close(): void {
    this.#connection.destroy()
    this.#closed()
  }

  /** Says no to everything, and ends. */
  refuse(problem: string): void {
    this.#refuse(problem)
  }

  #data(chunk: Buffer): void {
    if (this.#finished) return
    this.#lines.push(chunk)
    if (!this.#busy) void this.#work()
  }

  async #work(): Promise<void> {
    this.#busy = true
    this.#connection.pause()
    this.#idle?.cancel()
    for (let line = this.#waiting.shift(); line !== undefined && !this.#gone.signal.aborted; line = this.#waiting.shift()) {
      await this.#answer(line)
    }
    this.#busy = false
    if (this.#gone.signal.aborted) return this.#resolve()
    if (this.#finished) return this.#connection.end()
    this.#watchIdle()
    this.#connection.resume()
  }

  async #answer(line: string): Promise<void> {
    const { signal } = this.#gone
    try {
      const request = readRequest(line)
      const { id } = request
      const result = await this.#requests.answer(request, (item) => this.#tell({ id, item }), signal)
      await this.#tell({ id, result })
    } catch (thrown) {
      await this.#tell({ id: idOf(line), error: errorOf(thrown) })
    }
  }

  /** Resolves when the client has room for more, or is gone. */
  async #tell(answer: Answer): Promise<void> {
    if (this.#gone.signal.aborted || this.#connection.write(Buffer.from(`${JSON.stringify(answer)}\n`))) return
    await new Promise<void>((resolve) => {
      const before = this.#drained
      this.#drained = () => {
        before?.()
        resolve()
      }
    })
  }

  #wake(): void {
    const drained = this.#drained
    this.#drained = undefined
    drained?.()
  }

  #refuse(problem: string): void {
    if (this.#finished) return
    this.#finished = true
    this.#waiting = []
    void this.#tell({ id: null, error: { code: "WB_CONTROL_REQUEST", message: `The request cannot be answered: ${problem}`, hint: "" } })
    if (!this.#busy) this.#connection.end()
  }

  #finish(): void {
    this.#finished = true
    if (!this.#busy) this.#connection.end()
  }

  #watchIdle(): void {
    this.#idle?.cancel()
    this.#idle = this.#timers.after(idleMs, () => this.close(), { background: true })
  }

  #closed(): void {
    this.#gone.abort()
    this.#idle?.cancel()
    this.#wake()
    if (!this.#busy) this.#resolve()
  }
}

function errorOf(thrown: unknown): { code: string; message: string; hint: string } {
  if (isWishboneError(thrown)) return { code: thrown.code, message: thrown.message, hint: thrown.hint }
  const { code } = thrown as { code?: unknown }
  return { code: typeof code === "string" ? code : "error", message: thrown instanceof Error ? thrown.message : String(thrown), hint: "" }
}
