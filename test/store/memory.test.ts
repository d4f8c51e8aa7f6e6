import { describe, expect, test } from "vitest"
import { MemoryStore } from "../../src/store/memory.ts"
import { isAble, newEntry, storeSuite } from "../../src/testing/store-suite.ts"

describe("the store in memory", () => {
  test.each(storeSuite)("$name", async ({ needs, run }) => {
    const store = new MemoryStore()
    // Another handle on it is the same one: what it holds ends with it.
    const outcome = await run({ open: async () => store, single: true })
    expect(outcome).toBe(isAble(store.abilities, needs) ? "passed" : "skipped")
  })

  test("refuses what would pass its size, and takes nothing of it", async () => {
    const store = new MemoryStore({ size: 2 })
    await store.append("b", [newEntry("one")])
    await expect(store.append("b", [newEntry("two"), newEntry("three")])).rejects.toMatchObject({ code: "WB_STORE_FULL" })
    expect(await store.count("b")).toBe(1)
    await store.close()
    await expect(store.count("b")).rejects.toMatchObject({ code: "WB_STORE_CLOSED" })
  })
})
