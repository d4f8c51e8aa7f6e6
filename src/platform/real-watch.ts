// Watching on the real platform: chokidar, loaded when it is first asked for, with its gaps closed.
//
// The folder above the path is watched, everything but the path in it ignored: so a file that is renamed over, removed and made again, or not
// there yet, is one and the same case. Chokidar neither awaits a missing folder nor notices that the one it watches was replaced, so the
// folder's inode is looked at every second, and watching begins again when it is another one. And of changes within 50 ms it tells the first
// alone: the last one is told here, a moment later.

import { constants } from "node:fs"
import { access, stat } from "node:fs/promises"
import { basename, dirname, resolve } from "node:path"
import type { FSWatcher } from "chokidar"
import type { WatchEvents, Watcher } from "./platform.ts"
import { errorCode } from "./system-error.ts"

const lookEveryMs = 1000
/** After so long Chokidar has told of a change, or will not. */
const tellLateMs = 60

const words = { add: "added", addDir: "added", change: "changed", unlink: "removed", unlinkDir: "removed" } as const

/** See `Files.watch`. */
export function watch(path: string, events: WatchEvents, { depth = 0 }: { depth?: number } = {}): Watcher {
  return new RealWatcher(resolve(path), events, depth)
}

class RealWatcher implements Watcher {
  readonly ready: Promise<void>
  readonly #path: string
  readonly #events: WatchEvents
  readonly #depth: number
  readonly #looking: NodeJS.Timeout
  #closed = false
  #inner: FSWatcher | undefined
  // What is watched: device and inode of the folder; undefined while it is awaited.
  #root: string | undefined
  #look: Promise<void> | undefined
  #failure: string | undefined
  #release: (() => void) | undefined
  // Files whose change the kernel has told of and Chokidar has not yet.
  readonly #untold = new Set<string>()
  #telling: NodeJS.Timeout | undefined

  constructor(path: string, events: WatchEvents, depth: number) {
    this.#path = path
    this.#events = events
    this.#depth = depth
    this.ready = this.#begin(true)
    // Chokidar keeps the process alive while it watches; waiting alone does not.
    this.#looking = setInterval(() => this.#again(), lookEveryMs)
    this.#looking.unref()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#looking)
    clearTimeout(this.#telling)
    this.#release?.()
    await Promise.all([this.ready, this.#look])
    await this.#inner?.close()
  }

  #again(): void {
    if (this.#look !== undefined) return
    this.#look = this.#begin(false).finally(() => {
      this.#look = undefined
    })
  }

  /** Watches the folder above if it is another one than before. */
  async #begin(isFirst: boolean): Promise<void> {
    try {
      const folder = await this.#folder()
      const root = folder === undefined ? undefined : await identityOf(folder)
      if (root === this.#root || this.#closed) return
      this.#root = root
      await this.#inner?.close()
      this.#inner = undefined
      if (folder !== undefined && root !== undefined && !this.#closed) await this.#watch(folder, isFirst)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  /** The folder above, or the path itself where that cannot be read; `undefined` while there is none. */
  async #folder(): Promise<string | undefined> {
    const above = dirname(this.#path)
    try {
      await access(above, constants.R_OK | constants.X_OK)
      return above
    } catch (error) {
      if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined
      await access(this.#path, constants.R_OK)
      return this.#path
    }
  }

  async #watch(folder: string, isFirst: boolean): Promise<void> {
    const { watch: chokidarWatch } = await import("chokidar")
    if (this.#closed) return
    const inner = chokidarWatch(folder, {
      depth: folder === this.#path ? this.#depth : this.#depth + 1,
      ignored: (path) => path !== folder && !this.#covers(path),
      // What appeared while the folder was awaited is news.
      ignoreInitial: isFirst,
      // Its notion of an atomic write passes over names like `x~`.
      atomic: false,
      // Otherwise files that cannot be read are not seen at all.
      ignorePermissionErrors: true,
    })
    this.#inner = inner
    inner.on("all", (what, path) => {
      if (what in words) this.#tell(path, words[what as keyof typeof words])
    })
    inner.on("raw", (_what, name, details) => this.#notice(name, (details as { watchedPath?: string }).watchedPath))
    inner.on("error", (error) => this.#fail(error as Error))
    await new Promise<void>((done) => {
      this.#release = done
      inner.once("ready", done)
    })
  }

  #tell(path: string, what: "added" | "changed" | "removed"): void {
    this.#untold.delete(path)
    if (!this.#closed && this.#covers(path)) this.#events.changed(path, what)
  }

  #notice(name: string, path: string | undefined): void {
    // The kernel names a watched file after itself; what is said of folders is told of their entries.
    if (this.#closed || path === undefined || name !== basename(path) || !this.#covers(path)) return
    this.#untold.add(path)
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined
      for (const one of this.#untold) this.#tell(one, "changed")
    }, tellLateMs)
  }

  #covers(path: string): boolean {
    return path === this.#path || path.startsWith(this.#path === "/" ? "/" : `${this.#path}/`)
  }

  // The same failure again, second after second, is told once.
  #fail(error: Error): void {
    const failure = `${errorCode(error)} ${error.message}`
    if (this.#closed || failure === this.#failure) return
    this.#failure = failure
    setImmediate(() => {
      if (!this.#closed) this.#events.failed(error)
    })
  }
}

async function identityOf(folder: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(folder)
    return `${dev}:${ino}`
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined
    throw error
  }
}
