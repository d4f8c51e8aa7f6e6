// One bucket of a store, as all instances of a graph share it: its calls, and what waits in it in the ledger. Counted here, so that nobody
// has to ask the store; asked now and then all the same, because others may use it too.

import type { Books } from "../ledger.ts"
import type { Ticket } from "../ticket.ts"
import { BucketAccount } from "./bucket-account.ts"
import type { BucketSummary, Entry, EntryQuery, EntryUpdate, LeaseQuery, NewEntry, Store } from "./store.ts"

/** The branch that an event had when it was kept, where somebody still waits for it. */
export interface KeptBranch {
  readonly ticket: Ticket
  readonly slot: number
  /** It counts as lying in a durable place. */
  durable: boolean
}

export class Bucket {
  readonly store: Store
  readonly name: string
  readonly account = new BucketAccount()
  /** Ids of entries that somebody of this process has taken, and neither given back nor removed. */
  readonly taken = new Set<string>()
  /** Events of entries that are on their way, by number, and how many of their copies came back to an instance that writes the bucket. */
  readonly offered = new Map<number, number>()
  private lastNumber = 0
  /** Who in this process still waits for what became of entries, by id. */
  readonly kept = new Map<string, KeptBranch>()
  /** Calls that change the number of entries and have not ended, and how many there were. */
  private changing = 0
  private changes = 0

  constructor(store: Store, name: string) {
    this.store = store
    this.name = name
  }

  /** A number for an event that is about to be made of an entry. */
  nextNumber(): number {
    this.lastNumber += 1
    this.offered.set(this.lastNumber, 0)
    return this.lastNumber
  }

  /** An event that was made of an entry came back to an instance that writes the bucket: it is not kept again. */
  cameBack(number: number, by: Books): void {
    this.offered.set(number, (this.offered.get(number) ?? 0) + 1)
    this.account.heldBack(by)
  }

  /** Counts what is there. To be awaited before anything else. */
  async open(): Promise<void> {
    this.account.found(await this.store.count(this.name))
  }

  attachWriter(books: Books): void {
    this.account.attachWriter(books)
  }

  attachReader(books: Books): void {
    this.account.attachReader(books)
  }

  /** Keeps entries for the instance whose books are given (`null`: for none), all or none; they wait as soon as it resolves. */
  append(entries: readonly NewEntry[], by: Books | null): Promise<string[]> {
    return this.change(async () => {
      const ids = await this.store.append(this.name, entries)
      this.account.appended(ids.length, by)
      return ids
    })
  }

  /** Removes entries that are on their way. */
  remove(ids: readonly string[]): Promise<void> {
    return this.change(async () => {
      await this.store.remove(this.name, ids)
      this.account.removed(ids.length)
    })
  }

  update(updates: readonly EntryUpdate[]): Promise<boolean[]> {
    return this.store.update(this.name, updates)
  }

  read(query: EntryQuery): Promise<Entry[]> {
    return this.store.read(this.name, query)
  }

  /** Entries that nobody else gets for a while, where the driver can do that. */
  lease(query: LeaseQuery): Promise<Entry[]> {
    return this.store.abilities.lease && this.store.lease !== undefined ? this.store.lease(this.name, query) : this.read(query)
  }

  summary(nowMs: number): Promise<BucketSummary> {
    return this.store.summary(this.name, nowMs)
  }

  /** Counts again, unless something changes meanwhile: then that count would say nothing. */
  async recount(): Promise<void> {
    const before = this.changes
    if (this.changing > 0) return
    const count = await this.store.count(this.name)
    if (this.changes === before) this.account.found(count)
  }

  private async change<T>(work: () => Promise<T>): Promise<T> {
    this.changing += 1
    this.changes += 1
    try {
      return await work()
    } finally {
      this.changing -= 1
      this.changes += 1
    }
  }
}
