// Files of the real platform. Open files use `node:fs` handles, which put off closing until the operations under way are over;
// what goes by path uses fs-extra, which waits for a free descriptor instead of failing when sockets hold them all.

import { constants, type Stats } from "node:fs"
import { type FileHandle as NodeHandle, open, statfs } from "node:fs/promises"
import fs from "fs-extra"
import type { FileHandle, FileStat, Files, OpenOptions } from "./platform.ts"
import { replaceFile } from "./real-replace.ts"
import { watch } from "./real-watch.ts"
import { errorCode, systemError } from "./system-error.ts"

const fileMode = 0o600
const directoryMode = 0o700

const openFlags = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  update: constants.O_RDWR | constants.O_CREAT,
  append: constants.O_RDWR | constants.O_CREAT | constants.O_APPEND,
} as const

class RealFile implements FileHandle {
  readonly #handle: NodeHandle

  constructor(handle: NodeHandle) {
    this.#handle = handle
  }

  async read(target: Buffer, offset: number, length: number, position: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(target, offset, length, position)
    return bytesRead
  }

  async write(parts: readonly Buffer[], position: number): Promise<void> {
    let rest = parts.filter((part) => part.length > 0)
    let at = position
    while (rest.length > 0) {
      // A copy, because the type asks for a list that may be changed; Node does not change it.
      const { bytesWritten } = await this.#handle.writev([...rest], at)
      // The kernel stops short when the disk fills up; it says why when asked for the rest.
      rest = without(rest, bytesWritten)
      at += bytesWritten
    }
  }

  sync(): Promise<void> {
    return this.#handle.datasync()
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length)
  }

  async size(): Promise<number> {
    const { size } = await this.#handle.stat()
    return size
  }

  async stat(): Promise<FileStat> {
    return statOf(await this.#handle.stat())
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** `parts` without their first `count` bytes. */
function without(parts: readonly Buffer[], count: number): Buffer[] {
  let left = count
  let index = 0
  for (; index < parts.length; index += 1) {
    const length = (parts[index] as Buffer).length
    if (left < length) break
    left -= length
  }
  const rest = parts.slice(index)
  const first = rest[0]
  if (first !== undefined && left > 0) rest[0] = first.subarray(left)
  return rest
}

function statOf(found: Stats): FileStat {
  return {
    size: found.size,
    modifiedMs: found.mtimeMs,
    isFile: found.isFile(),
    isDirectory: found.isDirectory(),
    device: found.dev,
    inode: found.ino,
  }
}

async function stat(path: string): Promise<FileStat | undefined> {
  try {
    return statOf(await fs.stat(path))
  } catch (error) {
    // ENOTDIR: a file stands where a directory on the way should be, so nothing is there either.
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined
    throw error
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await fs.mkdir(path, { mode: directoryMode })
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error
    const found = await stat(path)
    if (found?.isDirectory !== true) throw error
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function writable(directory: string): Promise<boolean> {
  try {
    await fs.access(directory, constants.W_OK | constants.X_OK)
  } catch {
    return false
  }
  return (await stat(directory))?.isDirectory === true
}

async function freeBytes(path: string): Promise<number> {
  const found = await statfs(path)
  return found.bavail * found.bsize
}

async function list(directory: string): Promise<string[]> {
  const names = await fs.readdir(directory)
  return names.sort()
}

async function unlink(path: string): Promise<void> {
  try {
    await fs.unlink(path)
  } catch (error) {
    // Linux answers EISDIR, others EPERM: callers see one of them.
    if (errorCode(error) === "EPERM" && (await stat(path))?.isDirectory === true) throw systemError("EISDIR", "unlink", { path })
    throw error
  }
}

function flagsOf(mode: keyof typeof openFlags, options: OpenOptions): number {
  return options.noFollow === true ? openFlags[mode] | constants.O_NOFOLLOW : openFlags[mode]
}

/** The file system of this machine. */
export const realFiles: Files = {
  open: async (path, mode, options = {}) => new RealFile(await open(path, flagsOf(mode, options), options.permissions ?? fileMode)),
  stat,
  list,
  makeDirectory,
  rename: (from, to) => fs.rename(from, to),
  unlink,
  syncDirectory,
  readFile: (path) => fs.readFile(path),
  writeFile: (path, content) => fs.writeFile(path, content, { mode: fileMode }),
  replaceFile,
  freeBytes,
  writable,
  realPath: (path) => fs.realpath(path),
  watch,
}
