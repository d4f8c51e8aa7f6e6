// `lint`: everything that is wrong or doubtful about a bootstrap file, without running it, and how much memory its events may take. With
// `--fix` former names are rewritten first.

import type { Command } from "commander"
import type { CheckedBootstrap } from "../bootstrap/check.ts"
import type { Problem } from "../bootstrap/problem.ts"
import { problemsText } from "../bootstrap/report.ts"
import { type Memory, memoryOf } from "../router/memory.ts"
import { formatSize } from "../spec/units.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { type FixResult, fixBootstrap } from "./lint-fix.ts"
import { loadBootstrap } from "./load.ts"

interface LintOptions {
  readonly config: string
  readonly strict?: boolean
  readonly fix?: boolean
  readonly json?: boolean
}

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .requiredOption("--config <file>", "the bootstrap file; `-` reads standard input")
      .option("--strict", "count warnings as errors")
      .option("--fix", "rewrite former names of modules, arguments, queues and instances; of standard input, print it rewritten")
      .option("--json", "print { problems, memory, fixed } as JSON, and nothing else")
      .addHelpText("after", helpText)
  },

  async run(options: LintOptions, { registry: load, shell }: Context): Promise<number> {
    const { config, json = false } = options
    const registry = await load()
    const platform = await shell.platform()
    const fixed = options.fix === true ? await fixBootstrap({ config, registry, platform, shell }) : undefined
    const loaded = fixed?.loaded ?? (await loadBootstrap({ config, registry, platform }))
    const problems = options.strict === true ? loaded.problems.map(severe) : loaded.problems
    const report = { ...loaded, problems, memory: memoryOfPlan(loaded), fixed }
    // Standard output belongs to the text where that was asked for.
    const say = fixed?.printed === true ? shell.err : shell.out
    say(json ? jsonReport(report) : textReport(config, report))
    return problems.some(({ severity }) => severity === "error") ? 2 : 0
  },
}

const helpText = `${examples("lint --config flow.yaml", "lint --config flow.yaml --strict --json", "lint --config flow.yaml --fix")}

--fix changes nothing but the names: comments, quotes and layout stay. It rewrites nothing when the file would mean something else.
Memory is the worst case of payload: queues, and what modules say they keep beside them. Node itself comes on top.
Exit status: 0 without errors, 2 with errors, 1 when --fix could not rewrite the file.`

interface LintReport extends Pick<CheckedBootstrap, "sources"> {
  readonly problems: readonly Problem[]
  readonly memory: Memory | undefined
  readonly fixed: FixResult | undefined
}

function memoryOfPlan({ graph, plan }: CheckedBootstrap): Memory | undefined {
  return graph === undefined || plan === undefined ? undefined : memoryOf(graph, plan.defaultQueue)
}

function jsonReport({ problems, memory, fixed }: LintReport): string {
  return `${JSON.stringify({ problems, memory: memory ?? null, ...(fixed && { fixed: fixed.fixes }) }, undefined, 2)}\n`
}

function textReport(config: string, { problems, sources, memory, fixed }: LintReport): string {
  const file = config === "-" ? "standard input" : config
  const mended = (fixed?.fixes ?? []).map(
    ({ line, column, from, to }) => `${file}:${line}:${column}: fixed: \`${from}\` is \`${to}\` now\n`,
  )
  const byHand = (fixed?.left ?? []).map(({ line, column }) => `${file}:${line}:${column}: left: this name has to be rewritten by hand\n`)
  const rest = [problemsText(problems, sources), `${summary(file, problems)}\n`].filter((part) => part !== "").join("\n")
  return [...mended, ...byHand, rest, memory === undefined ? "" : `${memoryText(memory)}\n`].join("")
}

function severe(problem: Problem): Problem {
  return problem.severity === "warning" ? { ...problem, severity: "error" } : problem
}

function summary(file: string, problems: readonly Problem[]): string {
  const counts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length
    return count === 0 ? [] : `${count} ${severity}${count === 1 ? "" : "s"}`
  })
  return `${file}: ${counts.length === 0 ? "no problems" : counts.join(", ")}`
}

function memoryText({ queueBytes, moduleBytes, totalBytes, instances }: Memory): string {
  const silent = instances.filter((instance) => instance.moduleBytes === undefined).length
  const unknown =
    silent === 0
      ? ""
      : `; ${silent} ${silent === 1 ? "module does" : "modules do"} not tell what ${silent === 1 ? "it keeps" : "they keep"}`
  return `memory at worst: ${formatSize(totalBytes)} of events (queues ${formatSize(queueBytes)}, modules ${formatSize(moduleBytes)}${unknown})`
}
