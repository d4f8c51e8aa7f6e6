// A Redis server of our own that writes an append-only file: what was kept survives its being killed.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { RedisStore } from "../../src/store/redis.ts"
import { newEntry, storeSuite } from "../../src/testing/store-suite.ts"
import { eventually, freePorts } from "../support/programs.ts"
import { redisCommon as common, redisHarness as harness } from "../support/redis.ts"

const hasServer = spawnSync("redis-server", ["--version"]).status === 0

describe.skipIf(!hasServer)("redis with an append-only file", () => {
  const folder = mkdtempSync(join(tmpdir(), "wishbone-ts-redis-"))
  const place = { host: "127.0.0.1", port: 0 }
  let server: ChildProcess | undefined

  async function start(): Promise<void> {
    const options = [
      "--bind",
      "127.0.0.1",
      "--port",
      String(place.port),
      "--dir",
      folder,
      "--save",
      "",
      "--appendonly",
      "yes",
      "--appendfsync",
      "always",
    ]
    server = spawn("redis-server", options, { stdio: "ignore" })
    await eventually(async () => {
      const store = new RedisStore({ ...common, ...place, prefix: "probe:" })
      const there = await store.open().then(
        () => true,
        () => false,
      )
      await store.close()
      return there
    }, "redis-server to answer")
  }

  beforeAll(async () => {
    place.port = (await freePorts(1))[0] as number
    await start()
  }, 20_000)

  afterAll(() => {
    server?.kill("SIGKILL")
    rmSync(folder, { recursive: true, force: true })
  })

  test.each(storeSuite)("$name", async ({ run }) => {
    expect(await run(harness(place))).toBe("passed")
  })

  test("keeps what it said was kept when the server is killed", async () => {
    const own = harness(place)
    const store = await own.open()
    expect(store.abilities.durable).toBe(true)
    await store.append("b", [newEntry("one"), newEntry("two")])
    server?.kill("SIGKILL")
    await eventually(() => server?.signalCode === "SIGKILL", "the server to be gone")
    await start()
    await store.count("b").catch(() => undefined)
    expect((await store.read("b", { limit: 10 })).map(({ payload }) => payload.toString())).toEqual(["one", "two"])
    await store.close()
  })
})
