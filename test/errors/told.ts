// What provoking an error gives, and the ways to provoke one: by a bootstrap file, by a call that throws, by a command. Nothing in here
// needs a test runner, as docs/errors.ts makes a page of the same provocations. What is told is the same on every machine and at any time:
// names, numbers and places come from the simulated platform, or are put in the place of real ones by `instead`.

import { Command } from "commander"
import { type CheckedBootstrap, type CheckOptions, checkBootstrap } from "../../src/bootstrap/check.ts"
import { codeFrame } from "../../src/bootstrap/text.ts"
import type { CliCommand } from "../../src/cli/command.ts"
import { isWishboneError } from "../../src/errors.ts"
import { createRegistry } from "../../src/router/registry.ts"
import { builtins } from "../support/plans.ts"
import { fakeModules } from "../unit/cli/fake-modules.ts"
import { RecordedShell } from "../unit/cli/recorded-shell.ts"

/** What an error told. */
export interface Told {
  readonly code: string
  readonly message: string
  readonly hint: string
  /** How bad it is, where that is not the end of the run. */
  readonly severity: "error" | "warning" | "note"
  /** `file:line:column` of what is wrong in a bootstrap file. */
  readonly place?: string
  /** The lines of the file with the place marked, as `lint` shows them, or one sentence. */
  readonly provokedBy: string
}

/** Really provokes an error, and gives what it told. */
export type Provocation = () => Promise<Told>

/** Provocations by the code that each must lead to. */
export type Provocations = Readonly<Record<string, Provocation>>

export const registry = builtins()

/** A bootstrap file that is right, with room for something wrong. */
export function flow(parts: { top?: string; source?: string; spool?: string; modules?: string; routes?: string } = {}): string {
  const { top = "", source = "", spool = "", modules = "", routes = "" } = parts
  const more = (text: string): string => (text === "" ? "" : `, ${text}`)
  return `${top}modules:
  source: { module: wishbone.input.tcp${more(source)} }
  spool: { module: wishbone.output.disk${spool.includes("arguments:") ? "" : ", arguments: { directory: ./spool }"}${more(spool)} }
${modules}routingtable:
${routes === "" ? "  - source.outbox -> spool.inbox\n" : routes}`
}

/** A bootstrap file with one kind of mistake in it. `says`: what it is, where its lines do not show it. */
export function inFile(bytes: CheckOptions["bytes"], { says, ...more }: Partial<CheckOptions> & { says?: string } = {}): Provocation {
  return async () => toldBy(await checkBootstrap({ bytes, file: "flow.yaml", folder: "/flow", registry, environment: {}, ...more }), says)
}

/** What a check found, which must be one kind of problem. */
export function toldBy({ problems, sources }: Pick<CheckedBootstrap, "problems" | "sources">, says?: string): Told {
  const [first] = problems
  if (first === undefined || problems.some(({ code }) => code !== first.code))
    throw new Error(
      `expected one kind of problem, found ${problems.map(({ code, line }) => `${code} in line ${line}`).join(", ") || "none"}`,
    )
  const { code, message, hint, severity, file, line, column } = first
  const provokedBy = says ?? codeFrame(sources.get(file) ?? "", line, column)
  return { code, message, hint, severity, place: `${file}:${line}:${column}`, provokedBy }
}

/** A call that throws a `WishboneError`. */
export function thrown(provokedBy: string, action: () => unknown): Provocation {
  return async () => {
    try {
      await action()
    } catch (error) {
      if (!isWishboneError(error)) throw error
      return { code: error.code, message: error.message, hint: error.hint, severity: "error", provokedBy }
    }
    throw new Error(`nothing was thrown by this: ${provokedBy}`)
  }
}

const commandFiles: Readonly<Record<string, () => Promise<{ command: CliCommand }>>> = {
  background: () => import("../../src/cli/background.ts"),
  events: () => import("../../src/cli/events.ts"),
  kill: () => import("../../src/cli/kill.ts"),
  lint: () => import("../../src/cli/lint.ts"),
  list: () => import("../../src/cli/list.ts"),
  new: () => import("../../src/cli/new.ts"),
  schema: () => import("../../src/cli/schema.ts"),
  start: () => import("../../src/cli/start.ts"),
  stop: () => import("../../src/cli/stop.ts"),
}

/**
 * A command line that fails, in a simulated world. `before` prepares that world, `during` does something once the command is under way.
 * `when` adds to the command what else it takes.
 */
export function called(
  line: string,
  { before, during, when }: { before?: (shell: RecordedShell) => unknown; during?: (shell: RecordedShell) => unknown; when?: string } = {},
): Provocation {
  return thrown(`\`wishbone-ts ${line}\`${when === undefined ? "" : `, ${when}`}.`, async () => {
    const shell = new RecordedShell()
    await before?.(shell)
    const [name = "", ...argv] = line.split(" ")
    const { command } = (await commandFiles[name]?.()) ?? {}
    if (command === undefined) throw new Error(`no command ${name} is known here`)
    const program = new Command(name).exitOverride()
    command.declare(program)
    program.parse(argv, { from: "user" })
    const context = { registry: () => Promise.resolve(createRegistry(fakeModules)), shell }
    const running = command.run(program.opts(), context, program.args)
    running.catch(() => undefined)
    await during?.(shell)
    await shell.world.complete(running)
  })
}
