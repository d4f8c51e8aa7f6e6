// A store in one file on LMDB: nothing to install or start. Several processes may have it open; what is kept is on disk (flushed) before the
// call that kept it resolves.
//
// Keys are bytes. Each bucket has a number of four bytes (`b`), each entry a number of eight (`n`) that only grows:
//
//   buckets      name                      number of the bucket, and the next number of an entry in it
//   entries      b n                       the entry (entry-bytes.ts)
//   due          b (due as 8 bytes) n      nothing
//   leases       b n                       when the lease ends, as a double
//   values       b key                     (values.ts)
//   quarantine   b n                       an entry that could not be read, as it was
//
// Due times are doubles of zero or more, whose bytes sort as their values do. Reading and writing that belong together are one transaction,
// so two processes never give out one number, or lease one entry twice.

import type { Database, RootDatabase } from "lmdb"
import { WishboneError } from "../errors.ts"
import type { Files } from "../platform/platform.ts"
import { decodeEntry, encodeEntry } from "./entry-bytes.ts"
import { FileValues } from "./file-values.ts"
import type { BucketSummary, Entry, EntryQuery, EntryUpdate, KeyedStore, LeaseQuery, NewEntry, Store, StoreAbilities } from "./store.ts"

const schema = 1
const idDigits = 16
const fileName = "store.lmdb"
const none = Buffer.alloc(0)

type Bytes = Database<Buffer, Buffer>

interface Opened {
  readonly root: RootDatabase
  readonly buckets: Bytes
  readonly entries: Bytes
  readonly due: Bytes
  readonly leases: Bytes
  readonly quarantine: Bytes
}

export interface FileStoreOptions {
  /** Folder of the file, absolute; made when its parent exists. */
  readonly path: string
  readonly files: Files
}

export class FileStore implements Store {
  readonly abilities: StoreAbilities = { durable: true, ordered: true, lease: true, keyed: true }
  readonly keyed: KeyedStore
  /** Entries that could not be read and were set aside, since it was opened. */
  damaged = 0
  readonly #options: FileStoreOptions
  readonly #values: FileValues
  #opened: Opened | undefined

  constructor(options: FileStoreOptions) {
    this.#options = options
    this.#values = new FileValues({ known: (name) => this.#known(name), make: (name) => this.#number(this.#open.buckets, name) })
    this.keyed = this.#values
  }

  async open(): Promise<void> {
    if (this.#opened !== undefined) return
    const { path, files } = this.#options
    if ((await files.stat(path)) === undefined) await files.makeDirectory(path)
    const { open } = await import("lmdb")
    const root = open({ path: `${path}/${fileName}`, noSubdir: true, maxDbs: 8, encoding: "binary", keyEncoding: "binary" })
    const database = (name: string): Bytes => root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" })
    const buckets = database("buckets")
    await this.#checkSchema(root, database("meta"))
    this.#values.database = database("values")
    const [entries, due, leases, quarantine] = ["entries", "due", "leases", "quarantine"].map(database) as [Bytes, Bytes, Bytes, Bytes]
    this.#opened = { root, buckets, entries, due, leases, quarantine }
  }

  async append(bucket: string, entries: readonly NewEntry[]): Promise<string[]> {
    const opened = this.#open
    if (entries.length === 0) return []
    const encoded = entries.map(encodeEntry)
    return this.#write(() => {
      const number = this.#number(opened.buckets, bucket)
      const first = this.#take(opened.buckets, bucket, entries.length)
      return entries.map(({ dueMs }, index) => {
        const id = first + BigInt(index)
        void opened.entries.put(entryKey(number, id), encoded[index] as Buffer)
        void opened.due.put(dueKey(number, dueMs, id), none)
        return idText(id)
      })
    })
  }

  async read(bucket: string, query: EntryQuery): Promise<Entry[]> {
    const number = this.#known(bucket)
    return number === undefined ? [] : this.#page(number, query, () => true)
  }

  async lease(bucket: string, query: LeaseQuery): Promise<Entry[]> {
    const { leases } = this.#open
    const number = this.#known(bucket)
    if (number === undefined) return []
    return this.#write(() => {
      const free = (key: Buffer): boolean => (leases.get(key)?.readDoubleBE(0) ?? 0) <= query.nowMs
      const page = this.#page(number, query, free)
      for (const { id } of page) void leases.put(entryKey(number, BigInt(id)), doubleBytes(query.nowMs + query.forMs))
      return page
    })
  }

  async update(bucket: string, updates: readonly EntryUpdate[]): Promise<boolean[]> {
    const { entries, due, leases } = this.#open
    const number = this.#known(bucket)
    if (number === undefined || updates.length === 0) return updates.map(() => false)
    return this.#write(() =>
      updates.map(({ id, patch }) => {
        const found = this.#entry(number, id)
        if (found === undefined) return false
        const { key, entry } = found
        void entries.put(key, encodeEntry({ ...entry, ...patch }))
        void due.remove(dueKey(number, entry.dueMs, BigInt(id)))
        void due.put(dueKey(number, patch.dueMs ?? entry.dueMs, BigInt(id)), none)
        void leases.remove(key)
        return true
      }),
    )
  }

  async remove(bucket: string, ids: readonly string[]): Promise<boolean[]> {
    const { entries, due, leases } = this.#open
    const number = this.#known(bucket)
    if (number === undefined || ids.length === 0) return ids.map(() => false)
    return this.#write(() =>
      ids.map((id) => {
        const found = this.#entry(number, id)
        if (found === undefined) return false
        void entries.remove(found.key)
        void due.remove(dueKey(number, found.entry.dueMs, BigInt(id)))
        void leases.remove(found.key)
        return true
      }),
    )
  }

  async count(bucket: string): Promise<number> {
    const { entries } = this.#open
    const number = this.#known(bucket)
    return number === undefined ? 0 : entries.getKeysCount({ start: number, end: after(number) })
  }

  async summary(bucket: string, nowMs: number): Promise<BucketSummary> {
    const { entries, due, leases } = this.#open
    const number = this.#known(bucket)
    if (number === undefined) return { waiting: 0, due: 0, leased: 0, oldestMs: undefined }
    const range = { start: number, end: after(number) }
    const [oldest] = this.#page(number, { limit: 1, order: "appended" }, () => true)
    let leased = 0
    for (const { value } of leases.getRange(range)) if (value.readDoubleBE(0) > nowMs) leased += 1
    return {
      waiting: entries.getKeysCount(range),
      due: due.getKeysCount({ start: number, end: dueEnd(number, nowMs) }),
      leased,
      oldestMs: oldest?.createdMs,
    }
  }

  async buckets(): Promise<string[]> {
    const { buckets, entries } = this.#open
    const names: string[] = []
    for (const { key, value } of buckets.getRange({})) {
      const number = value.subarray(0, 4)
      if (entries.getKeysCount({ start: number, end: after(number), limit: 1 }) > 0) names.push(key.toString())
    }
    return names.toSorted()
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    if (opened === undefined) return
    await opened.root.flushed
    await opened.root.close()
  }

  get #open(): Opened {
    if (this.#opened === undefined) throw new WishboneError("WB_STORE_CLOSED", {})
    return this.#opened
  }

  /** One transaction; resolves when it is on disk. */
  async #write<T>(work: () => T): Promise<T> {
    const { root } = this.#open
    const result = await root.transaction(work)
    await root.flushed
    return result
  }

  async #checkSchema(root: RootDatabase, meta: Bytes): Promise<void> {
    const key = Buffer.from("schema")
    const found = meta.get(key)?.toString()
    if (found === undefined) await meta.put(key, Buffer.from(String(schema)))
    else if (Number(found) > schema || !/^\d+$/.test(found)) {
      await root.close()
      throw new WishboneError("WB_STORE_SCHEMA", { store: this.#options.path, found, known: schema })
    }
  }

  /** The bucket's number; within a transaction, which makes a new one. */
  #number(buckets: Bytes, name: string): Buffer {
    const key = nameKey(name)
    const known = buckets.get(key)
    if (known !== undefined) return known.subarray(0, 4)
    const number = Buffer.alloc(4)
    number.writeUInt32BE(buckets.getKeysCount({}) + 1)
    void buckets.put(key, Buffer.concat([number, bigBytes(1n)]))
    return number
  }

  #known(name: string): Buffer | undefined {
    return this.#open.buckets.get(nameKey(name))?.subarray(0, 4)
  }

  /** Takes `count` numbers for entries; within a transaction. */
  #take(buckets: Bytes, name: string, count: number): bigint {
    const key = nameKey(name)
    const value = Buffer.from(buckets.get(key) as Buffer)
    const first = value.readBigUInt64BE(4)
    value.writeBigUInt64BE(first + BigInt(count), 4)
    void buckets.put(key, value)
    return first
  }

  #entry(bucket: Buffer, id: string): { key: Buffer; entry: Entry } | undefined {
    if (!/^\d{1,19}$/.test(id)) return undefined
    const key = entryKey(bucket, BigInt(id))
    const bytes = this.#open.entries.get(key)
    const entry = bytes && decodeEntry(id, Buffer.from(bytes))
    return entry === undefined ? undefined : { key, entry }
  }

  #page(bucket: Buffer, { limit, dueMs, order = "due", after: behind }: EntryQuery, wanted: (key: Buffer) => boolean): Entry[] {
    const { entries, due } = this.#open
    const page: Entry[] = []
    const byDue = order === "due"
    const start =
      behind === undefined
        ? bucket
        : byDue
          ? dueKey(bucket, behind.dueMs, BigInt(behind.id) + 1n)
          : entryKey(bucket, BigInt(behind.id) + 1n)
    const end = byDue && dueMs !== undefined ? dueEnd(bucket, dueMs) : after(bucket)
    for (const found of (byDue ? due : entries).getKeys({ start, end })) {
      if (page.length === limit) break
      const number = found.subarray(found.length - 8)
      const key = Buffer.concat([bucket, number])
      if (!wanted(key)) continue
      const entry = this.#decode(key)
      if (entry !== undefined && (byDue || dueMs === undefined || entry.dueMs <= dueMs)) page.push(entry)
    }
    return page
  }

  /** An entry that cannot be read is set aside: nothing is deleted on doubt. */
  #decode(key: Buffer): Entry | undefined {
    const { entries, quarantine } = this.#open
    const bytes = entries.get(key)
    const entry = bytes && decodeEntry(idText(key.readBigUInt64BE(4)), Buffer.from(bytes))
    if (entry === undefined && bytes !== undefined) {
      this.damaged += 1
      void quarantine.put(key, Buffer.from(bytes))
      void entries.remove(key)
    }
    return entry
  }
}

function idText(number: bigint): string {
  return String(number).padStart(idDigits, "0")
}

function nameKey(name: string): Buffer {
  return Buffer.from(name)
}

function entryKey(bucket: Buffer, id: bigint): Buffer {
  return Buffer.concat([bucket, bigBytes(id)])
}

function dueKey(bucket: Buffer, dueMs: number, id: bigint): Buffer {
  return Buffer.concat([bucket, doubleBytes(Math.max(0, dueMs)), bigBytes(id)])
}

/** Behind everything that is due by then. */
function dueEnd(bucket: Buffer, dueMs: number): Buffer {
  return Buffer.concat([bucket, doubleBytes(Math.max(0, dueMs)), Buffer.alloc(9, 0xff)])
}

/** Behind everything of the bucket. */
function after(bucket: Buffer): Buffer {
  const next = Buffer.from(bucket)
  next.writeUInt32BE(next.readUInt32BE(0) + 1)
  return next
}

function bigBytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

function doubleBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}
