// `show`: what a module does, which arguments it takes, its queues and its contract.

import type { Command } from "commander"
import { argumentsJsonSchema } from "../spec/json-schema.ts"
import { describeModule, moduleFacts } from "../spec/show.ts"
import { type CliCommand, type Context, examples } from "./command.ts"

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .requiredOption("--module <id>", "the module, as `list` names it")
      .option("--json", "print it as JSON, with the JSON Schema of its arguments")
      .addHelpText("after", examples("show --module wishbone.output.tcp", "show --module wishbone.flow.funnel --json"))
  },

  async run(options: { module: string; json?: boolean }, { registry, shell }: Context): Promise<number> {
    const { component, alias } = (await registry()).lookup(options.module)
    if (alias !== undefined) shell.err(`note: \`${alias.from}\` is a former name of \`${alias.to}\`\n`)
    const { spec } = component
    if (options.json === true) shell.out(`${JSON.stringify({ ...moduleFacts(spec), schema: argumentsJsonSchema(spec) }, undefined, 2)}\n`)
    else shell.out(`${describeModule(spec)}\n`)
    return 0
  },
}
