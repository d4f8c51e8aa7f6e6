import { randomUUID } from "node:crypto"
import pg from "pg"
import { describe, expect, onTestFinished, test } from "vitest"
import { PostgresStore } from "../../src/store/postgres.ts"
import { newEntry, type StoreHarness, storeSuite } from "../../src/testing/store-suite.ts"
import { findService } from "../support/services.ts"

const service = await findService("postgres")
const { host, port } = service
const place = { host, port, database: "postgres", user: process.env["WISHBONE_TEST_POSTGRES_USER"] ?? "postgres" }

function harness(): StoreHarness & { readonly schema: string } {
  const schema = `wishbone_test_${randomUUID().slice(0, 8)}`
  onTestFinished(() => sql(`drop schema if exists ${schema} cascade`))
  return {
    schema,
    async open() {
      const store = new PostgresStore({ ...place, timeoutMs: 5000, schema })
      await store.open()
      return store
    },
  }
}

async function sql(text: string): Promise<void> {
  const client = new pg.Client(place)
  await client.connect()
  await client.query(text)
  await client.end()
}

describe.skipIf(service.skip)(`the store in ${service.title}`, () => {
  test.each(storeSuite)("$name", async ({ run }) => {
    expect(await run(harness())).toBe("passed")
  })

  test("goes on after the server has cut the connection", async () => {
    const store = await harness().open()
    await store.append("b", [newEntry("one")])
    await sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'wishbone-ts' and state = 'idle'")
    // The call that finds the connection gone fails, or has made another already.
    await store.count("b").catch(() => undefined)
    expect(await store.count("b")).toBe(1)
    await store.close()
  })

  test("refuses tables of a newer version and of somebody else, and changes nothing", async () => {
    const newer = harness()
    await (await newer.open()).close()
    await sql(`update ${newer.schema}.wishbone_ts set schema_version = 99`)
    await expect(newer.open()).rejects.toMatchObject({ code: "WB_STORE_SCHEMA" })
    const foreign = harness()
    await sql(`create schema ${foreign.schema}; create table ${foreign.schema}.entries (id int)`)
    await expect(foreign.open()).rejects.toMatchObject({ code: "WB_STORE_FOREIGN" })
  })

  test("says where it cannot be reached", async () => {
    const store = new PostgresStore({ ...place, port: 1, timeoutMs: 1000, schema: "x" })
    await expect(store.open()).rejects.toMatchObject({ code: "WB_STORE_UNREACHABLE", message: expect.stringContaining(`${host}:1`) })
  })
})
