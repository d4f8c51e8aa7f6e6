// `stop`: tells a graph in the background to end in order, waits until it has, and says how it ended.

import { resolve } from "node:path"
import type { Command } from "commander"
import { WishboneError } from "../errors.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { endText, readEnd } from "./end-file.ts"
import { durationOption } from "./run-options.ts"
import { findRunning, forget, signalRunning, untilGone } from "./running-process.ts"

interface StopOptions {
  readonly pid: string
  readonly timeout?: number
  readonly json?: boolean
}

/** What hooks, ledger and the end of the process may take on top of the drain. */
const graceMs = 10_000

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .option("--pid <file>", "the pid file that `start` was given", "./wishbone.pid")
      .addOption(durationOption("--timeout <duration>", "how long to wait (default: the graph's `--stop-timeout` and 10s)"))
      .option("--json", "print { pid, status, lost } as JSON")
      .addHelpText("after", helpText)
  },

  async run({ pid, timeout, json }: StopOptions, { shell }: Context): Promise<number> {
    const world = { platform: await shell.platform(), processes: await shell.processes() }
    const file = resolve(pid)
    const what = "stop"
    const record = await findRunning(file, "stopped", world)
    // A second signal would end it at once, with what it holds in memory.
    if (record.stopping !== true) await signalRunning(record, "SIGTERM", "stopped", world)
    else if (json !== true) shell.err(`process ${record.pid} is stopping already\n`)
    await untilGone(record, { timeoutMs: timeout ?? record.stopTimeoutMs + graceMs, what }, world)
    const end = await readEnd(world.platform.files, file, record)
    await forget(file, record, world)
    if (end === undefined) throw new WishboneError("WB_STOP_BADLY", { pid: record.pid, log: record.log })
    const { status, lost } = end
    shell.out(
      json === true
        ? `${JSON.stringify({ pid: record.pid, status, lost: lost ?? null })}\n`
        : `stopped: process ${record.pid} ended ${endText(end)}\n`,
    )
    return 0
  },
}

const helpText = `${examples("stop", "stop --pid /run/flow.pid --timeout 1m")}

Only a process is signalled that \`start\` made and that still runs: its number alone does not count. A pid file whose process is gone is
removed, and that it was gone is told.
Exit status: 0 it ran and has ended in order, 1 anything else, 2 bad usage.`
