// The HTTP modules over real sockets of this machine, and peers of theirs that behave as a test wants; all end with the test.

import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http"
import { connect, type Socket } from "node:net"
import { onTestFinished } from "vitest"
import HttpInput from "../../modules/input/http.ts"
import HttpOutput from "../../modules/output/http.ts"
import { type ModuleRun, type StartOptions, startModule } from "../../src/testing/index.ts"
import { platform, until } from "./tcp.ts"

export { platform, until }

export type Input = ModuleRun<HttpInput, typeof platform>
export type Output = ModuleRun<HttpOutput, typeof platform>
type Options = Omit<StartOptions<typeof platform>, "platform">

export async function httpInput(args: Record<string, unknown> = {}, options: Options = {}): Promise<Input> {
  const run = await startModule(HttpInput, { port: 0, ...args }, { outQueues: ["outbox"], ...options, platform })
  onTestFinished(() => run.stop())
  return run
}

export async function httpOutput(url: string, args: Record<string, unknown> = {}, options: Options = {}): Promise<Output> {
  const run = await startModule(HttpOutput, { url, ...args }, { ...options, platform })
  onTestFinished(() => run.stop())
  return run
}

export function portOf(run: Input): number {
  const { address } = run.module
  if (address === undefined || !("port" in address)) throw new Error("it does not listen on a port")
  return address.port
}

export interface Answered {
  readonly status: number | undefined
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

export interface Asking {
  readonly path?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

/** One request on a connection of its own. */
export function ask(port: number, { path = "/", method = "POST", headers = {}, body = "" }: Asking = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const length = { "content-length": String(Buffer.byteLength(body)) }
    const asked = request({ host: "127.0.0.1", port, path, method, agent: false, headers: { ...length, ...headers } }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (more: string) => {
        text += more
      })
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: text }))
    })
    asked.on("error", reject).end(body)
  })
}

/** A bare connection, for what no client would say. */
export class Bare {
  heard = ""
  connected = false
  closed = false
  readonly socket: Socket

  constructor(port: number, allowHalfOpen = false) {
    this.socket = connect({ host: "127.0.0.1", port, allowHalfOpen })
    this.socket.setNoDelay(true)
    onTestFinished(() => void this.socket.destroy())
    this.socket.setEncoding("latin1").on("data", (more: string) => {
      this.heard += more
    })
    this.socket
      .on("error", () => undefined)
      .on("connect", () => {
        this.connected = true
      })
      .on("close", () => {
        this.closed = true
      })
  }

  say(text: string | Buffer): this {
    this.socket.write(text)
    return this
  }

  /** Statuses of the answers so far. */
  get statuses(): number[] {
    return [...this.heard.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))
  }
}

/** A request as a {@link Server} got it. */
export interface Got {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage["headers"]
  readonly body: Buffer
}

export type Serve = (got: Got, response: ServerResponse) => void

/** A server that keeps what it got, and answers as it is told. */
export class Server {
  readonly got: Got[] = []
  serve: Serve = (_got, response) => void response.end()
  port = 0
  private readonly server = createServer((asked, response) => {
    const chunks: Buffer[] = []
    asked.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => undefined)
    asked.on("end", () => {
      const got = { method: asked.method ?? "", url: asked.url ?? "", headers: asked.headers, body: Buffer.concat(chunks) }
      this.got.push(got)
      this.serve(got, response)
    })
  })

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Bodies in the order in which they came. */
  get bodies(): string[] {
    return this.got.map(({ body }) => body.toString())
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve))
    this.port = (this.server.address() as { port: number }).port
    onTestFinished(() => this.close())
    return this
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise<void>((resolve) => this.server.close(() => resolve()))
  }
}

/** A server that answers as `serve` says, and 200 without it. */
export async function server(serve?: Serve): Promise<Server> {
  const made = new Server()
  if (serve !== undefined) made.serve = serve
  return made.listen()
}

export function count(run: { readonly events: Record<string, unknown[]> }, queue: string): number {
  return run.events[queue]?.length ?? 0
}

/** Kind, code and message of the failures, in order. */
export function failures(run: Output): { kind: string; code: string; message: string }[] {
  return (run.events["failed"] ?? []).map((event) => {
    const { kind = "", code = "", message = "" } = event.meta.history.at(-1) ?? {}
    return { kind, code, message }
  })
}
