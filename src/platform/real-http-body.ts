// Bodies of requests on the real platform, see `HttpBody`; and what becomes of one that was not read to its end.

import type { IncomingMessage, ServerResponse } from "node:http"
import type { HttpBody, HttpBodyEvents } from "./http.ts"
import { systemError } from "./system-error.ts"

/** What is still taken from a peer that is answered in the midst of its body, so that the answer is not lost to a reset. */
const lingerMs = 1000
const lingerBytes = 16 * 1024 * 1024

export class RequestBody implements HttpBody {
  readonly length: number | undefined
  readonly #request: IncomingMessage
  readonly #invite: (() => void) | undefined
  #events: HttpBodyEvents | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(request: IncomingMessage, invite: (() => void) | undefined) {
    this.#request = request
    this.#invite = invite
    const announced = request.headers["content-length"]
    this.length = announced === undefined ? undefined : Number(announced)
  }

  read(events: HttpBodyEvents, withinMs: number): void {
    this.#events = events
    const request = this.#request
    if (request.destroyed && !request.complete) {
      setImmediate(() => this.#end((to) => to.failed(systemError("ECONNRESET", "read"))))
      return
    }
    this.#timer = setTimeout(() => this.#end((to) => to.failed(systemError("ETIMEDOUT", "read"))), withinMs)
    request
      .on("data", (chunk: Buffer) => this.#events?.data(chunk))
      .once("end", () => this.#end((to) => to.ended()))
      .once("error", (error) => this.#end((to) => to.failed(error)))
      .once("close", () => this.#end((to) => to.failed(systemError("ECONNRESET", "read"))))
    this.#invite?.()
  }

  pause(): void {
    this.#request.pause()
  }

  resume(): void {
    if (this.#events !== undefined) this.#request.resume()
  }

  /** Tells nothing any more. */
  forget(): void {
    clearTimeout(this.#timer)
    this.#events = undefined
  }

  #end(tell: (to: HttpBodyEvents) => void): void {
    const events = this.#events
    this.forget()
    if (events !== undefined) tell(events)
  }
}

/** Sends the body of the answer, and ends the response when the peer has sent its own, or enough of it. */
export function lingers(request: IncomingMessage, response: ServerResponse, body: string | Buffer): void {
  response.flushHeaders()
  if (body.length > 0) response.write(body)
  let left = lingerBytes
  const end = (): void => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, lingerMs)
  request.removeAllListeners("data")
  request
    .on("data", (chunk: Buffer) => {
      left -= chunk.length
      if (left < 0) end()
    })
    .once("end", end)
    .once("close", end)
    .resume()
}
