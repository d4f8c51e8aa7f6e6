// The files of an output that appends to several: at most so many are open, and the one that was quiet for longest makes room. Several
// files are written at once; writes to one file are one after the other.

import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { AppendFile, type AppendFileOptions } from "./append-file.ts"
import { prepareFolder } from "./confined-path.ts"

/** Files that are written at once. */
const atOnce = 8

/** Lines for one file, and who is told what became of them. */
export interface FileLines {
  readonly path: string
  readonly lines: readonly Buffer[]
  /** The first `written` lines are there; `error` says why the others are not. */
  readonly done: (written: number, error: unknown) => void
}

/** How files are written; see {@link AppendFiles}. */
export interface AppendFilesOptions extends AppendFileOptions {
  /** Every path lies below it. */
  readonly base: string
  readonly openFilesMax: number
}

/** The files of one output. */
export class AppendFiles {
  private readonly options: AppendFilesOptions
  private readonly parts: { platform: Platform; log: Log }
  private readonly byPath = new Map<string, AppendFile>()

  constructor(options: AppendFilesOptions, parts: { platform: Platform; log: Log }) {
    this.options = options
    this.parts = parts
  }

  /** Files that are known; all of them may be open. */
  get count(): number {
    return this.byPath.size
  }

  /** Appends to each file; resolves when all of them were told. Every path comes once, and calls must not overlap. */
  async append(all: readonly FileLines[]): Promise<void> {
    const rest = [...all]
    const work = async (): Promise<void> => {
      for (let next = rest.shift(); next !== undefined; next = rest.shift()) await this.appendOne(next)
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, this.options.openFilesMax, all.length) }, work))
  }

  /** Syncs and closes all files. */
  async close(): Promise<void> {
    const files = [...this.byPath.values()]
    this.byPath.clear()
    for (const file of files) await this.closeOne(file)
  }

  private async appendOne({ path, lines, done }: FileLines): Promise<void> {
    try {
      const file = await this.file(path)
      const { written, error } = await file.append(lines)
      done(written, error)
    } catch (error) {
      done(0, error)
    }
  }

  /** The file of a path, marked as busy: so nobody takes it for one that is idle. */
  private async file(path: string): Promise<AppendFile> {
    const known = this.byPath.get(path)
    const file = known ?? new AppendFile(path, this.options, this.parts)
    file.busy = true
    this.byPath.set(path, file)
    try {
      if (!file.isOpen) await prepareFolder(this.parts.platform.files, this.options, path)
      if (known === undefined) await this.makeRoom()
      return file
    } catch (error) {
      file.busy = false
      if (known === undefined) this.byPath.delete(path)
      throw error
    }
  }

  private async makeRoom(): Promise<void> {
    if (this.byPath.size <= this.options.openFilesMax) return
    const idle = [...this.byPath.values()].filter((file) => !file.busy).toSorted((one, other) => one.usedMs - other.usedMs)
    const [quietest] = idle
    if (quietest === undefined) return
    this.byPath.delete(quietest.path)
    await this.closeOne(quietest)
  }

  private async closeOne(file: AppendFile): Promise<void> {
    try {
      await file.close()
    } catch (error) {
      this.parts.log.warn(`${file.path} could not be closed: ${(error as Error).message}`)
    }
  }
}
