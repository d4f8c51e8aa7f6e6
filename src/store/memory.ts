// A store in memory: what it holds ends with the process. For tests, for graphs that can afford it, and as the model of all others.

import { WishboneError } from "../errors.ts"
import { DueOrder } from "./due-order.ts"
import type {
  BucketSummary,
  Entry,
  EntryQuery,
  EntryUpdate,
  KeyedStore,
  KeyedValue,
  LeaseQuery,
  NewEntry,
  PutOptions,
  Store,
  StoreAbilities,
} from "./store.ts"

/** How much a store in memory takes; beyond it refuses to append. */
export interface MemoryStoreOptions {
  /** Entries in each bucket. @defaultValue no bound */
  readonly size?: number | undefined
}

interface Lease {
  readonly owner: string
  readonly untilMs: number
}

interface Bucket {
  /** In the order of ids. */
  readonly entries: Map<string, Entry>
  readonly due: DueOrder<Entry>
  readonly leases: Map<string, Lease>
}

interface Value extends KeyedValue {
  readonly value: Buffer
}

const idDigits = 16

export class MemoryStore implements Store {
  readonly abilities: StoreAbilities = { durable: false, ordered: true, lease: true, keyed: true }
  readonly keyed: KeyedStore = {
    get: async (bucket, key, nowMs) => this.#live(bucket, key, nowMs),
    put: async (bucket, key, value, options) => this.#put(bucket, key, value, options),
    delete: async (bucket, key, options) => this.#delete(bucket, key, options?.ifRevision),
    list: async (bucket, query) => this.#list(bucket, query),
  }
  readonly #size: number
  readonly #buckets = new Map<string, Bucket>()
  readonly #values = new Map<string, Map<string, Value>>()
  #nextId = 1
  #revision = 0
  #closed = false

  constructor({ size = Number.POSITIVE_INFINITY }: MemoryStoreOptions = {}) {
    this.#size = size
  }

  async open(): Promise<void> {
    this.#closed = false
  }

  async append(bucket: string, entries: readonly NewEntry[]): Promise<string[]> {
    const { entries: known, due } = this.#bucket(bucket)
    if (known.size + entries.length > this.#size)
      throw new WishboneError("WB_STORE_FULL", { bucket, size: this.#size, waiting: known.size })
    return entries.map((entry) => {
      const kept: Entry = { ...entry, payload: Buffer.from(entry.payload), id: String(this.#nextId++).padStart(idDigits, "0") }
      known.set(kept.id, kept)
      due.add(kept)
      return kept.id
    })
  }

  async read(bucket: string, query: EntryQuery): Promise<Entry[]> {
    return this.#page(this.#bucket(bucket), query, () => true)
  }

  async lease(bucket: string, query: LeaseQuery): Promise<Entry[]> {
    const found = this.#bucket(bucket)
    const { leases } = found
    const free = ({ id }: Entry): boolean => {
      const lease = leases.get(id)
      return lease === undefined || lease.untilMs <= query.nowMs
    }
    const page = this.#page(found, query, free)
    for (const { id } of page) leases.set(id, { owner: query.owner, untilMs: query.nowMs + query.forMs })
    return page
  }

  async update(bucket: string, updates: readonly EntryUpdate[]): Promise<boolean[]> {
    const { entries, due, leases } = this.#bucket(bucket)
    return updates.map(({ id, patch }) => {
      const before = entries.get(id)
      if (before === undefined) return false
      const after: Entry = { ...before, ...patch }
      due.remove(before)
      // A key that is known keeps its place in the map.
      entries.set(id, after)
      due.add(after)
      leases.delete(id)
      return true
    })
  }

  async remove(bucket: string, ids: readonly string[]): Promise<boolean[]> {
    const { entries, due, leases } = this.#bucket(bucket)
    return ids.map((id) => {
      const entry = entries.get(id)
      if (entry === undefined) return false
      entries.delete(id)
      due.remove(entry)
      leases.delete(id)
      return true
    })
  }

  async count(bucket: string): Promise<number> {
    return this.#bucket(bucket).entries.size
  }

  async summary(bucket: string, nowMs: number): Promise<BucketSummary> {
    const { entries, leases } = this.#bucket(bucket)
    let due = 0
    let leased = 0
    let oldestMs: number | undefined
    for (const { id, dueMs, createdMs } of entries.values()) {
      if (dueMs <= nowMs) due += 1
      if ((leases.get(id)?.untilMs ?? 0) > nowMs) leased += 1
      oldestMs = Math.min(oldestMs ?? createdMs, createdMs)
    }
    return { waiting: entries.size, due, leased, oldestMs }
  }

  async buckets(): Promise<string[]> {
    this.#assertOpen()
    return [...this.#buckets].flatMap(([name, { entries }]) => (entries.size > 0 ? [name] : [])).toSorted()
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #assertOpen(): void {
    if (this.#closed) throw new WishboneError("WB_STORE_CLOSED", {})
  }

  #bucket(name: string): Bucket {
    this.#assertOpen()
    let bucket = this.#buckets.get(name)
    if (bucket === undefined) {
      bucket = { entries: new Map(), due: new DueOrder(), leases: new Map() }
      this.#buckets.set(name, bucket)
    }
    return bucket
  }

  #page({ entries, due }: Bucket, { limit, dueMs, order = "due", after }: EntryQuery, wanted: (entry: Entry) => boolean): Entry[] {
    const page: Entry[] = []
    const until = dueMs ?? Number.POSITIVE_INFINITY
    for (const entry of order === "due" ? due.from(after) : entries.values()) {
      if (page.length === limit || (order === "due" && entry.dueMs > until)) break
      if (entry.dueMs > until || (order === "appended" && after !== undefined && entry.id <= after.id)) continue
      if (wanted(entry)) page.push(entry)
    }
    return page
  }

  #keys(bucket: string): Map<string, Value> {
    this.#assertOpen()
    let keys = this.#values.get(bucket)
    if (keys === undefined) {
      keys = new Map()
      this.#values.set(bucket, keys)
    }
    return keys
  }

  #live(bucket: string, key: string, nowMs: number): Value | undefined {
    const keys = this.#keys(bucket)
    const found = keys.get(key)
    if (found?.expiresMs === undefined || found.expiresMs > nowMs) return found
    keys.delete(key)
    return undefined
  }

  #put(bucket: string, key: string, value: Buffer, { nowMs, ifRevision, ttlMs }: PutOptions): string | undefined {
    const before = this.#live(bucket, key, nowMs)
    if (ifRevision !== undefined && ifRevision !== (before?.revision ?? "")) return undefined
    const revision = String(++this.#revision)
    this.#keys(bucket).set(key, { value: Buffer.from(value), revision, ...(ttlMs !== undefined && { expiresMs: nowMs + ttlMs }) })
    return revision
  }

  #delete(bucket: string, key: string, ifRevision: string | undefined): boolean {
    const keys = this.#keys(bucket)
    if (ifRevision !== undefined && keys.get(key)?.revision !== ifRevision) return false
    return keys.delete(key)
  }

  #list(
    bucket: string,
    { prefix, limit, nowMs, after }: { prefix: string; limit: number; nowMs: number; after?: string | undefined },
  ): string[] {
    const behind = after === undefined ? undefined : Buffer.from(after)
    return [...this.#keys(bucket).keys()]
      .filter((key) => key.startsWith(prefix) && this.#live(bucket, key, nowMs) !== undefined)
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .filter(({ bytes }) => behind === undefined || bytes.compare(behind) > 0)
      .toSorted((a, b) => a.bytes.compare(b.bytes))
      .slice(0, limit)
      .map(({ key }) => key)
  }
}
