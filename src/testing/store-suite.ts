// The conformance suite of stores: what every driver must hold, whoever wrote it. It needs no test framework: each case is a name and a
// function that throws.
//
//   for (const { name, run } of storeSuite) test(name, () => run(makeHarness()))
//
// A case asks only what the driver says it can (`abilities`); what it cannot is left out, and `skipped` tells so.

import { deepEqual, equal, ok, rejects } from "node:assert/strict"
import type { Entry, NewEntry, Store } from "../store/store.ts"
import { newEntry, type StoreCase, startMs, storeCase } from "./store-case.ts"
import { keyedCases } from "./store-suite-keyed.ts"

export { isAble, newEntry, type StoreCase, type StoreHarness, startMs } from "./store-case.ts"

const names = (entries: readonly Entry[]): string[] => entries.map(({ payload }) => payload.toString())

async function fill(store: Store, count: number, more: (index: number) => Partial<NewEntry> = () => ({})): Promise<string[]> {
  const ids: string[] = []
  for (let from = 0; from < count; from += 500) {
    const part = Array.from({ length: Math.min(500, count - from) }, (_, index) => newEntry(`e${from + index}`, more(from + index)))
    ids.push(...(await store.append("b", part)))
  }
  return ids
}

async function pages(store: Store, order: "due" | "appended", limit: number): Promise<string[]> {
  const seen: string[] = []
  let after: Entry | undefined
  for (;;) {
    const page = await store.read("b", { limit, order, after })
    ok(page.length <= limit, "a page is larger than its limit")
    if (page.length === 0) return seen
    seen.push(...names(page))
    after = page.at(-1)
    ok(seen.length < 100_000, "paging does not come to an end")
  }
}

const entryCases: readonly StoreCase[] = [
  storeCase("says what it can, and has the methods for it", {}, async (store) => {
    equal(typeof store.lease === "function", store.abilities.lease)
    equal(store.keyed !== undefined, store.abilities.keyed)
  }),

  storeCase("gives back every field as it was, bytes and unicode included", {}, async (store) => {
    const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const entries = [
      newEntry("plain"),
      newEntry("empty", { payload: Buffer.alloc(0), version: "", kind: "", attempts: 0 }),
      newEntry("bytes", { payload: allBytes, codec: 2 }),
      newEntry("unicode", { owner: "grün_ß", version: "ü\u{1F600}", payload: Buffer.from("\u{1F600}\u0000\uFFFD") }),
      newEntry("large", { payload: Buffer.alloc(1024 * 1024, 7), dueMs: startMs + 0.5, timestampMs: startMs + 0.25 }),
    ]
    const ids = await store.append("b", entries)
    const read = await store.read("b", { limit: 10, order: store.abilities.ordered ? "appended" : "due" })
    const byId = new Map(read.map((entry) => [entry.id, entry]))
    equal(read.length, entries.length)
    ids.forEach((id, index) => {
      const { payload, ...rest } = byId.get(id) as Entry
      const { payload: wanted, ...others } = entries[index] as NewEntry
      ok(payload.equals(wanted), "the payload changed")
      deepEqual(rest, { ...others, id })
    })
  }),

  storeCase("keeps what it was given, whatever the giver does with the buffer afterwards", {}, async (store) => {
    const payload = Buffer.from("before")
    await store.append("b", [newEntry("x", { payload })])
    payload.fill(0)
    deepEqual(names(await store.read("b", { limit: 1 })), ["before"])
  }),

  storeCase("appends nothing when it is given nothing", {}, async (store) => {
    deepEqual(await store.append("b", []), [])
    deepEqual(await store.update("b", []), [])
    deepEqual(await store.remove("b", []), [])
    equal(await store.count("b"), 0)
  }),

  storeCase("gives ids that sort in the order of appending", {}, async (store) => {
    const ids = await fill(store, 1200)
    deepEqual(ids, ids.toSorted())
    equal(new Set(ids).size, ids.length)
  }),

  storeCase("takes overlapping calls on one bucket in the order in which they were made", {}, async (store) => {
    const calls = Array.from({ length: 20 }, (_, index) => store.append("b", [newEntry(`e${index}`), newEntry(`f${index}`)]))
    const ids = (await Promise.all(calls)).flat()
    deepEqual(ids, ids.toSorted())
    equal(await store.count("b"), 40)
  }),

  storeCase("never gives an id again", {}, async (store) => {
    const first = await store.append("b", [newEntry("a"), newEntry("b")])
    await store.remove("b", first)
    const second = await store.append("b", [newEntry("c")])
    ok((second[0] ?? "") > (first[1] ?? ""), "an id of an entry that was removed came again, or a lower one")
  }),

  storeCase("gives a page of what is due first, ties in the order of appending", {}, async (store) => {
    await store.append("b", [
      newEntry("late", { dueMs: startMs + 3000 }),
      newEntry("tie1", { dueMs: startMs + 1000 }),
      newEntry("early", { dueMs: startMs - 5 }),
      newEntry("tie2", { dueMs: startMs + 1000 }),
    ])
    deepEqual(names(await store.read("b", { limit: 10 })), ["early", "tie1", "tie2", "late"])
    deepEqual(names(await store.read("b", { limit: 2 })), ["early", "tie1"])
    deepEqual(names(await store.read("b", { limit: 10, dueMs: startMs + 1000 })), ["early", "tie1", "tie2"])
    deepEqual(await store.read("b", { limit: 10, dueMs: startMs - 6 }), [])
  }),

  storeCase("pages through everything once, by due time", {}, async (store) => {
    await fill(store, 1300, (index) => ({ dueMs: startMs + ((index * 7919) % 100) }))
    const seen = await pages(store, "due", 100)
    equal(seen.length, 1300)
    equal(new Set(seen).size, 1300)
  }),

  storeCase("pages through everything once, in the order of appending", { ordered: true }, async (store) => {
    await fill(store, 1300, (index) => ({ dueMs: startMs + ((index * 7919) % 100) }))
    const wanted = Array.from({ length: 1300 }, (_, index) => `e${index}`)
    deepEqual(await pages(store, "appended", 100), wanted)
  }),

  storeCase("an update keeps the entry's place in the order", { ordered: true }, async (store) => {
    const [, second] = await store.append("b", [newEntry("one"), newEntry("two"), newEntry("three")])
    const patch = { attempts: 7, dueMs: startMs + 9000, kind: "timeout", payload: Buffer.from("TWO"), version: "v2", codec: 3 }
    deepEqual(await store.update("b", [{ id: second as string, patch }]), [true])
    const read = await store.read("b", { limit: 10, order: "appended" })
    deepEqual(names(read), ["one", "TWO", "three"])
    const { payload: _payload, ...others } = patch
    const { attempts, dueMs, kind, version, codec, createdMs } = read[1] as Entry
    deepEqual({ attempts, dueMs, kind, version, codec, createdMs }, { ...others, createdMs: startMs })
  }),

  storeCase("an update of the due time changes when the entry is read", {}, async (store) => {
    const [first] = await store.append("b", [newEntry("one"), newEntry("two", { dueMs: startMs + 1 })])
    await store.update("b", [{ id: first as string, patch: { dueMs: startMs + 50 } }])
    deepEqual(names(await store.read("b", { limit: 10 })), ["two", "one"])
    deepEqual(names(await store.read("b", { limit: 10, dueMs: startMs + 49 })), ["two"])
  }),

  storeCase("tells whether what it was to change or remove was there", {}, async (store) => {
    const [first, second] = (await store.append("b", [newEntry("one"), newEntry("two")])) as [string, string]
    deepEqual(await store.remove("b", [first]), [true])
    deepEqual(await store.remove("b", [first, second]), [false, true])
    deepEqual(await store.update("b", [{ id: first, patch: { attempts: 2 } }]), [false])
    deepEqual(await store.remove("other", [second]), [false])
    deepEqual(await store.read("b", { limit: 10 }), [])
  }),

  storeCase("counts what is there, and tells how much is due and how old it is", {}, async (store) => {
    deepEqual(await store.summary("b", startMs), { waiting: 0, due: 0, leased: 0, oldestMs: undefined })
    await store.append("b", [newEntry("a", { createdMs: startMs - 7 }), newEntry("b", { dueMs: startMs + 10 }), newEntry("c")])
    equal(await store.count("b"), 3)
    deepEqual(await store.summary("b", startMs), { waiting: 3, due: 2, leased: 0, oldestMs: startMs - 7 })
  }),

  storeCase("keeps buckets apart, whatever their names", {}, async (store) => {
    const buckets = ["push.retry", "push.dead", "push", "push.retry.x", "a%_b", "a b", "grün", "__proto__", "constructor", "x'; drop"]
    for (const bucket of buckets) await store.append(bucket, [newEntry(bucket)])
    for (const bucket of buckets) deepEqual(names(await store.read(bucket, { limit: 10 })), [bucket])
    deepEqual(await store.buckets(), buckets.toSorted())
    const [entry] = await store.read("push", { limit: 1 })
    await store.remove("push", [entry?.id ?? ""])
    deepEqual(await store.buckets(), buckets.filter((bucket) => bucket !== "push").toSorted())
  }),

  storeCase("refuses calls after it was closed", {}, async (store) => {
    const pending = store.append("b", [newEntry("a")])
    await store.close()
    await pending
    await rejects(store.append("b", [newEntry("b")]))
    await rejects(store.read("b", { limit: 1 }))
  }),
]

const durableCases: readonly StoreCase[] = [
  storeCase("finds everything again after it was closed and opened", { durable: true }, async (store, harness) => {
    const ids = await fill(store, 50)
    await store.update("b", [{ id: ids[3] as string, patch: { attempts: 9 } }])
    await store.remove("b", ids.slice(0, 3))
    await store.close()
    const again = await harness.open()
    const read = await again.read("b", { limit: 100 })
    deepEqual(
      read.map(({ id }) => id),
      ids.slice(3),
    )
    equal(read[0]?.attempts, 9)
    const [next] = await again.append("b", [newEntry("new")])
    ok((next ?? "") > (ids.at(-1) ?? ""), "an id came again after the store was opened anew")
    await again.close()
  }),

  storeCase("what it said was kept survives a process that is killed", { durable: true }, async (store, harness) => {
    if (harness.crash === undefined) return
    const ids = await store.append("b", [newEntry("a"), newEntry("b"), newEntry("c")])
    await store.remove("b", [ids[0] as string])
    await store.update("b", [{ id: ids[1] as string, patch: { attempts: 5 } }])
    await harness.crash(store)
    const again = await harness.open()
    const read = await again.read("b", { limit: 10 })
    deepEqual(names(read), ["b", "c"])
    equal(read[0]?.attempts, 5)
    await again.close()
  }),
]

const leaseCases: readonly StoreCase[] = [
  storeCase("what one owner has leased nobody else gets until the lease has run out", { lease: true }, async (store) => {
    await fill(store, 10)
    const lease = async (owner: string, nowMs: number, limit: number): Promise<string[]> =>
      names((await store.lease?.("b", { limit, nowMs, forMs: 1000, owner, dueMs: nowMs })) ?? [])
    deepEqual(await lease("one", startMs, 4), ["e0", "e1", "e2", "e3"])
    deepEqual(await lease("two", startMs, 4), ["e4", "e5", "e6", "e7"])
    deepEqual(await lease("one", startMs + 999, 10), ["e8", "e9"])
    equal((await store.summary("b", startMs + 999)).leased, 10)
    deepEqual(await lease("three", startMs + 1000, 10), ["e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7"])
  }),

  storeCase("an update ends the lease; what is removed is not leased any more", { lease: true }, async (store) => {
    const ids = await fill(store, 2)
    const query = { limit: 10, nowMs: startMs, forMs: 60_000, owner: "one", dueMs: startMs }
    equal((await store.lease?.("b", query))?.length, 2)
    await store.update("b", [{ id: ids[0] as string, patch: { attempts: 2 } }])
    await store.remove("b", [ids[1] as string])
    deepEqual(names((await store.lease?.("b", { ...query, owner: "two" })) ?? []), ["e0"])
    equal((await store.summary("b", startMs)).waiting, 1)
  }),

  storeCase("a lease is taken of what is due only, and in the order that was asked for", { lease: true, ordered: true }, async (store) => {
    await fill(store, 4, (index) => ({ dueMs: startMs + (3 - index) * 10 }))
    const query = { limit: 2, nowMs: startMs + 20, forMs: 1000, owner: "one", dueMs: startMs + 20 }
    deepEqual(names((await store.lease?.("b", query)) ?? []), ["e3", "e2"])
    deepEqual(names((await store.lease?.("b", { ...query, owner: "two", dueMs: startMs + 50, order: "appended" })) ?? []), ["e0", "e1"])
  }),

  storeCase("two owners who ask at once never get the same entry", { lease: true }, async (store, harness) => {
    await fill(store, 400)
    const other = harness.single === true ? store : await harness.open()
    const asks = Array.from({ length: 16 }, async (_, index) => {
      const query = { limit: 30, nowMs: startMs, forMs: 60_000, owner: `o${index}`, dueMs: startMs }
      return (await (index % 2 === 0 ? store : other).lease?.("b", query)) ?? []
    })
    const got = (await Promise.all(asks)).flatMap(names)
    equal(new Set(got).size, got.length)
    equal(got.length, 400)
    if (other !== store) await other.close()
  }),

  storeCase(
    "another owner takes over when the lease of one that was killed has run out",
    { lease: true, durable: true },
    async (store, harness) => {
      if (harness.crash === undefined) return
      await fill(store, 3)
      await store.lease?.("b", { limit: 2, nowMs: startMs, forMs: 5000, owner: "killed", dueMs: startMs })
      await harness.crash(store)
      const again = await harness.open()
      const late = { limit: 10, nowMs: startMs + 5000, forMs: 1000, owner: "heir", dueMs: startMs + 5000 }
      deepEqual(names((await again.lease?.("b", late)) ?? []), ["e0", "e1", "e2"])
      await again.close()
    },
  ),
]

/** Every case, in the order in which a new driver is best made to pass them. */
export const storeSuite: readonly StoreCase[] = [...entryCases, ...durableCases, ...leaseCases, ...keyedCases]
