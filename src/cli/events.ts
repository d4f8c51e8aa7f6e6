// `events`: looks at what lies on disk, offers it again, moves it, removes it. Nothing is removed that was not counted before, and not
// without a yes.

import { resolve } from "node:path"
import { Argument, type Command, InvalidArgumentError } from "commander"
import { problemsText } from "../bootstrap/report.ts"
import { WishboneError } from "../errors.ts"
import { createLogs } from "../log.ts"
import type { EditResult, Selection } from "../spool/edit.ts"
import type { SequenceRange } from "../spool/ranges.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { eventRow, eventRowHead, printableJson } from "./event-text.ts"
import { loadBootstrap } from "./load.ts"
import type { Shell } from "./shell.ts"
import { type EditName, type Found, openAccess, type SpoolAccess } from "./spool-access.ts"
import { spoolDirectories } from "./spool-directories.ts"

interface EventsOptions {
  readonly directory?: string
  readonly config?: string
  readonly instance?: string
  readonly set?: readonly string[]
  readonly sequence?: readonly SequenceRange[]
  readonly uuid?: string
  readonly quarantined?: boolean
  readonly all?: boolean
  readonly limit: number
  readonly to?: string
  readonly yes?: boolean
  readonly json?: boolean
}

type Action = "list" | "show" | EditName

/** What is being done, in the words of the answer. */
const words: Readonly<Record<EditName, { readonly ask: string; readonly done: string }>> = {
  replay: { ask: "replay", done: "will be offered again" },
  move: { ask: "move", done: "moved" },
  purge: { ask: "remove", done: "removed" },
}

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .addArgument(new Argument("<action>", "what to do").choices(["list", "show", "replay", "move", "purge"]))
      .option("--directory <dir>", "the directory of the spool")
      .option("--config <file>", "a bootstrap file, to find the spool of one of its instances")
      .option("--instance <name>", "with --config: the instance, or `instance.queue` for a durable queue")
      .option("--set <path=value...>", "with --config: settings that `debug` was given")
      .option("--sequence <ranges>", "only these sequences: 1-10,15", sequences)
      .option("--uuid <uuid>", "only the event with this uuid")
      .option("--quarantined", "what lies in quarantine, instead of what waits")
      .option("--all", "replay, move, purge: everything that waits")
      .option("--limit <count>", "list: at most so many, 0 for all (default: 100)", wholeNumber, 100)
      .option("--to <dir>", "move: the directory of the other spool")
      .option("--yes", "purge: do not ask")
      .option("--json", "print JSON: a line for each event of a list, or what was done")
      .addHelpText("after", helpText)
  },

  async run(options: EventsOptions, context: Context, [action]: readonly Action[]): Promise<number> {
    const { shell } = context
    const place = await placeOf(options, context)
    if (place === undefined || action === undefined) return 2
    const selection = selectionOf(options)
    checkUsage(action, options, selection)
    const platform = await shell.platform()
    const log = createLogs({ platform, level: "warn", format: "text", write: shell.err, colour: shell.colour })("events")
    const access = await openAccess({ platform, log, ...place })
    try {
      if (action === "list") return await list(access, { options, selection, shell })
      if (action === "show") return await show(access, { directory: place.directory, selection, shell })
      return await edit(access, action, { options, selection, shell, directory: place.directory })
    } finally {
      await access.close()
    }
  },
}

const helpText = `${examples(
  "events list --directory ./buffer",
  "events list --config flow.yaml --instance diskout --json --limit 0",
  "events show --directory ./buffer --sequence 12",
  "events replay --directory ./buffer --quarantined",
  "events move --directory ./buffer --sequence 1-1000 --to ./aside",
  "events purge --directory ./buffer --uuid 5f0c7d6e-6d0b-4ef6-9a3e-0c1f7e2d9b41 --yes",
)}

A graph that is running is asked over its admin socket; with none running the spool is locked meanwhile.
What is on its way through a running graph stays where it is.
Exit status: 0 done, 1 failed or not all of it could be done, 2 bad usage.`

/** Which spool; `undefined` when the bootstrap file is wrong, which was told. */
async function placeOf(options: EventsOptions, { registry, shell }: Context): Promise<{ directory: string; states: string[] } | undefined> {
  const { directory, config, instance, set } = options
  if (directory !== undefined && config === undefined && instance === undefined) return { directory: resolve(directory), states: [] }
  if (config === undefined || instance === undefined || directory !== undefined) throw new WishboneError("WB_EVENTS_PLACE")
  const known = await registry()
  const loaded = await loadBootstrap({ config, registry: known, platform: await shell.platform(), ...(set && { set }) })
  if (loaded.plan === undefined) {
    const errors = loaded.problems.filter(({ severity }) => severity === "error")
    shell.err(problemsText(errors, loaded.sources))
    return undefined
  }
  const spools = spoolDirectories(loaded.plan, loaded.registry)
  const found = spools.get(instance)
  if (found === undefined) throw new WishboneError("WB_EVENTS_INSTANCE", { instance, known: [...spools.keys()] })
  return { directory: found, states: [loaded.plan.state] }
}

function selectionOf({ sequence, uuid, quarantined }: EventsOptions): Selection {
  return { sequences: sequence, uuid: uuid?.toLowerCase(), quarantined }
}

function checkUsage(action: Action, { all, to }: EventsOptions, { sequences, uuid, quarantined }: Selection): void {
  if (action === "list") return
  const isNarrow = sequences !== undefined || uuid !== undefined
  if (action === "show" ? !isNarrow : !isNarrow && quarantined !== true && all !== true) {
    throw new WishboneError("WB_EVENTS_SELECTION", { action: action === "show" ? action : words[action].ask })
  }
  if ((action === "move") !== (to !== undefined)) throw new WishboneError("WB_EVENTS_TARGET", { action })
}

async function list(access: SpoolAccess, on: { options: EventsOptions; selection: Selection; shell: Shell }): Promise<number> {
  const { options, selection, shell } = on
  let count = 0
  const more = await access.list({ ...selection, limit: options.limit }, (line) => {
    if (count === 0 && options.json !== true) shell.out(eventRowHead)
    count += 1
    shell.out(`${options.json === true ? printableJson(line) : eventRow(line)}\n`)
  })
  if (more) shell.err(`there are more: --limit 0 lists all of them\n`)
  if (count === 0 && options.json !== true) shell.err("there are no such events\n")
  return 0
}

async function show(access: SpoolAccess, on: { directory: string; selection: Selection; shell: Shell }): Promise<number> {
  const [found, another] = await access.show(on.selection)
  if (found === undefined) throw new WishboneError("WB_EVENTS_NOT_FOUND", { directory: on.directory })
  if (another !== undefined) on.shell.err("several events fit: this is the first one; `events list` shows them all\n")
  on.shell.out(`${printableJson(found, 2)}\n`)
  return 0
}

interface Editing {
  readonly options: EventsOptions
  readonly selection: Selection
  readonly shell: Shell
  readonly directory: string
}

async function edit(access: SpoolAccess, action: EditName, on: Editing): Promise<number> {
  const { options, selection, shell, directory } = on
  const found = await access.select(selection)
  const count = found.waiting + found.quarantined
  if (count > 0 && action === "purge" && options.yes !== true && !(await agreed(found, on))) return 1
  const told = new Progress(shell, words[action].done, count)
  const result =
    count === 0 ? { done: 0, inFlight: found.inFlight, skipped: 0 } : await access.edit(action, resolve(options.to ?? "."), told.at)
  told.end()
  if (options.json === true) {
    shell.out(
      `${JSON.stringify({ action, directory, live: access.live, done: result.done, in_flight: result.inFlight, skipped: result.skipped })}\n`,
    )
  } else shell.out(resultText(action, result))
  if (action === "replay" && !access.live && result.done > 0) shell.err("No graph reads this spool now; they are offered when one does.\n")
  return result.inFlight + result.skipped > 0 ? 1 : 0
}

/** Says how many there are and asks. @throws `WB_EVENTS_UNCONFIRMED` where nobody can be asked */
async function agreed(found: Found, { shell, directory }: Editing): Promise<boolean> {
  const what = foundText(found)
  if (!shell.interactive) throw new WishboneError("WB_EVENTS_UNCONFIRMED", { found: what })
  const answer = await shell.ask(`Remove ${what} from ${directory} for good? [y/N] `)
  if (/^y(es)?$/i.test(answer.trim())) return true
  shell.err("Nothing was removed.\n")
  return false
}

function foundText({ waiting, quarantined }: Found): string {
  const parts = [waiting > 0 ? counted(waiting, "event") : "", quarantined > 0 ? `${counted(quarantined, "file")} in quarantine` : ""]
  return parts.filter((part) => part !== "").join(" and ")
}

function resultText(action: EditName, { done, inFlight, skipped }: EditResult): string {
  const left = inFlight === 0 ? "" : `${counted(inFlight, "event")} left alone: on the way through the graph\n`
  const passed = skipped === 0 ? "" : `${skipped} left alone: no events that can be read\n`
  return `${counted(done, "event")} ${words[action].done}\n${left}${passed}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`
}

/** A line that counts, where a person sees it. */
class Progress {
  readonly at = (done: number): void => this.#tell(done)
  readonly #shell: Shell
  readonly #what: string
  readonly #total: number
  #shown = false

  constructor(shell: Shell, what: string, total: number) {
    this.#shell = shell
    this.#what = what
    this.#total = total
  }

  end(): void {
    if (this.#shown) this.#shell.err("\r\u001b[K")
  }

  #tell(done: number): void {
    if (!this.#shell.interactive) return
    this.#shown = true
    this.#shell.err(`\r${done} of ${this.#total} ${this.#what}`)
  }
}

/** `1-10,15` as ranges whose second number is not included. */
function sequences(text: string): SequenceRange[] {
  return text.split(",").map((part): SequenceRange => {
    const [, first = "", last = first] = /^\s*(\d{1,15})(?:\s*-\s*(\d{1,15}))?\s*$/.exec(part) ?? []
    if (first === "" || Number(last) < Number(first)) throw new InvalidArgumentError("Expected sequences such as 12, 1-10 or 1-10,15.")
    return [Number(first), Number(last) + 1]
  })
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.")
  return Number(text)
}
