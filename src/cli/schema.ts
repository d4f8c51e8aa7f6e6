// `schema`: the JSON Schema of bootstrap files, made of what the known modules declare; editors complete and check with it.

import type { Command } from "commander"
import { bootstrapJsonSchema } from "../bootstrap/json-schema.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { knownComponents } from "./known-components.ts"
import { giveAnswer } from "./out-file.ts"

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .option("--config <file>", "a bootstrap file whose packages are known too; `-` reads standard input")
      .option("--out <file>", "write it to a file instead of standard output")
      .addHelpText("after", helpText)
  },

  async run({ config, out }: { config?: string; out?: string }, context: Context): Promise<number> {
    const { registry, status } = await knownComponents(config, context)
    const schema = bootstrapJsonSchema({ registry, complete: config !== undefined })
    await giveAnswer(`${JSON.stringify(schema, undefined, 2)}\n`, { out, shell: context.shell })
    return status
  },
}

const helpText = `${examples("schema --out bootstrap.schema.json", "schema --config flow.yaml --out flow.schema.json")}

With \`# yaml-language-server: $schema=bootstrap.schema.json\` as the first line of a bootstrap file, editors with the YAML language server
complete keys, modules and arguments, explain them, and mark mistakes. Without --config modules of packages pass unchecked.`
