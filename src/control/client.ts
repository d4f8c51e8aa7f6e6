// Asks a running graph over its admin socket. One request at a time.

import { LineSplit } from "../actor/line-split.ts"
import { WishboneError } from "../errors.ts"
import type { Connection, Platform } from "../platform/platform.ts"
import type { Answer, Params, RequestName } from "./protocol.ts"

/** A whole event, 64 MiB at most, as JSON with its bytes in base64, and what is said about it. */
const answerBytesMax = 256 * 1024 * 1024
const connectMs = 2000

interface Asked {
  readonly id: number
  readonly item: (item: unknown) => void
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

export class ControlClient {
  readonly #path: string
  readonly #connection: Connection
  readonly #lines: LineSplit
  #id = 0
  #asked: Asked | undefined
  #over: { readonly reason: string | undefined } | undefined

  private constructor(path: string, connection: Connection) {
    this.#path = path
    this.#connection = connection
    this.#lines = new LineSplit({
      delimiter: "\n",
      lineBytesMax: answerBytesMax,
      line: (chunk, start, end) => this.#answer(chunk.toString("utf8", start, end)),
      tooLong: () => this.#end("an answer is too long"),
    })
    connection.setEvents({
      data: (chunk) => this.#lines.push(chunk),
      closed: (error) => this.#end(error?.message),
    })
  }

  /** Connects; answers `undefined` when nobody is there. */
  static connect(platform: Platform, path: string): Promise<ControlClient | undefined> {
    return new Promise((resolve) => {
      const timer = platform.timers.after(connectMs, () => connection.destroy())
      const connection = platform.sockets.connect(
        { path },
        {
          connected: () => {
            timer.cancel()
            resolve(new ControlClient(path, connection))
          },
          closed: () => {
            timer.cancel()
            resolve(undefined)
          },
        },
      )
    })
  }

  /** Asks, and resolves to the result; `item` gets what comes before it. @throws `WB_CONTROL_ANSWER`, `WB_CONTROL_CLOSED` */
  request<Name extends RequestName>(name: Name, params: Params<Name>, item: (item: unknown) => void = () => undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) return reject(this.#closedError())
      this.#id += 1
      this.#asked = { id: this.#id, item, resolve, reject }
      this.#connection.write(Buffer.from(`${JSON.stringify({ id: this.#id, request: name, params })}\n`))
    })
  }

  close(): void {
    this.#connection.destroy()
    this.#end(undefined)
  }

  #answer(line: string): void {
    const asked = this.#asked
    const answer = parsed(line)
    if (answer === undefined) return this.#end("an answer is no JSON")
    if (asked === undefined || (answer.id !== asked.id && answer.id !== null)) return
    if (answer.item !== undefined) return asked.item(answer.item)
    this.#asked = undefined
    if (answer.error === undefined) asked.resolve(answer.result)
    else asked.reject(new WishboneError("WB_CONTROL_ANSWER", { ...answer.error }))
  }

  #end(reason: string | undefined): void {
    this.#over ??= { reason }
    const asked = this.#asked
    this.#asked = undefined
    asked?.reject(this.#closedError())
  }

  #closedError(): WishboneError {
    return new WishboneError("WB_CONTROL_CLOSED", { path: this.#path, reason: this.#over?.reason })
  }
}

function parsed(line: string): Answer | undefined {
  try {
    return JSON.parse(line) as Answer
  } catch {
    return undefined
  }
}
