// The directories of the simulated disk. An entry that was made, renamed or removed is on the disk for certain only after its directory
// was synced; a power cut keeps or loses each change by itself. A rename within one directory is kept or lost as a whole, as every file
// system we run on promises; one between two directories is a change to each of them.

import { posix } from "node:path"
import { systemError } from "../system-error.ts"
import { SimulatedFile } from "./file.ts"
import type { SeededRandom } from "./random.ts"

/** What a name stands for. */
export type Node = SimulatedFile | SimulatedDirectory

interface EntryChange {
  readonly name: string
  /** `undefined`: the name was removed. */
  readonly node: Node | undefined
  /** Changes of one move share it. */
  readonly move: object
}

/** One directory: names as programs see them, and as they lie on the disk. */
export class SimulatedDirectory {
  readonly inode: number
  modifiedMs: number
  #entries = new Map<string, Node>()
  #durable = new Map<string, Node>()
  #changes: EntryChange[] = []

  constructor(inode: number, modifiedMs: number) {
    this.inode = inode
    this.modifiedMs = modifiedMs
  }

  get(name: string): Node | undefined {
    return this.#entries.get(name)
  }

  names(): string[] {
    return [...this.#entries.keys()].sort()
  }

  /** Names that are certain to be there after a power cut. */
  durableNodes(): ReadonlyMap<string, Node> {
    return this.#durable
  }

  /** Makes `name` stand for `node`, or for nothing. */
  set(name: string, node: Node | undefined, move: object = {}): void {
    if (node === undefined) this.#entries.delete(name)
    else this.#entries.set(name, node)
    this.#changes.push({ name, node, move })
  }

  /** What a sync that starts now will cover. */
  unsynced(): readonly EntryChange[] {
    return [...this.#changes]
  }

  synced(covered: readonly EntryChange[]): void {
    const done = new Set(covered)
    for (const change of this.#changes) if (done.has(change)) apply(this.#durable, change)
    this.#changes = this.#changes.filter((change) => !done.has(change))
  }

  /** Decides about every unsynced change, then about all that is still reachable. */
  powerCut(random: SeededRandom, seen = new Set<Node>()): void {
    if (seen.has(this)) return
    seen.add(this)
    const kept = new Map<object, boolean>()
    for (const change of this.#changes) {
      if (!kept.has(change.move)) kept.set(change.move, random.chance())
      if (kept.get(change.move) === true) apply(this.#durable, change)
    }
    this.#changes = []
    this.#entries = new Map(this.#durable)
    for (const node of this.#entries.values()) {
      if (node instanceof SimulatedDirectory) node.powerCut(random, seen)
      else if (!seen.has(node)) {
        seen.add(node)
        node.powerCut(random)
      }
    }
  }
}

function apply(entries: Map<string, Node>, change: EntryChange): void {
  if (change.node === undefined) entries.delete(change.name)
  else entries.set(change.name, change.node)
}

/** Where a path leads: the directory it is in, its name there, and what stands there now. */
export interface Place {
  readonly path: string
  readonly directory: SimulatedDirectory
  readonly name: string
  readonly node: Node | undefined
}

/**
 * Finds the place of `path`; relative paths count from the root.
 *
 * @throws ENOENT or ENOTDIR when a directory on the way is missing; the error has the fields `named`.
 */
export function locate(root: SimulatedDirectory, path: string, syscall: string, named: { path: string; dest?: string } = { path }): Place {
  const names = posix.resolve("/", path).split("/").slice(1)
  let directory = root
  for (const name of names.slice(0, -1)) {
    const next = directory.get(name)
    if (next === undefined) throw systemError("ENOENT", syscall, named)
    if (!(next instanceof SimulatedDirectory)) throw systemError("ENOTDIR", syscall, named)
    directory = next
  }
  const name = names.at(-1) as string
  return { path, directory, name, node: name === "" ? root : directory.get(name) }
}

/** Every file below `directory` with its path, in the order of names. */
export function* filesBelow(directory: SimulatedDirectory, durable: boolean, path = ""): Generator<[string, SimulatedFile]> {
  const names = durable ? [...directory.durableNodes().keys()].sort() : directory.names()
  for (const name of names) {
    const node = durable ? directory.durableNodes().get(name) : directory.get(name)
    if (node instanceof SimulatedFile) yield [`${path}/${name}`, node]
    else if (node !== undefined) yield* filesBelow(node, durable, `${path}/${name}`)
  }
}
