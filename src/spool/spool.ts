// A spool as its process sees it: one object, which its writer and its reader share, so that the reader follows the writer up to the last
// synced record. Reader and writer may also be two processes: then the reader sees what is sealed.

import type { Timer } from "../platform/platform.ts"
import { type LeftWaiting, SpoolAccount } from "./account.ts"
import type { SpoolCounts, SpoolDirectory } from "./directory.ts"
import { type SpoolView, viewOf } from "./inspect.ts"
import { acquireLock, type Lock, type Role, tryLock } from "./lock.ts"
import { SpoolReader, type SpoolReaderOptions } from "./reader.ts"
import { load } from "./recovery.ts"
import { SpoolWriter, type SpoolWriterOptions } from "./writer.ts"

/** How often a side looks for what the other one did in another process: reader, writer. */
const refreshMs = { reader: 1000, writer: 10_000 }

/** One spool, as this process sees it. */
export class Spool {
  /** Where its records stand in the ledger. */
  readonly account: SpoolAccount
  readonly #directory: SpoolDirectory
  readonly #leave: () => boolean
  readonly #ended: (left: LeftWaiting | undefined) => void
  #queue: Promise<unknown> = Promise.resolve()
  #timer: Timer | undefined
  #writer: SpoolWriter | undefined
  readonly #names: { reader?: string | undefined; writer?: string | undefined } = {}
  #reader: SpoolReader | undefined

  /** Use {@link Spools.open}. */
  constructor(
    directory: SpoolDirectory,
    users: {
      readonly leave: () => boolean
      /** What waited when it was closed the last time. */
      readonly before?: LeftWaiting | undefined
      readonly ended: (left: LeftWaiting | undefined) => void
    },
  ) {
    this.#directory = directory
    this.#leave = users.leave
    this.#ended = users.ended
    this.account = new SpoolAccount(this, users.before)
  }

  /** Uuid of the spool, wherever its directory moves: half of the origin of its records. Known for good once a role is open. */
  get id(): string {
    return this.#directory.id
  }

  get path(): string {
    return this.#directory.path
  }

  /** Records that are on disk and not settled. */
  get waiting(): number {
    return this.#directory.waiting
  }

  /** Records that waited when this process first read the directory. */
  get recovered(): number {
    return this.#directory.recovered
  }

  /** Bytes that the segments take. */
  get bytes(): number {
    return this.#directory.bytes
  }

  /** Whether a record is offered and not answered, by the reader that is open now. */
  isInFlight(sequence: number): boolean {
    return this.reader?.standing(sequence) === "in_flight"
  }

  /** Age of the oldest waiting record in milliseconds, too high by no more than the lifetime of a segment; `undefined` when none waits. */
  get oldestMs(): number | undefined {
    const { oldestAtMs, platform } = this.#directory
    return oldestAtMs === undefined ? undefined : Math.max(0, platform.clock.now() - oldestAtMs)
  }

  /** Wall time of the last append; after a start that of the newest file. */
  get lastAppendMs(): number | undefined {
    return this.#directory.lastAppendMs
  }

  /** What did not go the usual way. A view that changes. */
  get counts(): Readonly<SpoolCounts> {
    return this.#directory.counts
  }

  /** The open reader of this process. */
  get reader(): SpoolReader | undefined {
    return this.#directory.hasReader ? this.#reader : undefined
  }

  /** The open writer of this process. */
  get writer(): SpoolWriter | undefined {
    return this.#directory.hasWriter ? this.#writer : undefined
  }

  /** Who uses it, by the names under which the roles were opened. */
  get owners(): { readonly reader?: string | undefined; readonly writer?: string | undefined } {
    return { reader: this.reader && this.#names.reader, writer: this.writer && this.#names.writer }
  }

  /** The records on disk, to look at; for as long as the spool is open. */
  view(): SpoolView {
    const { reader } = this
    return viewOf(this.#directory, reader && ((sequence) => reader.standing(sequence)))
  }

  /** Calls `callback` when more records can be read; answers a function that ends that. */
  onAppend(callback: () => void): () => void {
    return this.#directory.subscribe({ appended: callback })
  }

  /** Calls `callback` when a segment has gone; answers a function that ends that. */
  onFreed(callback: () => void): () => void {
    return this.#directory.subscribe({ freed: callback })
  }

  /** Takes the role of the writer. No file is made before the first record. @throws `WB_SPOOL_LOCKED`, `WB_SPOOL_DIRECTORY_INVALID` */
  openWriter(options: SpoolWriterOptions): Promise<SpoolWriter> {
    return this.#open("writer", async (lock) => {
      await load(this.#directory, { seal: true })
      this.#directory.hasWriter = true
      this.#names.writer = options.name
      this.#writer = new SpoolWriter(this.#directory, lock, options)
      return this.#writer
    })
  }

  /** Takes the role of the reader, and goes on where the last one stopped. @throws `WB_SPOOL_LOCKED`, `WB_SPOOL_DIRECTORY_INVALID` */
  openReader(options: SpoolReaderOptions = {}): Promise<SpoolReader> {
    return this.#open("reader", async (lock) => {
      const sealing = await this.#lockForSealing()
      try {
        await load(this.#directory, { seal: sealing !== undefined })
      } finally {
        await sealing?.release()
      }
      this.#directory.hasReader = true
      this.#names.reader = options.name
      this.#reader = new SpoolReader(this.#directory, lock, options)
      return this.#reader
    })
  }

  /** Says that this user is done with it. Writer and reader are closed before, by those who opened them. */
  async close(): Promise<void> {
    if (this.#leave()) await this.end()
  }

  /** Ends it for all users, with the roles that are still open. Belongs to `Spools`. */
  async end(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#queue
    await this.#reader?.close()
    await this.#writer?.close(AbortSignal.abort())
    this.#ended(this.account.close())
  }

  #open<T>(role: Role, start: (lock: Lock) => Promise<T>): Promise<T> {
    const { platform, path: directory, state } = this.#directory
    return this.#inTurn(async () => {
      const lock = await acquireLock(platform, { directory, role, purpose: "owner", state })
      try {
        const opened = await start(lock)
        this.#follow()
        return opened
      } catch (error) {
        await lock.release()
        throw error
      }
    })
  }

  /** What is unsealed may only be sealed while nobody can be writing. */
  async #lockForSealing(): Promise<Lock | undefined> {
    const { platform, path: directory, hasWriter } = this.#directory
    return hasWriter ? undefined : tryLock(platform, { directory, role: "writer", purpose: "sealing" })
  }

  // Looks again and again at what the other side does, while that is no business of this process.
  #follow(): void {
    this.#timer?.cancel()
    const { platform, hasReader } = this.#directory
    const everyMs = hasReader ? refreshMs.reader : refreshMs.writer
    this.#timer = platform.timers.every(everyMs, () => void this.#inTurn(() => this.#refresh()), { background: true })
  }

  async #refresh(): Promise<void> {
    const directory = this.#directory
    if (directory.hasReader === directory.hasWriter) return
    const before = { nextSequence: directory.nextSequence, lastAppendMs: directory.lastAppendMs }
    try {
      await load(directory, { seal: false })
    } catch (error) {
      directory.log.warn("a spool directory cannot be read at present", { directory: directory.path, error: String(error) })
    }
    if (directory.nextSequence !== before.nextSequence || directory.lastAppendMs !== before.lastAppendMs) directory.tellAppended()
  }

  // One look at the directory at a time.
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work)
    this.#queue = result.catch(() => undefined)
    return result
  }
}
