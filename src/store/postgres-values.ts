// Values by key in PostgreSQL. A key is bytes, found by its digest; its order is that of its first thousand bytes, then of all.

import { createHash } from "node:crypto"
import type { Query } from "./postgres-query.ts"
import type { KeyedStore, KeyedValue, PutOptions } from "./store.ts"

type Run = <T>(work: (query: Query) => Promise<T>) => Promise<T>

const digestOf = (key: string): Buffer => createHash("sha256").update(key).digest()

export class PostgresValues implements KeyedStore {
  readonly #values: string
  readonly #next: string
  readonly #run: Run

  constructor(schema: string, run: Run) {
    this.#values = `${schema}.values`
    this.#next = `nextval('${schema.replaceAll("'", "''")}.revisions')`
    this.#run = run
  }

  get(bucket: string, key: string, nowMs: number): Promise<KeyedValue | undefined> {
    const text = `select value, revision, expires from ${this.#values} where bucket = $1 and digest = $2 and (expires is null or expires > $3)`
    return this.#run(async (query) => {
      const { rows } = await query(text, [bucket, digestOf(key), nowMs])
      const row = rows[0] as { value: Buffer; revision: string; expires: number | null } | undefined
      return row && { value: row.value, revision: row.revision, ...(row.expires !== null && { expiresMs: row.expires }) }
    })
  }

  put(bucket: string, key: string, value: Buffer, { nowMs, ifRevision, ttlMs }: PutOptions): Promise<string | undefined> {
    const expires = ttlMs === undefined ? null : nowMs + ttlMs
    const named = ifRevision !== undefined && ifRevision !== ""
    const values = [bucket, digestOf(key), value, expires, nowMs]
    const text = named
      ? `update ${this.#values} set value = $3, expires = $4, revision = ${this.#next}
         where bucket = $1 and digest = $2 and (expires is null or expires > $5) and revision = $6::bigint returning revision`
      : `insert into ${this.#values} as known (bucket, digest, key, value, expires, revision) values ($1, $2, $6, $3, $4, ${this.#next})
         on conflict (bucket, digest) do update set value = excluded.value, expires = excluded.expires, revision = excluded.revision
         where ${ifRevision === undefined ? "$5::float8 is not null" : "known.expires <= $5"} returning revision`
    return this.#run(async (query) => {
      const { rows } = await query(text, [...values, named ? revisionOf(ifRevision) : Buffer.from(key)])
      return (rows[0] as { revision: string } | undefined)?.revision
    })
  }

  delete(bucket: string, key: string, { ifRevision }: { ifRevision?: string | undefined } = {}): Promise<boolean> {
    const text = `delete from ${this.#values} where bucket = $1 and digest = $2 and ($3::bigint is null or revision = $3)`
    return this.#run(async (query) => {
      const { rowCount } = await query(text, [bucket, digestOf(key), ifRevision === undefined ? null : revisionOf(ifRevision)])
      return rowCount === 1
    })
  }

  list(
    bucket: string,
    { prefix, limit, nowMs, after }: { prefix: string; limit: number; nowMs: number; after?: string | undefined },
  ): Promise<string[]> {
    const start = Buffer.from(prefix)
    const behind = after === undefined ? null : Buffer.from(after)
    const text = `select key from ${this.#values} where bucket = $1 and substring(key from 1 for $2) = $3 and ($4::bytea is null or key > $4)
      and (expires is null or expires > $5) order by substring(key from 1 for 1000), key limit $6`
    return this.#run(async (query) => {
      const { rows } = await query(text, [bucket, start.length, start, behind, nowMs, limit])
      return (rows as { key: Buffer }[]).map(({ key }) => key.toString())
    })
  }
}

/** No revision is below 1. */
function revisionOf(revision: string): string {
  return /^\d{1,18}$/.test(revision) ? revision : "0"
}
