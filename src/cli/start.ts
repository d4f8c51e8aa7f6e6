// `start`: runs a bootstrap file in the background, in a session of its own, and returns when the graph runs, or tells why it does not. That
// it runs is heard over a channel to the new process, and that it does not by its end: nothing is guessed by waiting.

import { resolve } from "node:path"
import type { Command } from "commander"
import { WishboneError } from "../errors.ts"
import type { Platform } from "../platform/platform.ts"
import type { BackgroundProcess, ProcessEnd } from "../platform/processes.ts"
import { formatDuration } from "../spec/units.ts"
import type { StartAnswer, StartOrder } from "./background.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { backgroundCommand, readPidFile, removePidFile, standingOf, type World } from "./pid-file.ts"
import { declareGraphOptions, durationOption, type GraphOptions } from "./run-options.ts"
import type { Shell } from "./shell.ts"

interface StartOptions extends GraphOptions {
  readonly pid: string
  readonly log?: string
  readonly startTimeout: number
  readonly json?: boolean
}

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .requiredOption("--config <file>", "the bootstrap file")
      .option("--pid <file>", "where the number of the process is kept, for `stop` and `kill`", "./wishbone.pid")
      .option("--log <file>", "where its logs and standard output go (default: beside the pid file, with `.log` in place of `.pid`)")
      .addOption(durationOption("--start-timeout <duration>", "how long the graph may take until it runs", "60s"))
      .option("--json", "print { pid, pid_file, log } as JSON")
    declareGraphOptions(command).addHelpText("after", helpText)
  },

  async run(options: StartOptions, { shell }: Context): Promise<number> {
    const { pid, log: given, startTimeout, json, ...graph } = options
    if (graph.config === "-") throw new WishboneError("WB_START_STDIN")
    const world = { platform: await shell.platform(), processes: await shell.processes() }
    const pidFile = resolve(pid)
    const log = resolve(given ?? `${pidFile.replace(/\.pid$/, "")}.log`)
    await refuseHeld(pidFile, world)
    const starting = await launch({ options: graph, pidFile, log }, world)
    const outcome = await outcomeOf(starting, { platform: world.platform, shell, timeoutMs: startTimeout })
    if (outcome === "running") {
      starting.child.release()
      shell.out(answer({ pid: starting.child.pid, pidFile, log }, json === true))
      return 0
    }
    if (typeof outcome === "string") await endChild(starting.child, world)
    await forget(pidFile, starting.child.pid, world)
    await tellLog(log, starting.child.logOffset, { platform: world.platform, shell })
    return failure(outcome, { log, startTimeout, shell })
  },
}

const helpText = `${examples("start --config flow.yaml", "start --config flow.yaml --pid /run/flow.pid --log /var/log/flow.log")}

\`stop\` ends it in order, \`kill\` at once. The log grows: rotate it with logrotate's \`copytruncate\`.
Exit status: 0 the graph runs, 1 it does not, 2 bad file or usage.`

interface Starting {
  readonly child: BackgroundProcess
  readonly running: Promise<"running">
}

/** Refused here first, so that the log of a graph that runs is not written to. */
async function refuseHeld(pidFile: string, world: World): Promise<void> {
  const { files } = world.platform
  // An empty one is the child's to judge.
  if ((await files.stat(pidFile))?.size === 0) return
  const found = await readPidFile(files, pidFile)
  if (found === undefined) return
  const standing = await standingOf(world.processes, found)
  if (standing === "runs" || standing === "hidden") throw new WishboneError("WB_PID_FILE_HELD", { file: pidFile, ...found })
}

async function launch(order: StartOrder, { processes }: World): Promise<Starting> {
  let heard: (answer: "running") => void = () => undefined
  const running = new Promise<"running">((done) => {
    heard = done
  })
  const told = (message: unknown): void => {
    if ((message as Partial<StartAnswer> | null)?.running === true) heard("running")
  }
  const shown = [backgroundCommand, "--pid", order.pidFile, "--config", order.options.config]
  try {
    const child = await processes.background(shown, { log: order.log, told })
    child.tell(order)
    return { child, running }
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new WishboneError("WB_START_LOG", { file: order.log, reason }, { cause: thrown })
  }
}

type Outcome = "running" | "late" | "interrupted" | ProcessEnd

async function outcomeOf(
  { child, running }: Starting,
  { platform, shell, timeoutMs }: { platform: Platform; shell: Shell; timeoutMs: number },
): Promise<Outcome> {
  const over = new AbortController()
  const late = platform.timers.sleep(timeoutMs, over.signal).then(
    () => "late" as const,
    () => "late" as const,
  )
  let interrupt: () => void = () => undefined
  const interrupted = new Promise<"interrupted">((done) => {
    interrupt = () => done("interrupted")
  })
  for (const name of ["SIGINT", "SIGTERM"]) shell.events.on(name, interrupt)
  try {
    return await Promise.race([running, child.ended, late, interrupted])
  } finally {
    over.abort()
    for (const name of ["SIGINT", "SIGTERM"]) shell.events.off(name, interrupt)
  }
}

const patienceMs = 3000

/** Ends a process that did not come to run: in order, then at once with its ledger, then for good. It is our own child, so its number is. */
async function endChild(child: BackgroundProcess, { platform, processes }: World): Promise<void> {
  for (const signal of ["SIGTERM", "SIGTERM", "SIGKILL"] as const) {
    try {
      processes.signal(child.pid, signal)
    } catch {
      // It has ended: that is what is waited for.
    }
    const over = new AbortController()
    const patience = platform.timers.sleep(patienceMs, over.signal).then(
      () => false,
      () => false,
    )
    const ended = await Promise.race([child.ended.then(() => true), patience])
    over.abort()
    if (ended) return
  }
}

/** Removes the pid file that a process left which was not given the time to. */
async function forget(pidFile: string, pid: number, { platform }: World): Promise<void> {
  const found = await readPidFile(platform.files, pidFile).catch(() => undefined)
  if (found?.pid === pid) await removePidFile(platform.files, pidFile, found).catch(() => undefined)
}

const logBytesMax = 64 * 1024

/** What the process said: the end of it, if it said much. */
async function tellLog(log: string, from: number, { platform, shell }: { platform: Platform; shell: Shell }): Promise<void> {
  const handle = await platform.files.open(log, "read").catch(() => undefined)
  if (handle === undefined) return
  try {
    const size = await handle.size()
    const start = Math.max(from, size - logBytesMax)
    const text = Buffer.alloc(Math.max(0, size - start))
    const length = text.length === 0 ? 0 : await handle.read(text, 0, text.length, start)
    shell.err(text.toString("utf8", 0, length))
  } finally {
    await handle.close()
  }
}

function failure(
  outcome: Exclude<Outcome, "running">,
  { log, startTimeout, shell }: { log: string; startTimeout: number; shell: Shell },
): number {
  if (outcome === "interrupted") {
    shell.err("interrupted before the graph ran; its process was ended\n")
    return 130
  }
  if (outcome === "late") throw new WishboneError("WB_START_TIMEOUT", { timeout: formatDuration(startTimeout), log })
  // What is wrong with the file has just been said.
  if (outcome.status === 2) return 2
  const how = outcome.signal === null ? `with exit status ${outcome.status}` : `by ${outcome.signal}`
  throw new WishboneError("WB_START_ENDED", { how, log })
}

function answer({ pid, pidFile, log }: { pid: number; pidFile: string; log: string }, json: boolean): string {
  if (json) return `${JSON.stringify({ pid, pid_file: pidFile, log }, undefined, 2)}\n`
  return `running: process ${pid}\n  pid file  ${pidFile}\n  log       ${log}\n`
}
