// Drives a `FileFollow` for an input: reads when something has come and there is room, offers the lines, and keeps how far each file is
// safe. A position never passes a line that is not safe: whatever a crash interrupts is read again, so lines come at least once.

import type { Watcher } from "../platform/platform.ts"
import { FileFollow, type FileFollowOptions } from "./file-follow.ts"
import { type FileInputParts, reasonOf, watchPatterns } from "./file-input.ts"
import type { FileLine, FilePiece, FilePosition, FollowedFile } from "./followed-file.ts"
import { type GivenUp, Offers } from "./offers.ts"
import { StateFile } from "./state-file.ts"
import { Wakeup } from "./wakeup.ts"

/** What to follow, and within which bounds. */
export interface FileTailOptions extends FileFollowOptions {
  /** How often names are looked at although nobody said that something changed. */
  readonly pollMs: number
  /** Bytes that may be on their way; also how far one file may be read beyond what is safe. */
  readonly inflightBytes: number
  readonly attemptsMax: number
  /** Where positions are kept. */
  readonly positionFile: string
  readonly saveEveryMs: number
}

/** What the state file holds. */
interface Content {
  readonly paths: readonly string[]
  readonly files: readonly FilePosition[]
}

/** Follows files for an input: {@link FileTail.start} in its `preHook`, `stop` when it takes no more, `close` in its `postHook`. */
export class FileTail {
  private readonly options: FileTailOptions
  private readonly parts: FileInputParts<FileLine>
  private readonly follow: FileFollow
  private readonly offers: Offers<FileLine>
  private readonly state: StateFile
  private watchers: Watcher[] = []
  private bytes = 0
  private stopping = false
  private lookIsDue = false
  private readonly wakeup: Wakeup

  constructor(options: FileTailOptions, parts: FileInputParts<FileLine>) {
    const { platform, log, warn, name } = parts
    this.options = options
    this.parts = parts
    this.wakeup = new Wakeup(platform.timers)
    this.state = new StateFile(platform, options.positionFile, name)
    this.follow = new FileFollow(options, {
      files: platform.files,
      clock: platform.clock,
      log,
      warn,
      piece: (piece) => this.offer(piece),
    })
    this.offers = new Offers<FileLine>({
      make: (line) => parts.events(line, platform.clock.now() / 1000),
      submit: parts.submit,
      timers: platform.timers,
      attemptsMax: options.attemptsMax,
    })
  }

  /** Files that are known, and those that are open. */
  get counts(): FileFollow["counts"] {
    return this.follow.counts
  }

  /** Finds the files and their positions; from then on nothing that is written to them is missed. */
  async start(): Promise<void> {
    const { parts, options } = this
    const kept = await this.state.load()
    const content = contentOf(kept)
    if (kept !== undefined && content === undefined)
      parts.log.error(`${this.state.path} cannot be read: every file is read from its beginning, and the file is put aside`)
    const paths = this.paths
    const isNew = kept === undefined || (content !== undefined && content.paths.join("\n") !== paths.join("\n"))
    this.watchers = await watchPatterns(options.patterns, parts, (path, what) => {
      if (what !== "changed" || !this.follow.touched(path)) this.lookIsDue = true
      this.wakeup.wake()
    })
    await this.follow.begin(content?.files ?? [], isNew)
    await this.save()
    parts.background((signal) => this.run(signal))
    parts.background((signal) => this.keepSaving(signal))
  }

  /** Reads nothing more. */
  stop(): void {
    this.stopping = true
    this.wakeup.wake()
  }

  /** Keeps the positions and closes what is open. */
  async close(): Promise<void> {
    this.stop()
    this.offers.close()
    for (const watcher of this.watchers) await watcher.close()
    await this.save()
    await this.follow.close()
  }

  private get paths(): string[] {
    return this.options.patterns.map(({ base, names }) => [base, ...names].join("/"))
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!this.stopping && !signal.aborted) {
      if (this.lookIsDue || this.follow.wantsLook) {
        this.lookIsDue = false
        // Kept at once: a file that is renamed while nobody looks is found again by what is kept of it.
        if (await this.follow.look()) await this.save()
      }
      const hasRead = await this.follow.read((file) => this.mayRead(file))
      if (!hasRead && !this.lookIsDue && !this.follow.wantsLook) await this.sleep(signal)
    }
  }

  private mayRead(file: FollowedFile): boolean {
    const { inflightBytes } = this.options
    // What is unfinished does not count: it has to be read to its end.
    return !this.stopping && this.bytes < inflightBytes && file.unsafeBytes - file.unfinishedBytes < inflightBytes
  }

  /** Until something has come, or it is time to look without being told. */
  private async sleep(signal: AbortSignal): Promise<void> {
    if (this.stopping) return
    const waitMs = this.follow.hasGone ? Math.min(this.options.pollMs, 1000) : this.options.pollMs
    if (await this.wakeup.pause(waitMs, signal)) this.lookIsDue = true
  }

  private offer({ lines, safe }: FilePiece): Promise<void> | undefined {
    // Read, and not handed over: the next start reads it again.
    if (this.stopping) return undefined
    const bytes = lines.reduce((sum, { start, end }) => sum + end - start, 0)
    this.bytes += bytes
    return this.offers.offer(lines, (givenUp) => {
      this.bytes -= bytes
      if (givenUp.length > 0) this.tellGivenUp(givenUp)
      safe()
      this.wakeup.wake()
    })
  }

  private tellGivenUp(givenUp: readonly GivenUp<FileLine>[]): void {
    const [first] = givenUp
    if (first === undefined) return
    const { path, offset } = first.item
    this.parts.log.error(
      `${givenUp.length === 1 ? "a line" : `${givenUp.length} lines`} of ${path} cannot be delivered, the first at byte ${offset}: ${reasonOf(first)}`,
      { path, offset, count: givenUp.length, kind: first.kind },
    )
  }

  private async keepSaving(signal: AbortSignal): Promise<void> {
    const { timers } = this.parts.platform
    while (!signal.aborted) {
      await timers.sleep(this.options.saveEveryMs, signal).catch(() => undefined)
      if (!signal.aborted) await this.save()
    }
  }

  private async save(): Promise<void> {
    try {
      await this.state.save({ paths: this.paths, files: this.follow.positions } satisfies Content)
    } catch (error) {
      this.parts.warn(
        "the position could not be kept, more will be read again after a crash",
        `${this.state.path}: ${(error as Error).message}`,
      )
    }
  }
}

/** What a state file held, if it is what it should be. */
function contentOf(kept: unknown): Content | undefined {
  const content = kept as Partial<Content> | null | undefined
  if (typeof content !== "object" || content === null || !Array.isArray(content.paths) || !Array.isArray(content.files)) return undefined
  return content.files.every(isPosition) ? (content as Content) : undefined
}

function isPosition(value: unknown): value is FilePosition {
  const position = value as Partial<FilePosition> | null
  const numbers = [position?.device, position?.inode, position?.offset, position?.fingerprint?.bytes, position?.fingerprint?.crc]
  return typeof position?.path === "string" && numbers.every((one) => typeof one === "number" && Number.isFinite(one) && one >= 0)
}
