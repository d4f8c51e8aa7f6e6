// The spools of a graph: one object for each directory, whoever opens it and by whatever path.

import { WishboneError } from "../errors.ts"
import type { Log } from "../log.ts"
import type { FileStat, Platform } from "../platform/platform.ts"
import type { LeftWaiting } from "./account.ts"
import { Committer } from "./committer.ts"
import { SpoolDirectory } from "./directory.ts"
import { Spool } from "./spool.ts"

/** The spools that are open. The router owns one, and with it the bound on syncs at once. */
export class Spools {
  readonly #platform: Platform
  readonly #log: Log
  readonly #state: string | undefined
  readonly #committer = new Committer()
  readonly #open = new Map<string, { readonly spool: Spool; users: number }>()
  /** Of spools that were closed with something in them: where that stands in the ledger. One entry a directory. */
  readonly #left = new Map<string, LeftWaiting>()

  /** `state`: the state folder of the graph, for others who find a spool locked. */
  constructor(platform: Platform, log: Log, state?: string) {
    this.#platform = platform
    this.#log = log
    this.#state = state
  }

  /** Those that are open. */
  list(): Spool[] {
    return [...this.#open.values()].map(({ spool }) => spool)
  }

  /** The spool of a directory, by whatever path, if it is open. */
  async find(directory: string): Promise<Spool | undefined> {
    const stat = await this.#platform.files.stat(directory)
    return stat === undefined ? undefined : this.#open.get(keyOf(stat))?.spool
  }

  /** Age of the oldest record that waits in any of them, in milliseconds; `undefined` when none waits. */
  get oldestMs(): number | undefined {
    const ages = [...this.#open.values()].map(({ spool }) => spool.oldestMs).filter((age) => age !== undefined)
    return ages.length === 0 ? undefined : Math.max(...ages)
  }

  /**
   * Opens the spool of a directory, which is made when its parent exists. Everyone who opens it gets the same object, and closes it once.
   * Nothing is read and no file is made before a role is opened.
   * @throws `WB_SPOOL_DIRECTORY_MISSING`, `WB_SPOOL_DIRECTORY_INVALID`
   */
  async open(directory: string): Promise<Spool> {
    const path = directory.length > 1 ? directory.replace(/\/+$/, "") : directory
    const key = await prepareDirectory(this.#platform, path)
    const known = this.#open.get(key)
    if (known !== undefined) {
      known.users += 1
      return known.spool
    }
    const shared = new SpoolDirectory({ platform: this.#platform, log: this.#log, committer: this.#committer, path, state: this.#state })
    const before = this.#left.get(key)
    this.#left.delete(key)
    const spool: Spool = new Spool(shared, {
      leave: () => this.#leave(key),
      before,
      ended: (left) => {
        if (left !== undefined) this.#left.set(key, left)
      },
    })
    this.#open.set(key, { spool, users: 1 })
    return spool
  }

  /** Ends whatever was left open. What the disk refuses to take at that moment fails. */
  async close(): Promise<void> {
    const left = [...this.#open.values()]
    this.#open.clear()
    for (const { spool } of left) await spool.end()
  }

  #leave(key: string): boolean {
    const entry = this.#open.get(key)
    if (entry === undefined) return false
    entry.users -= 1
    return entry.users === 0 && this.#open.delete(key)
  }
}

/** Makes the directory if it is missing; answers what identifies it. */
async function prepareDirectory({ files }: Platform, directory: string): Promise<string> {
  if ((await files.stat(directory)) === undefined) await makeDirectory(files, directory)
  const stat = await files.stat(directory)
  if (stat?.isDirectory !== true) throw new WishboneError("WB_SPOOL_DIRECTORY_INVALID", { directory, problem: "is not a directory" })
  if (!(await files.writable(directory))) {
    throw new WishboneError("WB_SPOOL_DIRECTORY_INVALID", { directory, problem: "cannot be written by this user" })
  }
  return keyOf(stat)
}

/** What identifies a directory, however it is called. */
export function keyOf(stat: FileStat): string {
  return `${stat.device}:${stat.inode}`
}

async function makeDirectory(files: Platform["files"], directory: string): Promise<void> {
  const parent = directory.includes("/") ? directory.slice(0, directory.lastIndexOf("/")) || "/" : "."
  const stat = await files.stat(parent)
  if (stat?.isDirectory !== true) throw new WishboneError("WB_SPOOL_DIRECTORY_MISSING", { directory, parent })
  await files.makeDirectory(directory)
  await files.syncDirectory(parent)
}
