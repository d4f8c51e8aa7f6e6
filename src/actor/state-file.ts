// A small file in which an input keeps how far it has come: JSON, replaced as a whole. The new content is written beside it, synced, and
// renamed over it, so that a crash or a power cut leaves the old content or the new, never a part.

import { dirname } from "node:path"
import { isWishboneError, WishboneError } from "../errors.ts"
import type { Files, Platform } from "../platform/platform.ts"

const version = 1

/** What the file holds: who wrote it, and the content itself. */
interface Kept {
  readonly version: number
  readonly instance: string
  readonly content: unknown
}

/** The state file of one instance. */
export class StateFile {
  readonly path: string
  private readonly files: Files
  private readonly instance: string
  private writing: Promise<void> = Promise.resolve()
  private last: string | undefined

  /** `path` is absolute. */
  constructor(platform: Platform, path: string, instance: string) {
    this.files = platform.files
    this.path = path
    this.instance = instance
  }

  /**
   * What was kept last; `undefined` when nothing was, and `"damaged"` when it cannot be read: then it is put aside. Its folder is made, and
   * the one above it.
   *
   * @throws WishboneError `WB_STATE_FILE` when the folder cannot be had, or when the file belongs to another instance.
   */
  async load(): Promise<unknown> {
    try {
      await this.prepare()
      if ((await this.files.stat(this.path)) === undefined) return undefined
      const content = this.read((await this.files.readFile(this.path)).toString())
      if (content === "damaged") await this.files.rename(this.path, `${this.path}.damaged`)
      return content
    } catch (cause) {
      if (isWishboneError(cause)) throw cause
      throw this.refused((cause as Error).message, cause)
    }
  }

  /** Keeps `content`; resolves when it is on the disk. What is kept already is not written again. */
  save(content: unknown): Promise<void> {
    this.writing = this.writing
      .catch(() => undefined)
      .then(() => this.write(JSON.stringify({ version, instance: this.instance, content } satisfies Kept)))
    return this.writing
  }

  private read(text: string): unknown {
    try {
      const kept = JSON.parse(text) as Partial<Kept> | null
      if (kept?.version !== version || kept.content === undefined) return "damaged"
      if (kept.instance !== this.instance) throw this.refused(`it belongs to the instance \`${kept.instance}\``)
      return kept.content
    } catch (error) {
      if (isWishboneError(error)) throw error
      return "damaged"
    }
  }

  private async write(text: string): Promise<void> {
    if (text === this.last) return
    const { files } = this
    const beside = `${this.path}.new`
    const handle = await files.open(beside, "update")
    try {
      await handle.truncate(0)
      await handle.write([Buffer.from(`${text}\n`)], 0)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await files.rename(beside, this.path)
    await files.syncDirectory(dirname(this.path))
    this.last = text
  }

  private async prepare(): Promise<void> {
    const folder = dirname(this.path)
    for (const one of [dirname(folder), folder]) {
      if ((await this.files.stat(one)) !== undefined) continue
      await this.files.makeDirectory(one)
      await this.files.syncDirectory(dirname(one))
    }
    if (!(await this.files.writable(folder))) throw this.refused(`its folder cannot be written by this user`)
  }

  private refused(problem: string, cause?: unknown): WishboneError {
    return new WishboneError("WB_STATE_FILE", { instance: this.instance, file: this.path, problem }, { cause })
  }
}
