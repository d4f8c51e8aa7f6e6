// The drivers that come with the program, with the settings each takes. The code of those with a foreign client is loaded when a store is made.

import { duration, path, port, secret, z } from "../spec/schema.ts"
import { type TlsClientArgument, tlsClient } from "../spec/tls.ts"
import { makeDriver, type StoreContext, type StoreDriver } from "./driver.ts"
import { MemoryStore } from "./memory.ts"
import type { Store, StoreSettings } from "./store.ts"

const timeout = duration({ minMs: 1 }).default(5000).describe("Bound on connecting, and on each step.")
const host = z.string().min(1).default("localhost").describe("Address of the server.")
const password = secret().optional()

const memorySettings = {
  size: z.int().min(1).optional().describe("Entries in each bucket, beyond which it refuses; without it as many as memory takes."),
}

const fileSettings = {
  path: path().optional().describe("Folder of its file; by default `store` below the folder `state`."),
}

const postgresSettings = {
  host,
  port: port().default(5432).describe("Port of the server."),
  database: z.string().min(1).default("wishbone").describe("Name of the database."),
  user: z.string().min(1).default("wishbone").describe("Who logs in."),
  password: password.describe("The password; better `${NAME}` or `${file:path}` than the password itself."),
  timeout,
  schema: z.string().min(1).max(63).default("wishbone").describe("Schema that holds the tables; made when it is missing."),
  tls: tlsClient(),
}

const redisSettings = {
  host,
  port: port().default(6379).describe("Port of the server."),
  database: z.int().min(0).default(0).describe("Number of the database."),
  user: z.string().min(1).optional().describe("Who logs in."),
  password: password.describe("The password; better `${NAME}` or `${file:path}` than the password itself."),
  timeout,
  prefix: z.string().default("wishbone:").describe("Begins the name of every key."),
  tls: tlsClient(),
}

type Given<Shape extends Record<string, z.ZodType>> = z.output<z.ZodObject<Shape>>

/** Built-in drivers by name. */
export const builtinDrivers: ReadonlyMap<string, StoreDriver> = new Map(
  [
    makeDriver("memory", makeMemory, { settings: memorySettings, summary: "Keeps events in memory; they end with the process." }),
    makeDriver("file", makeFile, { settings: fileSettings, summary: "Keeps events in a file on disk (LMDB)." }),
    makeDriver("postgres", makePostgres, { settings: postgresSettings, summary: "Keeps events in PostgreSQL." }),
    makeDriver("redis", makeRedis, { settings: redisSettings, summary: "Keeps events in Redis." }),
  ].map((driver) => [driver.spec.name, driver]),
)

function makeMemory(settings: StoreSettings): Store {
  return new MemoryStore(settings as Given<typeof memorySettings>)
}

async function makeFile(settings: StoreSettings, { platform, state }: StoreContext): Promise<Store> {
  const { path: folder = `${state}/store` } = settings as Given<typeof fileSettings>
  const { FileStore } = await import("./file.ts")
  const { files } = platform
  if (folder === `${state}/store` && (await files.stat(state)) === undefined) await files.makeDirectory(state)
  return new FileStore({ path: folder, files })
}

async function makePostgres(settings: StoreSettings, context: StoreContext): Promise<Store> {
  const { timeout: timeoutMs, tls, ...options } = settings as Given<typeof postgresSettings>
  const { PostgresStore } = await import("./postgres.ts")
  return new PostgresStore({ ...options, timeoutMs, ...(await tlsOf(tls, context)) })
}

async function makeRedis(settings: StoreSettings, context: StoreContext): Promise<Store> {
  const { timeout: timeoutMs, tls, ...options } = settings as Given<typeof redisSettings>
  const { RedisStore } = await import("./redis.ts")
  return new RedisStore({ ...options, timeoutMs, ...(await tlsOf(tls, context)) })
}

async function tlsOf(tls: TlsClientArgument, { platform }: StoreContext): Promise<{ tls?: { ca?: string; verify: boolean } }> {
  if (tls === false) return {}
  if (tls === true) return { tls: { verify: true } }
  const { ca, verify } = tls
  return { tls: { verify, ...(ca !== undefined && { ca: (await platform.files.readFile(ca)).toString("utf8") }) } }
}
