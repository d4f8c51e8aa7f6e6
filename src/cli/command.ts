// What a command of the command line is. Each has a file of its own, which is loaded when the command is called.

import type { Command, OptionValues } from "commander"
import type { ModuleClass, Registry } from "../router/registry.ts"
import type { Shell } from "./shell.ts"

/** The modules a program brings along, or a function that loads them: not every call needs them. */
export type ComponentSource = Iterable<ModuleClass> | (() => Promise<Iterable<ModuleClass>>)

/** What a command works with. */
export interface Context {
  readonly registry: () => Promise<Registry>
  readonly shell: Shell
}

export interface CliCommand {
  /** Adds options and examples. */
  declare(command: Command): void
  /** Resolves to the exit status. `args` is what was given beside options. */
  run(options: OptionValues, context: Context, args: readonly string[]): Promise<number>
}

/** Examples below the help of a command, a line each. */
export function examples(...lines: string[]): string {
  return ["", lines.length === 1 ? "Example:" : "Examples:", ...lines.map((line) => `  $ wishbone-ts ${line}`)].join("\n")
}
