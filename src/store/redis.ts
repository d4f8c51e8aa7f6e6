// A store in Redis. Each step is one script, so it happens whole; one connection, on which calls follow one another. What it holds is durable
// only if the server writes an append-only file, which is asked at `open`.

import type { Redis } from "ioredis"
import { WishboneError } from "../errors.ts"
import { InOrder, loadClient } from "./client.ts"
import { decodeEntry, encodeEntry } from "./entry-bytes.ts"
import { type Argument, type RunScript, type ScriptName, scripts } from "./redis-scripts.ts"
import { RedisValues } from "./redis-values.ts"
import type { BucketSummary, Entry, EntryQuery, EntryUpdate, KeyedStore, LeaseQuery, NewEntry, Store, StoreAbilities } from "./store.ts"

/** How to reach the server; units are milliseconds. */
export interface RedisOptions {
  readonly host: string
  readonly port: number
  /** Number of the database. */
  readonly database: number
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** Bound on connecting and on each step. */
  readonly timeoutMs: number
  /** Begins every key of the store. */
  readonly prefix: string
  readonly tls?: { readonly ca?: string | undefined; readonly verify: boolean } | undefined
}

export class RedisStore implements Store {
  abilities: StoreAbilities = { durable: false, ordered: true, lease: true, keyed: true }
  warning: string | undefined
  readonly keyed: KeyedStore
  /** Entries that could not be read; they stay where they are, under the key `x` of their bucket. */
  damaged = 0
  readonly #options: RedisOptions
  readonly #calls = new InOrder()
  readonly #digests = new Map<ScriptName, string>()
  #client: Redis | undefined

  constructor(options: RedisOptions) {
    this.#options = options
    const key = (bucket: string, part: string): string => this.#key(bucket, part)
    this.keyed = new RedisValues({
      key,
      revisionKey: `${options.prefix}revision`,
      run: (work) => this.#step(async () => work(await this.#connection(), this.#script)),
    })
  }

  async open(): Promise<void> {
    this.#calls.reopen()
    await this.#step(async () => {
      const client = await this.#connection()
      const info = await client.info("persistence")
      const durable = /^aof_enabled:1/m.test(info)
      this.abilities = { ...this.abilities, durable }
      this.warning = durable
        ? undefined
        : "the server writes no append-only file: what it keeps counts as memory, and is gone when it restarts"
    })
  }

  append(bucket: string, entries: readonly NewEntry[]): Promise<string[]> {
    const args = entries.flatMap((entry) => [entry.dueMs, encodeEntry(entry)])
    return this.#step(async () => {
      if (entries.length === 0) return []
      const keys = [...this.#keys(bucket, "n", "e", "i", "d"), `${this.#options.prefix}buckets`]
      return texts(await this.#run("append", keys, [bucket, ...args]))
    })
  }

  read(bucket: string, query: EntryQuery): Promise<Entry[]> {
    return this.#step(() => this.#page(bucket, query, ["", ""]))
  }

  lease(bucket: string, query: LeaseQuery): Promise<Entry[]> {
    return this.#step(() => this.#page(bucket, query, [query.nowMs, query.nowMs + query.forMs]))
  }

  update(bucket: string, updates: readonly EntryUpdate[]): Promise<boolean[]> {
    return this.#step(async () => {
      const found: boolean[] = []
      for (const change of updates) found.push(await this.#update(bucket, change))
      return found
    })
  }

  remove(bucket: string, ids: readonly string[]): Promise<boolean[]> {
    return this.#step(async () => {
      if (ids.length === 0) return []
      const found = (await this.#run("remove", this.#keys(bucket, "e", "i", "d", "l"), ids)) as number[]
      return found.map((one) => one === 1)
    })
  }

  count(bucket: string): Promise<number> {
    return this.#step(async () => (await this.#connection()).zcard(this.#key(bucket, "i")))
  }

  summary(bucket: string, nowMs: number): Promise<BucketSummary> {
    return this.#step(async () => {
      const answer = (await this.#run("summary", this.#keys(bucket, "i", "d", "l", "e"), [nowMs])) as [
        number,
        number,
        number,
        Buffer | null,
      ]
      const [waiting, due, leased, oldest] = answer
      return { waiting, due, leased, oldestMs: oldest === null ? undefined : decodeEntry("", oldest)?.createdMs }
    })
  }

  buckets(): Promise<string[]> {
    return this.#step(async () => {
      const client = await this.#connection()
      const names = await client.smembers(`${this.#options.prefix}buckets`)
      const counts = await Promise.all(names.map((name) => client.zcard(this.#key(name, "i"))))
      return names.filter((_, index) => (counts[index] ?? 0) > 0).toSorted()
    })
  }

  async close(): Promise<void> {
    await this.#calls.close()
    this.#forget()
  }

  async #page(bucket: string, query: EntryQuery, lease: readonly [Argument, Argument]): Promise<Entry[]> {
    const { limit, dueMs, order = "due", after } = query
    const args = [order, limit, dueMs ?? "+inf", order === "due" ? (after?.dueMs ?? "") : "", after?.id ?? "", ...lease]
    const page = (await this.#run("read", this.#keys(bucket, "e", "i", "d", "l"), args)) as (Buffer | null)[]
    const entries: Entry[] = []
    for (let at = 0; at < page.length; at += 2) {
      const entry = await this.#entry(bucket, String(page[at]), page[at + 1] ?? Buffer.alloc(0))
      if (entry !== undefined) entries.push(entry)
    }
    return entries
  }

  /** An entry that cannot be read is set aside: nothing is deleted on doubt. */
  async #entry(bucket: string, id: string, bytes: Buffer): Promise<Entry | undefined> {
    const entry = decodeEntry(id, bytes)
    if (entry !== undefined) return entry
    this.damaged += 1
    await (await this.#connection()).hset(this.#key(bucket, "x"), id, bytes)
    await this.#run("remove", this.#keys(bucket, "e", "i", "d", "l"), [id])
    return undefined
  }

  /** The entry is read, changed and written if it is still the same; else once more. */
  async #update(bucket: string, { id, patch }: EntryUpdate): Promise<boolean> {
    for (;;) {
      const before = await (await this.#connection()).hgetBuffer(this.#key(bucket, "e"), id)
      const entry = before === null ? undefined : decodeEntry(id, before)
      if (before === null || entry === undefined) return false
      const after = { ...entry, ...patch }
      const done = await this.#run("update", this.#keys(bucket, "e", "d", "l"), [id, before, after.dueMs, encodeEntry(after)])
      if (done !== 2) return done === 1
    }
  }

  #key(bucket: string, part: string): string {
    return `${this.#options.prefix}b:${bucket}:${part}`
  }

  #keys(bucket: string, ...parts: readonly string[]): string[] {
    return parts.map((part) => this.#key(bucket, part))
  }

  readonly #script: RunScript = (name, keys, args) => this.#run(name, keys, args)

  async #run(name: ScriptName, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const client = await this.#connection()
    try {
      return await client.callBuffer("EVALSHA", this.#digests.get(name) ?? "", keys.length, ...keys, ...args)
    } catch (thrown) {
      // The server has forgotten its scripts: a restart, or SCRIPT FLUSH.
      if (!String((thrown as Error).message).startsWith("NOSCRIPT")) throw thrown
      await this.#load(client)
      return client.callBuffer("EVALSHA", this.#digests.get(name) ?? "", keys.length, ...keys, ...args)
    }
  }

  async #load(client: Redis): Promise<void> {
    for (const [name, text] of Object.entries(scripts)) this.#digests.set(name as ScriptName, String(await client.script("LOAD", text)))
  }

  /** One call after another; whatever is not an answer of the server means that the connection is over. */
  #step<T>(work: () => Promise<T>): Promise<T> {
    return this.#calls.run(async () => {
      try {
        return await work()
      } catch (thrown) {
        if ((thrown as Error).name !== "ReplyError") this.#forget()
        throw thrown
      }
    })
  }

  #forget(): void {
    this.#client?.disconnect()
    this.#client = undefined
  }

  async #connection(): Promise<Redis> {
    this.#client ??= await this.#connect()
    return this.#client
  }

  async #connect(): Promise<Redis> {
    const { Redis: Client } = await loadClient("redis", "ioredis", () => import("ioredis"))
    const { host, port, database, user, password, timeoutMs, tls } = this.#options
    const client = new Client({
      host,
      port,
      db: database,
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password }),
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      connectionName: "wishbone-ts",
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      // A connection that was lost is made anew by the next call.
      retryStrategy: () => null,
      ...(tls !== undefined && { tls: { rejectUnauthorized: tls.verify, ...(tls.ca !== undefined && { ca: tls.ca }) } }),
    })
    let reason: unknown
    client.on("error", (error: unknown) => {
      reason = error
    })
    client.on("end", () => {
      if (this.#client === client) this.#client = undefined
    })
    try {
      await client.connect()
      await this.#load(client)
    } catch (thrown) {
      client.disconnect()
      const cause = reason ?? thrown
      const said = cause instanceof Error ? cause.message || (cause as { code?: string }).code : String(cause)
      throw new WishboneError("WB_STORE_UNREACHABLE", { driver: "redis", at: `${host}:${port}`, reason: said }, { cause })
    }
    return client
  }
}

function texts(values: unknown): string[] {
  return (values as Buffer[]).map(String)
}
