// `show`: what a module, a protocol or a function does, and which arguments it takes; of a module its queues and its contract as well.

import type { Command } from "commander"
import { argumentsJsonSchema } from "../spec/json-schema.ts"
import { describeModule, describePart, moduleFacts, partFacts } from "../spec/show.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { knownComponents } from "./known-components.ts"

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .requiredOption("--module <id>", "the module, protocol or function, as `list` names it")
      .option("--config <file>", "a bootstrap file whose packages are known too; `-` reads standard input")
      .option("--json", "print it as JSON, with the JSON Schema of its arguments")
      .addHelpText("after", examples("show --module wishbone.output.tcp", "show --module acme.flow.enrich --config flow.yaml --json"))
  },

  async run(options: { module: string; config?: string; json?: boolean }, context: Context): Promise<number> {
    const { shell } = context
    const { registry, status } = await knownComponents(options.config, context)
    const part = registry.parts.all.find(({ spec: { name } }) => name === options.module)
    if (part !== undefined) {
      const { spec, sort } = part
      const facts = (): string => JSON.stringify({ ...partFacts(spec, sort), schema: argumentsJsonSchema(spec) }, undefined, 2)
      shell.out(`${options.json === true ? facts() : describePart(spec, sort)}\n`)
      return status
    }
    const { component, alias } = registry.lookup(options.module)
    if (alias !== undefined) shell.err(`note: \`${alias.from}\` is a former name of \`${alias.to}\`\n`)
    const { spec } = component
    if (options.json === true) shell.out(`${JSON.stringify({ ...moduleFacts(spec), schema: argumentsJsonSchema(spec) }, undefined, 2)}\n`)
    else shell.out(`${describeModule(spec)}\n`)
    return status
  },
}
