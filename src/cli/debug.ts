// `debug`: runs a bootstrap file in the foreground. Logs, status and ledger go to standard error, so that standard output belongs to
// the graph.

import type { Command } from "commander"
import type { CheckedBootstrap } from "../bootstrap/check.ts"
import type { Problem } from "../bootstrap/problem.ts"
import { problemsText } from "../bootstrap/report.ts"
import { ControlServer } from "../control/server.ts"
import type { Report } from "../ledger.ts"
import { createLogs, type LogFactory } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { Router } from "../router/router.ts"
import { blameAmong } from "./blame.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { serveHealth } from "./http-option.ts"
import { ledgerTable, ledgerVerdict } from "./ledger-table.ts"
import { loadBootstrap } from "./load.ts"
import { Reloads } from "./reload.ts"
import { runGraph } from "./run.ts"
import { declareGraphOptions, type GraphOptions } from "./run-options.ts"
import type { Shell } from "./shell.ts"
import { packageVersion } from "./version.ts"

export const command: CliCommand = {
  declare(command: Command): void {
    command.requiredOption("--config <file>", "the bootstrap file; `-` reads standard input")
    declareGraphOptions(command).addHelpText(
      "after",
      `${examples("debug --config flow.yaml", "debug --config flow.yaml --set output_1.port=9000 --report ledger.json")}

SIGINT and SIGTERM stop in order; a second one ends at once. SIGHUP reads the file again, as \`--watch\` does whenever it changes.
Exit status: 0 nothing lost, 1 failed run, 2 bad file or usage, 3 something lost, 130 second signal.`,
    )
  },

  async run(options: GraphOptions, { registry: load, shell, follower }: Context): Promise<number> {
    const registry = await load()
    const platform = await shell.platform()
    const typescript = follower === undefined ? true : "which runs in `debug` and `lint` only"
    const read = (): Promise<CheckedBootstrap> => loadBootstrap({ ...options, registry, platform, typescript })
    let loaded = await read()
    const { plan, problems } = loaded
    if (plan === undefined) {
      const errors = problems.filter(({ severity }) => severity === "error")
      shell.err(problemsText(errors, loaded.sources))
      return 2
    }
    const logs = createLogs({ platform, level: options.loglevel, format: options.logFormat, write: shell.err, colour: shell.colour })
    const log = logs("debug")
    for (const problem of problems) if (problem.severity === "warning") log.warn(...warningOf(problem))
    const router = Router.fromPlan(plan, { registry: loaded.registry, platform, logs, version: packageVersion() })
    const reloads = new Reloads({
      config: options.config,
      load: read,
      router,
      platform,
      log,
      events: shell.events,
      timeoutMs: options.stopTimeout,
      taken: (now) => {
        loaded = now
      },
    })
    const running = (): void => {
      follower?.running(plan)
      reloads.begin()
      if (options.watch === true) reloads.watch()
    }
    const close = async (report: Report): Promise<void> => {
      follower?.ended(report)
      await tellLedger(report, { options, shell, platform, logs })
    }
    const graph = { file: plan.file, version: packageVersion(), router, reload: () => reloads.request("asked to") }
    const control = (): Promise<ControlServer> => ControlServer.start({ platform, log, state: plan.state, graph })
    const health = await serveHealth(options.http, { platform, log, router })
    try {
      const blame = blameAmong(() => ({ loaded: loaded.loaded, instances: (loaded.plan ?? plan).instances }))
      const fatal = (): void => health?.fatal()
      return await runGraph({ router, platform, shell, log, stopTimeoutMs: options.stopTimeout, control, blame, fatal, running, close })
    } finally {
      await reloads.close()
      await health?.close()
    }
  },
}

/** A warning about the file, as an entry of the log. */
function warningOf({ file, line, code, message }: Problem): [message: string, fields: Record<string, unknown>] {
  return [message, { at: `${file}:${line}`, code }]
}

/** The ledger for people, or as one more entry where entries are JSON; and into the file that was asked for. */
async function tellLedger(
  report: Report,
  to: { options: GraphOptions; shell: Shell; platform: Platform; logs: LogFactory },
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
