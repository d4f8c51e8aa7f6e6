// `demo`: shows what the product is for, without any other program.

import { type Command, InvalidArgumentError, Option } from "commander"
import { type CliCommand, type Context, examples } from "./command.ts"
import type { DemoOptions } from "./demo/options.ts"

const demos: Readonly<Record<string, () => Promise<(options: DemoOptions, context: Context) => Promise<number>>>> = {
  failover: async () => (await import("./demo/failover.ts")).runFailover,
}

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .argument("<demo>", "what to show: failover", known)
      .addOption(new Option("--seconds <seconds>", "about how long it takes, from 8 to 50").argParser(wholeSeconds).default(24))
      .option("--plain", "print lines instead of drawing, as in a pipe")
      .option("--show-config", "print the bootstrap file of the graph, and run nothing")
      .addHelpText(
        "after",
        `${examples("demo failover", "demo failover --plain --seconds 10")}

failover starts a graph and three listeners on free ports of 127.0.0.1, kills and revives them, and counts at their end what has arrived.
Exit status: 0 everything arrived, 1 the demo failed, 2 bad usage, 3 something was lost, 130 interrupted.`,
      )
  },

  async run(options: DemoOptions, context: Context, [name = ""]: readonly string[]): Promise<number> {
    const run = await demos[name]?.()
    return run === undefined ? 2 : run(options, context)
  },
}

function known(name: string): string {
  if (!Object.hasOwn(demos, name)) throw new InvalidArgumentError(`There is: ${Object.keys(demos).join(", ")}.`)
  return name
}

function wholeSeconds(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 8 || value > 50) throw new InvalidArgumentError("Expected a whole number from 8 to 50.")
  return value
}
