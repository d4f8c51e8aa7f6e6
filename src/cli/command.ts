// What a command of the command line is. Each has a file of its own, which is loaded when the command is called.

import type { Command, OptionValues } from "commander"
import type { Report } from "../ledger.ts"
import type { ComponentClass, Registry } from "../router/registry.ts"
import type { Shell } from "./shell.ts"

/** The components a program brings along, or a function that loads them: not every call needs them. */
export type ComponentSource = Iterable<ComponentClass> | (() => Promise<Iterable<ComponentClass>>)

/** What a command works with. */
export interface Context {
  readonly registry: () => Promise<Registry>
  readonly shell: Shell
  /** Is told of the life of a graph that a command runs. */
  readonly follower?: Follower
}

/** Follows a graph on behalf of whoever started it. */
export interface Follower {
  /** It runs, and answers on its admin socket if it has one. */
  running(graph: { readonly state: string }): void
  /** It has ended, and this is its ledger. */
  ended(report: Report): void
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
