// What becomes of a file that was taken whole: it stays, is removed, or is moved, never over another file. What cannot be removed now is
// tried again. A file that has changed since it was taken is another one, and left alone.

import { basename, join } from "node:path"
import { WishboneError } from "../errors.ts"
import type { FileStat, Files } from "../platform/platform.ts"
import type { FilePattern } from "./file-pattern.ts"

/** Where files go. */
export interface FileDisposalOptions {
  /** What becomes of a file whose event is safe. */
  readonly after: "keep" | "delete" | "move"
  readonly doneDirectory: string | undefined
  /** Where files go whose events were given up, and those that are too large; without it they stay. */
  readonly failedDirectory: string | undefined
}

/** A version of a file. */
export interface FileVersion {
  readonly device: number
  readonly inode: number
  readonly size: number
  readonly modifiedMs: number
}

/** The version that `stat` tells of. */
export function versionOf({ device, inode, size, modifiedMs }: FileStat): FileVersion {
  return { device, inode, size, modifiedMs }
}

/** Whether two versions are one. The device is left out, which may change when a machine starts. */
export function isSame(one: FileVersion | undefined, other: FileVersion): boolean {
  return one !== undefined && one.inode === other.inode && one.size === other.size && one.modifiedMs === other.modifiedMs
}

export class FileDisposal {
  private readonly options: FileDisposalOptions
  private readonly parts: { files: Files; name: string; tell: (path: string, problem: string) => void }
  /** What could not be removed, by path. */
  private readonly leftover = new Map<string, () => Promise<void>>()

  constructor(options: FileDisposalOptions, parts: { files: Files; name: string; tell: (path: string, problem: string) => void }) {
    this.options = options
    this.parts = parts
  }

  /** Makes the folders. @throws WishboneError `WB_INPUT_FILE_PATH` when files cannot be moved there, or would be found there again. */
  async prepare(patterns: readonly FilePattern[]): Promise<void> {
    const { doneDirectory, failedDirectory } = this.options
    for (const directory of [doneDirectory, failedDirectory]) {
      if (directory === undefined) continue
      const problem = await this.problemOf(directory, patterns)
      const hint = "`done_dir` and `failed_dir` are folders of their own that this user may write, on the file system of the files."
      if (problem !== undefined)
        throw new WishboneError("WB_INPUT_FILE_PATH", { instance: this.parts.name, path: directory, problem, hint })
    }
  }

  /** The event of the file is safe. */
  async finish(path: string, version: FileVersion): Promise<void> {
    const { after, doneDirectory } = this.options
    if (after === "delete") await this.remove(path, version, () => this.parts.files.unlink(path))
    if (after === "move" && doneDirectory !== undefined) await this.remove(path, version, () => this.move(path, doneDirectory))
  }

  /** The file cannot be delivered. */
  async putAside(path: string, version: FileVersion): Promise<void> {
    const { failedDirectory } = this.options
    if (failedDirectory !== undefined) await this.remove(path, version, () => this.move(path, failedDirectory))
  }

  /** Tries again what could not be removed. */
  async again(path: string): Promise<void> {
    await this.leftover.get(path)?.()
  }

  /** Others than these are not there any more. */
  forget(there: ReadonlySet<string>): void {
    for (const path of this.leftover.keys()) if (!there.has(path)) this.leftover.delete(path)
  }

  private async problemOf(directory: string, patterns: readonly FilePattern[]): Promise<string | undefined> {
    const { files } = this.parts
    if (patterns.some((pattern) => pattern.reachesInto(directory))) return "files that are moved there would be taken again"
    try {
      await files.makeDirectory(directory)
    } catch (error) {
      return (error as Error).message
    }
    if (!(await files.writable(directory))) return "files cannot be moved there by this user"
    const device = (await files.stat(directory))?.device
    for (const { base } of patterns) {
      const stat = await files.stat(base)
      if (stat !== undefined && stat.device !== device) return `it lies on another file system than ${base}`
    }
    return undefined
  }

  private async remove(path: string, version: FileVersion, how: () => Promise<void>): Promise<void> {
    try {
      const stat = await this.parts.files.stat(path)
      if (stat !== undefined && isSame(version, versionOf(stat))) await how()
      this.leftover.delete(path)
    } catch (error) {
      this.parts.tell(path, `${path} is through and cannot be removed, which is tried again: ${(error as Error).message}`)
      this.leftover.set(path, () => this.remove(path, version, how))
    }
  }

  private async move(path: string, directory: string): Promise<void> {
    const { files } = this.parts
    const name = basename(path)
    let target = join(directory, name)
    for (let number = 1; (await files.stat(target)) !== undefined; number++) target = join(directory, `${name}.${number}`)
    await files.rename(path, target)
  }
}
