// Stores in Redis for tests: each with keys of its own, which are removed when the test ends.

import { randomUUID } from "node:crypto"
import { Redis } from "ioredis"
import { onTestFinished } from "vitest"
import { type RedisOptions, RedisStore } from "../../src/store/redis.ts"
import type { StoreHarness } from "../../src/testing/store-suite.ts"

export const redisCommon = { database: 0, timeoutMs: 5000 }

export function redisHarness(place: { host: string; port: number }): StoreHarness & { readonly options: RedisOptions } {
  const options = { ...redisCommon, ...place, prefix: `wishbone-test-${randomUUID()}:` }
  onTestFinished(() => removeKeys(place, options.prefix))
  return {
    options,
    async open() {
      const store = new RedisStore(options)
      await store.open()
      return store
    },
  }
}

async function removeKeys(place: { host: string; port: number }, prefix: string): Promise<void> {
  const client = new Redis({ ...place, retryStrategy: () => null })
  client.on("error", () => undefined)
  const keys = await client.keys(`${prefix}*`).catch(() => [])
  if (keys.length > 0) await client.del(keys)
  client.disconnect()
}
