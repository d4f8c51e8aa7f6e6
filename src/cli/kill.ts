// `kill`: ends a graph in the background at once. What it holds in memory is lost, so a person is asked first.

import { resolve } from "node:path"
import type { Command } from "commander"
import { ControlClient } from "../control/client.ts"
import { controlPath } from "../control/path.ts"
import { WishboneError } from "../errors.ts"
import type { Platform } from "../platform/platform.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import type { PidRecord } from "./pid-file.ts"
import { findRunning, forget, signalRunning, untilGone } from "./running-process.ts"
import type { Shell } from "./shell.ts"

interface KillOptions {
  readonly pid: string
  readonly yes?: boolean
  readonly json?: boolean
}

/** The system needs no time for it, unless a disk or a network file system hangs. */
const goneMs = 5000
const answerMs = 1000

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .option("--pid <file>", "the pid file that `start` was given", "./wishbone.pid")
      .option("--yes", "do not ask")
      .option("--json", "print { pid, killed } as JSON")
      .addHelpText("after", helpText)
  },

  async run({ pid, yes, json }: KillOptions, { shell }: Context): Promise<number> {
    const world = { platform: await shell.platform(), processes: await shell.processes() }
    const file = resolve(pid)
    const record = await findRunning(file, "killed", world)
    if (yes !== true && !(await confirmed(record, world.platform, shell))) return 1
    const killed = await signalRunning(record, "SIGKILL", "killed", world)
    await untilGone(record, { timeoutMs: goneMs, what: "end" }, world)
    await forget(file, record, world)
    const said = killed ? `killed: process ${record.pid}\n` : `process ${record.pid} had ended by itself\n`
    shell.out(json === true ? `${JSON.stringify({ pid: record.pid, killed })}\n` : said)
    return 0
  },
}

const helpText = `${examples("kill", "kill --pid /run/flow.pid --yes")}

What the graph holds in memory is lost; what is on disk stays, and is offered again at the next \`start\`. \`stop\` loses nothing that can be
drained in time.
Exit status: 0 killed, 1 not, 2 bad usage.`

async function confirmed(record: PidRecord, platform: Platform, shell: Shell): Promise<boolean> {
  if (!shell.interactive) throw new WishboneError("WB_KILL_UNCONFIRMED", { pid: record.pid })
  const waiting = await waitingIn(record, platform)
  const held =
    waiting === undefined
      ? "What it holds in memory is"
      : `${waiting} ${waiting === 1 ? "event" : "events"} in memory and what comes until then are`
  const answer = await shell.ask(`Process ${record.pid} runs \`${record.config}\`. ${held} lost; what is on disk stays. Kill it? [y/N] `)
  if (/^y(es)?$/i.test(answer.trim())) return true
  shell.err("nothing was killed\n")
  return false
}

/** Events in the memory of a graph, if it answers. */
async function waitingIn({ state }: PidRecord, platform: Platform): Promise<number | undefined> {
  const path = state === undefined ? undefined : controlPath(platform.environment, state)
  const client = path === undefined ? undefined : await ControlClient.connect(platform, path)
  if (client === undefined) return undefined
  const over = new AbortController()
  try {
    const asked = client.request("status", {}).catch(() => undefined)
    const status = await Promise.race([asked, platform.timers.sleep(answerMs, over.signal).catch(() => undefined)])
    const waiting = (status as { waiting?: unknown } | undefined)?.waiting
    return typeof waiting === "number" ? waiting : undefined
  } finally {
    over.abort()
    client.close()
  }
}
