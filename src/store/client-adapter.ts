// Makes a store of a five-method client: store, retrieve (everything of an owner), update, remove, disconnect. Paging and due times are worked
// out here, so a read costs as much as the owner has. The client sees the bucket as the owner (`push.retry`).

import { InOrder } from "./client.ts"
import { compareDue } from "./due-order.ts"
import { fromPlain, type PlainEntry, toPlain } from "./plain-entry.ts"
import type { BucketSummary, Entry, EntryQuery, EntryUpdate, NewEntry, Store, StoreAbilities } from "./store.ts"

/** A client as a user writes it. All may be asynchronous; a rejection means that nothing was done. */
export interface StoreClient {
  /** Inserts an object with an id that is not there yet. */
  store(object: PlainEntry): unknown
  /** Everything of `owner`, in any order. */
  retrieve(owner: string): unknown
  /** Replaces the object of that id. */
  update(object: PlainEntry): unknown
  remove(object: PlainEntry): unknown
  disconnect(): unknown
  /** What `store` was given survives the end of the process once it has resolved. @defaultValue false */
  readonly durable?: boolean
}

const idDigits = 16

export class ClientStore implements Store {
  readonly abilities: StoreAbilities
  readonly warning: string | undefined
  /** Objects of ours that could not be read; they stay where they are. */
  damaged = 0
  readonly #client: StoreClient
  readonly #calls = new InOrder()
  /** The next number of each bucket that was looked at. */
  readonly #next = new Map<string, number>()

  constructor(client: StoreClient) {
    this.#client = client
    const durable = client.durable === true
    this.abilities = { durable, ordered: true, lease: false, keyed: false }
    this.warning = durable ? undefined : "the client does not say `durable: true`: what it keeps counts as memory"
  }

  async open(): Promise<void> {
    this.#calls.reopen()
  }

  append(bucket: string, entries: readonly NewEntry[]): Promise<string[]> {
    return this.#calls.run(async () => {
      let next = this.#next.get(bucket) ?? numberAfter(await this.#retrieve(bucket))
      const done: PlainEntry[] = []
      try {
        for (const entry of entries) {
          const object = toPlain(entry, String(next++).padStart(idDigits, "0"), bucket)
          await this.#client.store(object)
          done.push(object)
        }
      } catch (thrown) {
        for (const object of done) await this.#client.remove(object)
        throw thrown
      } finally {
        this.#next.set(bucket, next)
      }
      return done.map(({ id }) => id)
    })
  }

  read(bucket: string, { limit, dueMs = Number.POSITIVE_INFINITY, order = "due", after }: EntryQuery): Promise<Entry[]> {
    const compare =
      order === "due" ? compareDue : (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
    return this.#calls.run(async () =>
      (await this.#retrieve(bucket))
        .filter((entry) => entry.dueMs <= dueMs && (after === undefined || compare(entry, after) > 0))
        .toSorted(compare)
        .slice(0, limit),
    )
  }

  update(bucket: string, updates: readonly EntryUpdate[]): Promise<boolean[]> {
    return this.#each(bucket, updates, (entry, { patch }) => this.#client.update(toPlain({ ...entry, ...patch }, entry.id, bucket)))
  }

  remove(bucket: string, ids: readonly string[]): Promise<boolean[]> {
    const wanted = ids.map((id) => ({ id }))
    return this.#each(bucket, wanted, (entry) => this.#client.remove(toPlain(entry, entry.id, bucket)))
  }

  count(bucket: string): Promise<number> {
    return this.#calls.run(async () => (await this.#retrieve(bucket)).length)
  }

  summary(bucket: string, nowMs: number): Promise<BucketSummary> {
    return this.#calls.run(async () => {
      const entries = await this.#retrieve(bucket)
      const oldestMs =
        entries.length === 0 ? undefined : entries.reduce((oldest, { createdMs }) => Math.min(oldest, createdMs), Number.POSITIVE_INFINITY)
      return { waiting: entries.length, due: entries.filter(({ dueMs }) => dueMs <= nowMs).length, leased: 0, oldestMs }
    })
  }

  /** Those this process has used: a client cannot be asked for its owners. */
  buckets(): Promise<string[]> {
    return this.#calls.run(async () => {
      const names: string[] = []
      for (const name of this.#next.keys()) if ((await this.#retrieve(name)).length > 0) names.push(name)
      return names.toSorted()
    })
  }

  async close(): Promise<void> {
    if (this.#calls.closed) return
    await this.#calls.close()
    await this.#client.disconnect()
  }

  #each<Change extends { readonly id: string }>(
    bucket: string,
    changes: readonly Change[],
    work: (entry: Entry, change: Change) => unknown,
  ): Promise<boolean[]> {
    return this.#calls.run(async () => {
      const known = new Map(changes.length === 0 ? [] : (await this.#retrieve(bucket)).map((entry) => [entry.id, entry]))
      const found: boolean[] = []
      for (const change of changes) {
        const entry = known.get(change.id)
        if (entry !== undefined) await work(entry, change)
        found.push(entry !== undefined)
      }
      return found
    })
  }

  async #retrieve(bucket: string): Promise<Entry[]> {
    const objects: unknown = await this.#client.retrieve(bucket)
    if (!Array.isArray(objects)) return []
    const entries = objects.map(fromPlain)
    this.damaged = entries.filter((entry) => entry === undefined).length
    const read = entries.filter((entry) => entry !== undefined)
    if (!this.#next.has(bucket)) this.#next.set(bucket, numberAfter(read))
    return read
  }
}

function numberAfter(entries: readonly Entry[]): number {
  return entries.reduce((next, { id }) => Math.max(next, (Number(id) || 0) + 1), 1)
}
