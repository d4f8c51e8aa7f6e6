// Values by key in the file of a {@link FileStore}. The key of a record is the bucket's number and the bytes of the key; of a long key the
// first bytes and a digest, as LMDB takes no long ones. The record:
//
//   8 revision, 8 expires (a double, 0: never), 4 length of the key, the key, the value

import { createHash } from "node:crypto"
import type { Database } from "lmdb"
import { WishboneError } from "../errors.ts"
import type { KeyedStore, KeyedValue, PutOptions } from "./store.ts"

const fixedBytes = 20
const plainKeyMax = 1500

type Bytes = Database<Buffer, Buffer>

/** Numbers of buckets in keys. */
export interface BucketNumbers {
  known(bucket: string): Buffer | undefined
  /** Within a transaction. */
  make(bucket: string): Buffer
}

interface Found extends KeyedValue {
  readonly key: string
}

export class FileValues implements KeyedStore {
  /** Set when the file is open. */
  database: Bytes | undefined
  readonly #buckets: BucketNumbers

  constructor(buckets: BucketNumbers) {
    this.#buckets = buckets
  }

  async get(bucket: string, key: string, nowMs: number): Promise<KeyedValue | undefined> {
    const number = this.#buckets.known(bucket)
    const found = number && live(decode(this.#open.get(placeOf(number, key))), nowMs)
    if (found === undefined) return undefined
    const { value, revision, expiresMs } = found
    return { value, revision, ...(expiresMs !== undefined && { expiresMs }) }
  }

  async put(bucket: string, key: string, value: Buffer, { nowMs, ifRevision, ttlMs }: PutOptions): Promise<string | undefined> {
    const database = this.#open
    return this.#write(() => {
      const place = placeOf(this.#buckets.make(bucket), key)
      const before = live(decode(database.get(place)), nowMs)
      if (ifRevision !== undefined && ifRevision !== (before?.revision ?? "")) return undefined
      const revision = this.#nextRevision()
      void database.put(place, encode({ key, value, revision, expiresMs: ttlMs === undefined ? 0 : nowMs + ttlMs }))
      return String(revision)
    })
  }

  async delete(bucket: string, key: string, { ifRevision }: { ifRevision?: string | undefined } = {}): Promise<boolean> {
    const database = this.#open
    const number = this.#buckets.known(bucket)
    if (number === undefined) return false
    return this.#write(() => {
      const place = placeOf(number, key)
      const before = decode(database.get(place))
      if (before === undefined || (ifRevision !== undefined && before.revision !== ifRevision)) return false
      void database.remove(place)
      return true
    })
  }

  async list(
    bucket: string,
    { prefix, limit, nowMs, after }: { prefix: string; limit: number; nowMs: number; after?: string | undefined },
  ): Promise<string[]> {
    const number = this.#buckets.known(bucket)
    if (number === undefined) return []
    const wanted = Buffer.from(prefix)
    const behind = after === undefined ? undefined : Buffer.from(after)
    const start = placeOf(number, after !== undefined && behind !== undefined && behind.compare(wanted) > 0 ? after : prefix)
    const keys: string[] = []
    for (const { key: place, value } of this.#open.getRange({ start })) {
      if (keys.length === limit || !place.subarray(0, 4).equals(number)) break
      const found = live(decode(value), nowMs)
      if (found === undefined) continue
      if (!found.key.startsWith(prefix)) {
        if (Buffer.from(found.key).compare(wanted) > 0) break
      } else if (behind === undefined || Buffer.from(found.key).compare(behind) > 0) keys.push(found.key)
    }
    return keys
  }

  get #open(): Bytes {
    if (this.database === undefined) throw new WishboneError("WB_STORE_CLOSED", {})
    return this.database
  }

  async #write<T>(work: () => T): Promise<T> {
    const database = this.#open
    const result = await database.transaction(work)
    await database.flushed
    return result
  }

  /** Grows with every put of the whole file, so that a key that was deleted and put anew has a revision it never had. */
  #nextRevision(): bigint {
    const database = this.#open
    const next = (database.get(revisionPlace)?.readBigUInt64BE(0) ?? 0n) + 1n
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(next)
    void database.put(revisionPlace, bytes)
    return next
  }
}

/** No bucket has the number 0. */
const revisionPlace = Buffer.alloc(4)

function placeOf(number: Buffer, text: string): Buffer {
  const key = Buffer.from(text)
  if (key.length <= plainKeyMax) return Buffer.concat([number, key])
  return Buffer.concat([number, key.subarray(0, plainKeyMax), createHash("sha256").update(key).digest()])
}

function encode({ key, value, revision, expiresMs }: { key: string; value: Buffer; revision: bigint; expiresMs: number }): Buffer {
  const fixed = Buffer.alloc(fixedBytes)
  const keyBytes = Buffer.from(key)
  fixed.writeBigUInt64BE(revision, 0)
  fixed.writeDoubleBE(expiresMs, 8)
  fixed.writeUInt32BE(keyBytes.length, 16)
  return Buffer.concat([fixed, keyBytes, value])
}

function decode(record: Buffer | undefined): Found | undefined {
  if (record === undefined || record.length < fixedBytes) return undefined
  const bytes = Buffer.from(record)
  const valueAt = fixedBytes + bytes.readUInt32BE(16)
  if (valueAt > bytes.length) return undefined
  const expiresMs = bytes.readDoubleBE(8)
  return {
    key: bytes.toString("utf8", fixedBytes, valueAt),
    value: bytes.subarray(valueAt),
    revision: String(bytes.readBigUInt64BE(0)),
    ...(expiresMs > 0 && { expiresMs }),
  }
}

function live(found: Found | undefined, nowMs: number): Found | undefined {
  return found?.expiresMs !== undefined && found.expiresMs <= nowMs ? undefined : found
}
