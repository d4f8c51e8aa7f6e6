// The entries that one instance keeps in its bucket of a store, and all calls to it. Removals are collected for a few milliseconds and made
// together; changes that a store refuses are tried again; what was taken is marked, so that it is not taken twice, whatever the store's
// leases say. What cannot be kept within `store_timeout` is told to the caller.

import type { Books } from "../ledger.ts"
import type { Log } from "../log.ts"
import type { Clock, Platform, Timer } from "../platform/platform.ts"
import type { Bucket } from "../store/bucket.ts"
import type { Entry, EntryUpdate, NewEntry } from "../store/store.ts"
import { RepeatedWarning } from "./repeated-warning.ts"

const groupMs = 10
const groupEntries = 100
const firstDelayMs = 100
const longestDelayMs = 5000
/** How long a store that refuses is waited for once the graph stops. */
const stoppingMs = 2000

export interface RetryEntriesParts {
  readonly bucket: Bucket
  readonly books: Books
  readonly platform: Platform
  readonly log: Log
  /** Unique to this instance of this process. */
  readonly leaser: string
  readonly storeTimeoutMs: () => number
  readonly leaseMs: () => number
  /** Entries are gone: there may be room. */
  readonly removed: () => void
}

/** Which entries to take. */
export interface TakeQuery {
  readonly limit: number
  readonly order: "due" | "appended"
  readonly dueMs?: number | undefined
}

export class RetryEntries {
  readonly bucket: Bucket
  private readonly parts: RetryEntriesParts
  private readonly clock: Clock
  private readonly warnings: RepeatedWarning
  /** Taken, and neither given back nor removed. */
  private readonly marks: Set<string>
  /** Unmarked while a page is being read that may still show them as they were. */
  private unmarking: string[] = []
  private taking = false
  private removals: string[] = []
  private removing: Promise<void> | undefined
  private removingCount = 0
  private removalTimer: Timer | undefined
  private removalDelayMs = groupMs
  private updates: EntryUpdate[] = []
  private updating: Promise<void> | undefined
  private readonly stopping = new AbortController()
  private stoppedMs = Number.POSITIVE_INFINITY
  private closed = false

  constructor(parts: RetryEntriesParts) {
    this.parts = parts
    this.bucket = parts.bucket
    this.marks = parts.bucket.taken
    this.clock = parts.platform.clock
    this.warnings = new RepeatedWarning(parts.log, parts.platform.clock)
  }

  /** Entries in the store, those on their way too. */
  get size(): number {
    return this.bucket.account.size
  }

  get waiting(): number {
    return this.bucket.account.waiting
  }

  /** Deliveries that the store has not taken note of are so many that nothing more should be offered: a crash would repeat them. */
  get isBehind(): boolean {
    return this.removals.length + this.removingCount >= 2 * groupEntries
  }

  get durable(): boolean {
    return this.bucket.store.abilities.durable
  }

  /** Keeps entries in one call; waits for a store that refuses. @throws what the store said last */
  append(entries: readonly NewEntry[]): Promise<string[]> {
    const { bucket, parts } = this
    // What the store does keep after nobody waited for it any more is found there later.
    const late = (ids: readonly string[]): void => {
      parts.books.recovered += ids.length
    }
    return this.patiently(() => bucket.append(entries, parts.books), late)
  }

  /** Keeps copies of what is given up. @throws what the store said last */
  appendTo(dead: Bucket, entries: readonly NewEntry[]): Promise<string[]> {
    return this.patiently(() => dead.append(entries, null))
  }

  /** Takes entries that nobody has; they are marked until they are changed, given back or removed. One call at a time. */
  async take({ limit, order, dueMs }: TakeQuery): Promise<Entry[]> {
    const { bucket, clock, marks, parts } = this
    const leases = order === "due" && bucket.store.abilities.lease
    this.taking = true
    try {
      for (;;) {
        const asked = leases ? limit : limit + marks.size
        const nowMs = clock.now()
        const query = { limit: asked, order, dueMs }
        const page = leases
          ? await bucket.lease({ ...query, nowMs, forMs: parts.leaseMs(), owner: parts.leaser })
          : await bucket.read(query)
        const found = page.filter(({ id }) => !marks.has(id)).slice(0, limit)
        for (const { id } of found) marks.add(id)
        // A whole page of leases that ran out while their events were on their way: they are ours anew, and others follow.
        if (found.length > 0 || page.length < asked || !leases) return found
      }
    } finally {
      this.taking = false
      for (const id of this.unmarking.splice(0)) marks.delete(id)
    }
  }

  /** The earliest time at which an entry is due that is not on its way; `undefined` when there is none. */
  async earliestDueMs(): Promise<number | undefined> {
    const page = await this.bucket.read({ limit: Math.min(this.marks.size, 1000) + 1 })
    return page.find(({ id }) => !this.marks.has(id))?.dueMs
  }

  /** Entries that were taken and not used: others may have them. */
  async giveBack(entries: readonly Pick<Entry, "id" | "dueMs">[], { leased }: { leased: boolean }): Promise<void> {
    if (entries.length === 0) return
    const { bucket } = this
    try {
      if (leased && bucket.store.abilities.lease) await bucket.update(entries.map(({ id, dueMs }) => ({ id, patch: { dueMs } })))
    } catch {
      // Their leases run out by themselves.
    }
    this.unmark(entries.map(({ id }) => id))
  }

  /** An entry is done with: removed within a few milliseconds, together with others. */
  remove(id: string): void {
    this.removals.push(id)
    if (this.removals.length >= groupEntries) this.removeNow()
    else this.removeSoon()
  }

  /** Changes entries, and lets others take them. What the store refuses is tried again by {@link RetryEntries.settleUpdates}. */
  async change(updates: readonly EntryUpdate[]): Promise<void> {
    this.updates.push(...updates)
    try {
      await this.patiently(() => this.settleUpdates())
    } catch {
      // Told by `patiently`; the next pass begins with it.
    }
  }

  /** Makes the changes that are left to be made. @throws what the store says */
  settleUpdates(): Promise<void> {
    this.updating ??= this.updateAll().finally(() => {
      this.updating = undefined
    })
    return this.updating
  }

  /** A store that refuses is not waited for as long as otherwise. */
  stop(): void {
    this.stoppedMs = Math.min(this.stoppedMs, this.clock.monotonic())
    this.stopping.abort()
  }

  /** Makes what is left to be made, as far as the store lets it within `limitMs`. Answers how many removals it did not. */
  async close(limitMs: number): Promise<number> {
    this.stop()
    const { timers } = this.parts.platform
    const over = new AbortController()
    const work = (async () => {
      while (this.removals.length > 0 || this.removing !== undefined) {
        this.removeNow()
        await this.removing
        if (this.removals.length > 0) await timers.sleep(firstDelayMs, over.signal)
      }
      await this.settleUpdates()
    })().catch(() => undefined)
    await Promise.race([work, timers.sleep(limitMs, over.signal).catch(() => undefined)])
    over.abort()
    this.closed = true
    this.removalTimer?.cancel()
    this.warnings.close()
    return this.removals.length
  }

  private unmark(ids: readonly string[]): void {
    if (this.taking) this.unmarking.push(...ids)
    else for (const id of ids) this.marks.delete(id)
  }

  /** Once closed there is no store to tell any more: what is told then is offered again by a later process. */
  private removeSoon(): void {
    if (this.closed) return
    this.removalTimer ??= this.parts.platform.timers.after(this.removalDelayMs, () => this.removeNow())
  }

  private removeNow(): void {
    if (this.removing !== undefined || this.removals.length === 0 || this.closed) return
    this.removalTimer?.cancel()
    this.removalTimer = undefined
    const ids = this.removals
    this.removals = []
    this.removingCount = ids.length
    this.removing = this.removeGroup(ids).finally(() => {
      this.removing = undefined
      this.removingCount = 0
      if (this.removals.length >= groupEntries && this.removalDelayMs === groupMs) this.removeNow()
      else if (this.removals.length > 0) this.removeSoon()
    })
  }

  private async removeGroup(ids: readonly string[]): Promise<void> {
    try {
      await this.bucket.remove(ids)
      this.removalDelayMs = groupMs
      this.unmark(ids)
      this.removingCount = 0
      this.parts.removed()
    } catch (thrown) {
      // They stay marked; at worst they are offered again by a later process.
      this.removals = [...ids, ...this.removals]
      this.removalDelayMs = Math.min(Math.max(this.removalDelayMs * 2, firstDelayMs), longestDelayMs)
      this.warnings.warn("the store does not take note of deliveries", reasonOf(thrown))
    }
  }

  private async updateAll(): Promise<void> {
    while (this.updates.length > 0) {
      const group = this.updates
      this.updates = []
      try {
        await this.bucket.update(group)
      } catch (thrown) {
        this.updates = [...group, ...this.updates]
        throw thrown
      }
      this.unmark(group.map(({ id }) => id))
    }
  }

  /** Tries again and again until the store does it, or `store_timeout` is over. */
  private async patiently<T>(work: () => Promise<T>, late?: (result: T) => void): Promise<T> {
    const { clock } = this
    const startMs = clock.monotonic()
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
      const leftMs = (): number =>
        Math.min(startMs + this.parts.storeTimeoutMs(), Math.max(this.stoppedMs, startMs) + stoppingMs) - clock.monotonic()
      try {
        return await this.within(work(), Math.max(leftMs(), 1), late)
      } catch (thrown) {
        this.warnings.warn("the store refuses", reasonOf(thrown))
        if (leftMs() <= 0) throw thrown
        await this.sleep(Math.min(delayMs, leftMs()))
      }
    }
  }

  /** A store may also say nothing at all. */
  private within<T>(work: Promise<T>, limitMs: number, late?: (result: T) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      let isLate = false
      const timer = this.parts.platform.timers.after(limitMs, () => {
        isLate = true
        reject(new Error(`it does not answer within ${Math.round(limitMs)} ms`))
      })
      const answered = (result: T): void => {
        if (isLate) late?.(result)
        resolve(result)
      }
      void work.then(answered, reject).finally(() => timer.cancel())
    })
  }

  /** Stopping cuts the first sleep short: then there is less time. */
  private sleep(delayMs: number): Promise<void> {
    const { timers } = this.parts.platform
    const { signal } = this.stopping
    return signal.aborted ? timers.sleep(delayMs) : timers.sleep(delayMs, signal).catch(() => undefined)
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
