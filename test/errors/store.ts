// Provocations of what goes wrong with stores. Servers are not needed: what they would answer is handed in, or nobody is there.

import type { QueryResult } from "pg"
import { type SimulatedPlatform, simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { BufferStore } from "../../src/store/buffer-adapter.ts"
import { loadClient } from "../../src/store/client.ts"
import { factoryOf, registerStore, storeOf } from "../../src/store/driver.ts"
import { MemoryStore } from "../../src/store/memory.ts"
import { PostgresStore } from "../../src/store/postgres.ts"
import { prepareSchema } from "../../src/store/postgres-schema.ts"
import { Stores } from "../../src/store/stores.ts"
import { newEntry } from "../../src/testing/store-case.ts"
import { silent } from "./spool.ts"
import { type Provocations, thrown } from "./told.ts"

const entry = newEntry("order")
/** Of a table that happens to have our name. */
const foreign = ["id", "title", "price"].map((column_name) => ({ table_name: "entries", column_name }))

/** Answers statements as a server would: rows by a word of the statement. */
function server(answers: Readonly<Record<string, readonly object[]>>) {
  return async (text: string): Promise<QueryResult> => {
    const word = Object.keys(answers).find((one) => text.includes(one))
    return { rows: word === undefined ? [] : answers[word] } as unknown as QueryResult
  }
}

/** The stores of a graph whose file has one store, `safe`, with this driver. */
function storesWith(driver: string, startupMs = 60_000): { stores: Stores; platform: SimulatedPlatform } {
  const platform = simulatedPlatform()
  // Its server is always away.
  const away = registerStore("shelf", () => {
    const store = new MemoryStore()
    store.open = () => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.7:7777"))
    return store
  })
  const plans = { safe: { driver, settings: {}, startupMs } }
  return { stores: new Stores({ platform, log: silent, state: "/flow/.wishbone", plans, drivers: new Map([["shelf", away]]) }), platform }
}

export const storeProvocations: Provocations = {
  WB_STORE_FULL: thrown("A store in memory with `size: 1`, which holds an entry and is to take another.", async () => {
    const store = new MemoryStore({ size: 1 })
    await store.append("push.retry", [entry])
    await store.append("push.retry", [entry])
  }),
  WB_STORE_CLOSED: thrown("A program that asks a store after it has closed it.", async () => {
    const store = new MemoryStore()
    await store.close()
    await store.count("push.retry")
  }),
  WB_STORE_SCHEMA: thrown("A store in PostgreSQL that a later version of wishbone-ts has used.", () =>
    prepareSchema(server({ "max(schema_version)": [{ version: 99 }] }), "wishbone"),
  ),
  WB_STORE_FOREIGN: thrown("A store in PostgreSQL whose schema holds a table `entries` of another program.", () =>
    prepareSchema(server({ "information_schema.columns": foreign }), "wishbone"),
  ),
  WB_STORE_UNREACHABLE: thrown("A store in PostgreSQL on port 1 of this machine, where nobody listens.", () =>
    new PostgresStore({ host: "127.0.0.1", port: 1, database: "flow", user: "flow", timeoutMs: 5000, schema: "wishbone" }).open(),
  ),
  WB_STORE_CLIENT_MISSING: thrown("A store with `driver: redis`, where `ioredis` is not installed.", () => {
    const missing = Object.assign(new Error("Cannot find package 'ioredis' imported from wishbone-ts"), { code: "ERR_MODULE_NOT_FOUND" })
    return loadClient("redis", "ioredis", () => Promise.reject(missing))
  }),
  WB_STORE_UNKNOWN: thrown("An instance with `retry: { store: sfae }`, where the file declares a store `safe`.", () =>
    storesWith("memory").stores.open("sfae"),
  ),
  WB_STORE_DRIVER: thrown("`stores: { safe: { driver: postgress } }`.", () => storesWith("postgress").stores.open("safe")),
  WB_STORE_STARTUP: thrown("A store whose server does not come up within a minute.", () => {
    const { stores, platform } = storesWith("shelf")
    return platform.complete(stores.open("safe"), { limitMs: 120_000 })
  }),
  WB_STORE_ABILITY: thrown("`order: strict` with a store of a user's own that gives entries back in any order.", async () => {
    const { startRetry } = await import("../support/retry-graph.ts")
    const store = new MemoryStore()
    await startRetry({ retry: { order: "strict" }, store: Object.assign(store, { abilities: { ...store.abilities, ordered: false } }) })
  }),
  WB_STORE_NAME: thrown('`registerStore("redis", …)`.', () => registerStore("redis", () => new MemoryStore())),
  WB_STORE_EXPORT: thrown("`driver: ./shelf.js`, and that file says `export default { size: 10 }`.", () =>
    factoryOf("./shelf.js", { default: { size: 10 } }),
  ),
  WB_STORE_SHAPE: thrown("A driver of a user's own that gives an object with `store` and without `get`.", () =>
    storeOf({ store: () => true }, "shelf"),
  ),
  WB_STORE_REFUSED: thrown("A buffer of a user's own whose `store` answers `false`.", () =>
    new BufferStore({ store: () => false, get: () => undefined }).append("push.retry", [entry]),
  ),
  WB_STORE_GARBAGE: thrown("A buffer of a user's own whose `get` answers `{ surprise: true }`.", () =>
    new BufferStore({ store: () => true, get: () => ({ surprise: true }) }).read("push.retry", { limit: 1 }),
  ),
}
