// Watching on the simulated disk: after every operation that may have changed something, in a step of its own, the watched part of the
// disk is compared with what it was. Changes between two looks are told as one, as the kernel tells them.

import { posix } from "node:path"
import type { WatchEvents, Watcher } from "../platform.ts"
import type { Owner } from "./agenda.ts"
import { locate, type Node } from "./directory.ts"
import type { SimulatedDisk } from "./disk.ts"
import { SimulatedFile } from "./file.ts"

/** What is watched, and who is told. */
export interface Watched {
  readonly path: string
  readonly depth: number
  readonly events: WatchEvents
}

/** One watch. A scripted failure of the operation `watch` makes it deaf for good. */
export class SimulatedWatcher implements Watcher {
  readonly ready: Promise<void>
  readonly #disk: SimulatedDisk
  readonly #owner: Owner
  readonly #watched: Watched
  #seen = new Map<string, string>()
  #stop: (() => void) | undefined
  #closed = false
  #posted = false

  constructor(disk: SimulatedDisk, owner: Owner, watched: Watched) {
    this.#disk = disk
    this.#owner = owner
    this.#watched = watched
    this.ready = this.#begin()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#stop?.()
    await this.ready
  }

  async #begin(): Promise<void> {
    const effect = (): void => {
      if (this.#closed) return
      this.#seen = this.#look()
      this.#stop = this.#disk.watching(() => this.#touched())
    }
    try {
      await this.#disk.perform({ operation: "watch", paths: [this.#watched.path], effect }, this.#owner)
    } catch (error) {
      if (!this.#closed) this.#watched.events.failed(error as Error)
    }
  }

  #touched(): void {
    if (this.#posted) return
    this.#posted = true
    this.#disk.post(this.#owner, () => {
      this.#posted = false
      if (!this.#closed) this.#compare()
    })
  }

  #compare(): void {
    const before = this.#seen
    this.#seen = this.#look()
    for (const path of before.keys()) if (!this.#seen.has(path)) this.#tell(path, "removed")
    for (const [path, state] of this.#seen) {
      const old = before.get(path)
      if (old === undefined) this.#tell(path, "added")
      else if (old !== state) this.#tell(path, "changed")
    }
  }

  // A callback may close the watch.
  #tell(path: string, what: "added" | "changed" | "removed"): void {
    if (!this.#closed) this.#watched.events.changed(path, what)
  }

  #look(): Map<string, string> {
    const found = new Map<string, string>()
    this.#note(found, this.#watched.path, nodeAt(this.#disk, this.#watched.path), this.#watched.depth)
    return found
  }

  #note(found: Map<string, string>, path: string, node: Node | undefined, depth: number): void {
    if (node === undefined) return
    const isFile = node instanceof SimulatedFile
    found.set(path, isFile ? `${node.inode}/${node.version}` : "folder")
    if (isFile || depth < 0) return
    for (const name of node.names()) this.#note(found, posix.join(path, name), node.get(name), depth - 1)
  }
}

function nodeAt(disk: SimulatedDisk, path: string): Node | undefined {
  try {
    return locate(disk.root, path, "stat").node
  } catch {
    return undefined
  }
}
