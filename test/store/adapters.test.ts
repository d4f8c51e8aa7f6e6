import { describe, expect, test } from "vitest"
import { type Buffered, BufferStore } from "../../src/store/buffer-adapter.ts"
import { ClientStore, type StoreClient } from "../../src/store/client-adapter.ts"
import type { PlainEntry } from "../../src/store/plain-entry.ts"
import type { Entry } from "../../src/store/store.ts"
import { isAble, newEntry, storeSuite } from "../../src/testing/store-suite.ts"

const names = (entries: readonly Entry[]): string[] => entries.map(({ payload }) => payload.toString())

/** A buffer as a user might write it: it forgets which bucket was asked for what, but keeps order. */
class RamBuffer implements Buffered {
  readonly kept = new Map<string, string[]>()
  running = 0
  most = 0
  full = false

  async store(id: string, data: PlainEntry): Promise<boolean> {
    await this.enter()
    if (this.full) return false
    this.kept.set(id, [...(this.kept.get(id) ?? []), JSON.stringify(data)])
    return true
  }

  async get(id: string): Promise<unknown> {
    await this.enter()
    const text = this.kept.get(id)?.shift()
    return text === undefined ? undefined : JSON.parse(text)
  }

  private async enter(): Promise<void> {
    this.running += 1
    this.most = Math.max(this.most, this.running)
    await Promise.resolve()
    this.running -= 1
  }
}

describe("a two-method buffer", () => {
  test.each(storeSuite)("$name", async ({ needs, run }) => {
    const buffer = new RamBuffer()
    const outcome = await run({
      open: async () => {
        const store = new BufferStore(buffer)
        await store.open()
        return store
      },
      single: true,
    })
    expect(outcome).toBe(isAble({ durable: false, ordered: true, lease: false, keyed: false }, needs) ? "passed" : "skipped")
  })

  test("sees the ids it is used to, and is called from one chain at a time", async () => {
    const buffer = new RamBuffer()
    const store = new BufferStore(buffer)
    await Promise.all([
      store.append("push.retry", [newEntry("a"), newEntry("b")]),
      store.append("push.dead", [newEntry("c")]),
      store.read("push.retry", { limit: 1 }),
    ])
    expect(buffer.most).toBe(1)
    await store.close()
    expect([...buffer.kept.keys()].toSorted()).toEqual(["push_bin", "push_buffer"])
    expect(buffer.kept.get("push_buffer")).toHaveLength(2)
  })

  test("gets back at the close what was handed over and not removed, and gives it to the next", async () => {
    const buffer = new RamBuffer()
    const first = new BufferStore(buffer)
    const ids = await first.append("push.retry", [newEntry("a"), newEntry("b"), newEntry("c")])
    await first.read("push.retry", { limit: 1 })
    await first.remove("push.retry", [ids[0] as string])
    await first.close()
    const second = new BufferStore(buffer)
    await second.append("push.retry", [newEntry("d")])
    expect(names(await second.read("push.retry", { limit: 10, order: "appended" }))).toEqual(["b", "c", "d"])
  })

  test("refuses by name, and keeps nothing of a group of which it refused one", async () => {
    const buffer = new RamBuffer()
    const store = new BufferStore({
      store: (id, data) => (data.correlationId === newEntry("b").uuid ? false : buffer.store(id, data)),
      get: (id) => buffer.get(id),
    })
    await expect(store.append("push.retry", [newEntry("a"), newEntry("b")])).rejects.toMatchObject({ code: "WB_STORE_REFUSED" })
    expect(await store.count("push.retry")).toBe(0)
  })

  test("says so when it gives what it never got", async () => {
    const store = new BufferStore({ store: () => true, get: () => ({ surprise: true }) })
    await expect(store.read("push.retry", { limit: 1 })).rejects.toMatchObject({ code: "WB_STORE_GARBAGE" })
  })
})

/** A client as a user might write it: objects by owner, in no order. */
class MapClient implements StoreClient {
  readonly durable = true
  readonly objects = new Map<string, string>()

  async store(object: PlainEntry): Promise<void> {
    const key = `${object.owner}/${object.id}`
    if (this.objects.has(key)) throw new Error("there already")
    this.objects.set(key, JSON.stringify(object))
  }

  async retrieve(owner: string): Promise<unknown> {
    const all = [...this.objects.values()].map((text) => JSON.parse(text) as PlainEntry)
    return all.filter((object) => object.owner === owner).toReversed()
  }

  async update(object: PlainEntry): Promise<void> {
    this.objects.set(`${object.owner}/${object.id}`, JSON.stringify(object))
  }

  async remove(object: PlainEntry): Promise<void> {
    this.objects.delete(`${object.owner}/${object.id}`)
  }

  async disconnect(): Promise<void> {}
}

describe("a five-method client", () => {
  test.each(storeSuite)("$name", async ({ needs, run }) => {
    const client = new MapClient()
    const outcome = await run({
      open: async () => {
        const store = new ClientStore(client)
        await store.open()
        return store
      },
      crash: async () => undefined,
      single: true,
    })
    expect(outcome).toBe(isAble({ durable: true, ordered: true, lease: false, keyed: false }, needs) ? "passed" : "skipped")
  })

  test("counts as memory unless it says that it is durable", () => {
    const client = new MapClient()
    const { store, retrieve, update, remove, disconnect } = client
    const silent = new ClientStore({ store, retrieve, update, remove, disconnect })
    expect([silent.abilities.durable, typeof silent.warning]).toEqual([false, "string"])
    expect([new ClientStore(client).abilities.durable, new ClientStore(client).warning]).toEqual([true, undefined])
  })

  test("what it holds that is none of ours is passed over and counted, not deleted", async () => {
    const client = new MapClient()
    const store = new ClientStore(client)
    await store.append("b", [newEntry("a")])
    client.objects.set("b/x", JSON.stringify({ id: "x", owner: "b" }))
    expect(names(await store.read("b", { limit: 10 }))).toEqual(["a"])
    expect(store.damaged).toBe(1)
    expect(client.objects.has("b/x")).toBe(true)
  })
})
