// Provocations of `start`, `stop` and `kill`: processes in the background and their pid files, on a machine whose processes are played.

import type { RecordedShell } from "../unit/cli/recorded-shell.ts"
import { called, type Provocation, type Provocations } from "./told.ts"

const pid = 4711
const pidFile = "/run/flow.pid"
const kept = { mark: `boot/${pid}`, config: "/flow/flow.yaml", log: "/var/log/flow.log", stopTimeoutMs: 10_000 }

/** A pid file, as \`start\` leaves it. */
function started({ world }: RecordedShell): void {
  world.disk.put(pidFile, `${pid}\n${JSON.stringify(kept)}\n`)
}

const stop = (when: string, before: (shell: RecordedShell) => void): Provocation => called(`stop --pid ${pidFile}`, { before, when })

/** \`start\`, and what becomes of the process that it makes. */
function start(when: string, play: (shell: RecordedShell) => void = () => undefined): Provocation {
  const during = async (shell: RecordedShell): Promise<void> => {
    await shell.world.runUntil(() => shell.table.started.length > 0)
    play(shell)
  }
  return called(`start --config /flow/flow.yaml --pid ${pidFile} --log /var/log/flow.log`, {
    before: ({ world }) => world.disk.put("/run/other.pid", ""),
    during,
    when,
  })
}

export const backgroundProvocations: Provocations = {
  WB_START_STDIN: called("start --config -"),
  WB_START_LOG: called("start --config /flow/flow.yaml --log /root/flow.log", {
    before: ({ table }) => {
      table.refusal = new Error("EACCES: permission denied, open '/root/flow.log'")
    },
    when: "as a user who may not write there",
  }),
  WB_START_ENDED: start("of a graph whose port is in use", ({ table }) => table.started[0]?.end({ status: 1, signal: null })),
  WB_START_TIMEOUT: start("of a graph that waits for a server in a `preHook`"),
  WB_BACKGROUND_ALONE: called("background"),

  WB_PID_FILE_HELD: called(`start --config /flow/flow.yaml --pid ${pidFile}`, {
    before: (shell) => {
      started(shell)
      shell.table.add(pid)
    },
    when: "while a graph of this pid file runs",
  }),
  WB_PID_FILE_MISSING: stop("where no graph was started", () => undefined),
  WB_PID_FILE_INVALID: stop("where the file holds something else", ({ world }) => world.disk.put(pidFile, "modules: {}\n")),
  WB_PID_FILE_UNREADABLE: stop("as a user who may not read the file", (shell) => {
    started(shell)
    shell.world.disk.fail({ operation: "readFile", code: "EACCES" })
  }),
  WB_PID_FILE_WRITE: called("background", {
    before: ({ table, world }) => {
      table.add(world.pid)
      const options = { config: "/flow/flow.yaml", stopTimeout: 10_000, loglevel: "info", logFormat: "text" }
      table.parent = { first: Promise.resolve({ options, pidFile: "/nowhere/flow.pid", log: "/var/log/flow.log" }), tell: () => undefined }
    },
    when: "as `start --pid /nowhere/flow.pid` runs it",
  }),
  WB_PID_FILE_STALE: stop("after the machine was switched off while the graph ran", started),
  WB_PID_FILE_FOREIGN: stop("where the number now belongs to a process that was started later", (shell) => {
    started(shell)
    shell.table.add(pid, { mark: "boot/later" })
  }),
  WB_PROCESS_DENIED: stop("as another user than the one who called `start`", (shell) => {
    started(shell)
    shell.table.add(pid, { foreignUser: true })
  }),
  WB_STOP_TIMEOUT: stop("of a graph with an output that never comes to an end", (shell) => {
    started(shell)
    shell.table.add(pid, { signalled: () => undefined })
  }),
  WB_STOP_BADLY: stop("of a graph that crashes while it stops", (shell) => {
    started(shell)
    shell.table.add(pid)
  }),
  WB_KILL_UNCONFIRMED: called(`kill --pid ${pidFile}`, {
    before: (shell) => {
      started(shell)
      shell.table.add(pid)
    },
    when: "in a pipe",
  }),
}
