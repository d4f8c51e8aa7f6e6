// Makes the tables of a store in PostgreSQL, under a lock, so that several processes may start at once. Tables of a newer version, and tables
// of somebody else that happen to have our names, are left alone and refused by name.

import { WishboneError } from "../errors.ts"
import type { Query } from "./postgres-query.ts"

const schemaVersion = 1
/** "wish" as a number: the lock is held for the making of tables alone. */
const lockKey = 0x77697368

const statements = (schema: string): readonly string[] => [
  `create table if not exists ${schema}.wishbone_ts (schema_version int not null)`,
  `create table if not exists ${schema}.entries (
    id bigint generated always as identity primary key,
    bucket text not null, uuid text not null, owner text not null, version text not null, kind text not null,
    attempts int not null, codec int not null, due float8 not null, created float8 not null, timestamp float8 not null,
    payload bytea not null, lease_until float8, lease_owner text)`,
  `create index if not exists entries_due on ${schema}.entries (bucket, due, id)`,
  `create index if not exists entries_order on ${schema}.entries (bucket, id)`,
  `create sequence if not exists ${schema}.revisions`,
  // A long key does not fit into an index: its digest does.
  `create table if not exists ${schema}.values (
    bucket text not null, digest bytea not null, key bytea not null, value bytea not null, revision bigint not null, expires float8,
    primary key (bucket, digest))`,
  `create index if not exists values_order on ${schema}.values (bucket, substring(key from 1 for 1000))`,
]

const columnsOf: Readonly<Record<string, readonly string[]>> = {
  entries: [
    "id",
    "bucket",
    "uuid",
    "owner",
    "version",
    "kind",
    "attempts",
    "codec",
    "due",
    "created",
    "timestamp",
    "payload",
    "lease_until",
  ],
  values: ["bucket", "digest", "key", "value", "revision", "expires"],
}

/** @throws WishboneError `WB_STORE_SCHEMA` for a newer version, `WB_STORE_FOREIGN` for tables that are not ours. */
export async function prepareSchema(query: Query, name: string): Promise<void> {
  const schema = `"${name.replaceAll('"', '""')}"`
  await query("select pg_advisory_lock($1)", [lockKey])
  try {
    await checkForeign(query, name)
    await query(`create schema if not exists ${schema}`)
    for (const statement of statements(schema)) await query(statement)
    await checkVersion(query, schema, name)
  } finally {
    await query("select pg_advisory_unlock($1)", [lockKey])
  }
}

async function checkForeign(query: Query, schema: string): Promise<void> {
  const { rows } = await query("select table_name, column_name from information_schema.columns where table_schema = $1", [schema])
  const found = new Map<string, Set<string>>()
  for (const { table_name, column_name } of rows as { table_name: string; column_name: string }[])
    found.set(table_name, (found.get(table_name) ?? new Set()).add(column_name))
  for (const [table, columns] of Object.entries(columnsOf)) {
    const missing = found.has(table) ? columns.filter((column) => found.get(table)?.has(column) === false) : []
    if (missing.length > 0) throw new WishboneError("WB_STORE_FOREIGN", { what: `the table \`${schema}.${table}\``, missing })
  }
}

async function checkVersion(query: Query, schema: string, name: string): Promise<void> {
  const { rows } = await query(`select max(schema_version) as version from ${schema}.wishbone_ts`)
  const { version } = rows[0] as { version: number | null }
  if (version === null) await query(`insert into ${schema}.wishbone_ts values ($1)`, [schemaVersion])
  else if (version > schemaVersion)
    throw new WishboneError("WB_STORE_SCHEMA", { store: `in the schema \`${name}\``, found: version, known: schemaVersion })
}
