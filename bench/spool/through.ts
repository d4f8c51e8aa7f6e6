// Lines from TCP through a file to TCP, written by hand: splits, encodes a record for each line, one write and one sync under way while
// the next group fills, reads what was synced back, checks it and sends it on. Reading the socket stops at 1 MiB that is not synced, and
// while the other end takes nothing. Nothing is known of what was sent, nothing is removed, and a restart would begin anew.

import { open } from "node:fs/promises"
import { connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import {
  checkRecord,
  encodeRecord,
  type RecordTarget,
  recordBytes,
  recordOverheadBytes,
  recordTarget,
  segmentHeaderBytes,
  spoolTag,
} from "../../src/spool/format.ts"
import type { RelayTask } from "../relay/baseline.ts"

/** A relay that keeps its records in `directory` meanwhile. */
export interface ThroughTask extends RelayTask {
  readonly directory: string
}

const groupBytes = 1024 * 1024
const lineFeed = 10
const uuid = Buffer.alloc(16, 5)
const tag = spoolTag(uuid)

type Handle = Awaited<ReturnType<typeof open>>

/** Relays until it is told to end. */
export async function runThrough({ port, sinkPort, directory }: ThroughTask): Promise<void> {
  const handle = await open(join(directory, "bare"), "w+")
  const out = connect({ port: sinkPort, host: "127.0.0.1", noDelay: true })
  const sending = new Sending(handle, out)
  createServer((socket) => new Writing(handle, socket, sending)).listen(port, "127.0.0.1")
  process.on("SIGTERM", () => process.exit(0))
}

// Common to all connections, one after the other: where the file ends, and the next sequence.
let position = segmentHeaderBytes
let sequence = 1

class Writing {
  private readonly handle: Handle
  private readonly socket: Socket
  private readonly sending: Sending
  private filling: RecordTarget = recordTarget(Buffer.allocUnsafeSlow(2 * groupBytes))
  private spare: RecordTarget = recordTarget(Buffer.allocUnsafeSlow(2 * groupBytes))
  private at = 0
  private busy = false
  private rest: Buffer | undefined

  constructor(handle: Handle, socket: Socket, sending: Sending) {
    this.handle = handle
    this.socket = socket
    this.sending = sending
    socket.on("data", (chunk: Buffer) => this.take(chunk))
    socket.on("error", () => socket.destroy())
  }

  private take(chunk: Buffer): void {
    const whole = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk])
    const timestampMs = Date.now()
    let start = 0
    for (let end = whole.indexOf(lineFeed); end >= 0; end = whole.indexOf(lineFeed, start)) {
      const record = { uuid, timestampMs, codec: 1, payload: whole.subarray(start, end) }
      this.at += encodeRecord(this.filling, this.at, record, { sequence: sequence++, tag, startsGroup: this.at === 0 })
      start = end + 1
    }
    this.rest = start === whole.length ? undefined : whole.subarray(start)
    if (this.at >= groupBytes) this.socket.pause()
    if (!this.busy && this.at > 0) void this.commit()
  }

  private async commit(): Promise<void> {
    this.busy = true
    while (this.at > 0) {
      const part = this.filling.bytes.subarray(0, this.at)
      const next = this.spare
      this.spare = this.filling
      this.filling = next
      this.at = 0
      this.socket.resume()
      await this.handle.write(part, 0, part.length, position)
      await this.handle.datasync()
      position += part.length
      this.sending.more(position)
    }
    this.busy = false
  }
}

class Sending {
  private readonly handle: Handle
  private readonly out: Socket
  private from = segmentHeaderBytes
  private to = segmentHeaderBytes
  private busy = false

  constructor(handle: Handle, out: Socket) {
    this.handle = handle
    this.out = out
  }

  more(to: number): void {
    this.to = to
    if (!this.busy) void this.send()
  }

  private async send(): Promise<void> {
    this.busy = true
    while (this.from < this.to) {
      const chunk = recordTarget(Buffer.allocUnsafeSlow(Math.min(groupBytes, this.to - this.from)))
      const { bytesRead } = await this.handle.read(chunk.bytes, 0, chunk.bytes.length, this.from)
      const { lines, used } = takeLines(chunk, bytesRead)
      this.from += used
      if (!this.out.write(lines)) await new Promise((resolve) => this.out.once("drain", resolve))
    }
    this.busy = false
  }
}

function takeLines(chunk: RecordTarget, end: number): { lines: Buffer; used: number } {
  const lines = Buffer.allocUnsafe(end)
  let length = 0
  let at = 0
  while (at < end) {
    const bytes = checkRecord(chunk, at, end, tag)
    if (bytes < 0) throw new Error("a record is damaged")
    if (bytes === 0) break
    chunk.bytes.copy(lines, length, at + recordOverheadBytes, at + recordBytes(chunk.view, at))
    length += bytes - recordOverheadBytes
    lines[length++] = lineFeed
    at += bytes
  }
  return { lines: lines.subarray(0, length), used: at }
}
