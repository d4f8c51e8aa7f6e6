// `debug`: runs a bootstrap file in the foreground. Logs, status and ledger go to standard error, so that standard output belongs to
// the graph.

import { type Command, InvalidArgumentError, Option } from "commander"
import type { Problem } from "../bootstrap/problem.ts"
import { problemsText } from "../bootstrap/report.ts"
import { ControlServer } from "../control/server.ts"
import type { Report } from "../ledger.ts"
import { createLogs, type LogFactory, type LogLevel, logLevels } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { Router } from "../router/router.ts"
import { parseDuration } from "../spec/units.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { ledgerTable, ledgerVerdict } from "./ledger-table.ts"
import { loadBootstrap } from "./load.ts"
import { runGraph } from "./run.ts"
import type { Shell } from "./shell.ts"
import { packageVersion } from "./version.ts"

interface DebugOptions {
  readonly config: string
  readonly set?: readonly string[]
  readonly report?: string
  readonly queueSize?: number
  readonly stopTimeout: number
  readonly loglevel: LogLevel
  readonly logFormat: "text" | "json"
}

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .requiredOption("--config <file>", "the bootstrap file; `-` reads standard input")
      .option("--set <path=value...>", "set an argument (output_1.port=9000) or anything (modules.output_1.timeout=5s)")
      .option("--report <file>", "write the ledger to a file, as JSON, at the end")
      .option("--queue-size <events>", "events that a queue holds unless the file says otherwise (default: 100)", wholeNumber)
      .addOption(
        new Option("--stop-timeout <duration>", "how long the graph may drain once it is told to stop")
          .argParser(durationMs)
          .default(10_000, "10s"),
      )
      .addOption(new Option("--loglevel <level>", "least level that is logged").choices(logLevels).default("info"))
      .addOption(new Option("--log-format <format>", "how logs are written").choices(["text", "json"]).default("text"))
      .addHelpText(
        "after",
        `${examples("debug --config flow.yaml", "debug --config flow.yaml --set output_1.port=9000 --report ledger.json")}

SIGINT and SIGTERM stop in order; a second one ends at once.
Exit status: 0 nothing lost, 1 failed run, 2 bad file or usage, 3 something lost, 130 second signal.`,
      )
  },

  async run(options: DebugOptions, { registry: load, shell }: Context): Promise<number> {
    const registry = await load()
    const platform = await shell.platform()
    const loaded = await loadBootstrap({ ...options, registry, platform })
    const { plan, problems } = loaded
    if (plan === undefined) {
      const errors = problems.filter(({ severity }) => severity === "error")
      shell.err(problemsText(errors, loaded.sources))
      return 2
    }
    const logs = createLogs({ platform, level: options.loglevel, format: options.logFormat, write: shell.err, colour: shell.colour })
    const log = logs("debug")
    for (const problem of problems) if (problem.severity === "warning") log.warn(...warningOf(problem))
    const router = Router.fromPlan(plan, { registry, platform, logs, version: packageVersion() })
    const close = (report: Report): Promise<void> => tellLedger(report, { options, shell, platform, logs })
    const graph = { file: plan.file, version: packageVersion(), router }
    const control = (): Promise<ControlServer> => ControlServer.start({ platform, log, state: plan.state, graph })
    return runGraph({ router, platform, shell, log, stopTimeoutMs: options.stopTimeout, control, close })
  },
}

/** A warning about the file, as an entry of the log. */
function warningOf({ file, line, code, message }: Problem): [message: string, fields: Record<string, unknown>] {
  return [message, { at: `${file}:${line}`, code }]
}

/** The ledger for people, or as one more entry where entries are JSON; and into the file that was asked for. */
async function tellLedger(
  report: Report,
  to: { options: DebugOptions; shell: Shell; platform: Platform; logs: LogFactory },
): Promise<void> {
  const { options, shell, platform, logs } = to
  if (options.logFormat === "text") shell.err(`\n${ledgerTable(report)}${ledgerVerdict(report)}\n`)
  // The ledger is told whatever the level of the logs.
  else
    createLogs({ platform, level: "info", format: "json", write: shell.err, colour: false })("debug").info(ledgerVerdict(report), {
      ledger: report,
    })
  if (options.report === undefined) return
  try {
    await platform.files.writeFile(options.report, `${JSON.stringify(report, undefined, 2)}\n`)
  } catch (thrown) {
    logs("debug").error(`the report could not be written: ${(thrown as Error).message}`)
  }
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("Expected a whole number of at least 1.")
  return value
}

function durationMs(text: string): number {
  const ms = parseDuration(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text)
  if (ms === undefined) throw new InvalidArgumentError("Expected a duration such as 500ms, 10s or 2m.")
  return ms
}
