import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Invalid } from "../../../src/errors.ts"
import { Event } from "../../../src/event.ts"
import { codec, decodeEvent, encodeEvent, fromJson, fromNative, toJson, toNative } from "../../../src/event-codec.ts"
import { SeededRandom } from "../../../src/platform/simulated/random.ts"

const source = new SeededRandom(1)
const eventOf = (data: unknown): Event => new Event(source, 1_700_000_000.25, data)
const roundTrip = (event: Event): Event => decodeEvent(source, encodeEvent(event))

/** JSON with bytes in it, and with maps that look like what bytes are written as. */
const bytes = fc.uint8Array({ maxLength: 8 }).map((view) => Buffer.from(view))
const key = fc
  .oneof(fc.constantFrom("$bytes", "$$bytes", "$$$bytes", "a", "type", "data"), fc.string({ maxLength: 4 }))
  .filter((name) => name !== "__proto__")
const { data } = fc.letrec<{ data: unknown }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.string({ unit: "grapheme", maxLength: 8 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    bytes,
    fc.array(tie("data"), { maxLength: 3 }),
    fc.dictionary(key, tie("data"), { maxKeys: 3, noNullPrototype: true }),
  ),
}))

describe("JSON with bytes", () => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(fromJson(toJson(value))).toEqual(value)
      }),
    )
  })

  test("drops keys that would reach a prototype", () => {
    expect(Object.keys(fromJson('{"__proto__": {"admin": true}, "a": {"__proto__": 1}}') as object)).toEqual(["a"])
  })

  test("cannot hold functions, symbols, circles, big integers, nothing at all", () => {
    const circle: unknown[] = []
    circle.push(circle)
    for (const value of [() => 1, Symbol("x"), circle, 1n, undefined, { deep: [() => 1] }]) expect(() => toJson(value)).toThrow(Invalid)
    expect(() => fromJson("{")).toThrow(Invalid)
  })
})

describe("an event as bytes", () => {
  test("comes back with its data, whatever that is", () => {
    fc.assert(
      fc.property(data, (value) => {
        const event = eventOf(value)
        const back = roundTrip(event)
        expect(back.data).toEqual(value)
        expect([back.uuid, back.timestamp, back.hasTravelled]).toEqual([event.uuid, event.timestamp, false])
      }),
    )
  })

  test("comes back from bytes it never decoded, text or not", () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom("text" as const, "binary" as const), (chunk, encoding) => {
        const event = Event.ofBytes(source, 1, { chunk, start: 0, end: chunk.length, encoding })
        const back = roundTrip(event)
        expect(back.data).toEqual(event.data)
        expect(back.encodingOfBytes).toBe(encoding)
      }),
    )
  })

  test("carries no header when it only travelled, and one when it is more", () => {
    const plain = encodeEvent(eventOf("text"))
    expect([plain.codec, plain.payload.toString()]).toEqual([codec.text, "text"])
    const event = eventOf(Buffer.from([1, 2]))
    event.tags.push("red")
    expect(encodeEvent(event).codec).toBe(codec.bytes | codec.withHeader)
  })

  test("keeps tags, errors, tmp, bulk and meta, but neither hops nor where it was read from", () => {
    const event = eventOf({ a: 1 }).clone()
    event.tags.push("red")
    event.tmp["bytes"] = Buffer.from("ab")
    event.bulk = true
    event.recordFailure({ time: 1, instance: "one", kind: "transient", code: "ECONNRESET", message: "m" }, [1, "Error", "m"])
    Object.assign(event.meta, {
      attempts: 3,
      offers: 2,
      priority: 5,
      delivery: { tag: 1 },
      args: [1],
      resent: true,
      ttlSpent: true,
      origin: { spool: "s", sequence: 1 },
    })
    event.ttl = 3
    const back = roundTrip(event)
    expect([back.tags, back.tmp, back.bulk, back.errors, back.ttl]).toEqual([
      ["red"],
      { bytes: Buffer.from("ab") },
      true,
      event.errors,
      254,
    ])
    expect(back.meta).toEqual(Object.assign(event.meta, { ttlSpent: false, origin: undefined }))
  })

  test("keeps a uuid that is none in the header", () => {
    const event = eventOf("x")
    event.uuid = "made by hand"
    expect(roundTrip(event).uuid).toBe("made by hand")
  })

  test("that is not what its codec says is refused", () => {
    const record = encodeEvent(eventOf("x"))
    const of = (kind: number, payload: Buffer) => () => decodeEvent(source, { ...record, codec: kind, payload })
    expect(of(9, Buffer.from("x"))).toThrow(Invalid)
    expect(of(codec.json, Buffer.from("{"))).toThrow(Invalid)
    expect(of(codec.text | codec.withHeader, Buffer.from([0, 0]))).toThrow(Invalid)
    expect(of(codec.text | codec.withHeader, Buffer.from([0, 0, 0, 9, 123, 125]))).toThrow(Invalid)
    expect(of(codec.text | codec.withHeader, Buffer.from([0, 0, 0, 2, 91, 93]))).toThrow(Invalid)
  })
})

describe("a native event", () => {
  test("comes back as it was", () => {
    const event = eventOf({ a: [1, Buffer.from("b")] })
    event.tags.push("red")
    event.recordFailure({ time: 1, instance: "one", kind: "error", code: "c", message: "m" }, [1, "Error", "m"])
    const back = fromNative(source, 5, fromJson(toJson(toNative(event))))
    expect(back.data).toEqual(event.data)
    expect([back.uuid, back.timestamp, back.tags, back.errors, back.meta]).toEqual([
      event.uuid,
      event.timestamp,
      event.tags,
      event.errors,
      event.meta,
    ])
  })

  test("needs data, and gets what it lacks", () => {
    for (const value of [null, "text", [], {}]) expect(() => fromNative(source, 5, value)).toThrow(Invalid)
    expect(fromNative(source, 5, { data: 1 })).toMatchObject({ timestamp: 5, ttl: 254, bulk: false })
  })

  test("from a stranger can hold anything and break nothing later", () => {
    const odd = [null, 5, "text", [], {}, [null], ["x"], [{}], { length: 3 }, [{ toString: 1 }], Number.NaN]
    for (const value of odd) {
      const meta = {
        parents: value,
        attempts: value,
        offers: value,
        history: value,
        failures: value,
        priority: value,
        ttlSpent: value,
        resent: value,
        origin: value,
      }
      const event = fromNative(source, 5, {
        data: 1,
        uuid: value,
        timestamp: value,
        tags: value,
        errors: value,
        tmp: value,
        bulk: value,
        meta,
      })
      for (let at = 0; at < 40; at++)
        event.recordFailure({ time: 1, instance: "one", kind: "error", code: "c", message: "m" }, [1, "Error", "m"])
      const copy = roundTrip(event.clone())
      expect(copy.meta.history).toHaveLength(30)
      expect(event.meta.origin).toBeUndefined()
      expect(event.meta.ttlSpent).toBe(false)
      expect(typeof (event.meta.priority ?? 1)).toBe("number")
      expect(event.timestamp).toBe(5)
    }
  })

  test("cannot carry more history and parents than an event of our own", () => {
    const entry = { time: 1, instance: "i", kind: "error", code: "c", message: "m" }
    const meta = {
      history: Array.from({ length: 100 }, (_, time) => ({ ...entry, time })),
      parents: Array.from({ length: 100 }, (_, at) => `${at}`),
    }
    const event = fromNative(source, 5, { data: 1, meta })
    expect(event.meta.history.map(({ time }) => time)).toEqual([
      ...Array.from({ length: 15 }, (_, at) => at),
      ...Array.from({ length: 15 }, (_, at) => at + 85),
    ])
    expect(event.meta.parents).toHaveLength(16)
    expect(event.meta.failures).toBe(30)
  })
})
