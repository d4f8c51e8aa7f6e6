// `list`: the modules, protocols and functions that a bootstrap file can name.

import Table from "cli-table3"
import type { Command } from "commander"
import { WishboneError } from "../errors.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { knownComponents } from "./known-components.ts"

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .option("--config <file>", "list the modules of its packages too; `-` reads standard input")
      .option("--namespace <names>", "only of these namespaces, which is the first word of an id: wishbone,acme", words)
      .option("--json", "print a list of { id, kind, summary }")
      .addHelpText("after", examples("list", "list --config flow.yaml --json", "list --config flow.yaml --namespace acme"))
  },

  async run(options: { config?: string; namespace?: readonly string[]; json?: boolean }, context: Context): Promise<number> {
    const { shell } = context
    const { registry, status } = await knownComponents(options.config, context)
    const modules = registry.list().map(({ spec }) => ({ id: spec.name, kind: spec.kind as string, summary: spec.summary }))
    const others = registry.parts.all.map(({ spec, sort }) => ({ id: spec.name, kind: sort, summary: spec.summary }))
    const rows = within([...modules, ...others], options.namespace)
    shell.out(options.json === true ? `${JSON.stringify(rows, undefined, 2)}\n` : `${table(rows)}\n`)
    return status
  },
}

interface Row {
  readonly id: string
  readonly kind: string
  readonly summary: string
}

/** What lies in one of the namespaces. @throws `WB_NAMESPACE_UNKNOWN` for one that holds nothing */
function within(rows: readonly Row[], namespaces: readonly string[] | undefined): readonly Row[] {
  if (namespaces === undefined) return rows
  const known = [...new Set(rows.map(namespaceOf))]
  const stranger = namespaces.find((name) => !known.includes(name))
  if (stranger !== undefined) throw new WishboneError("WB_NAMESPACE_UNKNOWN", { namespace: stranger, known })
  return rows.filter((row) => namespaces.includes(namespaceOf(row)))
}

function namespaceOf({ id }: Row): string {
  return id.slice(0, id.indexOf("."))
}

function words(text: string): string[] {
  return text.split(",").map((word) => word.trim())
}

function table(rows: readonly Row[]): string {
  const made = new Table({ head: ["id", "kind", "summary"], style: { head: [], border: [], compact: true } })
  made.push(...rows.map(({ id, kind, summary }) => [id, kind, summary]))
  return made.toString()
}
