// Load for a relay: the generator and the sink of tools/lineload.c, compiled at the start. The sink counts each line by its number, so a
// run in which one line is missing or doubled is no result but an error.

import { type ChildProcess, spawnSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { outputOf, root, start, stop } from "../processes.ts"

const headBytes = 4096

/** A folder for one bench, gone when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "wishbone-ts-bench-"))
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Compiles the load generator; gives its path. @throws Error without a C compiler. */
export function compileLineload(folder: string): string {
  const program = join(folder, "lineload")
  const { status, error, stderr } = spawnSync("cc", ["-O2", "-o", program, join(root, "bench/tools/lineload.c")], { encoding: "utf8" })
  if (status !== 0) throw new Error(`the load generator needs a C compiler (cc): ${error?.message ?? stderr}`)
  return program
}

/** Sends `lines` lines of `size` bytes to `port`, as fast as they are taken; gives the time of its start in microseconds. */
export async function generate(lineload: string, to: { port: number; lines: number; size: number; rate?: number }): Promise<number> {
  const { port, lines, size, rate = 0 } = to
  const text = await outputOf(start(lineload, ["gen", "127.0.0.1", `${port}`, `${lines}`, `${size}`, `${rate}`, "0"]))
  const said = JSON.parse(text) as { sent: number; t_start_us: number }
  if (said.sent !== lines) throw new Error(`the generator sent ${said.sent} of ${lines} lines`)
  return said.t_start_us
}

/** When an asking generator began and had its last reply, in microseconds. */
export interface Asked {
  readonly startUs: number
  readonly endUs: number
}

/** Sends lines to a port where each is answered, with at most `window` of them unanswered. @throws Error when one is not answered `ok` */
export async function ask(lineload: string, to: { port: number; lines: number; size: number; window: number }): Promise<Asked> {
  const { port, lines, size, window } = to
  const text = await outputOf(start(lineload, ["ask", "127.0.0.1", `${port}`, `${lines}`, `${size}`, `${window}`]))
  const said = JSON.parse(text) as { ok: number; other: number; t_start_us: number; t_end_us: number }
  if (said.ok !== lines) throw new Error(`${said.ok} of ${lines} lines were answered \`ok\`, ${said.other} otherwise`)
  return { startUs: said.t_start_us, endUs: said.t_end_us }
}

/** What the sink has counted; `latency[n]` lines came within 2^n microseconds of being made. */
export interface SinkCounts {
  readonly lines: number
  readonly distinct: number
  readonly bytes: number
  readonly bad: number
  readonly lastUs: number
}

/** A receiver that counts lines in a file it shares with us. */
export class Sink {
  private readonly child: ChildProcess
  private readonly file: string

  private constructor(child: ChildProcess, file: string) {
    this.child = child
    this.file = file
  }

  /** Listens on `port` for lines numbered below `linesMax`. */
  static async listen(lineload: string, at: { port: number; linesMax: number; file: string }): Promise<Sink> {
    rmSync(at.file, { force: true })
    const child = start(lineload, ["sink", "127.0.0.1", `${at.port}`, at.file, `${at.linesMax}`, "0"])
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once("data", () => resolve())
      child.once("exit", () => reject(new Error("the sink did not start")))
    })
    return new Sink(child, at.file)
  }

  counts(): SinkCounts {
    const head = Buffer.alloc(64)
    const file = openSync(this.file, "r")
    readSync(file, head, 0, head.length, 0)
    closeSync(file)
    const at = (field: number): number => Number(head.readBigUInt64LE(field * 8))
    return { lines: at(0), distinct: at(1), bytes: at(2), bad: at(3), lastUs: at(6) }
  }

  /** Waits until so many lines have come. @throws Error when nothing comes any more. */
  async until(lines: number, limitMs = 20_000): Promise<SinkCounts> {
    const end = performance.now() + limitMs
    for (;;) {
      const counts = this.counts()
      if (counts.lines >= lines) return counts
      if (performance.now() > end) throw new Error(`${counts.lines} of ${lines} lines arrived`)
      await sleep(5)
    }
  }

  /** How often each line came, by number. */
  times(lines: number): Uint8Array {
    return readFileSync(this.file).subarray(headBytes, headBytes + lines)
  }

  async close(): Promise<void> {
    await stop(this.child)
  }
}
