// The process as commands see it: where answers and messages go, who tells of signals and crashes, how to end at once. Tests hand in
// one of their own. Nothing here is slow to load: `--help` needs this file.

import type { Platform } from "../platform/platform.ts"
import type { Processes } from "../platform/processes.ts"

/** A terminal, as far as drawing on it goes. It may change its size at any time. */
export interface Terminal {
  readonly columns: number
  readonly rows: number
  readonly colour: boolean
}

/** Signals and crashes of the process, or an emitter that plays them. */
export type ProcessEvents = Pick<NodeJS.EventEmitter, "on" | "off">

export interface Shell {
  /** Answers that were asked for. */
  out(text: string): void
  /** Logs, status, ledger and messages; synchronous, so that the last words before an end are read. */
  err(text: string): void
  /** Whether what goes to `err` may have colours. */
  readonly colour: boolean
  /** The terminal that answers go to; `undefined` when that is a file or a pipe, or a terminal that cannot be drawn on. */
  readonly terminal?: Terminal | undefined
  readonly events: ProcessEvents
  /** Whether a person sits at standard input and reads standard error. */
  readonly interactive: boolean
  /** Asks that person; resolves to the line that is typed, empty when there is none. */
  ask(question: string): Promise<string>
  /** The world; loaded when a command needs it. */
  platform(): Promise<Platform>
  /** Other processes; loaded when a command needs them. */
  processes(): Promise<Processes>
  /** Ends the process at once. */
  exit(status: number): void
}

/** The shell of this process. A reader of its output may go away at any time: that is no reason to stop. */
export function processShell(): Shell {
  const out = guarded(() => process.stdout)
  const err = guarded(() => process.stderr)
  return {
    out,
    err,
    get colour() {
      return wantsColour(process.env, process.stderr.isTTY)
    },
    get terminal() {
      return terminalOf(process.stdout, process.env)
    },
    events: process,
    get interactive() {
      return process.stdin.isTTY === true && process.stderr.isTTY === true
    },
    ask: askAtTerminal,
    platform: async () => (await import("../platform/real.ts")).realPlatform(),
    processes: async () =>
      (await import("../platform/real-processes.ts")).realProcesses([...process.execArgv, ...process.argv.slice(1, 2)]),
    exit: (status) => process.exit(status),
  }
}

function terminalOf(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Terminal | undefined {
  if (stream.isTTY !== true || environment["TERM"] === "dumb") return undefined
  return {
    get columns() {
      return stream.columns
    },
    get rows() {
      return stream.rows
    },
    colour: wantsColour(environment, true),
  }
}

async function askAtTerminal(question: string): Promise<string> {
  const { createInterface } = await import("node:readline")
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve) => {
    lines.on("close", () => resolve(""))
    lines.question(question, (answer) => {
      resolve(answer)
      lines.close()
    })
  })
}

/** Writes to a stream that is fetched at the first use; its errors (a closed pipe) are nobody's business. */
function guarded(stream: () => NodeJS.WriteStream): (text: string) => void {
  let opened: NodeJS.WriteStream | undefined
  return (text) => {
    opened ??= stream().on("error", () => undefined)
    if (!opened.destroyed) opened.write(text)
  }
}

/** `NO_COLOR` and `FORCE_COLOR` decide; else whether it is a terminal that knows colours. */
export function wantsColour(environment: Readonly<Record<string, string | undefined>>, isTerminal: boolean | undefined): boolean {
  if ((environment["NO_COLOR"] ?? "") !== "") return false
  if ((environment["FORCE_COLOR"] ?? "") !== "") return environment["FORCE_COLOR"] !== "0"
  return isTerminal === true && environment["TERM"] !== "dumb"
}
