// Files and open files of the simulated disk, as one incarnation of the program sees them.

import { posix } from "node:path"
import type { FileHandle, FileStat, Files, WatchEvents, Watcher } from "../platform.ts"
import { systemError } from "../system-error.ts"
import type { Owner } from "./agenda.ts"
import { locate, type Node, type Place, SimulatedDirectory } from "./directory.ts"
import type { DiskOperation, DiskRequest, SimulatedDisk } from "./disk.ts"
import { SimulatedFile } from "./file.ts"
import { contentOf, type OpenMode, SimulatedHandle, statOf, writeWithin } from "./handle.ts"
import { SimulatedWatcher } from "./watcher.ts"

/** `Files` over a simulated disk. */
export class SimulatedFiles implements Files {
  readonly #disk: SimulatedDisk
  readonly #owner: Owner

  constructor(disk: SimulatedDisk, owner: Owner) {
    this.#disk = disk
    this.#owner = owner
  }

  open(path: string, mode: OpenMode): Promise<FileHandle> {
    const open = (): FileHandle => new SimulatedHandle(this.#disk, this.#owner, path, this.#opened(path, mode), mode)
    return mode === "read" ? this.#read("open", path, open) : this.#change("open", [path], open)
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#read("stat", path, () => {
      const node = this.#find(path)
      return node === undefined ? undefined : statOf(node)
    })
  }

  list(directory: string): Promise<string[]> {
    return this.#read("list", directory, () => this.#directory(directory, "scandir").names())
  }

  makeDirectory(path: string): Promise<void> {
    return this.#perform({ operation: "makeDirectory", paths: [path], effect: () => this.#make(path), interrupted: () => this.#make(path) })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#change("rename", [from, to], () => this.#move(from, to))
  }

  unlink(path: string): Promise<void> {
    return this.#change("unlink", [path], () => {
      const place = this.#existing(path, "unlink")
      if (place.node instanceof SimulatedDirectory) throw systemError("EISDIR", "unlink", { path })
      this.#set(place, undefined)
    })
  }

  async syncDirectory(path: string): Promise<void> {
    // Found now: only what was changed before the call is covered, and a directory that is missing is an error like any other.
    const node = this.#find(path)
    const covered = node instanceof SimulatedDirectory ? node.unsynced() : []
    const effect = (): void => {
      if (node instanceof SimulatedDirectory) node.synced(covered)
      else throw systemError(node === undefined ? "ENOENT" : "ENOTDIR", "open", { path })
    }
    await this.#perform({ operation: "syncDirectory", paths: [path], effect, interrupted: effect })
  }

  readFile(path: string): Promise<Buffer> {
    return this.#read("readFile", path, () => Buffer.from(contentOf(this.#existing(path, "open").node as Node)))
  }

  writeFile(path: string, content: Buffer | string): Promise<void> {
    const bytes = Buffer.from(content)
    const write = (count: number): void => {
      const file = this.#opened(path, "update")
      if (!(file instanceof SimulatedFile)) throw systemError("EISDIR", "open", { path })
      file.truncate(0)
      writeWithin(this.#disk, file, 0, bytes.subarray(0, count))
    }
    const part = (): void => write(this.#disk.part(bytes.length))
    const effect = (): void => this.#writable("open", path, () => write(bytes.length))
    return this.#perform({ operation: "writeFile", paths: [path], effect, interrupted: part })
  }

  async replaceFile(path: string, content: Buffer | string): Promise<void> {
    const beside = `${await this.realPath(path)}.tmp`
    await this.writeFile(beside, content)
    await this.rename(beside, path)
  }

  freeBytes(path: string): Promise<number> {
    return this.#read("freeBytes", path, () => {
      this.#existing(path, "statfs")
      return this.#disk.free
    })
  }

  async writable(directory: string): Promise<boolean> {
    const node = await this.#read("stat", directory, () => this.#find(directory))
    return node instanceof SimulatedDirectory && !this.#disk.readOnly
  }

  // There are no symbolic links on this disk.
  realPath(path: string): Promise<string> {
    return this.#read("realPath", path, () => {
      this.#existing(path, "realpath")
      return posix.resolve("/", path)
    })
  }

  watch(path: string, events: WatchEvents, { depth = 0 }: { depth?: number } = {}): Watcher {
    return new SimulatedWatcher(this.#disk, this.#owner, { path: posix.resolve("/", path), depth, events })
  }

  #perform<T>(request: DiskRequest<T>): Promise<T> {
    return this.#disk.perform(request, this.#owner)
  }

  #read<T>(operation: DiskOperation, path: string, effect: () => T): Promise<T> {
    return this.#perform({ operation, paths: [path], effect })
  }

  #change<T>(operation: DiskOperation, paths: readonly string[], change: () => T): Promise<T> {
    const effect = (): T => this.#writable(operation, paths[0] as string, change)
    return this.#perform({ operation, paths, effect, interrupted: () => void effect() })
  }

  #writable<T>(syscall: string, path: string, change: () => T): T {
    if (this.#disk.readOnly) throw systemError("EROFS", syscall, { path })
    return change()
  }

  #find(path: string): Node | undefined {
    try {
      return locate(this.#disk.root, path, "stat").node
    } catch {
      return undefined
    }
  }

  #existing(path: string, syscall: string, named: { path: string; dest?: string } = { path }): Place {
    const place = locate(this.#disk.root, path, syscall, named)
    if (place.node === undefined) throw systemError("ENOENT", syscall, named)
    return place
  }

  #directory(path: string, syscall: string): SimulatedDirectory {
    const { node } = this.#existing(path, syscall)
    if (node instanceof SimulatedDirectory) return node
    throw systemError("ENOTDIR", syscall, { path })
  }

  #opened(path: string, mode: OpenMode): Node {
    const place = mode === "read" ? this.#existing(path, "open") : locate(this.#disk.root, path, "open")
    if (mode === "create" && place.node !== undefined) throw systemError("EEXIST", "open", { path })
    if (mode !== "read" && place.node instanceof SimulatedDirectory) throw systemError("EISDIR", "open", { path })
    if (place.node !== undefined) return place.node
    const file = this.#disk.newFile()
    this.#set(place, file)
    return file
  }

  #make(path: string): void {
    const place = locate(this.#disk.root, path, "mkdir")
    if (place.node instanceof SimulatedDirectory) return
    if (place.node !== undefined) throw systemError("EEXIST", "mkdir", { path })
    this.#writable("mkdir", path, () => this.#set(place, this.#disk.newDirectory()))
  }

  #move(from: string, to: string): void {
    const named = { path: from, dest: to }
    const source = this.#existing(from, "rename", named)
    const target = locate(this.#disk.root, to, "rename", named)
    const refused = refusal(source.node as Node, target.node, from, to)
    if (refused !== undefined) throw systemError(refused, "rename", named)
    if (source.node === target.node) return
    const move = {}
    this.#set(target, source.node, move)
    // Between two directories each change is on its own: whoever needs both syncs the new directory first.
    this.#set(source, undefined, source.directory === target.directory ? move : {})
  }

  #set(place: Place, node: Node | undefined, move?: object): void {
    if (place.name === "") throw systemError("EBUSY", "rename", { path: place.path })
    place.directory.set(place.name, node, move)
    place.directory.modifiedMs = this.#disk.clock.now()
  }
}

function refusal(source: Node, target: Node | undefined, from: string, to: string): string | undefined {
  if (source instanceof SimulatedDirectory && posix.resolve("/", to).startsWith(`${posix.resolve("/", from)}/`)) return "EINVAL"
  if (target === undefined || target === source) return undefined
  if (target instanceof SimulatedFile) return source instanceof SimulatedDirectory ? "ENOTDIR" : undefined
  if (source instanceof SimulatedFile) return "EISDIR"
  return target.names().length > 0 ? "ENOTEMPTY" : undefined
}
