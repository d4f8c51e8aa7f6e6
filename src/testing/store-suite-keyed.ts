// The part of the conformance suite for values by key.

import { deepEqual, equal, notEqual, ok } from "node:assert/strict"
import type { KeyedStore, Store } from "../store/store.ts"
import { type StoreCase, type StoreHarness, startMs, storeCase } from "./store-case.ts"

const nowMs = startMs

function keyedCase(name: string, body: (keyed: KeyedStore, store: Store, harness: StoreHarness) => Promise<void>): StoreCase {
  return storeCase(name, { keyed: true }, async (store, harness) => body(store.keyed as KeyedStore, store, harness))
}

/** Keys that a careless driver trips over. */
const awkwardKeys = [
  "",
  " ",
  "a/b/../c",
  "__proto__",
  "constructor",
  "a\u0000b",
  "ü\u{1F600}",
  "x'; drop table keys; --",
  "*?[a-z]{}",
  "k".repeat(60_000),
]

export const keyedCases: readonly StoreCase[] = [
  keyedCase("a key has the value that was put last, with a revision of its own", async (keyed) => {
    equal(await keyed.get("b", "k", nowMs), undefined)
    const first = await keyed.put("b", "k", Buffer.from("one"), { nowMs })
    const second = await keyed.put("b", "k", Buffer.from([0, 255, 10]), { nowMs })
    notEqual(first, second)
    const found = await keyed.get("b", "k", nowMs)
    ok(found?.value.equals(Buffer.from([0, 255, 10])))
    equal(found?.revision, second)
    ok((found?.revision ?? "") !== "", "a revision is never empty")
    equal(await keyed.get("other", "k", nowMs), undefined)
  }),

  keyedCase("an empty value is a value", async (keyed) => {
    await keyed.put("b", "k", Buffer.alloc(0), { nowMs })
    equal((await keyed.get("b", "k", nowMs))?.value.length, 0)
  }),

  keyedCase("takes keys of any characters, up to 60,000 of them", async (keyed) => {
    for (const key of awkwardKeys) await keyed.put("b", key, Buffer.from(key.slice(0, 100)), { nowMs })
    for (const key of awkwardKeys) {
      const found = await keyed.get("b", key, nowMs)
      equal(found?.value.toString(), key.slice(0, 100))
    }
    for (const key of awkwardKeys) equal(await keyed.delete("b", key), true)
    for (const key of awkwardKeys) equal(await keyed.delete("b", key), false)
  }),

  keyedCase("puts only where the revision is the one that was named", async (keyed) => {
    const first = await keyed.put("b", "k", Buffer.from("one"), { nowMs, ifRevision: "" })
    ok(first !== undefined)
    equal(await keyed.put("b", "k", Buffer.from("two"), { nowMs, ifRevision: "" }), undefined)
    const second = await keyed.put("b", "k", Buffer.from("two"), { nowMs, ifRevision: first })
    ok(second !== undefined)
    equal(await keyed.put("b", "k", Buffer.from("three"), { nowMs, ifRevision: first }), undefined)
    equal((await keyed.get("b", "k", nowMs))?.value.toString(), "two")
    equal(await keyed.put("b", "absent", Buffer.from("x"), { nowMs, ifRevision: second }), undefined)
  }),

  keyedCase("of many who put upon one revision exactly one gets through", async (keyed, store, harness) => {
    const other = harness.single === true ? store : await harness.open()
    const both = (index: number): KeyedStore => (index % 2 === 0 ? keyed : (other.keyed ?? keyed))
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, index) => both(index).put("b", "new", Buffer.from(String(index)), { nowMs, ifRevision: "" })),
    )
    equal(made.filter((revision) => revision !== undefined).length, 1)
    const ifRevision = (await keyed.get("b", "new", nowMs))?.revision
    const changed = await Promise.all(
      Array.from({ length: 12 }, (_, index) => both(index).put("b", "new", Buffer.from(String(index)), { nowMs, ifRevision })),
    )
    equal(changed.filter((revision) => revision !== undefined).length, 1)
    if (other !== store) await other.close()
  }),

  keyedCase("deletes only the revision that was named", async (keyed) => {
    const revision = await keyed.put("b", "k", Buffer.from("one"), { nowMs })
    equal(await keyed.delete("b", "k", { ifRevision: `${revision}0` }), false)
    equal(await keyed.delete("b", "k", { ifRevision: revision }), true)
    equal(await keyed.get("b", "k", nowMs), undefined)
    const again = await keyed.put("b", "k", Buffer.from("two"), { nowMs, ifRevision: "" })
    notEqual(again, revision)
  }),

  keyedCase("a value is gone when its time is over", async (keyed) => {
    await keyed.put("b", "k", Buffer.from("one"), { nowMs, ttlMs: 1000 })
    equal((await keyed.get("b", "k", nowMs + 999))?.expiresMs, nowMs + 1000)
    equal(await keyed.get("b", "k", nowMs + 1000), undefined)
    deepEqual(await keyed.list("b", { prefix: "", limit: 10, nowMs: nowMs + 1000 }), [])
    ok((await keyed.put("b", "k", Buffer.from("two"), { nowMs: nowMs + 1000, ifRevision: "" })) !== undefined)
    equal((await keyed.get("b", "k", nowMs + 10_000_000))?.expiresMs, undefined)
  }),

  keyedCase("lists keys by prefix in the order of their bytes, page by page", async (keyed) => {
    const keys = ["a", "aa", "aé", "a\u{1F600}", "b", "B", "a_", "a%", "", "ab"]
    for (const key of keys) await keyed.put("b", key, Buffer.from("v"), { nowMs })
    const wanted = keys.filter((key) => key.startsWith("a")).toSorted((a, b) => Buffer.from(a).compare(Buffer.from(b)))
    deepEqual(await keyed.list("b", { prefix: "a", limit: 100, nowMs }), wanted)
    const first = await keyed.list("b", { prefix: "a", limit: 3, nowMs })
    const rest = await keyed.list("b", { prefix: "a", limit: 100, nowMs, after: first.at(-1) })
    deepEqual([...first, ...rest], wanted)
    deepEqual(await keyed.list("b", { prefix: "a%", limit: 100, nowMs }), ["a%"])
    deepEqual(await keyed.list("b", { prefix: "zz", limit: 100, nowMs }), [])
  }),
]
