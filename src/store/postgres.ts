// A store in PostgreSQL: one schema with a table of entries and one of values. One connection, on which calls follow one another in the order
// in which they were made; one that was lost is made anew by the next call.
//
// Every value is a parameter, never text of a statement; the schema's name alone is written into it, quoted.

import type { Client } from "pg"
import { WishboneError } from "../errors.ts"
import { InOrder, loadClient } from "./client.ts"
import type { Query } from "./postgres-query.ts"
import { prepareSchema } from "./postgres-schema.ts"
import { PostgresValues } from "./postgres-values.ts"
import type { BucketSummary, Entry, EntryQuery, EntryUpdate, KeyedStore, LeaseQuery, NewEntry, Store, StoreAbilities } from "./store.ts"

/** How to reach the server; units are milliseconds. */
export interface PostgresOptions {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password?: string | undefined
  /** Bound on connecting and on each statement. */
  readonly timeoutMs: number
  /** Schema that holds the tables. */
  readonly schema: string
  readonly tls?: { readonly ca?: string | undefined; readonly verify: boolean } | undefined
}

/** Rows in one insert: the server takes 65,535 parameters. */
const insertRows = 500
const columns = ["bucket", "uuid", "owner", "version", "kind", "attempts", "codec", "due", "created", "timestamp", "payload"] as const

interface Row {
  readonly id: string
  readonly uuid: string
  readonly owner: string
  readonly version: string
  readonly kind: string
  readonly attempts: number
  readonly codec: number
  readonly due: number
  readonly created: number
  readonly timestamp: number
  readonly payload: Buffer
}

export class PostgresStore implements Store {
  abilities: StoreAbilities = { durable: true, ordered: true, lease: true, keyed: true }
  warning: string | undefined
  readonly keyed: KeyedStore
  readonly #options: PostgresOptions
  readonly #calls = new InOrder()
  readonly #schema: string
  #client: Client | undefined

  constructor(options: PostgresOptions) {
    this.#options = options
    this.#schema = `"${options.schema.replaceAll('"', '""')}"`
    this.keyed = new PostgresValues(this.#schema, (work) => this.#run(work))
  }

  async open(): Promise<void> {
    this.#calls.reopen()
    await this.#calls.run(async () => {
      const query = await this.#connection()
      await prepareSchema(query, this.#options.schema)
      const { rows } = await query("select current_setting('fsync') as fsync")
      if ((rows[0] as { fsync: string }).fsync !== "off") return
      this.abilities = { ...this.abilities, durable: false }
      this.warning = "the server runs with `fsync = off`: what it keeps does not survive a power cut"
    })
  }

  append(bucket: string, entries: readonly NewEntry[]): Promise<string[]> {
    return this.#run(async (query) => {
      if (entries.length <= insertRows) return this.#insert(query, bucket, entries)
      return inTransaction(query, async () => {
        const ids: string[] = []
        for (let from = 0; from < entries.length; from += insertRows)
          ids.push(...(await this.#insert(query, bucket, entries.slice(from, from + insertRows))))
        return ids
      })
    })
  }

  read(bucket: string, { limit, dueMs, order = "due", after }: EntryQuery): Promise<Entry[]> {
    const values: unknown[] = [bucket, limit]
    const bound = (value: unknown): string => `$${values.push(value)}`
    const conditions = ["bucket = $1"]
    if (dueMs !== undefined) conditions.push(`due <= ${bound(dueMs)}`)
    if (after !== undefined)
      conditions.push(
        order === "due" ? `(due, id) > (${bound(after.dueMs)}, ${bound(after.id)}::bigint)` : `id > ${bound(after.id)}::bigint`,
      )
    const text = `select * from ${this.#schema}.entries where ${conditions.join(" and ")} order by ${order === "due" ? "due, id" : "id"} limit $2`
    return this.#run(async (query) => ((await query(text, values)).rows as Row[]).map(entryOf))
  }

  lease(bucket: string, { limit, dueMs, order = "due", nowMs, forMs, owner }: LeaseQuery): Promise<Entry[]> {
    const text = `with picked as (
        select id from ${this.#schema}.entries
        where bucket = $1 and due <= $2 and (lease_until is null or lease_until <= $3)
        order by ${order === "due" ? "due, id" : "id"} limit $4 for update skip locked)
      update ${this.#schema}.entries entries set lease_until = $5, lease_owner = $6 from picked where entries.id = picked.id returning entries.*`
    return this.#run(async (query) => {
      const { rows } = await query(text, [bucket, dueMs ?? Number.POSITIVE_INFINITY, nowMs, limit, nowMs + forMs, owner])
      const entries = (rows as Row[]).map(entryOf)
      return entries.toSorted((a, b) => (order === "due" ? a.dueMs - b.dueMs : 0) || (a.id < b.id ? -1 : 1))
    })
  }

  update(bucket: string, updates: readonly EntryUpdate[]): Promise<boolean[]> {
    if (updates.length === 0) return Promise.resolve([])
    const text = `update ${this.#schema}.entries set attempts = coalesce($3, attempts), due = coalesce($4, due), kind = coalesce($5, kind),
      version = coalesce($6, version), codec = coalesce($7, codec), payload = coalesce($8, payload), lease_until = null, lease_owner = null
      where bucket = $1 and id = $2::bigint`
    return this.#run((query) =>
      inTransaction(query, async () => {
        const found: boolean[] = []
        for (const { id, patch } of updates) {
          const { attempts, dueMs, kind, version, codec, payload } = patch
          const values = [bucket, numberOf(id), attempts, dueMs, kind, version, codec, payload].map((value) => value ?? null)
          found.push((await query(text, values)).rowCount === 1)
        }
        return found
      }),
    )
  }

  remove(bucket: string, ids: readonly string[]): Promise<boolean[]> {
    return this.#run(async (query) => {
      const text = `delete from ${this.#schema}.entries where bucket = $1 and id = any($2::bigint[]) returning id`
      const { rows } = await query(text, [bucket, ids.map(numberOf)])
      const removed = new Set((rows as { id: string }[]).map(({ id }) => idText(id)))
      return ids.map((id) => removed.delete(id))
    })
  }

  count(bucket: string): Promise<number> {
    return this.#run(async (query) => {
      const { rows } = await query(`select count(*)::int as count from ${this.#schema}.entries where bucket = $1`, [bucket])
      return (rows[0] as { count: number }).count
    })
  }

  summary(bucket: string, nowMs: number): Promise<BucketSummary> {
    const text = `select count(*)::int as waiting, count(*) filter (where due <= $2)::int as due,
      count(*) filter (where lease_until > $2)::int as leased, min(created) as oldest from ${this.#schema}.entries where bucket = $1`
    return this.#run(async (query) => {
      const { rows } = await query(text, [bucket, nowMs])
      const { waiting, due, leased, oldest } = rows[0] as { waiting: number; due: number; leased: number; oldest: number | null }
      return { waiting, due, leased, oldestMs: oldest ?? undefined }
    })
  }

  buckets(): Promise<string[]> {
    return this.#run(async (query) => {
      const { rows } = await query(`select distinct bucket from ${this.#schema}.entries`)
      return (rows as { bucket: string }[]).map(({ bucket }) => bucket).toSorted()
    })
  }

  async close(): Promise<void> {
    await this.#calls.close()
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => undefined)
  }

  async #insert(query: Query, bucket: string, entries: readonly NewEntry[]): Promise<string[]> {
    if (entries.length === 0) return []
    const values: unknown[] = []
    for (const { uuid, owner, version, kind, attempts, codec, dueMs, createdMs, timestampMs, payload } of entries)
      values.push(bucket, uuid, owner, version, kind, attempts, codec, dueMs, createdMs, timestampMs, payload)
    const text = `insert into ${this.#schema}.entries (${columns.join(", ")}) values ${placeholders(entries.length)} returning id`
    const { rows } = await query(text, values)
    // The ids of one statement are given in the order of its rows; the order in which they come back is nowhere promised.
    return (rows as { id: string }[]).map(({ id }) => idText(id)).toSorted()
  }

  #run<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#calls.run(async () => work(await this.#connection()))
  }

  async #connection(): Promise<Query> {
    const client = this.#client ?? (await this.#connect())
    return async (text, values) => {
      try {
        return await client.query(text, values as unknown[])
      } catch (thrown) {
        if (isConnectionGone(thrown)) {
          if (this.#client === client) this.#client = undefined
          // Not waited for: the other end may never answer.
          void client.end().catch(() => undefined)
        }
        throw thrown
      }
    }
  }

  async #connect(): Promise<Client> {
    const { default: pg } = await loadClient("postgres", "pg", () => import("pg"))
    const { host, port, database, user, password, timeoutMs, tls } = this.#options
    const client = new pg.Client({
      host,
      port,
      database,
      user,
      password,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      statement_timeout: timeoutMs,
      application_name: "wishbone-ts",
      ...(tls !== undefined && { ssl: { rejectUnauthorized: tls.verify, ...(tls.ca !== undefined && { ca: tls.ca }) } }),
    })
    const forget = (): void => {
      if (this.#client === client) this.#client = undefined
    }
    client.on("error", forget)
    client.on("end", forget)
    try {
      await client.connect()
      await client.query("set synchronous_commit = on")
    } catch (thrown) {
      await client.end().catch(() => undefined)
      throw new WishboneError(
        "WB_STORE_UNREACHABLE",
        { driver: "postgres", at: `${host}:${port}`, reason: reasonOf(thrown) },
        { cause: thrown },
      )
    }
    this.#client = client
    return client
  }
}

/** What the server answers to a statement has an SQLSTATE; of those the classes 08 and 57P say that the connection is over. */
function isConnectionGone(thrown: unknown): boolean {
  const { code } = thrown as { code?: unknown }
  return typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P)/.test(code)
}

async function inTransaction<T>(query: Query, work: () => Promise<T>): Promise<T> {
  await query("begin")
  try {
    const result = await work()
    await query("commit")
    return result
  } catch (thrown) {
    await query("rollback").catch(() => undefined)
    throw thrown
  }
}

const known = new Map<number, string>()

/** `($1,$2,…),(…)`; made once for each number of rows, of which there are few. */
function placeholders(rows: number): string {
  let text = known.get(rows)
  if (text === undefined) {
    const row = (index: number): string => `(${columns.map((_, column) => `$${index * columns.length + column + 1}`).join(",")})`
    text = Array.from({ length: rows }, (_, index) => row(index)).join(",")
    known.set(rows, text)
  }
  return text
}

/** No entry has a number below 1. */
function numberOf(id: string): string {
  return /^\d{1,18}$/.test(id) ? id : "0"
}

function idText(id: string): string {
  return id.padStart(18, "0")
}

function entryOf({ id, uuid, owner, version, kind, attempts, codec, due, created, timestamp, payload }: Row): Entry {
  return { id: idText(id), uuid, owner, version, kind, attempts, codec, dueMs: due, createdMs: created, timestampMs: timestamp, payload }
}

function reasonOf(thrown: unknown): string {
  const { code, message } = thrown as { code?: unknown; message?: unknown }
  return String(message === undefined || message === "" ? code : message)
}
