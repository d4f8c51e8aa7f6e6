import { describe, expect, test } from "vitest"
import { Invalid } from "../../../src/errors.ts"
import { Event, Standing } from "../../../src/event.ts"
import { weightOf } from "../../../src/event-weight.ts"
import { SeededRandom } from "../../../src/platform/simulated/random.ts"
import { Ticket } from "../../../src/ticket.ts"

const source = new SeededRandom(1)
const eventOf = (data: unknown): Event => new Event(source, 1_700_000_000.25, data)
const ofBytes = (chunk: Buffer, start: number, end: number, encoding: "text" | "binary" = "text"): Event =>
  Event.ofBytes(source, 1, { chunk, start, end, encoding })

describe("data", () => {
  test("that came as bytes is decoded at the first read, and stays in its chunk", () => {
    const chunk = Buffer.from("one\ntwo\n")
    const event = ofBytes(chunk, 4, 7)
    expect(event.weight).toBe(3)
    expect(event.data).toBe("two")
    expect(event.chunk).toBe(chunk)
  })

  test("that is not UTF-8 stays a Buffer, as does everything with binary encoding", () => {
    expect(ofBytes(Buffer.from([0xff, 0xfe, 0x41]), 0, 2).data).toEqual(Buffer.from([0xff, 0xfe]))
    expect(ofBytes(Buffer.from("abc"), 0, 2, "binary").data).toEqual(Buffer.from("ab"))
  })

  test("replaced leaves the bytes behind and counts its own weight", () => {
    const event = ofBytes(Buffer.from("abcdef"), 0, 6)
    event.data = "xy"
    expect([event.chunk, event.data, event.weight]).toEqual([null, "xy", 2])
  })

  test("weighs what it is: text and bytes exactly, other data by an estimate that is bounded", () => {
    expect([weightOf("four"), weightOf(Buffer.alloc(7)), weightOf(1), weightOf(null)]).toEqual([4, 7, 8, 8])
    expect(weightOf({ text: "x".repeat(1000) })).toBeGreaterThan(1000)
    const list = Array.from({ length: 10_000 }, () => "x".repeat(100))
    expect(weightOf(list) / 1_000_000).toBeGreaterThan(0.8)
    expect(weightOf(list) / 1_000_000).toBeLessThan(1.5)
  })
})

describe("own", () => {
  test("copies a view smaller than a quarter of its chunk, and no other", () => {
    const chunk = Buffer.from("x".repeat(100))
    const small = ofBytes(chunk, 10, 34)
    const large = ofBytes(chunk, 10, 35)
    small.own()
    large.own()
    expect(small.chunk).toHaveLength(24)
    expect(large.chunk).toBe(chunk)
    expect([small.data, large.data]).toEqual(["x".repeat(24), "x".repeat(25)])
    expect(small.weight).toBe(24)
  })

  test("keeps a Buffer that somebody has read already and changed in place", () => {
    const event = ofBytes(Buffer.from("x".repeat(100)), 0, 4, "binary")
    const data = event.data as Buffer
    data[0] = 65
    event.own()
    expect((event.data as Buffer).toString()).toBe("Axxx")
  })

  test("leaves events without bytes alone", () => {
    const event = eventOf({ a: 1 })
    event.own()
    expect(event.data).toEqual({ a: 1 })
  })
})

describe("a clone", () => {
  test("shares nothing that can be changed", () => {
    const event = eventOf({
      list: [{ deep: 1 }],
      when: new Date(5),
      bytes: Buffer.from("ab"),
      map: new Map([["k", [1]]]),
      set: new Set([1]),
    })
    event.tags.push("t")
    event.tmp["scratch"] = { a: [1] }
    event.meta.delivery = { tag: [1] }
    event.recordFailure({ time: 1, instance: "one", kind: "error", code: "c", message: "m" }, [1, "Error", "m"])
    const copy = event.clone()
    const data = copy.data as { list: { deep: number }[]; when: Date; bytes: Buffer; map: Map<string, number[]>; set: Set<number> }
    expect(data).toEqual(event.data)
    data.list[0] = { deep: 2 }
    data.when.setTime(9)
    data.bytes[0] = 0
    data.map.get("k")?.push(2)
    data.set.add(2)
    copy.tags.push("u")
    ;(copy.tmp["scratch"] as { a: number[] }).a.push(2)
    ;(copy.meta.delivery as { tag: number[] }).tag.push(2)
    copy.recordFailure({ time: 2, instance: "two", kind: "error", code: "c", message: "m" }, [1, "Error", "m"])
    expect(event.data).toEqual({
      list: [{ deep: 1 }],
      when: new Date(5),
      bytes: Buffer.from("ab"),
      map: new Map([["k", [1]]]),
      set: new Set([1]),
    })
    expect([event.tags, event.tmp, event.meta.delivery]).toEqual([["t"], { scratch: { a: [1] } }, { tag: [1] }])
    expect(Object.keys(event.errors)).toEqual(["one"])
    expect(event.meta.history).toHaveLength(1)
  })

  test("of bytes does not copy the chunk, but never shares bytes that could be changed", () => {
    const chunk = Buffer.from("x".repeat(1000))
    expect(ofBytes(chunk, 0, 10).clone().chunk).toBe(chunk)
    const binary = ofBytes(chunk, 0, 10, "binary")
    const copy = binary.clone()
    ;(copy.data as Buffer)[0] = 65
    expect((binary.data as Buffer)[0]).toBe(120)
    expect(copy.chunk).toHaveLength(10)
  })

  test("of a small view of typed memory copies the view alone", () => {
    const memory = new ArrayBuffer(1_000_000)
    const copy = eventOf({ view: new Uint16Array(memory, 10, 4), look: new DataView(memory, 4, 8) }).clone().data as {
      view: Uint16Array
      look: DataView
    }
    expect([copy.view.buffer.byteLength, copy.look.buffer.byteLength]).toEqual([8, 8])
  })

  test("keeps circles and own keys with dangerous names, without becoming dangerous", () => {
    const data = JSON.parse('{"__proto__": {"admin": true}, "a": 1}') as Record<string, unknown>
    data["self"] = data
    const copy = eventOf(data).clone().data as Record<string, unknown>
    expect(copy["self"]).toBe(copy)
    expect(copy["admin"]).toBeUndefined()
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    expect(Object.keys(copy)).toEqual(["__proto__", "a", "self"])
  })

  test("has a uuid of its own and the original's among its parents, the last sixteen", () => {
    let event = eventOf("x")
    const uuids: string[] = []
    for (let at = 0; at < 20; at++) {
      uuids.push(event.uuid)
      event = event.clone()
    }
    expect(event.meta.parents).toEqual(uuids.slice(-16))
    expect(uuids).not.toContain(event.uuid)
  })

  test("shares ticket and slot, keeps its hops, and is not part of the graph yet", () => {
    const event = eventOf("x")
    event.ticket = new Ticket({ ticketSettled: () => undefined }, 1)
    event.slot = 7
    event.ttl = 99
    event.standing = Standing.live
    expect(event.clone()).toMatchObject({ ticket: event.ticket, slot: 7, ttl: 99, standing: Standing.copy })
  })
})

describe("a successor", () => {
  test("is the same event in another object: uuid, parents, standing, and no call", () => {
    const event = eventOf("x").clone()
    event.standing = Standing.live
    event.call = {}
    const next = event.successor()
    expect(next.uuid).toBe(event.uuid)
    expect(next.meta.parents).toEqual(event.meta.parents)
    expect([next.standing, next.call]).toEqual([Standing.live, null])
    const plain = eventOf("y")
    expect(plain.successor().knownMetaOrNull).toBeNull()
  })
})

describe("paths", () => {
  const event = (): Event => {
    const made = eventOf({ items: [{ name: "a" }, { name: "b" }], "odd key": 1, matrix: [[1, 2]] })
    made.tags.push("red")
    made.tmp["seen"] = { by: "me" }
    return made
  }

  test("read data, tags, tmp, errors and meta", () => {
    const made = event()
    expect(made.get()).toBe(made.data)
    expect([
      made.get("data.items[1].name"),
      made.get("data.matrix[0][1]"),
      made.get("tags[0]"),
      made.get("tmp.seen.by"),
      made.get("meta.attempts"),
    ]).toEqual(["b", 2, "red", "me", undefined])
    expect([made.get("data.odd key"), made.get("data.items.length"), made.get("data.none.deeper"), made.get("nowhere.at.all")]).toEqual([
      1,
      2,
      undefined,
      undefined,
    ])
    expect([made.has("data.items"), made.has("data.other")]).toEqual([true, false])
  })

  test("see own properties only", () => {
    const made = event()
    expect(made.get("data.toString")).toBeUndefined()
    expect(made.get("data.items.map")).toBeUndefined()
    for (const path of ["data.__proto__", "data.constructor.name", "data.items[0].prototype"]) expect(() => made.get(path)).toThrow(Invalid)
  })

  test("that are none are refused", () => {
    for (const path of ["", "data.", "data..a", "data[x]", "data]0[", "data.a[0", ".data"]) expect(() => event().get(path)).toThrow(Invalid)
  })

  test("set what lies below data, tmp and tags, and make what is missing on the way", () => {
    const made = event()
    made.set("data.items[1].name", "B")
    made.set("data.new.list[0].x", 1)
    made.set("tmp.count", 3)
    made.set("tags[1]", "blue")
    expect(made.data).toMatchObject({ items: [{ name: "a" }, { name: "B" }], new: { list: [{ x: 1 }] } })
    expect([made.tmp["count"], made.tags]).toEqual([3, ["red", "blue"]])
    made.set("data", "whole")
    made.set("tmp", { all: true })
    made.set("tags", ["x", 1])
    expect([made.data, made.tmp, made.tags]).toEqual(["whole", { all: true }, ["x", "1"]])
  })

  test("set into an event without data makes a map or a list, as the path says", () => {
    const map = eventOf(undefined)
    const list = eventOf(undefined)
    map.set("data.a", 1)
    list.set("data[0].a", 1)
    expect([map.data, list.data]).toEqual([{ a: 1 }, [{ a: 1 }]])
  })

  test("set keeps the weight up to date", () => {
    const made = eventOf({})
    const before = made.weight
    made.set("data.text", "x".repeat(1000))
    expect(made.weight).toBeGreaterThan(before + 999)
    made.delete("data.text")
    expect(made.weight).toBe(before)
  })

  test("set nothing else, and nothing inside text, numbers or bytes", () => {
    for (const path of ["uuid", "ttl", "meta.attempts", "errors.one", "nothing", "bulk"])
      expect(() => event().set(path, 1)).toThrow(Invalid)
    for (const data of ["text", 5, null, Buffer.from("bytes")]) expect(() => eventOf(data).set("data.x", 1)).toThrow(Invalid)
    expect(() => event().set("data.items[0].name.first", 1)).toThrow(Invalid)
    expect(() => event().set("tags", "red")).toThrow(Invalid)
  })

  test("delete what lies below data, tmp, tags and errors, and say whether it was there", () => {
    const made = event()
    made.recordFailure({ time: 1, instance: "one", kind: "error", code: "c", message: "m" }, [1, "Error", "m"])
    expect(made.delete("data.items[0]")).toBe(true)
    expect(made.delete("data.items[5]")).toBe(false)
    expect(made.delete("data.items[0].none")).toBe(false)
    expect(made.delete("tmp.seen")).toBe(true)
    expect(made.delete("tags[0]")).toBe(true)
    expect(made.delete("errors.one")).toBe(true)
    expect([made.data, made.tmp, made.tags, made.errors]).toEqual([{ items: [{ name: "b" }], "odd key": 1, matrix: [[1, 2]] }, {}, [], {}])
    expect(eventOf(Buffer.from("ab")).delete("data[0]")).toBe(false)
    for (const path of ["data", "uuid", "meta.history", "meta"]) expect(() => made.delete(path)).toThrow(Invalid)
  })
})

describe("failures", () => {
  test("keep the first and the last fifteen, and the number of all", () => {
    const event = eventOf("x")
    for (let at = 0; at < 100; at++)
      event.recordFailure({ time: at, instance: "one", kind: "error", code: "c", message: `${at}` }, [1, "Error", `${at}`])
    const kept = event.meta.history.map(({ time }) => time)
    expect(kept).toEqual([...Array.from({ length: 15 }, (_, at) => at), ...Array.from({ length: 15 }, (_, at) => at + 85)])
    expect(event.meta.failures).toBe(100)
    expect(event.errors["one"]).toEqual([1, "Error", "99"])
  })
})

describe("an event made from a record", () => {
  const chunk = Buffer.alloc(4096, "x")
  const offer = { spool: "s", sequence: 7, offers: 2, chunk }

  function offered(): Event {
    const event = ofBytes(chunk, 0, 10)
    event.adoptOffer(offer)
    return event
  }

  test("knows where it was read from, without meta data, and with it", () => {
    const event = offered()
    expect([event.origin, event.knownMetaOrNull]).toEqual([{ spool: "s", sequence: 7 }, null])
    expect([event.get("meta.origin.sequence"), event.get("meta.offers")]).toEqual([7, 2])
    expect(event.meta).toMatchObject({ origin: { spool: "s", sequence: 7 }, offers: 2, attempts: 0 })
    expect(event.origin).toEqual({ spool: "s", sequence: 7 })
    event.meta.origin = undefined
    expect(event.origin).toBeUndefined()
  })

  test("whose meta data came with the record keeps both", () => {
    const event = ofBytes(chunk, 0, 10)
    event.meta.attempts = 3
    event.adoptOffer(offer)
    expect(event.meta).toMatchObject({ attempts: 3, offers: 2, origin: { spool: "s", sequence: 7 } })
  })

  test("is more than its bytes, and its copies know the record too", () => {
    const event = offered()
    expect([event.hasMoreThanData, event.hasTravelled]).toEqual([true, false])
    expect(event.clone().meta).toMatchObject({ origin: { spool: "s", sequence: 7 }, offers: 2 })
    expect(offered().successor().origin).toEqual({ spool: "s", sequence: 7 })
  })

  test("never shows the record itself, which would keep the chunk", () => {
    const event = offered()
    event.own()
    expect(event.chunk?.length).toBe(10)
    expect(Object.values(event)).not.toContain(offer)
    expect(offered().origin).toEqual({ spool: "s", sequence: 7 })
  })
})
