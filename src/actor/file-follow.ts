// Follows files as they grow, are rotated, truncated, removed and made again, and hands their lines on, piece by piece.
//
// A file is known by its inode, not by its name: one that is renamed goes on where it was, whether or not the new name is followed too.
// One whose name is gone is read to its end and for `rotateWaitMs` longer, since programs write to a rotated file until they have opened
// the new one. How far each file is safe is kept in a state file; so after a start reading goes on there, also in files that were renamed
// within their folder meanwhile. Files that appear are read from their beginning; those that are there at the very first start, from
// their beginning or their end.
//
// Whoever drives it calls `look` when names may have changed, and `read` as long as it answers that more is there. Neither overlaps.

import { dirname, join } from "node:path"
import type { Log } from "../log.ts"
import type { Clock, FileStat, Files } from "../platform/platform.ts"
import type { FilePattern, FoundFile } from "./file-pattern.ts"
import { type FilePiece, type FilePosition, FollowedFile, type FollowedFileOptions } from "./followed-file.ts"

/** Which files to follow. */
export interface FileFollowOptions extends Omit<FollowedFileOptions, "tooLong"> {
  readonly patterns: readonly FilePattern[]
  /** Where files are begun that are there at the very first start. */
  readonly from: "start" | "end"
  readonly filesMax: number
  readonly openFilesMax: number
  readonly rotateWaitMs: number
}

export interface FileFollowParts {
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
  /** A warning that may come often: a kind of it, and what about. */
  readonly warn: (kind: string, detail: string) => void
  /** Takes a piece of a file; a promise means that there is no room for more. */
  readonly piece: (piece: FilePiece) => Promise<void> | undefined
}

/** All files of one input. */
export class FileFollow {
  private readonly options: FileFollowOptions
  private readonly parts: FileFollowParts
  private readonly byId = new Map<string, FollowedFile>()
  /** Those in which something may have come. */
  private readonly ready = new Set<FollowedFile>()
  /** Of these, those of which somebody said that they changed. */
  private readonly hinted = new Set<FollowedFile>()
  /** A name stands for another file than before: {@link FileFollow.look} is due. */
  wantsLook = false
  /** Kept positions of files that have not been found yet. */
  private kept: FilePosition[] = []
  /** Files that are met now were there before. */
  private isFirstLook = true
  private closed = false
  private readonly told = new Set<string>()

  constructor(options: FileFollowOptions, parts: FileFollowParts) {
    this.options = options
    this.parts = parts
  }

  /** Finds the files for the first time. `kept` are the positions of the last run; with `isNew` files without one are begun at `from`. */
  async begin(kept: readonly FilePosition[], isNew: boolean): Promise<void> {
    this.kept = [...kept]
    this.isFirstLook = isNew
    await this.look()
    this.isFirstLook = false
    for (const position of this.kept.splice(0)) await this.findRenamed(position)
  }

  /** How far every file is safe. */
  get positions(): FilePosition[] {
    return [...this.byId.values()].map((file) => file.position)
  }

  /** Files that are known, and those that are open. */
  get counts(): { readonly files: number; readonly open: number } {
    return { files: this.byId.size, open: this.openFiles.length }
  }

  /** Looks which files there are, and in which of them something may have come. Answers whether some were not known. */
  async look(): Promise<boolean> {
    this.wantsLook = false
    let hasNew = false
    const found = await this.search()
    const seen = new Set<FollowedFile>()
    for (const one of found) {
      const known = this.byId.get(idOf(one.stat))
      const file = known ?? (await this.meet(one))
      if (file === undefined) continue
      hasNew ||= known === undefined
      seen.add(file)
      file.path = one.path
      file.goneMs = undefined
      if (file.seen(one.stat)) this.ready.add(file)
    }
    const nowMs = this.parts.clock.monotonic()
    for (const file of this.byId.values()) if (!seen.has(file)) await this.missed(file, nowMs)
    return hasNew
  }

  /** A file may have grown, or its name stands for another one now. Answers whether it is known; if not, `look` finds it. */
  touched(path: string): boolean {
    for (const file of this.byId.values()) {
      if (file.path !== path || file.goneMs !== undefined) continue
      this.ready.add(file)
      this.hinted.add(file)
      return true
    }
    return false
  }

  /** Whether there are files whose names are gone: late lines of theirs come without a hint. */
  get hasGone(): boolean {
    for (const file of this.byId.values()) if (file.goneMs !== undefined) return true
    return false
  }

  /** Reads a chunk of each file in which something may have come and that `mayRead`; answers whether it tried any. */
  async read(mayRead: (file: FollowedFile) => boolean): Promise<boolean> {
    const files = [...this.ready]
    // What was renamed comes before what took its name.
    const before = new Set(files.filter(({ goneMs }) => goneMs !== undefined).map(({ path }) => path))
    let hasTried = false
    for (const file of files) {
      if ((file.goneMs === undefined && before.has(file.path)) || !mayRead(file)) continue
      hasTried = true
      await this.readOne(file)
    }
    return hasTried
  }

  /** Closes all files. */
  async close(): Promise<void> {
    this.closed = true
    for (const file of this.byId.values()) await file.close()
  }

  private get openFiles(): FollowedFile[] {
    return [...this.byId.values()].filter((file) => file.isOpen)
  }

  private async search(): Promise<FoundFile[]> {
    const { patterns, filesMax } = this.options
    const found = new Map<string, FoundFile>()
    const events = {
      failed: (path: string, error: Error) => this.tell(`cannot look for files at ${path}: ${error.message}`),
      tooMany: () => this.tell(`more than ${filesMax} files are there (\`files_max\`): the others are passed over`),
    }
    for (const pattern of patterns) for (const one of await pattern.find(this.parts.files, filesMax, events)) found.set(idOf(one.stat), one)
    return [...found.values()]
  }

  /** A file that is not known yet. */
  private async meet({ path, stat }: FoundFile): Promise<FollowedFile | undefined> {
    if (this.byId.size >= this.options.filesMax) {
      this.tell(`more than ${this.options.filesMax} files are followed (\`files_max\`): ${path} and others wait`)
      return undefined
    }
    const position = await this.keptPosition(path, stat)
    if (position !== undefined) return this.follow({ path, stat }, position)
    const atEnd = this.isFirstLook && this.options.from === "end"
    const file = this.follow({ path, stat }, { offset: atEnd ? stat.size : 0 })
    if (atEnd) await this.toEnd(file)
    return file
  }

  private async toEnd(file: FollowedFile): Promise<void> {
    try {
      await this.open(file)
      await file.skipToEnd()
    } catch (error) {
      this.unreadable(file, error as Error)
    }
  }

  private follow(found: FoundFile, position: { offset: number; fingerprint?: FilePosition["fingerprint"] }): FollowedFile {
    const file = new FollowedFile(found, position, {
      ...this.options,
      tooLong: ({ path, offset }) =>
        this.parts.warn(
          "a line was left out",
          `${path} before byte ${offset}, more than ${this.options.lineBytesMax} bytes (\`line_bytes_max\`)`,
        ),
    })
    this.byId.set(idOf(found.stat), file)
    this.ready.add(file)
    return file
  }

  /** The position that was kept of this file, which is taken out of those to be found. */
  private async keptPosition(path: string, stat: FileStat): Promise<FilePosition | undefined> {
    for (const [index, position] of this.kept.entries()) {
      if (!(await this.isKept(position, path, stat))) continue
      this.kept.splice(index, 1)
      return position
    }
    return undefined
  }

  private async isKept(position: FilePosition, path: string, stat: FileStat): Promise<boolean> {
    if (position.inode !== stat.inode) return false
    try {
      if (await FollowedFile.isSame(position, stat, () => this.parts.files.open(path, "read"))) return true
    } catch (error) {
      this.tell(`cannot read ${path}: ${(error as Error).message}`)
      // It stays where it was until it can be read.
      return true
    }
    // The same name and inode with another content: truncated, or written anew.
    if (position.path === path) this.parts.log.info(`${path} begins differently than before: it is read from its beginning`)
    return false
  }

  /** Looks beside the old name for a file that was renamed while nobody followed it: what is left of it is read. */
  private async findRenamed(position: FilePosition): Promise<void> {
    const { files, log } = this.parts
    const folder = dirname(position.path)
    const names = await files.list(folder).catch(() => [])
    for (const name of names) {
      const path = join(folder, name)
      const stat = await files.stat(path).catch(() => undefined)
      if (stat?.isFile !== true || stat.inode !== position.inode || this.byId.has(idOf(stat))) continue
      if (!(await this.isKept(position, path, stat))) continue
      log.info(`${position.path} is called ${path} now: the rest of it is read`)
      this.follow({ path, stat }, position).goneMs = this.parts.clock.monotonic()
      return
    }
    log.warn(`${position.path}, which was read up to byte ${position.offset}, is gone: what was written to it since cannot be read`)
  }

  /** Its name is gone, or stands for another file. */
  private async missed(file: FollowedFile, nowMs: number): Promise<void> {
    file.goneMs ??= nowMs
    if (nowMs - Math.max(file.goneMs, file.readMs) < this.options.rotateWaitMs) this.ready.add(file)
    else if (!file.isOver && !(file.isOpen && this.ready.has(file))) await this.end(file)
    if (!file.isOver || file.unsafeBytes > 0) return
    this.byId.delete(idOf(file))
    this.ready.delete(file)
    this.hinted.delete(file)
  }

  private async end(file: FollowedFile): Promise<void> {
    if (!file.isOpen && file.unreadBytes > 0) this.parts.log.error(`${file.path} is gone before ${file.unreadBytes} bytes of it were read`)
    for (const piece of file.finish()) await this.parts.piece(piece)
    file.isOver = true
    await file.close()
  }

  private async readOne(file: FollowedFile): Promise<void> {
    const { parts } = this
    try {
      await this.open(file)
      const { pieces, atEnd, replaced } = await file.read()
      if (replaced !== undefined) this.tellReplaced(file, replaced.unreadBytes)
      if (pieces.length > 0) file.readMs = parts.clock.monotonic()
      if (atEnd) await this.through(file)
      this.readable(file)
      for (const piece of pieces) await parts.piece(piece)
    } catch (error) {
      this.ready.delete(file)
      this.unreadable(file, error as Error)
    }
  }

  /** All that is there was read; a hint may have meant that another file has taken the name. */
  private async through(file: FollowedFile): Promise<void> {
    this.ready.delete(file)
    if (!this.hinted.delete(file)) return
    const stat = await this.parts.files.stat(file.path)
    if (stat === undefined || idOf(stat) !== idOf(file)) this.wantsLook = true
  }

  private tellReplaced(file: FollowedFile, unreadBytes: number): void {
    const { log } = this.parts
    if (unreadBytes === 0) log.info(`${file.path} was truncated or written anew: it is read from its beginning`)
    else log.warn(`${file.path} was truncated or written anew before ${unreadBytes} bytes of it were read; it is read from its beginning`)
  }

  /** Opens a file, and closes the one that was quiet for longest when too many are open. */
  private async open(file: FollowedFile): Promise<void> {
    if (file.isOpen) return
    const open = this.openFiles
    if (open.length >= this.options.openFilesMax) {
      const closable = open.filter((one) => one.goneMs === undefined).toSorted((one, other) => one.readMs - other.readMs)
      await (closable.find((one) => !this.ready.has(one)) ?? closable[0])?.close()
    }
    await file.open(this.parts.files)
  }

  // Said once, until it can be read again.
  private unreadable(file: FollowedFile, error: Error): void {
    if (this.closed || (error as { code?: string }).code === "ENOENT") return
    if (file.problem !== error.message) this.parts.log.warn(`cannot read ${file.path}, which is tried again: ${error.message}`)
    file.problem = error.message
  }

  private readable(file: FollowedFile): void {
    if (file.problem !== undefined) this.parts.log.info(`${file.path} can be read again`)
    file.problem = undefined
  }

  private tell(problem: string): void {
    if (this.told.has(problem)) return
    if (this.told.size >= 1000) this.told.clear()
    this.told.add(problem)
    this.parts.log.warn(problem)
  }
}

function idOf({ device, inode }: { readonly device: number; readonly inode: number }): string {
  return `${device}:${inode}`
}
