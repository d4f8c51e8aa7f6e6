// The hand-written relay: what somebody writes who needs to pass lines on and nothing else. One event object a line, three bounded rings
// (to the funnel, to the output, to the write), one write a chunk, adjoining lines sent on as one piece, and TCP itself as the brake.

import { connect, createServer, type Socket } from "node:net"

/** The ports of one relay. */
export interface RelayTask {
  readonly port: number
  readonly sinkPort: number
}

class Line {
  readonly chunk: Buffer
  readonly start: number
  readonly end: number
  readonly timestamp: number
  ttl = 254

  constructor(chunk: Buffer, start: number, end: number, timestamp: number) {
    this.chunk = chunk
    this.start = start
    this.end = end
    this.timestamp = timestamp
  }
}

class LineRing {
  head = 0
  tail = 0
  bytes = 0
  private items = new Array<Line | undefined>(1024).fill(undefined)
  private mask = 1023

  push(line: Line): void {
    if (this.tail - this.head > this.mask) this.grow()
    this.items[this.tail & this.mask] = line
    this.tail += 1
    this.bytes += line.end - line.start
  }

  shift(): Line | undefined {
    if (this.head === this.tail) return undefined
    const at = this.head & this.mask
    const line = this.items[at] as Line
    this.items[at] = undefined
    this.head += 1
    this.bytes -= line.end - line.start
    return line
  }

  private grow(): void {
    const items = new Array<Line | undefined>((this.mask + 1) * 2).fill(undefined)
    for (let at = this.head; at < this.tail; at++) items[at & (items.length - 1)] = this.items[at & this.mask]
    this.items = items
    this.mask = items.length - 1
  }
}

/** Relays until it is told to end. */
export function runRelay({ port, sinkPort }: RelayTask): void {
  const out = connect({ port: sinkPort, host: "127.0.0.1", noDelay: true })
  const server = createServer((socket) => receive(socket, out))
  server.listen(port, "127.0.0.1")
  process.on("SIGTERM", () => process.exit(0))
}

function receive(socket: Socket, out: Socket): void {
  const toFunnel = new LineRing()
  const toOutput = new LineRing()
  const toWrite = new LineRing()
  let rest: Buffer | undefined
  socket.on("error", () => socket.destroy())
  socket.on("data", (chunk: Buffer) => {
    const whole = rest === undefined ? chunk : Buffer.concat([rest, chunk])
    const end = split(whole, toFunnel)
    rest = end === whole.length ? undefined : whole.subarray(end)
    move(toFunnel, toOutput)
    move(toOutput, toWrite)
    const bytes = join(toWrite)
    if (bytes.length === 0 || out.write(bytes)) return
    socket.pause()
    out.once("drain", () => socket.resume())
  })
}

/** Makes a line of each piece that ends in LF; answers where the unfinished one begins. */
function split(chunk: Buffer, into: LineRing): number {
  const timestamp = Date.now() / 1000
  let start = 0
  for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
    into.push(new Line(chunk, start, end, timestamp))
    start = end + 1
  }
  return start
}

function move(from: LineRing, to: LineRing): void {
  for (let line = from.shift(); line !== undefined; line = from.shift()) if (--line.ttl > 0) to.push(line)
}

function join(lines: LineRing): Buffer {
  const pieces: Buffer[] = []
  let first = lines.shift()
  while (first !== undefined) {
    let last = first
    let next = lines.shift()
    while (next !== undefined && next.chunk === last.chunk && next.start === last.end + 1) {
      last = next
      next = lines.shift()
    }
    pieces.push(first.chunk.subarray(first.start, last.end + 1))
    first = next
  }
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
}
