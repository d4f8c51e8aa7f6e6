// Sends numbered lines to an input with `acknowledge: line` and remembers which of them were acknowledged. When the connection breaks it
// connects again and sends what was not acknowledged once more, as a producer who must not lose anything does.

import { connect, type Socket } from "node:net"

const windowLines = 100

export class LineSender {
  /** Numbers whose line was answered `ok`. */
  readonly acknowledged = new Set<number>()
  /** Lines sent again after a break or a refusal. */
  repeated = 0
  private port: number
  private next = 1
  /** Sent on this connection and not answered, in order. */
  private unanswered: number[] = []
  /** To be sent again. */
  private again: number[] = []
  private socket: Socket | undefined
  private rest = ""
  private sending = true

  constructor(port: number) {
    this.port = port
    this.open()
  }

  /** Sends nothing new any more. */
  finish(): void {
    this.sending = false
  }

  /** Connects to another port from the next break on. */
  moveTo(port: number): void {
    this.port = port
  }

  /** Whether every line that was ever sent is acknowledged. */
  get settled(): boolean {
    return this.unanswered.length === 0 && this.again.length === 0
  }

  close(): void {
    this.sending = false
    this.socket?.destroy()
    this.socket = undefined
  }

  private open(): void {
    const socket = connect(this.port, "127.0.0.1")
    this.socket = socket
    this.rest = ""
    socket.setEncoding("utf8")
    socket.on("connect", () => this.fill())
    socket.on("data", (text: string) => this.answers(text))
    socket.on("error", () => undefined)
    socket.on("close", () => this.broken(socket))
  }

  private broken(socket: Socket): void {
    if (this.socket !== socket) return
    this.repeated += this.unanswered.length
    this.again = [...this.unanswered, ...this.again]
    this.unanswered = []
    setTimeout(() => {
      if (this.socket === socket) this.open()
    }, 20)
  }

  private answers(text: string): void {
    const lines = (this.rest + text).split("\n")
    this.rest = lines.pop() ?? ""
    for (const line of lines) {
      const number = this.unanswered.shift()
      if (number === undefined) throw new Error(`an answer without a line: ${line}`)
      if (line === "ok") this.acknowledged.add(number)
      else {
        this.repeated += 1
        this.again.push(number)
      }
    }
    this.fill()
  }

  private fill(): void {
    const { socket } = this
    if (socket === undefined || socket.connecting || socket.destroyed) return
    const lines: string[] = []
    while (this.unanswered.length < windowLines && (this.again.length > 0 || this.sending)) {
      const number = this.again.shift() ?? this.next++
      this.unanswered.push(number)
      lines.push(`line ${number}\n`)
    }
    if (lines.length > 0) socket.write(lines.join(""))
  }
}
