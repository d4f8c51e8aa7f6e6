// The processes of a simulated machine: numbers that are given out, given away and signalled, for tests of `start`, `stop` and `kill`.

import { EventEmitter } from "node:events"
import type { BackgroundProcess, ParentProcess, ProcessEnd, Processes, ProcessIdentity } from "../../../src/platform/processes.ts"
import { systemError } from "../../../src/platform/system-error.ts"

interface Entry extends ProcessIdentity {
  /** Of another user: it may be seen, and not be signalled. */
  readonly foreignUser: boolean
  /** What a signal does to it. */
  readonly signalled: (signal: string) => void
}

export class ProcessTable implements Processes {
  parent: ParentProcess | undefined
  /** Every signal that went out, as `pid signal`. */
  readonly signals: string[] = []
  /** What `start` made; the newest last. */
  readonly started: StartedProcess[] = []
  /** Why no process can be made. */
  refusal: Error | undefined
  readonly #entries = new Map<number, Entry>()

  /** Gives a number to a process. `signalled` is what a signal does; by default each ends it. */
  add(pid: number, entry: Partial<Entry> = {}): void {
    const dies = (): void => void this.#entries.delete(pid)
    this.#entries.set(pid, {
      mark: `boot/${pid}`,
      command: ["node", "wishbone-ts", "background"],
      foreignUser: false,
      signalled: dies,
      ...entry,
    })
  }

  remove(pid: number): void {
    this.#entries.delete(pid)
  }

  identify(pid: number): Promise<ProcessIdentity | undefined> {
    return Promise.resolve(this.#entries.get(pid))
  }

  signal(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
    const entry = this.#entries.get(pid)
    if (entry === undefined) throw systemError("ESRCH", "kill")
    if (entry.foreignUser) throw systemError("EPERM", "kill")
    this.signals.push(`${pid} ${signal}`)
    entry.signalled(signal)
  }

  background(args: readonly string[], { told }: { log: string; told: (message: unknown) => void }): Promise<BackgroundProcess> {
    if (this.refusal !== undefined) return Promise.reject(this.refusal)
    const made = new StartedProcess(args, told, this)
    this.started.push(made)
    return Promise.resolve(made)
  }
}

/** A process that `start` made: the test plays what becomes of it. */
export class StartedProcess extends EventEmitter<{ told: [unknown] }> implements BackgroundProcess {
  readonly pid = 4000
  readonly logOffset = 0
  readonly ended: Promise<ProcessEnd>
  readonly args: readonly string[]
  /** Answers its parent. */
  readonly say: (message: unknown) => void
  /** What it was told. */
  readonly heard: unknown[] = []
  released = false
  end: (end: ProcessEnd) => void = () => undefined

  constructor(args: readonly string[], say: (message: unknown) => void, table: ProcessTable) {
    super()
    this.args = args
    this.say = say
    this.ended = new Promise((resolve) => {
      this.end = (end) => {
        table.remove(this.pid)
        resolve(end)
      }
    })
    table.add(this.pid, { signalled: (signal) => this.end({ status: null, signal }) })
  }

  tell(message: unknown): void {
    this.heard.push(message)
    this.emit("told", message)
  }

  release(): void {
    this.released = true
  }
}
