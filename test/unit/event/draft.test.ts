import { expect, test } from "vitest"
import { Invalid } from "../../../src/errors.ts"
import { Event } from "../../../src/event.ts"
import { EventDraft } from "../../../src/event-draft.ts"
import { parsePath } from "../../../src/event-path.ts"

const source = { uuid: () => "5d1b1f6e-2b7a-4d5c-8a50-0d9a6e0f2c11" }
const eventOf = (data: unknown): Event => new Event(source, 0, data)

test("changes nothing before it is committed, and then all at once", () => {
  const event = eventOf({ list: [1, { deep: 2 }], kept: { a: 1 } })
  const before = structuredClone(event.data)
  const draft = new EventDraft(event)
  draft.set(parsePath("data.list[1].deep"), 3)
  draft.set(parsePath("data.list[2]"), "new")
  draft.set(parsePath("tmp.made.on.the[0].way"), true)
  draft.delete(parsePath("data.list[0]"))
  expect(draft.get(parsePath("data.list[0].deep"))).toBe(3)
  expect(event.data).toEqual(before)
  expect(event.tmp).toEqual({})
  draft.commit()
  expect(event.data).toEqual({ list: [{ deep: 3 }, "new"], kept: { a: 1 } })
  expect(event.tmp).toEqual({ made: { on: { the: [{ way: true }] } } })
})

test("copies only what lies on the way to a change", () => {
  const kept = { a: 1 }
  const event = eventOf({ kept, changed: { b: 1 } })
  const draft = new EventDraft(event)
  draft.set(parsePath("data.changed.b"), 2)
  draft.commit()
  expect((event.data as { kept: unknown }).kept).toBe(kept)
})

test("a change in many steps copies a list once", () => {
  const event = eventOf(Array.from({ length: 50_000 }, () => 0))
  const draft = new EventDraft(event)
  const start = performance.now()
  for (let at = 0; at < 50_000; at++) draft.set(["data", at], at)
  draft.commit()
  expect((event.data as number[])[49_999]).toBe(49_999)
  expect(performance.now() - start).toBeLessThan(2000)
})

test("makes data where there is none, and weighs them anew", () => {
  const event = eventOf(undefined)
  const draft = new EventDraft(event)
  draft.set(parsePath("data.text"), "x".repeat(1000))
  draft.commit()
  expect(event.data).toEqual({ text: "x".repeat(1000) })
  expect(event.weight).toBeGreaterThan(1000)
})

test.each<[string, unknown, string, unknown]>([
  ["below text", "text", "data.x", 1],
  ["below bytes", { raw: Buffer.from("x") }, "data.raw[0]", 1],
  ["below a number", { n: 5 }, "data.n.x", 1],
  ["beyond a list's end", [1], "data[2]", 1],
  ["under a name in a list", [1], "data.name", 1],
  ["as uuid", {}, "uuid", "x"],
  ["as tmp, a list", {}, "tmp", []],
  ["as tags, text", {}, "tags", "x"],
])("refuses to set a value %s", (_title, data, path, value) => {
  expect(() => new EventDraft(eventOf(data)).set(parsePath(path), value)).toThrow(Invalid)
})

test.each(["data", "tmp", "uuid", "meta.history"])("refuses to delete %s", (path) => {
  expect(() => new EventDraft(eventOf({})).delete(parsePath(path))).toThrow("cannot be deleted")
})

test("errors can be deleted, and the rest of them stays", () => {
  const event = eventOf({})
  event.errors["one"] = [1, "Error", "first"]
  event.errors["two"] = [2, "Error", "second"]
  const draft = new EventDraft(event)
  expect(draft.delete(parsePath("errors.none"))).toBe(false)
  expect(draft.delete(parsePath("errors.one"))).toBe(true)
  draft.commit()
  expect(event.errors).toEqual({ two: [2, "Error", "second"] })
})

test("own keys called __proto__ are kept as what they are", () => {
  const event = eventOf(JSON.parse('{"__proto__": {"polluted": true}, "a": {}}'))
  const draft = new EventDraft(event)
  draft.set(parsePath("data.a.b"), 1)
  draft.commit()
  expect(JSON.stringify(event.data)).toBe('{"__proto__":{"polluted":true},"a":{"b":1}}')
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})
