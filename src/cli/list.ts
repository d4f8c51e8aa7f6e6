// `list`: the modules that a bootstrap file can name.

import Table from "cli-table3"
import type { Command } from "commander"
import { type CliCommand, type Context, examples } from "./command.ts"

export const command: CliCommand = {
  declare(command: Command): void {
    command.option("--json", "print a list of { id, kind, summary }").addHelpText("after", examples("list", "list --json"))
  },

  async run(options: { json?: boolean }, { registry, shell }: Context): Promise<number> {
    const rows = (await registry()).list().map(({ spec }) => ({ id: spec.name, kind: spec.kind, summary: spec.summary }))
    shell.out(options.json === true ? `${JSON.stringify(rows, undefined, 2)}\n` : `${table(rows)}\n`)
    return 0
  },
}

function table(rows: readonly { id: string; kind: string; summary: string }[]): string {
  const made = new Table({ head: ["id", "kind", "summary"], style: { head: [], border: [], compact: true } })
  made.push(...rows.map(({ id, kind, summary }) => [id, kind, summary]))
  return made.toString()
}
