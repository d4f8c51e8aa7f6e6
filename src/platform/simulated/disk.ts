// The simulated disk: a file system in memory that forgets what was not synced. `file.ts` and `directory.ts` hold what is stored;
// here are the operations, how long they take and how they fail, and the controls by which a test does harm.
//
// An operation takes effect when it completes, never within the call. What is under way when the process is killed or the power fails
// has happened, or not, or in part; its promise never settles.

import type { Clock, FileHandle, Files } from "../platform.ts"
import { systemError } from "../system-error.ts"
import type { Owner } from "./agenda.ts"
import type { VirtualTime } from "./clock.ts"
import { filesBelow, locate, type Node, SimulatedDirectory } from "./directory.ts"
import { SimulatedFile } from "./file.ts"
import type { SeededRandom } from "./random.ts"

/** What `fail` can make fail: the methods of `Files` and `FileHandle`. */
export type DiskOperation = Exclude<keyof Files, "writable"> | keyof FileHandle

/** A scripted failure. */
export interface DiskFailure {
  readonly operation: DiskOperation
  /** The path itself or a directory above it; every path when absent. An open file has the path it was opened by. */
  readonly path?: string
  /** `"EIO"`, `"EACCES"`, `"ENOSPC"` … */
  readonly code: string
  /** How often; once when absent. */
  readonly times?: number
}

/** One operation, as `perform` takes it. */
export interface DiskRequest<T> {
  readonly operation: DiskOperation
  readonly paths: readonly string[]
  /** Takes effect, or throws a system error. */
  readonly effect: () => T
  /** What may be left of it when it fails by script. */
  readonly failed?: () => void
  /** What may be left of it when the process dies meanwhile; chance decides whether it is asked. */
  readonly interrupted?: () => void
}

const defaultCapacity = 2 ** 40

/** Operations that change nothing that a watcher could see. */
const reading: ReadonlySet<DiskOperation> = new Set<DiskOperation>([
  "read",
  "stat",
  "size",
  "sync",
  "close",
  "list",
  "readFile",
  "freeBytes",
  "realPath",
  "syncDirectory",
  "watch",
])

/** The disk of a simulated world, which outlives its incarnations. */
export class SimulatedDisk {
  readonly root: SimulatedDirectory
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  readonly #owner: Owner = { alive: true }
  #inode = 1
  // Grows when a crash or a power cut ends an incarnation.
  #epoch = 1
  #capacity = defaultCapacity
  #readOnly = false
  #latency = { minMs: 0, maxMs: 0 }
  #failures: { rule: DiskFailure; left: number }[] = []
  readonly #underWay = new Set<DiskRequest<unknown>>()
  readonly #counts = new Map<DiskOperation, number>()
  readonly #watchers = new Set<() => void>()
  #deaf = false

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time
    this.#random = random
    this.root = new SimulatedDirectory(this.#inode, time.clock.now())
    this.#directories(["tmp"])
  }

  // Controls

  /** The machine loses power: unsynced writes and directory changes are kept, lost, reordered or torn, as the seed has it. */
  powerCut(): void {
    this.#endEpoch()
    this.root.powerCut(this.#random)
  }

  /** The process is killed: all that was written stays, what is under way may have happened. */
  crash(): void {
    this.#endEpoch()
  }

  /** Bytes that all files together may hold. */
  setCapacity(bytes: number): void {
    this.#capacity = bytes
  }

  /** While set, every change fails with EROFS. */
  setReadOnly(readOnly: boolean): void {
    this.#readOnly = readOnly
  }

  /** How long each operation takes; chance decides between the two, so that operations overtake each other. */
  setLatency(latency: { minMs: number; maxMs: number }): void {
    this.#latency = latency
  }

  /** Makes the next matching operations fail. A failed write may leave a part, a failed sync leaves its data in doubt for good. */
  fail(rule: DiskFailure): void {
    this.#failures.push({ rule, left: rule.times ?? 1 })
  }

  /** While set, watchers are told nothing, as on network file systems; what happened meanwhile is told with the next change after it. */
  setDeaf(deaf: boolean): void {
    this.#deaf = deaf
  }

  /** Forgets every scripted failure. */
  heal(): void {
    this.#failures = []
  }

  /** Every file by its path. `durable` lists what is certain to survive a power cut instead. */
  snapshot({ durable = false }: { durable?: boolean } = {}): Record<string, Buffer> {
    const found: Record<string, Buffer> = {}
    for (const [path, file] of filesBelow(this.root, durable)) found[path] = Buffer.from(durable ? file.durableContent : file.content)
    return found
  }

  /** Puts a file on the disk, durable, with the directories above it. */
  put(path: string, content: Buffer | string): void {
    const names = path.split("/").filter((name) => name !== "")
    const file = this.newFile()
    file.write(0, Buffer.from(content))
    file.syncAll()
    setDurably(this.#directories(names.slice(0, -1)), names.at(-1) as string, file)
    this.#touched()
  }

  /** Changes bytes of a file behind everybody's back, as a bad sector does. */
  damage(path: string, position: number, content: Buffer): void {
    const { node } = locate(this.root, path, "damage")
    if (!(node instanceof SimulatedFile)) throw systemError("ENOENT", "damage", { path })
    node.damage(position, content)
    this.#touched()
  }

  /** How often an operation was begun. */
  count(operation: DiskOperation): number {
    return this.#counts.get(operation) ?? 0
  }

  // For the files that stand on it

  get clock(): Clock {
    return this.#time.clock
  }

  get epoch(): number {
    return this.#epoch
  }

  get readOnly(): boolean {
    return this.#readOnly
  }

  /** Bytes that may still be written. */
  get free(): number {
    let used = 0
    for (const [, file] of filesBelow(this.root, false)) used += file.size
    return Math.max(0, this.#capacity - used)
  }

  /** Calls `look` after everything that may have changed the disk, until the answered function is called. */
  watching(look: () => void): () => void {
    this.#watchers.add(look)
    return () => void this.#watchers.delete(look)
  }

  /** Calls `run` in a later step. */
  post(owner: Owner, run: () => void): void {
    this.#time.post(owner, run)
  }

  newFile(): SimulatedFile {
    this.#inode += 1
    return new SimulatedFile(this.#inode, this.clock.now())
  }

  newDirectory(): SimulatedDirectory {
    this.#inode += 1
    return new SimulatedDirectory(this.#inode, this.clock.now())
  }

  /** How many of `total` bytes an interrupted or failed write has written. */
  part(total: number): number {
    return this.#random.upTo(total)
  }

  /** Carries out one operation of the incarnation `epoch`; never settles for one that is over. */
  perform<T>(request: DiskRequest<T>, owner: Owner, epoch: number = this.#epoch): Promise<T> {
    if (!owner.alive || epoch !== this.#epoch) return new Promise(() => undefined)
    this.#counts.set(request.operation, this.count(request.operation) + 1)
    const failure = this.#takeFailure(request)
    this.#underWay.add(request)
    return new Promise((resolve, reject) => {
      this.#time.later(this.#owner, this.#delayMs(), () => {
        if (!this.#underWay.delete(request)) return
        try {
          if (failure !== undefined) request.failed?.()
          if (failure !== undefined) throw systemError(failure, syscallOf(request.operation), pathFields(request.paths))
          resolve(request.effect())
        } catch (error) {
          reject(error as Error)
        } finally {
          if (!reading.has(request.operation)) this.#touched()
        }
      })
    })
  }

  #delayMs(): number {
    const { minMs, maxMs } = this.#latency
    return maxMs > 0 ? minMs + this.#random.float() * (maxMs - minMs) : 0
  }

  #takeFailure(request: DiskRequest<unknown>): string | undefined {
    const found = this.#failures.find(({ rule, left }) => left > 0 && matches(rule, request))
    if (found === undefined) return undefined
    found.left -= 1
    return found.rule.code
  }

  #touched(): void {
    if (!this.#deaf) for (const look of this.#watchers) look()
  }

  #endEpoch(): void {
    this.#epoch += 1
    this.#watchers.clear()
    const requests = [...this.#underWay]
    this.#underWay.clear()
    for (const request of requests) {
      if (request.interrupted === undefined || !this.#random.chance()) continue
      try {
        request.interrupted()
      } catch {
        // It would have failed, and nobody is left who could be told.
      }
    }
  }

  // The directory that `names` lead to; those that are missing are made, durable.
  #directories(names: readonly string[]): SimulatedDirectory {
    return names.reduce((directory, name) => {
      const found = directory.get(name)
      if (found instanceof SimulatedDirectory) return found
      const made = this.newDirectory()
      setDurably(directory, name, made)
      return made
    }, this.root)
  }
}

function setDurably(directory: SimulatedDirectory, name: string, node: Node): void {
  directory.set(name, node)
  directory.synced(directory.unsynced())
}

function matches(rule: DiskFailure, request: DiskRequest<unknown>): boolean {
  if (rule.operation !== request.operation) return false
  const { path } = rule
  return path === undefined || request.paths.some((one) => one === path || one.startsWith(`${path}/`))
}

const syscalls: Partial<Record<DiskOperation, string>> = {
  list: "scandir",
  makeDirectory: "mkdir",
  sync: "fdatasync",
  syncDirectory: "fsync",
  truncate: "ftruncate",
  size: "fstat",
  readFile: "open",
  writeFile: "open",
  freeBytes: "statfs",
  realPath: "realpath",
}

/** The system call that Node would name. */
function syscallOf(operation: DiskOperation): string {
  return syscalls[operation] ?? operation
}

function pathFields(paths: readonly string[]): { path?: string; dest?: string } {
  const [path, dest] = paths
  if (path === undefined) return {}
  return dest === undefined ? { path } : { path, dest }
}
