// Paths with wildcards, for inputs that read files: `*` stands for any part of one name, `?` for one character of it. They may stand in
// any name of the path. A name that begins with a dot is matched only by a pattern that begins with one. Looking through the folders is
// bounded by the caller, and one that cannot be read does not hide the others.

import { join, normalize } from "node:path"
import type { FileStat, Files } from "../platform/platform.ts"

/** A file that was found, with what `stat` said of it. */
export interface FoundFile {
  readonly path: string
  readonly stat: FileStat
}

/** What a search tells beside what it found. */
export interface SearchEvents {
  /** A folder or file could not be looked at. */
  failed(path: string, error: Error): void
  /** There were more than `max` files; the rest was passed over. */
  tooMany(): void
}

/** One path, with or without wildcards. */
export class FilePattern {
  /** The folder above the first wildcard, or the whole path where there is none. */
  readonly base: string
  /** The names below `base`, at least the last of them with wildcards; empty where there is none. */
  readonly names: readonly string[]

  /** `path` is absolute. */
  constructor(path: string) {
    const names = normalize(path)
      .split("/")
      .filter((name) => name !== "")
    const first = names.findIndex((name) => /[*?]/.test(name))
    const split = first < 0 ? names.length : first
    this.base = `/${names.slice(0, split).join("/")}`
    this.names = names.slice(split)
  }

  /** Folders below `base` that must be watched too. */
  get depth(): number {
    return Math.max(0, this.names.length - 1)
  }

  /** Whether files that lie directly in `folder` may be among those it names. */
  reachesInto(folder: string): boolean {
    const names = normalize(folder)
      .split("/")
      .filter((name) => name !== "")
    const base = this.base.split("/").filter((name) => name !== "")
    if (this.names.length === 0 || names.length !== base.length + this.names.length - 1) return false
    return (
      base.every((name, index) => names[index] === name) &&
      this.names.slice(0, -1).every((pattern, index) => matchesName(pattern, names[base.length + index] as string))
    )
  }

  /** The regular files that the pattern names now, in the order of names, at most `max`. */
  async find(files: Files, max: number, events: SearchEvents): Promise<FoundFile[]> {
    const found: FoundFile[] = []
    await this.search({ files, max, events, found }, this.base, 0)
    return found
  }

  private async search(
    search: { files: Files; max: number; events: SearchEvents; found: FoundFile[] },
    path: string,
    level: number,
  ): Promise<boolean> {
    const { files, events, found, max } = search
    try {
      const pattern = this.names[level]
      if (pattern === undefined) {
        const stat = await files.stat(path)
        if (stat?.isFile !== true) return true
        if (found.length < max) return found.push({ path, stat }) > 0
        events.tooMany()
        return false
      }
      const wild = /[*?]/.test(pattern)
      const names = wild ? (await files.list(path)).filter((name) => matchesName(pattern, name)) : [pattern]
      for (const name of names) if (!(await this.search(search, join(path, name), level + 1))) return false
    } catch (error) {
      // A folder that is not there, or a file where a folder should be, holds nothing.
      const { code } = error as { code?: string }
      if (code !== "ENOENT" && code !== "ENOTDIR") events.failed(path, error as Error)
    }
    return true
  }
}

/** Whether `name` is one that `pattern` stands for. The work is at most the product of their lengths. */
export function matchesName(pattern: string, name: string): boolean {
  if (name.startsWith(".") && !pattern.startsWith(".")) return false
  let at = 0
  let from = 0
  // Where to go on when what follows the last star does not fit: one character later.
  let star = -1
  let mark = 0
  while (at < name.length) {
    if (pattern[from] === "*") {
      star = from++
      mark = at
    } else if (from < pattern.length && (pattern[from] === "?" || pattern[from] === name[at])) {
      from += 1
      at += 1
    } else if (star >= 0) {
      from = star + 1
      at = ++mark
    } else return false
  }
  while (pattern[from] === "*") from += 1
  return from === pattern.length
}
