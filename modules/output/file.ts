// Writes events to files, one line each. The name of the file may come from the event, confined to `base_dir`. An event is delivered when
// its line is written and, with `sync: batch`, synced. What a full disk leaves of a write is cut off again, and the events fail as
// transient, so that they may go elsewhere.

import { dirname, isAbsolute, resolve } from "node:path"
import {
  AppendFiles,
  type Batch,
  confinedPath,
  defineModule,
  duration,
  type Event,
  type FileLines,
  Invalid,
  isInvalid,
  LineJoin,
  OutputModule,
  path,
  prepareFolder,
  size,
  TransientError,
  templated,
  WishboneError,
  z,
} from "../../src/index.ts"

/** What is wrong with the path itself, whenever it is tried. */
const pathErrors = new Set(["EISDIR", "ELOOP", "ENAMETOOLONG", "ENOTDIR"])

const spec = defineModule({
  name: "wishbone.output.file",
  summary: "Writes events to files, one line each.",
  arguments: {
    path: templated(z.string().min(1))
      .default("wishbone.out")
      .describe("The file, below `base_dir`; with a template, a file for each name it gives. Missing folders below `base_dir` are made."),
    base_dir: path()
      .default("./")
      .describe("The folder that no event gets out of. An absolute `path` without template has its own folder instead."),
    mode: z
      .enum(["append", "overwrite"])
      .default("append")
      .describe("`append`: a line an event; `overwrite`: the file holds the last event alone, and is replaced as a whole."),
    delimiter: z.string().default("\n").describe("What ends each event."),
    delimiter_in_data: z
      .enum(["fail", "allow"])
      .default("fail")
      .describe("What to do with data that holds the delimiter: `fail` the event, or `allow` it to arrive as several."),
    sync: z
      .union([z.enum(["batch", "never"]), duration({ minMs: 1 })])
      .default("batch")
      .describe(
        "When lines are synced: before they count as delivered (`batch`), within a time after that, or `never`, as the system likes.",
      ),
    rotate_bytes: size({ minBytes: 1024 }).optional().describe("A file is rotated before a line that would make it larger."),
    rotate_interval: duration({ minMs: 1000 })
      .optional()
      .describe("A file is rotated with the first line of a new interval, counted from midnight UTC: `1d`, `1h`."),
    rotate_keep: z.int().min(0).max(1000).default(5).describe("Rotated files kept, as `name.1` (the newest), `name.2` and so on."),
    open_files_max: z.int().min(1).max(10_000).default(100).describe("Files open at a time; the quietest one is closed for another."),
    permissions: z
      .string()
      .regex(/^0?[0-7]{3}$/)
      .default("600")
      .describe("Who may read and write a file that is made, in octal."),
  },
  queues: { inbox: { direction: "in", summary: "Events to write." } },
  contract: ({ sync }) => ({
    acknowledges: sync === "batch" ? "durable" : "accepted",
    waits: { inbox: [] },
    failsWithinMs: 0,
    reorders: false,
    holds: "nothing",
  }),
  aliases: { location: "path", filename: "path", directory: "base_dir" },
  examples: [
    { title: "One file, at most 600 MB with its five predecessors", arguments: { path: "./events.log", rotate_bytes: "100 MB" } },
    {
      title: "A file for each host and day, kept for a week",
      arguments: { base_dir: "./logs", path: "{{ data.host }}/messages", rotate_interval: "1d", rotate_keep: 7 },
    },
    { title: "The latest reading", arguments: { path: "latest.json", mode: "overwrite" } },
  ],
})

/** The events of a batch that go to one file. */
interface Group {
  readonly indexes: number[]
  readonly lines: Buffer[]
}

export default class FileOutput extends OutputModule<typeof spec> {
  static readonly spec = spec
  override readonly batches = { inbox: (batch: Batch) => this.#write(batch) }
  readonly #isTemplate = this.args.path.includes("{{")
  readonly #base = this.#isTemplate || !isAbsolute(this.args.path) ? resolve(this.args.base_dir) : dirname(resolve(this.args.path))
  readonly #join = new LineJoin({ delimiter: this.args.delimiter, allowsDelimiter: this.args.delimiter_in_data === "allow" })
  readonly #files = new AppendFiles(
    {
      base: this.#base,
      delimiter: this.args.delimiter,
      rotateBytes: this.args.rotate_bytes,
      rotateIntervalMs: this.args.rotate_interval,
      rotateKeep: this.args.rotate_keep,
      sync: this.args.sync,
      permissions: Number.parseInt(this.args.permissions, 8),
      openFilesMax: this.args.open_files_max,
      // In the place of the file itself the bootstrap file may ask for a link; an event may not find one.
      noFollow: this.#isTemplate,
    },
    { platform: this.platform, log: this.log },
  )

  override async preHook(): Promise<void> {
    const { mode, rotate_bytes, rotate_interval } = this.args
    if (mode === "overwrite" && (rotate_bytes !== undefined || rotate_interval !== undefined)) {
      const problem = "a file that is overwritten is not rotated"
      throw new WishboneError("WB_ARGUMENT_INVALID", { module: spec.name, argument: "mode", problem })
    }
    const { files } = this.platform
    const refuse = (problem: string): never => {
      throw new WishboneError("WB_OUTPUT_FILE_BASE", { instance: this.name, directory: this.#base, problem })
    }
    // A path that can never be right shows now.
    if (!this.#isTemplate) this.#pathOf(this.args.path)
    try {
      if ((await files.stat(this.#base)) === undefined) {
        await files.makeDirectory(this.#base)
        await files.syncDirectory(dirname(this.#base))
      }
    } catch (error) {
      refuse((error as Error).message)
    }
    if (!(await files.writable(this.#base))) refuse("files cannot be made there by this user")
  }

  override async postHook(): Promise<void> {
    await this.#files.close()
    this.warnings.close()
  }

  async #write(batch: Batch): Promise<void> {
    const groups = new Map<string, Group>()
    batch.events.forEach((event, index) => {
      try {
        this.#gather(groups, event, { index, args: batch.args<FileOutput["args"]>(index) })
      } catch (thrown) {
        batch.failed(index, thrown)
      }
    })
    const all = [...groups].map(([file, group]): FileLines => this.#linesOf(batch, file, group))
    if (this.args.mode === "append") await this.#files.append(all)
    else for (const one of all) await this.#replace(one)
    batch.delivered()
  }

  #gather(groups: Map<string, Group>, event: Event, { index, args }: { index: number; args: FileOutput["args"] }): void {
    const file = this.#pathOf(args.path)
    this.#join.add(this.payloadOf(event, args))
    const line = this.#join.take()
    const group = groups.get(file)
    if (group === undefined) groups.set(file, { indexes: [index], lines: [line] })
    else {
      group.indexes.push(index)
      group.lines.push(line)
    }
  }

  /** @throws Invalid */
  #pathOf(name: string): string {
    return confinedPath(this.#base, name)
  }

  #linesOf(batch: Batch, file: string, { indexes, lines }: Group): FileLines {
    const done = (written: number, error: unknown): void => {
      if (error === undefined) return
      const failure = failureOf(error)
      this.warnings.warn("events could not be written", `${file}: ${failure.message}`)
      for (const index of indexes.slice(written)) batch.failed(index, failure)
    }
    return { path: file, lines, done }
  }

  /** Puts the last line into the place of the file. */
  async #replace({ path: file, lines, done }: FileLines): Promise<void> {
    const { files } = this.platform
    const beside = `${file}.new`
    try {
      await prepareFolder(files, { base: this.#base, noFollow: this.#isTemplate }, file)
      const handle = await files.open(beside, "update", { permissions: Number.parseInt(this.args.permissions, 8), noFollow: true })
      try {
        await handle.truncate(0)
        await handle.write(lines.slice(-1), 0)
        if (this.args.sync !== "never") await handle.sync()
      } finally {
        await handle.close()
      }
      await files.rename(beside, file)
      if (this.args.sync !== "never") await files.syncDirectory(dirname(file))
      done(lines.length, undefined)
    } catch (error) {
      done(0, error)
    }
  }
}

/** What the events fail with: the path is wrong, or writing may work another time. */
function failureOf(error: unknown): Error {
  const { code, message } = error as { code?: unknown; message: string }
  if (isInvalid(error)) return error
  const name = typeof code === "string" ? code : "write"
  return pathErrors.has(name)
    ? new Invalid(message, { code: name, cause: error })
    : new TransientError(message, { code: name, cause: error })
}
