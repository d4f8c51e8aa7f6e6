// Makes a store of a two-method buffer: `store` keeps an object under an id, `get` takes the oldest out and hands it over. What was handed over
// is in this process's memory alone until it is removed, or given back at the close: whatever the buffer does, the whole counts as memory.
//
// The buffer sees the ids `<instance>_buffer` and `<instance>_bin`, for what is offered again and for what never is, and is called from one
// chain at a time unless it says `concurrent: true`.

import { WishboneError } from "../errors.ts"
import { InOrder } from "./client.ts"
import { DueOrder } from "./due-order.ts"
import { fromPlain, type PlainEntry, toPlain } from "./plain-entry.ts"
import type { BucketSummary, Entry, EntryQuery, EntryUpdate, NewEntry, Store, StoreAbilities } from "./store.ts"

/** A buffer as a user writes it. Both may be asynchronous. */
export interface Buffered {
  /** Keeps `data`, which survives JSON. Answers `false` when it does not (it is full). */
  store(id: string, data: PlainEntry): unknown
  /** Removes and gives the oldest under `id`, or nothing. */
  get(id: string): unknown
  /** Calls may overlap. @defaultValue false */
  readonly concurrent?: boolean
  close?(): unknown
}

interface Bucket {
  readonly id: string
  /** Handed over and not removed yet, in the order of appending. */
  readonly taken: Map<string, Entry>
  readonly due: DueOrder<Entry>
  /** Given to the buffer and not handed over, as far as this process knows. */
  inside: number
  /** Whatever else the buffer held was handed over. */
  emptied: boolean
}

const idDigits = 16

/** Name of a bucket as a buffer knows it. */
function bufferId(bucket: string): string {
  return bucket.replace(/\.dead$/, "_bin").replace(/\.retry$/, "_buffer")
}

export class BufferStore implements Store {
  readonly abilities: StoreAbilities = { durable: false, ordered: true, lease: false, keyed: false }
  readonly #buffer: Buffered
  readonly #calls = new InOrder()
  readonly #buckets = new Map<string, Bucket>()
  #next = 1

  constructor(buffer: Buffered) {
    this.#buffer = buffer
  }

  async open(): Promise<void> {
    this.#calls.reopen()
  }

  append(bucket: string, entries: readonly NewEntry[]): Promise<string[]> {
    return this.#run(async () => {
      const found = this.#bucket(bucket)
      const ids: string[] = []
      for (const entry of entries) {
        const id = this.#newId()
        if ((await this.#buffer.store(found.id, toPlain(entry, id, bucket))) === false) {
          await this.#takeBack(found, ids)
          throw new WishboneError("WB_STORE_REFUSED", { bucket: found.id })
        }
        found.inside += 1
        ids.push(id)
      }
      return ids
    })
  }

  read(bucket: string, query: EntryQuery): Promise<Entry[]> {
    return this.#run(async () => {
      const found = this.#bucket(bucket)
      await this.#handOver(found)
      return page(found, query)
    })
  }

  update(bucket: string, updates: readonly EntryUpdate[]): Promise<boolean[]> {
    return this.#run(async () => {
      const { taken, due } = await this.#all(bucket)
      return updates.map(({ id, patch }) => {
        const before = taken.get(id)
        if (before === undefined) return false
        const after = { ...before, ...patch }
        due.remove(before)
        taken.set(id, after)
        due.add(after)
        return true
      })
    })
  }

  remove(bucket: string, ids: readonly string[]): Promise<boolean[]> {
    return this.#run(async () => {
      const { taken, due } = await this.#all(bucket)
      return ids.map((id) => {
        const entry = taken.get(id)
        if (entry === undefined) return false
        due.remove(entry)
        return taken.delete(id)
      })
    })
  }

  count(bucket: string): Promise<number> {
    return this.#run(async () => this.#countOf(this.#bucket(bucket)))
  }

  summary(bucket: string, nowMs: number): Promise<BucketSummary> {
    return this.#run(async () => {
      const { taken } = await this.#all(bucket)
      const entries = [...taken.values()]
      const oldestMs = entries.length === 0 ? undefined : Math.min(...entries.map(({ createdMs }) => createdMs))
      return { waiting: entries.length, due: entries.filter(({ dueMs }) => dueMs <= nowMs).length, leased: 0, oldestMs }
    })
  }

  buckets(): Promise<string[]> {
    return this.#run(async () => [...this.#buckets].flatMap(([name, bucket]) => (this.#countOf(bucket) > 0 ? [name] : [])).toSorted())
  }

  /** Gives back what was handed over and not removed. */
  async close(): Promise<void> {
    if (this.#calls.closed) return
    const givenBack = this.#run(async () => {
      for (const [name, { id, taken }] of this.#buckets)
        for (const [entryId, entry] of taken)
          if ((await this.#buffer.store(id, toPlain(entry, entryId, name))) !== false) taken.delete(entryId)
      this.#buckets.clear()
      await this.#buffer.close?.()
    })
    await this.#calls.close()
    await givenBack
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#buffer.concurrent !== true || this.#calls.closed) return this.#calls.run(work)
    return work()
  }

  #bucket(name: string): Bucket {
    let bucket = this.#buckets.get(name)
    if (bucket === undefined) {
      bucket = { id: bufferId(name), taken: new Map(), due: new DueOrder(), inside: 0, emptied: false }
      this.#buckets.set(name, bucket)
    }
    return bucket
  }

  async #all(name: string): Promise<Bucket> {
    const bucket = this.#bucket(name)
    await this.#handOver(bucket)
    return bucket
  }

  /** Takes everything out: a buffer cannot be looked into. */
  async #handOver(bucket: Bucket): Promise<void> {
    if (bucket.emptied && bucket.inside === 0) return
    for (;;) {
      const data: unknown = await this.#buffer.get(bucket.id)
      if (data === undefined || data === null) break
      const entry = fromPlain(typeof data === "string" ? parse(data) : data)
      if (entry === undefined) throw new WishboneError("WB_STORE_GARBAGE", { bucket: bucket.id })
      // What an earlier process left has ids that may have been given again since.
      const kept = bucket.taken.has(entry.id) || !bucket.emptied ? { ...entry, id: this.#idOf(entry, bucket) } : entry
      bucket.taken.set(kept.id, kept)
      bucket.due.add(kept)
    }
    bucket.emptied = true
    bucket.inside = 0
  }

  #idOf(entry: Entry, { taken }: Bucket): string {
    const number = Number(entry.id)
    if (Number.isSafeInteger(number) && !taken.has(entry.id)) {
      this.#next = Math.max(this.#next, number + 1)
      return entry.id
    }
    return this.#newId()
  }

  #newId(): string {
    return String(this.#next++).padStart(idDigits, "0")
  }

  #countOf({ taken, inside }: Bucket): number {
    return taken.size + inside
  }

  /** The buffer refused one of a group: what it took of the group before comes out again. */
  async #takeBack(bucket: Bucket, ids: readonly string[]): Promise<void> {
    await this.#handOver(bucket)
    for (const id of ids) {
      const entry = bucket.taken.get(id)
      if (entry !== undefined) bucket.due.remove(entry)
      bucket.taken.delete(id)
    }
  }
}

function page({ taken, due }: Bucket, { limit, dueMs = Number.POSITIVE_INFINITY, order = "due", after }: EntryQuery): Entry[] {
  const entries: Entry[] = []
  for (const entry of order === "due" ? due.from(after) : taken.values()) {
    if (entries.length === limit || (order === "due" && entry.dueMs > dueMs)) break
    if (entry.dueMs <= dueMs && (order === "due" || after === undefined || entry.id > after.id)) entries.push(entry)
  }
  return entries
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
