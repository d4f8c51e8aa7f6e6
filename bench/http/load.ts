// Load for an HTTP relay: connections that send the same request as soon as the last one is answered, and a sink that answers each body
// when it is complete and counts its bytes. Both speak bare bytes, so that they cost little beside what is measured.

import { connect, createServer, type Server, type Socket } from "node:net"

const headEnd = "\r\n\r\n"
const answer = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

export interface HttpLoad {
  readonly connections: number
  readonly requests: number
  /** Lines of each request, and bytes of each line with its end. */
  readonly lines: number
  readonly size: number
}

/** Sends all requests; resolves when each is answered. @throws Error when one is not answered 200 */
export async function ask(port: number, { connections, requests, lines, size }: HttpLoad): Promise<void> {
  const body = `${"x".repeat(size - 1)}\n`.repeat(lines)
  const request = Buffer.from(`POST / HTTP/1.1\r\nHost: bench\r\nContent-Length: ${body.length}${headEnd}${body}`)
  let left = requests
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1")
      const messages = new Messages(socket, (head) => {
        if (!head.startsWith("HTTP/1.1 200")) reject(new Error(head))
        next()
      })
      const next = (): void => {
        if (left-- > 0) socket.write(request)
        else socket.end(() => resolve())
      }
      socket
        .on("connect", next)
        .on("error", reject)
        .on("data", (chunk: Buffer) => messages.take(chunk))
    })
  await Promise.all(Array.from({ length: connections }, one))
}

/** Takes requests and counts. */
export class Sink {
  bytes = 0
  private readonly server: Server
  private readonly sockets = new Set<Socket>()

  constructor() {
    this.server = createServer((socket) => {
      this.sockets.add(socket)
      const messages = new Messages(socket, (_head, length) => {
        this.bytes += length
        socket.write(answer)
      })
      socket.on("error", () => undefined).on("data", (chunk: Buffer) => messages.take(chunk))
    })
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.server.listen(port, "127.0.0.1", resolve))
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
  }
}

/** Finds the ends of messages that say their length; their bodies are not kept. */
class Messages {
  private readonly done: (head: string, length: number) => void
  private head = ""
  private length = 0
  /** Of the body; -1 while its head comes. */
  private missing = -1

  constructor(socket: Socket, done: (head: string, length: number) => void) {
    socket.setNoDelay(true)
    this.done = done
  }

  take(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length || this.missing === 0) {
      if (this.missing < 0) at = this.takeHead(chunk, at)
      else {
        const taken = Math.min(this.missing, chunk.length - at)
        at += taken
        this.missing -= taken
      }
      if (this.missing !== 0) continue
      this.missing = -1
      const { head, length } = this
      this.head = ""
      this.done(head, length)
    }
  }

  private takeHead(chunk: Buffer, at: number): number {
    const before = this.head.length
    this.head += chunk.toString("latin1", at, Math.min(chunk.length, at + 4096))
    const end = this.head.indexOf(headEnd)
    if (end < 0) return chunk.length
    this.head = this.head.slice(0, end)
    this.length = Number(/content-length: *(\d+)/i.exec(this.head)?.[1] ?? 0)
    this.missing = this.length
    return at + end + headEnd.length - before
  }
}
