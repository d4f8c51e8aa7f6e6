// One file that lines are appended to. Each write is whole or not there: what a full disk leaves of it is cut off again, so that the file
// always ends with a whole line and the lines can be written elsewhere or again. A file that does not end so when it is opened (its writer
// was killed in the middle) gets an end of line first.
//
// Rotation renames `log` to `log.1`, `log.1` to `log.2` and so on, and removes the oldest. A file that somebody else renames or removes is
// made anew, noticed within a second.

import { dirname } from "node:path"
import type { Log } from "../log.ts"
import type { FileHandle, Files, Platform } from "../platform/platform.ts"

const lookEveryMs = 1000
const rotateAgainMs = 60_000

/** How a file is written. */
export interface AppendFileOptions {
  /** What ends a line; may be empty. */
  readonly delimiter: string
  /** Bytes beyond which the file is rotated before the next line, `undefined` for never. */
  readonly rotateBytes: number | undefined
  /** The file is rotated when its time and the present are in different intervals of this length, counted from 1970. */
  readonly rotateIntervalMs: number | undefined
  /** Old files kept. */
  readonly rotateKeep: number
  /** Synced with every write, never, or this many milliseconds after a write at the latest. */
  readonly sync: "batch" | "never" | number
  readonly permissions: number
  /** A symbolic link in the place of the file is refused. */
  readonly noFollow: boolean
}

/** A file, opened at the first write. */
export class AppendFile {
  readonly path: string
  /** When it was written to last, by the monotonic clock. */
  usedMs = 0
  /** A write is under way. */
  busy = false
  private readonly options: AppendFileOptions
  private readonly files: Files
  private readonly platform: Pick<Platform, "clock" | "timers">
  private readonly log: Log
  private handle: FileHandle | undefined
  private identity = ""
  private lookedMs = Number.NEGATIVE_INFINITY
  private modifiedMs = 0
  private rotateNotBeforeMs = Number.NEGATIVE_INFINITY
  /** Where a write broke off that could not be cut off yet. */
  private brokenAt: number | undefined
  private unsynced = false
  private syncing: Promise<void> | undefined

  constructor(path: string, options: AppendFileOptions, parts: { platform: Platform; log: Log }) {
    this.path = path
    this.options = options
    this.platform = parts.platform
    this.files = parts.platform.files
    this.log = parts.log
  }

  get isOpen(): boolean {
    return this.handle !== undefined
  }

  /**
   * Appends lines, their ends included. Resolves to how many are there for certain, in order; `error` says why the others are not.
   * Calls must not overlap.
   */
  async append(lines: readonly Buffer[]): Promise<{ readonly written: number; readonly error?: unknown }> {
    let written = 0
    this.busy = true
    try {
      while (written < lines.length) {
        const count = await this.appendSome(lines, written)
        written += count
      }
      return { written }
    } catch (error) {
      return { written, error }
    } finally {
      this.busy = false
      this.usedMs = this.platform.clock.monotonic()
    }
  }

  /** Syncs what is not, and closes it. */
  async close(): Promise<void> {
    await this.syncing
    const { handle } = this
    if (handle === undefined) return
    try {
      if (this.unsynced && this.options.sync !== "never") await this.syncNow(handle)
    } finally {
      this.handle = undefined
      await handle.close()
    }
  }

  /** Appends as many lines from `first` on as go into the file before it is rotated; answers how many. */
  private async appendSome(lines: readonly Buffer[], first: number): Promise<number> {
    let handle = await this.opened()
    let start = await handle.size()
    if (this.mustRotate(start, lines[first]?.length ?? 0)) {
      await this.rotate()
      handle = await this.opened()
      start = await handle.size()
    }
    const some = this.fitting(lines, first, start)
    await this.write(handle, start, some)
    return some.length
  }

  private fitting(lines: readonly Buffer[], first: number, start: number): readonly Buffer[] {
    const { rotateBytes } = this.options
    if (rotateBytes === undefined) return lines.slice(first)
    let size = start
    let end = first
    while (end < lines.length && (end === first || size + (lines[end] as Buffer).length <= rotateBytes))
      size += (lines[end++] as Buffer).length
    return lines.slice(first, end)
  }

  private async write(handle: FileHandle, start: number, lines: readonly Buffer[]): Promise<void> {
    const { sync } = this.options
    try {
      await handle.write([lines.length === 1 ? (lines[0] as Buffer) : Buffer.concat(lines)], start)
      if (sync === "batch") await handle.sync()
    } catch (error) {
      this.brokenAt = start
      await this.repair(handle).catch(() => undefined)
      throw error
    }
    this.modifiedMs = this.platform.clock.now()
    if (sync !== "batch") this.syncLater()
  }

  /** Cuts off what a failed write left. */
  private async repair(handle: FileHandle): Promise<void> {
    if (this.brokenAt === undefined) return
    await handle.truncate(this.brokenAt)
    this.brokenAt = undefined
  }

  private async opened(): Promise<FileHandle> {
    const nowMs = this.platform.clock.monotonic()
    if (this.handle !== undefined && nowMs - this.lookedMs >= lookEveryMs) {
      const stat = await this.files.stat(this.path)
      this.lookedMs = nowMs
      if (stat === undefined || `${stat.device}:${stat.inode}` !== this.identity) await this.close()
    }
    const handle = this.handle ?? (await this.open())
    await this.repair(handle)
    return handle
  }

  private async open(): Promise<FileHandle> {
    const { files, path } = this
    const { permissions, noFollow, sync } = this.options
    const before = await files.stat(path)
    if (before?.isDirectory === true) throw Object.assign(new Error(`EISDIR: ${path} is a directory`), { code: "EISDIR" })
    if (before !== undefined && !before.isFile) throw Object.assign(new Error(`${path} is no regular file`), { code: "EISDIR" })
    const handle = await files.open(path, "append", { permissions, noFollow })
    try {
      const stat = await handle.stat()
      this.identity = `${stat.device}:${stat.inode}`
      this.modifiedMs = stat.size === 0 ? this.platform.clock.now() : stat.modifiedMs
      if (stat.size > 0) await this.endLine(handle, stat.size)
      if (before === undefined && sync !== "never") await files.syncDirectory(dirname(path))
    } catch (error) {
      await handle.close()
      throw error
    }
    this.brokenAt = undefined
    this.lookedMs = this.platform.clock.monotonic()
    this.handle = handle
    return handle
  }

  private async endLine(handle: FileHandle, size: number): Promise<void> {
    const delimiter = Buffer.from(this.options.delimiter)
    if (delimiter.length === 0) return
    const last = Buffer.alloc(Math.min(size, delimiter.length))
    await handle.read(last, 0, last.length, size - last.length)
    if (last.equals(delimiter)) return
    this.log.info(`${this.path} ends in the middle of a line, which is ended first`)
    await handle.write([delimiter], size)
  }

  private mustRotate(size: number, lineBytes: number): boolean {
    const { rotateBytes, rotateIntervalMs } = this.options
    if (size === 0 || this.platform.clock.monotonic() < this.rotateNotBeforeMs) return false
    if (rotateBytes !== undefined && size + lineBytes > rotateBytes) return true
    if (rotateIntervalMs === undefined) return false
    return Math.floor(this.modifiedMs / rotateIntervalMs) !== Math.floor(this.platform.clock.now() / rotateIntervalMs)
  }

  private async rotate(): Promise<void> {
    const { files, path } = this
    const { rotateKeep, sync } = this.options
    await this.close()
    try {
      if (rotateKeep === 0) await files.unlink(path)
      for (let number = rotateKeep; number > 0; number--) {
        const from = number === 1 ? path : `${path}.${number - 1}`
        if ((await files.stat(from)) !== undefined) await files.rename(from, `${path}.${number}`)
      }
      if (sync !== "never") await files.syncDirectory(dirname(path))
    } catch (error) {
      // Better a file that is too large than events that cannot be written.
      this.log.warn(`${path} could not be rotated, which is tried again: ${(error as Error).message}`)
      this.rotateNotBeforeMs = this.platform.clock.monotonic() + rotateAgainMs
    }
  }

  private syncLater(): void {
    const { sync } = this.options
    if (typeof sync !== "number" || this.unsynced) return
    this.unsynced = true
    this.platform.timers.after(
      sync,
      () => {
        const { handle } = this
        if (handle === undefined || !this.unsynced) return
        this.syncing = this.syncNow(handle).finally(() => {
          this.syncing = undefined
        })
      },
      { background: true },
    )
  }

  private async syncNow(handle: FileHandle): Promise<void> {
    this.unsynced = false
    try {
      await handle.sync()
    } catch (error) {
      this.log.error(`${this.path} could not be synced: its last lines may be lost when the power fails (${(error as Error).message})`)
    }
  }
}
