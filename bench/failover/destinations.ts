// Destinations that are killed and come back. What they counted outlives them: each start writes a file of its own.

import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { start } from "../processes.ts"

/** How a destination is run: as the C sink, or as a program that answers each line. */
export type Receiver = (file: string) => ChildProcess

/** Adds how often each line came, by number, to `times`. */
export type Counter = (file: string, times: Uint32Array) => void

export interface Kind {
  readonly receiver: (port: number) => Receiver
  readonly counter: Counter
}

const headBytes = 4096

/** The sink of tools/lineload.c. */
export function sinkKind(lineload: string, linesMax: number): Kind {
  return {
    receiver: (port) => (file) => start(lineload, ["sink", "127.0.0.1", `${port}`, file, `${linesMax}`, "0"]),
    counter: (file, times) => {
      const counts = readFileSync(file).subarray(headBytes, headBytes + times.length)
      counts.forEach((count, line) => {
        times[line] = (times[line] ?? 0) + count
      })
    },
  }
}

export class Destination {
  readonly port: number
  private readonly kind: Kind
  private readonly folder: string
  private child: ChildProcess | undefined
  private readonly files: string[] = []

  constructor(options: { port: number; kind: Kind; folder: string }) {
    this.port = options.port
    this.kind = options.kind
    this.folder = options.folder
  }

  /** Listens when it resolves. */
  async start(): Promise<void> {
    const file = join(this.folder, `${this.port}-${this.files.length}`)
    const child = this.kind.receiver(this.port)(file)
    this.child = child
    this.files.push(file)
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once("data", () => resolve())
      child.once("exit", () => reject(new Error(`the destination on port ${this.port} did not start`)))
    })
  }

  /** Takes it off the processor: it reads no more, and its kernel goes on taking. */
  freeze(): void {
    this.child?.kill("SIGSTOP")
  }

  /** Kills it; gives the time of the kill in microseconds. */
  async kill(): Promise<number> {
    const { child } = this
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return 0
    const ended = once(child, "exit")
    const atUs = Number(process.hrtime.bigint() / 1000n)
    child.kill("SIGKILL")
    await ended
    return atUs
  }

  /** Of the last start, of a sink: when it began and when its first line came (microseconds; 0: not yet), and connections so far. */
  seen(): { startUs: number; firstUs: number; connections: number } {
    const head = Buffer.alloc(96)
    const file = openSync(this.files.at(-1) as string, "r")
    readSync(file, head, 0, head.length, 0)
    closeSync(file)
    const at = (field: number): number => Number(head.readBigUInt64LE(field * 8))
    return { startUs: at(10), firstUs: at(7), connections: at(4) }
  }

  /** Waits for the first line of the last start; gives its time in microseconds. */
  async firstLine(limitMs = 20_000): Promise<number> {
    return this.until(() => this.seen().firstUs, limitMs, "a line")
  }

  async connected(limitMs = 20_000): Promise<void> {
    await this.until(() => this.seen().connections, limitMs, "a connection")
  }

  addTo(times: Uint32Array): void {
    for (const file of this.files) if (existsSync(file)) this.kind.counter(file, times)
  }

  private async until(value: () => number, limitMs: number, what: string): Promise<number> {
    const end = performance.now() + limitMs
    for (;;) {
      const seen = value()
      if (seen > 0) return seen
      if (performance.now() > end) throw new Error(`no ${what} came to port ${this.port}`)
      await sleep(2)
    }
  }
}

/** What came of `lines` lines in all destinations together. */
export function tally(destinations: readonly Destination[], lines: number): { lost: number; repeated: number } {
  const times = new Uint32Array(lines)
  for (const destination of destinations) destination.addTo(times)
  let lost = 0
  let repeated = 0
  for (const count of times) {
    if (count === 0) lost += 1
    else repeated += count - 1
  }
  return { lost, repeated }
}
