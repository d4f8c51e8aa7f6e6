import { Redis } from "ioredis"
import { describe, expect, test } from "vitest"
import { RedisStore } from "../../src/store/redis.ts"
import { isAble, newEntry, storeSuite } from "../../src/testing/store-suite.ts"
import { redisCommon as common, redisHarness as harness } from "../support/redis.ts"
import { findService } from "../support/services.ts"

const service = await findService("redis")
describe.skipIf(service.skip)(`the store in ${service.title}`, () => {
  const place = { host: service.host, port: service.port }

  test.each(storeSuite)("$name", async ({ needs, run }) => {
    const own = harness(place)
    const store = await own.open()
    const { abilities } = store
    await store.close()
    expect(await run(own)).toBe(isAble(abilities, needs) ? "passed" : "skipped")
  })

  test("says that what it keeps is memory where the server writes no append-only file", async () => {
    const store = new RedisStore(harness(place).options)
    await store.open()
    expect(store.warning === undefined).toBe(store.abilities.durable)
    await store.close()
  })

  test("goes on after the server has cut the connection", async () => {
    const store = new RedisStore(harness(place).options)
    await store.open()
    await store.append("b", [newEntry("one")])
    const client = new Redis(place)
    await client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    client.disconnect()
    await store.count("b").catch(() => undefined)
    expect(await store.count("b")).toBe(1)
    await store.close()
  })

  test("says where it cannot be reached", async () => {
    const store = new RedisStore({ ...common, host: service.host, port: 1, prefix: "x:" })
    await expect(store.open()).rejects.toMatchObject({
      code: "WB_STORE_UNREACHABLE",
      message: expect.stringContaining(`${service.host}:1`),
    })
  })
})
