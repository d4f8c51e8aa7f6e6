// Takes whole files: each file that appears becomes one event (with a protocol, as many as its decoder finds), and is removed, moved or
// remembered once that is safe, not before. A file that changes afterwards is a new one.
//
// A file counts as complete when its size and time have not changed for a while; whoever renames finished files into the folder is safe
// from being read too early at any length of it. Names that begin with a dot are passed over. A crash between the end of the event and the
// removal of the file brings the event again.

import type { Watcher } from "../platform/platform.ts"
import { FileDisposal, type FileDisposalOptions, type FileVersion, isSame, versionOf } from "./file-disposal.ts"
import { type FileInputParts, reasonOf, watchPatterns } from "./file-input.ts"
import type { FilePattern, FoundFile } from "./file-pattern.ts"
import { type GivenUp, Offers } from "./offers.ts"
import { StateFile } from "./state-file.ts"
import { Wakeup } from "./wakeup.ts"

/** Which files to take, and what becomes of them. */
export interface FileIntakeOptions extends FileDisposalOptions {
  readonly patterns: readonly FilePattern[]
  readonly fileBytesMax: number
  /** How long a file must not have changed. */
  readonly settleMs: number
  readonly filesMax: number
  readonly pollMs: number
  readonly inflightBytes: number
  readonly attemptsMax: number
  /** Where it is kept which files were taken, when they stay. */
  readonly positionFile: string
  readonly saveEveryMs: number
}

/** A whole file. */
export interface WholeFile {
  readonly path: string
  readonly content: Buffer
}

interface Taken extends WholeFile {
  readonly version: FileVersion
}

const filesInFlight = 100

/** Takes whole files for an input: {@link FileIntake.start} in its `preHook`, `stop` when it takes no more, `close` in its `postHook`. */
export class FileIntake {
  private readonly options: FileIntakeOptions
  private readonly parts: FileInputParts<WholeFile>
  private readonly offers: Offers<Taken>
  private readonly state: StateFile
  /** Versions that are not taken again, by path: through and kept, or given up. */
  private handled = new Map<string, FileVersion>()
  /** On their way. */
  private readonly busy = new Set<string>()
  /** Versions seen, and since when by the monotonic clock. */
  private seen = new Map<string, { readonly version: FileVersion; readonly sinceMs: number }>()
  private readonly told = new Set<string>()
  private readonly ending = new Set<Promise<void>>()
  private readonly disposal: FileDisposal
  private watchers: Watcher[] = []
  private bytes = 0
  private stopping = false
  private isDue = true
  private readonly wakeup: Wakeup

  constructor(options: FileIntakeOptions, parts: FileInputParts<WholeFile>) {
    const { platform, name } = parts
    this.options = options
    this.parts = parts
    this.disposal = new FileDisposal(options, { files: platform.files, name, tell: (path, problem) => this.tell(path, problem) })
    this.wakeup = new Wakeup(platform.timers)
    this.state = new StateFile(platform, options.positionFile, name)
    this.offers = new Offers<Taken>({
      make: (file) => parts.events(file, platform.clock.now() / 1000),
      submit: parts.submit,
      timers: platform.timers,
      attemptsMax: options.attemptsMax,
    })
  }

  /** Looks at the folders it needs, and begins. @throws WishboneError `WB_STATE_FILE`, `WB_INPUT_FILE_PATH` */
  async start(): Promise<void> {
    const { parts, options } = this
    await this.disposal.prepare(options.patterns)
    if (options.after === "keep") await this.load()
    this.watchers = await watchPatterns(options.patterns, parts, () => {
      this.isDue = true
      this.wakeup.wake()
    })
    parts.background((signal) => this.run(signal))
    if (options.after === "keep") parts.background((signal) => this.keepSaving(signal))
  }

  /** Takes nothing more. */
  stop(): void {
    this.stopping = true
    this.wakeup.wake()
  }

  /** Keeps what was taken. */
  async close(): Promise<void> {
    this.stop()
    this.offers.close()
    for (const watcher of this.watchers) await watcher.close()
    await Promise.all(this.ending)
    if (this.options.after === "keep") await this.save()
  }

  private async load(): Promise<void> {
    const kept = await this.state.load()
    if (kept === undefined) return
    const list = (kept as { files?: unknown } | null)?.files
    if (!Array.isArray(list)) {
      this.parts.log.error(`${this.state.path} cannot be read: every file is taken again, and the file is put aside`)
      return
    }
    this.handled = new Map(list.filter(isTaken).map((one) => [one.path, one]))
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!this.stopping && !signal.aborted) {
      this.isDue = false
      const waitMs = await this.look()
      if (!this.isDue && !this.stopping) await this.wakeup.pause(waitMs, signal)
    }
  }

  /** Takes every file that is complete; answers when to look again at the latest. */
  private async look(): Promise<number> {
    const nowMs = this.parts.platform.clock.monotonic()
    const seen: FileIntake["seen"] = new Map()
    let waitMs = this.options.pollMs
    const found = await this.search()
    for (const one of found) {
      const { path } = one
      const version = versionOf(one.stat)
      if (this.busy.has(path)) continue
      if (isSame(this.handled.get(path), version)) {
        await this.disposal.again(path)
        continue
      }
      const before = this.seen.get(path)
      const sinceMs = before !== undefined && isSame(before.version, version) ? before.sinceMs : nowMs
      seen.set(path, { version, sinceMs })
      const restMs = this.restMs(version, nowMs - sinceMs)
      if (restMs > 0) waitMs = Math.min(waitMs, restMs)
      else if (this.mayTake && !this.stopping) await this.take(path, version)
    }
    this.seen = seen
    this.forget(new Set(found.map(({ path }) => path)))
    return waitMs
  }

  private get mayTake(): boolean {
    return this.bytes < this.options.inflightBytes && this.busy.size < filesInFlight
  }

  /** How long a file must go unchanged until it counts as complete; one whose time is long ago is so at once. */
  private restMs(version: FileVersion, unchangedMs: number): number {
    const { settleMs } = this.options
    const ageMs = this.parts.platform.clock.now() - version.modifiedMs
    return settleMs - Math.max(unchangedMs, Math.min(ageMs, settleMs))
  }

  private async search(): Promise<FoundFile[]> {
    const { filesMax, patterns } = this.options
    const found: FoundFile[] = []
    for (const pattern of patterns) {
      const events = {
        failed: (path: string, error: Error) => this.tell(path, `cannot look for files at ${path}: ${error.message}`),
        tooMany: () => this.tell("", `more than ${filesMax} files are there (\`files_max\`): the others wait`),
      }
      found.push(...(await pattern.find(this.parts.platform.files, filesMax - found.length, events)))
    }
    return found
  }

  /** What is not there any more need not be remembered. */
  private forget(there: ReadonlySet<string>): void {
    for (const path of this.handled.keys()) if (!there.has(path) && !this.busy.has(path)) this.handled.delete(path)
    this.disposal.forget(there)
    for (const path of this.told) if (path !== "" && !there.has(path)) this.told.delete(path)
  }

  private async take(path: string, version: FileVersion): Promise<void> {
    const { fileBytesMax } = this.options
    if (version.size > fileBytesMax) {
      this.parts.log.error(`${path} has ${version.size} bytes, more than ${fileBytesMax} (\`file_bytes_max\`), and is not taken`)
      this.handled.set(path, version)
      await this.disposal.putAside(path, version)
      return
    }
    const content = await this.content(path, version)
    if (content === undefined) return
    this.busy.add(path)
    this.bytes += content.length
    await this.offers.offer([{ path, content, version }], (givenUp) => {
      const ending = this.through({ path, content, version }, givenUp[0]).finally(() => this.ending.delete(ending))
      this.ending.add(ending)
    })
  }

  /** What the file holds; `undefined` when it cannot be read, or changes meanwhile. */
  private async content(path: string, version: FileVersion): Promise<Buffer | undefined> {
    try {
      const handle = await this.parts.platform.files.open(path, "read")
      try {
        const content = Buffer.allocUnsafe(version.size)
        let done = 0
        while (done < content.length) {
          const count = await handle.read(content, done, content.length - done, done)
          if (count === 0) return undefined
          done += count
        }
        return isSame(version, versionOf(await handle.stat())) ? content : undefined
      } finally {
        await handle.close()
      }
    } catch (error) {
      this.tell(path, `cannot read ${path}, which is tried again: ${(error as Error).message}`)
      return undefined
    }
  }

  private async through({ path, content, version }: Taken, givenUp: GivenUp<Taken> | undefined): Promise<void> {
    this.handled.set(path, version)
    if (givenUp === undefined) await this.disposal.finish(path, version)
    else {
      this.parts.log.error(`${path} cannot be delivered: ${reasonOf(givenUp)}`, { path, kind: givenUp.kind })
      await this.disposal.putAside(path, version)
    }
    this.bytes -= content.length
    this.busy.delete(path)
    this.isDue = true
    this.wakeup.wake()
  }

  private tell(path: string, problem: string): void {
    if (this.told.has(path)) return
    if (this.told.size >= 1000) this.told.clear()
    this.told.add(path)
    this.parts.log.warn(problem)
  }

  private async keepSaving(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.parts.platform.timers.sleep(this.options.saveEveryMs, signal).catch(() => undefined)
      if (!signal.aborted) await this.save()
    }
  }

  private async save(): Promise<void> {
    try {
      await this.state.save({ files: [...this.handled].map(([path, version]) => ({ ...version, path })) })
    } catch (error) {
      this.parts.warn(
        "what was taken could not be kept, and is taken again after a crash",
        `${this.state.path}: ${(error as Error).message}`,
      )
    }
  }
}

function isTaken(value: unknown): value is FileVersion & { path: string } {
  const taken = value as Partial<FileVersion & { path: string }> | null
  return typeof taken?.path === "string" && [taken.device, taken.inode, taken.size, taken.modifiedMs].every(Number.isFinite)
}
