// Reads files: follows them line by line as they grow and are rotated (`mode: tail`), or takes each file that appears as one event
// (`mode: whole`). The work is done by `FileTail` and `FileIntake`; here are the arguments and how events are made.
//
// At least once: how far a file was read is kept only as far as every event ended well or lies in a durable place. After a crash the
// rest is read again. An event that failed is offered again, after 1 s to 1 min; one that fails ten times for a reason of its own is given
// up with an error in the log, so that it does not hold up the rest for ever.

import {
  defineModule,
  duration,
  type Event,
  type FileInputParts,
  FileIntake,
  type FileLine,
  FilePattern,
  FileTail,
  InputModule,
  path,
  size,
  type WholeFile,
  WishboneError,
  z,
} from "../../src/index.ts"

const saveEveryMs = 1000
const pieceLines = 1024

const spec = defineModule({
  name: "wishbone.input.file",
  summary: "Follows files line by line, or takes whole files from a folder.",
  arguments: {
    path: z
      .union([path(), z.array(path()).min(1).max(100)])
      .describe("Which files: one path or several; `*` and `?` may stand in any name. With `mode: whole` a folder means all files in it."),
    mode: z
      .enum(["tail", "whole"])
      .default("tail")
      .describe("`tail`: an event a line, for as long as files grow; `whole`: an event a file."),
    from: z
      .enum(["end", "start"])
      .default("end")
      .describe("`tail`: where files are begun that are there at the very first start. Files that appear later are read from their start."),
    delimiter: z.string().min(1).default("\n").describe("`tail`: what ends a line."),
    line_bytes_max: size({ minBytes: 1, maxBytes: 256 * 1024 * 1024 })
      .default(1024 * 1024)
      .describe("`tail`: longest line; a longer one is left out, with a warning."),
    rotate_wait: duration().default(5000).describe("`tail`: how long a file is still read after its name is gone and nothing came."),
    open_files_max: z
      .int()
      .min(1)
      .max(10_000)
      .default(256)
      .describe("`tail`: files open at a time; the quietest one is closed for another."),
    file_bytes_max: size({ minBytes: 1, maxBytes: 256 * 1024 * 1024 })
      .default(1024 * 1024)
      .describe("`whole`: largest file; a larger one is not taken, with an error."),
    settle_time: duration().default(1000).describe("`whole`: a file is complete when it has not changed for so long."),
    after: z.enum(["keep", "delete", "move"]).default("keep").describe("`whole`: what becomes of a file whose event is safe."),
    done_dir: path().optional().describe("`whole`: where `after: move` moves files; on the file system they are on."),
    failed_dir: path().optional().describe("`whole`: where files go that cannot be delivered or are too large; without it they stay."),
    encoding: z.enum(["text", "binary"]).default("text").describe("`text`: data is text where it is valid UTF-8; `binary`: always bytes."),
    with_origin: z
      .boolean()
      .default(true)
      .describe("Puts `path`, and with `tail` the `offset` of the line in bytes, under `tmp` and the instance's name."),
    position_file: path().optional().describe("Where it is kept how far files were read; without it, a file below the graph's `state`."),
    poll_interval: duration({ minMs: 10 }).default(5000).describe("How often files are looked at although no change was noticed."),
    files_max: z.int().min(1).max(1_000_000).default(10_000).describe("Files known at a time; more wait, with a warning."),
    inflight_bytes: size({ minBytes: 1 })
      .default(64 * 1024 * 1024)
      .describe("Bytes that may be on their way and not safe; at it, reading waits."),
    attempts_max: z.int().min(1).default(10).describe("Tries after which an event that fails for a reason of its own is given up."),
  },
  queues: { outbox: { direction: "out", summary: "One event a line, or a file." } },
  contract: { acknowledges: "durable", waits: {}, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [
    { title: "Follow a log through its rotations", arguments: { path: "/var/log/syslog" } },
    { title: "Follow all logs, from their beginning", arguments: { path: ["/var/log/app/*.log"], from: "start" } },
    {
      title: "Take files that others put into a folder",
      arguments: { path: "./incoming", mode: "whole", after: "move", done_dir: "./done", failed_dir: "./failed" },
    },
  ],
})

export default class FileInput extends InputModule<typeof spec> {
  static readonly spec = spec
  #engine: FileTail | FileIntake | undefined

  /** Files that are known, and those that are open; with `mode: tail`. */
  get counts(): FileTail["counts"] | undefined {
    return this.#engine instanceof FileTail ? this.#engine.counts : undefined
  }

  override async preHook(): Promise<void> {
    this.#checkArguments()
    this.#engine = this.args.mode === "tail" ? await this.#tail() : await this.#intake()
    await this.#engine.start()
  }

  override stopTaking(): void {
    this.#engine?.stop()
  }

  override async postHook(): Promise<void> {
    await this.#engine?.close()
    this.warnings.close()
  }

  #checkArguments(): void {
    const { mode, after, done_dir, failed_dir } = this.args
    const refuse = (argument: string, problem: string): never => {
      throw new WishboneError("WB_ARGUMENT_INVALID", { module: spec.name, argument, problem })
    }
    if (after !== "keep" && mode === "tail") refuse("after", "applies to `mode: whole` only")
    if (failed_dir !== undefined && mode === "tail") refuse("failed_dir", "applies to `mode: whole` only")
    if (after === "move" && done_dir === undefined) refuse("after", "`move` needs `done_dir`, the folder to move files to")
    if (after !== "move" && done_dir !== undefined) refuse("done_dir", "applies to `after: move` only")
  }

  get #paths(): readonly string[] {
    return typeof this.args.path === "string" ? [this.args.path] : this.args.path
  }

  get #positionFile(): string {
    const state = this.context.shared.get("state")
    return this.args.position_file ?? `${typeof state === "string" ? state : "."}/positions/${this.name}.json`
  }

  async #tail(): Promise<FileTail> {
    const { from, delimiter, line_bytes_max, rotate_wait, open_files_max, files_max, poll_interval, inflight_bytes, attempts_max } =
      this.args
    for (const one of this.#paths) {
      if ((await this.platform.files.stat(one))?.isDirectory !== true) continue
      const hint = `Write \`${one}/*\` to follow all files in it.`
      throw new WishboneError("WB_INPUT_FILE_PATH", { instance: this.name, path: one, problem: "it is a directory", hint })
    }
    const options = {
      patterns: this.#paths.map((one) => new FilePattern(one)),
      from,
      delimiter,
      lineBytesMax: line_bytes_max,
      pieceLines,
      rotateWaitMs: rotate_wait,
      openFilesMax: open_files_max,
      filesMax: files_max,
      pollMs: poll_interval,
      inflightBytes: inflight_bytes,
      attemptsMax: attempts_max,
      positionFile: this.#positionFile,
      saveEveryMs,
    }
    return new FileTail(
      options,
      this.#parts((line: FileLine) => [line, { path: line.path, offset: line.offset }]),
    )
  }

  async #intake(): Promise<FileIntake> {
    const { file_bytes_max, settle_time, after, done_dir, failed_dir, files_max, poll_interval, inflight_bytes, attempts_max } = this.args
    const options = {
      patterns: await Promise.all(this.#paths.map((one) => this.#folderPattern(one))),
      fileBytesMax: file_bytes_max,
      settleMs: settle_time,
      after,
      doneDirectory: done_dir,
      failedDirectory: failed_dir,
      filesMax: files_max,
      pollMs: poll_interval,
      inflightBytes: inflight_bytes,
      attemptsMax: attempts_max,
      positionFile: this.#positionFile,
      saveEveryMs,
    }
    return new FileIntake(
      options,
      this.#parts(({ path: from, content }: WholeFile) => [wholeOf(content), { path: from }]),
    )
  }

  /** A path without wildcards is a folder, unless there is a file. */
  async #folderPattern(one: string): Promise<FilePattern> {
    const pattern = new FilePattern(one)
    if (pattern.names.length > 0 || (await this.platform.files.stat(one))?.isFile === true) return pattern
    return new FilePattern(`${pattern.base}/*`)
  }

  /** `read` tells where the bytes of an item are, and where it comes from. */
  #parts<Item>(
    read: (item: Item) => [bytes: { chunk: Buffer; start: number; end: number }, origin: Readonly<Record<string, unknown>>],
  ): FileInputParts<Item> {
    const { encoding, with_origin } = this.args
    return {
      name: this.name,
      platform: this.platform,
      log: this.log,
      warn: (kind, detail) => this.warnings.warn(kind, detail),
      background: (body) => this.background((_submit, signal) => body(signal)),
      events: (item, timestamp): readonly Event[] => {
        const [{ chunk, start, end }, origin] = read(item)
        const events = this.incomingUnit({ chunk, start, end, encoding }, timestamp)
        if (with_origin) for (const event of events) event.tmp[this.name] = { ...origin }
        return events
      },
      submit: (events, owner) => {
        this.track(events, owner)
        const full = this.submit(events)
        this.runNow()
        return full
      },
    }
  }
}

function wholeOf(content: Buffer): { chunk: Buffer; start: number; end: number } {
  return { chunk: content, start: 0, end: content.length }
}
