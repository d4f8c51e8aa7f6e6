// An open file of the simulated disk.

import type { FileHandle, FileStat, Files } from "../platform.ts"
import { systemError } from "../system-error.ts"
import type { Owner } from "./agenda.ts"
import type { Node } from "./directory.ts"
import type { DiskRequest, SimulatedDisk } from "./disk.ts"
import { SimulatedFile } from "./file.ts"

/** See `Files.open`. */
export type OpenMode = Parameters<Files["open"]>[1]

/** An open file. It stays with its file whatever happens to the name, and dies with the incarnation that opened it. */
export class SimulatedHandle implements FileHandle {
  readonly #disk: SimulatedDisk
  readonly #owner: Owner
  readonly #path: string
  readonly #node: Node
  readonly #mode: OpenMode
  readonly #epoch: number
  readonly #underWay = new Set<Promise<unknown>>()
  #closed = false

  constructor(disk: SimulatedDisk, owner: Owner, path: string, node: Node, mode: OpenMode) {
    this.#disk = disk
    this.#owner = owner
    this.#path = path
    this.#node = node
    this.#mode = mode
    this.#epoch = disk.epoch
  }

  read(target: Buffer, offset: number, length: number, position: number): Promise<number> {
    return this.#perform({
      operation: "read",
      effect: () =>
        contentOf(this.#node)
          .subarray(position, position + length)
          .copy(target, offset),
    })
  }

  write(parts: readonly Buffer[], position: number): Promise<void> {
    const bytes = Buffer.concat(parts)
    const start = (file: SimulatedFile): number => (this.#mode === "append" ? file.size : position)
    const part = (): void => this.#change("write", (file) => file.write(start(file), bytes.subarray(0, this.#disk.part(bytes.length))))
    const effect = (): void => this.#change("write", (file) => writeWithin(this.#disk, file, start(file), bytes))
    return this.#perform({ operation: "write", effect, failed: part, interrupted: part })
  }

  sync(): Promise<void> {
    const file = this.#node
    if (!(file instanceof SimulatedFile)) return this.#perform({ operation: "sync", effect: () => undefined })
    const covered = file.unsynced()
    const effect = (): void => file.synced(covered)
    return this.#perform({ operation: "sync", effect, failed: () => file.syncFailed(covered), interrupted: effect })
  }

  truncate(length: number): Promise<void> {
    const effect = (): void => this.#change("ftruncate", (file) => file.truncate(length))
    return this.#perform({ operation: "truncate", effect, interrupted: effect })
  }

  size(): Promise<number> {
    return this.#perform({ operation: "size", effect: () => statOf(this.#node).size })
  }

  stat(): Promise<FileStat> {
    return this.#perform({ operation: "stat", effect: () => statOf(this.#node) })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    const work = this.#perform({ operation: "close", effect: () => undefined })
    this.#closed = true
    await Promise.allSettled(this.#underWay)
    await work
  }

  #change(syscall: string, change: (file: SimulatedFile) => void): void {
    if (this.#mode === "read" || !(this.#node instanceof SimulatedFile)) throw systemError("EBADF", syscall)
    if (this.#disk.readOnly) throw systemError("EROFS", syscall)
    change(this.#node)
    this.#node.modifiedMs = this.#disk.clock.now()
  }

  #perform<T>(request: Omit<DiskRequest<T>, "paths">): Promise<T> {
    if (this.#closed) return Promise.reject(systemError("EBADF", request.operation))
    const work = this.#disk.perform({ ...request, paths: [this.#path] }, this.#owner, this.#epoch)
    this.#underWay.add(work)
    const forget = (): void => void this.#underWay.delete(work)
    work.then(forget, forget)
    return work
  }
}

/** What `stat` tells of a file or directory. */
export function statOf(node: Node): FileStat {
  const isFile = node instanceof SimulatedFile
  return {
    size: isFile ? node.size : 4096,
    modifiedMs: node.modifiedMs,
    isFile,
    isDirectory: !isFile,
    device: 1,
    inode: node.inode,
  }
}

/** All of a file; a directory has no content. */
export function contentOf(node: Node): Buffer {
  if (node instanceof SimulatedFile) return node.content
  throw systemError("EISDIR", "read")
}

/** Writes as much as the disk has room for, then fails like a full disk. */
export function writeWithin(disk: SimulatedDisk, file: SimulatedFile, position: number, bytes: Buffer): void {
  const growth = Math.max(0, position + bytes.length - file.size)
  const missing = growth === 0 ? 0 : Math.max(0, growth - disk.free)
  file.write(position, bytes.subarray(0, Math.max(0, bytes.length - missing)))
  file.modifiedMs = disk.clock.now()
  if (missing > 0) throw systemError("ENOSPC", "write")
}
