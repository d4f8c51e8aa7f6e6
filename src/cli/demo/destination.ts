// The demo's side of a listener: starts its process, kills it, starts it again, and takes what it says.

import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { WishboneError } from "../../errors.ts"
import type { Platform } from "../../platform/platform.ts"

const program = fileURLToPath(new URL("./listener.js", import.meta.url))
const startMs = 15_000
const endMs = 2000
const saidMax = 1000

/** What became of its process. */
export type DestinationState = "starting" | "up" | "killed" | "ended"

/** A listener, running or not. */
export class Destination {
  readonly name: string
  state: DestinationState = "starting"
  readonly #port: number
  readonly #timers: Platform["timers"]
  readonly #received: (line: string) => void
  #child: ChildProcess | undefined
  #closed: Promise<void> = Promise.resolve()

  constructor(parts: { name: string; port: number; timers: Platform["timers"]; received: (line: string) => void }) {
    this.name = parts.name
    this.#port = parts.port
    this.#timers = parts.timers
    this.#received = parts.received
  }

  /** Starts its process; resolves when it listens. @throws `WB_DEMO_LISTENER` */
  async start(): Promise<void> {
    this.state = "starting"
    const child = spawn(process.execPath, [program, String(this.#port)], { stdio: ["pipe", "pipe", "pipe"] })
    this.#child = child
    let said = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-saidMax)
    })
    // A pipe to a process that was killed; its end is told by `close`.
    child.stdin.on("error", () => undefined)
    this.#closed = new Promise((resolve) => {
      child.once("close", () => resolve())
    })
    const answer = await this.#firstWord(child)
    if (answer !== "listening") throw new WishboneError("WB_DEMO_LISTENER", { name: this.name, reason: said.trim() || answer })
    this.state = "up"
  }

  /** Kills its process as `kill -9` does; resolves when it is gone and all that it had said is read. */
  async kill(): Promise<void> {
    this.state = "killed"
    this.#child?.kill("SIGKILL")
    await this.#closed
  }

  /** Asks its process to end. */
  async end(): Promise<void> {
    this.state = "ended"
    this.#child?.stdin?.end()
    const late = this.#timers.after(endMs, () => this.#child?.kill("SIGKILL"))
    await this.#closed
    late.cancel()
  }

  /** The first line it says, or why there is none; what comes after that are lines it received. */
  #firstWord(child: ChildProcess): Promise<string> {
    return new Promise((resolve) => {
      const late = this.#timers.after(startMs, () => resolve(`it said nothing for ${startMs / 1000} s`))
      const first = (word: string): void => {
        late.cancel()
        resolve(word)
      }
      child.once("error", (error) => first(error.message))
      child.once("close", (status) => first(`it ended with ${status ?? "a signal"}`))
      let take: (line: string) => void = (line) => {
        take = this.#received
        first(line)
      }
      let rest = ""
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n")
        rest = lines.pop() ?? ""
        for (const line of lines) take(line)
      })
    })
  }
}
