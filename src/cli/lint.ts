// `lint`: everything that is wrong or doubtful about a bootstrap file, without running it.

import type { Command } from "commander"
import type { Problem } from "../bootstrap/problem.ts"
import { problemsJson, problemsText } from "../bootstrap/report.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { loadBootstrap } from "./load.ts"

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .requiredOption("--config <file>", "the bootstrap file; `-` reads standard input")
      .option("--strict", "count warnings as errors")
      .option("--json", "print the list of problems as JSON, and nothing else")
      .addHelpText(
        "after",
        `${examples("lint --config flow.yaml", "lint --config flow.yaml --strict --json")}\n\nExit status: 0 without errors, 2 with errors.`,
      )
  },

  async run(options: { config: string; strict?: boolean; json?: boolean }, { registry: load, shell }: Context): Promise<number> {
    const registry = await load()
    const loaded = await loadBootstrap({ config: options.config, registry, platform: await shell.platform() })
    const problems = options.strict === true ? loaded.problems.map(severe) : loaded.problems
    if (options.json === true) shell.out(`${problemsJson(problems)}\n`)
    else
      shell.out([problemsText(problems, loaded.sources), `${summary(options.config, problems)}\n`].filter((part) => part !== "").join("\n"))
    return problems.some(({ severity }) => severity === "error") ? 2 : 0
  },
}

function severe(problem: Problem): Problem {
  return problem.severity === "warning" ? { ...problem, severity: "error" } : problem
}

function summary(file: string, problems: readonly Problem[]): string {
  const counts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length
    return count === 0 ? [] : `${count} ${severity}${count === 1 ? "" : "s"}`
  })
  return `${file === "-" ? "standard input" : file}: ${counts.length === 0 ? "no problems" : counts.join(", ")}`
}
