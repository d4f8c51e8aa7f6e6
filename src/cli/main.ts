// The command line: which commands there are, and what their ends mean to the one who called. It imports next to nothing, since
// every call pays for it: a command is loaded when it is called.

import { Command, CommanderError } from "commander"
import type { Platform } from "../platform/platform.ts"
import type { Registry } from "../router/registry.ts"
import type { CliCommand, ComponentSource, Context } from "./command.ts"
import { processShell, type Shell } from "./shell.ts"
import { packageVersion } from "./version.ts"

interface Listed {
  readonly summary: string
  readonly load: () => Promise<{ command: CliCommand }>
  /** Not for people: no help names it. */
  readonly hidden?: true
}

const commands: Readonly<Record<string, Listed>> = {
  background: { summary: "what `start` runs", load: () => import("./background.ts"), hidden: true },
  debug: { summary: "run a bootstrap file in the foreground", load: () => import("./debug.ts") },
  demo: { summary: "show failover at work, without any other program", load: () => import("./demo.ts") },
  events: { summary: "look at, replay, move or remove events on disk", load: () => import("./events.ts") },
  graph: { summary: "draw the instances and routes of a bootstrap file", load: () => import("./graph.ts") },
  kill: { summary: "end a graph in the background at once", load: () => import("./kill.ts") },
  lint: { summary: "check a bootstrap file", load: () => import("./lint.ts") },
  list: { summary: "list the modules, protocols and functions that a bootstrap file can name", load: () => import("./list.ts") },
  new: { summary: "make a package with a module to begin with", load: () => import("./new.ts") },
  schema: { summary: "print the JSON Schema of bootstrap files, for editors", load: () => import("./schema.ts") },
  show: { summary: "show what a module does, takes and gives", load: () => import("./show.ts") },
  start: { summary: "run a bootstrap file in the background", load: () => import("./start.ts") },
  stop: { summary: "end a graph in the background in order", load: () => import("./stop.ts") },
}

/** How long a process may go on that has nothing left to do and does not end. */
const lingerMs = 500

/** What the program hands to its command line. */
export interface MainOptions {
  /** The modules the program brings along. */
  readonly components: ComponentSource
  /** @defaultValue this process */
  readonly shell?: Shell
}

/**
 * Runs one command and resolves to its exit status: 0 well, 1 failed run, 2 bad file or usage, 3 something was lost, 130 ended by a
 * second signal. `argv` begins with the command.
 */
export async function main(argv: readonly string[], { components, shell = processShell() }: MainOptions): Promise<number> {
  let world: Platform | undefined
  const platform = async (): Promise<Platform> => (world = await shell.platform())
  const watched = Object.create(shell, { platform: { value: platform } }) as Shell
  const status = await run(argv, { registry: () => loadRegistry(components), shell: watched })
  // All is over; should code from outside have left something open that keeps the process, it is not waited for.
  world?.timers.after(lingerMs, () => shell.exit(status), { background: true })
  return status
}

async function run(argv: readonly string[], context: Context): Promise<number> {
  const { shell } = context
  let status = 0
  const program = makeProgram(context, (ended) => {
    status = ended
  })
  // `help debug` is what people type who know other programs.
  const asked = argv[0] === "help" ? [...argv.slice(1), "--help"] : argv
  try {
    await program.parseAsync(asked, { from: "user" })
    return status
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2
    const { tellFailure } = await import("./failure.ts")
    return tellFailure(thrown, shell)
  }
}

async function loadRegistry(source: ComponentSource): Promise<Registry> {
  const { createRegistry } = await import("../router/registry.ts")
  return createRegistry(typeof source === "function" ? await source() : source)
}

function makeProgram(context: Context, finish: (status: number) => void): Command {
  const { shell } = context
  const program = new Command("wishbone-ts")
    .description("Event-pipeline runtime: a YAML file names modules, a routing table joins their queues.")
    .version(packageVersion())
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: shell.out, writeErr: shell.err })
    .addHelpText("after", "\n`wishbone-ts COMMAND --help` tells more about a command, with an example.")
  const loaded = new Map<string, CliCommand>()
  for (const [name, { summary, hidden = false }] of Object.entries(commands)) {
    program
      .command(name, { hidden })
      .description(summary)
      .showHelpAfterError(`(\`wishbone-ts ${name} --help\` shows how it is used)`)
      .action(async (...given: unknown[]) => {
        const called = given.at(-1) as Command
        finish((await loaded.get(name)?.run(called.opts(), context, called.args)) ?? 1)
      })
  }
  return program.hook("preSubcommand", async (_, called) => {
    const listed = commands[called.name()]
    if (listed === undefined) return
    const { command } = await listed.load()
    command.declare(called)
    loaded.set(called.name(), command)
  })
}
