import { Unpackr } from "msgpackr"
import { describe, expect, test } from "vitest"
import BinaryEncoder from "../../../modules/protocol/encode-binary.ts"
import DummyEncoder from "../../../modules/protocol/encode-dummy.ts"
import JsonEncoder from "../../../modules/protocol/encode-json.ts"
import MsgpackEncoder from "../../../modules/protocol/encode-msgpack.ts"
import PlainEncoder from "../../../modules/protocol/encode-plain.ts"
import { failureOf, partWith } from "../../support/parts.ts"

const bytes = Buffer.from([0, 255])

describe("json", () => {
  test.each([["text"], [0], [false], [null], [[1, "a"]], [{ b: 1, a: [{}] }]])("writes any value: %j", async (value) => {
    expect((await partWith(JsonEncoder)).encode(value)).toBe(JSON.stringify(value))
  })

  test("sorts keys on every level, escapes what is not ASCII, indents", async () => {
    const value = { b: { d: 1, c: "é𝄞" }, a: [{ z: 1, y: 2 }] }
    const sorted = await partWith(JsonEncoder, { sort_keys: true, ensure_ascii: true })
    expect(sorted.encode(value)).toBe('{"a":[{"y":2,"z":1}],"b":{"c":"\\u00e9\\ud834\\udd1e","d":1}}')
    expect(JSON.parse(String(sorted.encode(value)))).toEqual(value)
    expect((await partWith(JsonEncoder, { indent: 2 })).encode({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}')
  })

  test("writes bytes in base64, sorted or not", async () => {
    for (const sort_keys of [true, false])
      expect((await partWith(JsonEncoder, { sort_keys })).encode({ a: bytes })).toBe('{"a":{"$bytes":"AP8="}}')
  })

  test("refuses what JSON cannot hold", async () => {
    const json = await partWith(JsonEncoder, { sort_keys: true })
    const circle: Record<string, unknown> = {}
    circle["self"] = circle
    for (const value of [1n, circle, undefined, () => 1]) expect(failureOf(() => json.encode(value)).kind).toBe("invalid")
  })
})

describe("msgpack", () => {
  const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true })

  test.each([["text"], [0], [false], [null], [[]], [{}], [[1, "a", null]], [{ b: -5, a: [{}] }], [bytes]])(
    "writes any value: %j",
    async (value) => {
      expect(unpackr.unpack((await partWith(MsgpackEncoder)).encode(value))).toEqual(value)
    },
  )

  test("writes whole numbers as whole numbers, however large", async () => {
    const msgpack = await partWith(MsgpackEncoder)
    expect(msgpack.encode([2 ** 32, -(2 ** 31) - 1, { at: 1_700_000_000_000 }]).toString("hex")).toBe(
      "93d30000000100000000d3ffffffff7fffffff81a26174d30000018bcfe56800",
    )
  })

  test("leaves the event's data as it was", async () => {
    const data = { at: 1_700_000_000_000, same: [1] }
    ;(await partWith(MsgpackEncoder)).encode(data)
    expect(data).toEqual({ at: 1_700_000_000_000, same: [1] })
  })

  test("refuses what it cannot hold", async () => {
    const msgpack = await partWith(MsgpackEncoder)
    const circle: unknown[] = []
    circle.push(circle)
    for (const value of [2n ** 70n, circle, { f: () => 1 }, Symbol("x")])
      expect(failureOf(() => msgpack.encode(value)).kind).toBe("invalid")
  })
})

describe("plain and binary", () => {
  test("write text in a charset, and bytes as they are", async () => {
    for (const create of [PlainEncoder, BinaryEncoder]) {
      expect((await partWith(create)).encode("é")).toEqual(Buffer.from("é"))
      expect((await partWith(create, { charset: "latin1" })).encode("é")).toEqual(Buffer.from([0xe9]))
      expect((await partWith(create)).encode(bytes)).toBe(bytes)
    }
  })

  test("refuse a character that the charset has not, naming it", async () => {
    const encode = async (charset: string, text: string): Promise<unknown> => {
      const plain = await partWith(PlainEncoder, { charset })
      return failureOf(() => plain.encode(text))
    }
    expect(await encode("latin1", "1 €")).toEqual({ kind: "invalid", message: "latin1 has no bytes for U+20AC" })
    expect(await encode("ascii", "é")).toEqual({ kind: "invalid", message: "ascii has no bytes for U+00E9" })
    expect(await encode("utf-8", "\ud800")).toEqual({ kind: "invalid", message: "utf-8 has no bytes for U+D800" })
  })

  test("plain writes numbers and truth values, binary does not", async () => {
    const plain = await partWith(PlainEncoder)
    expect([plain.encode(1.5), plain.encode(true)].map(String)).toEqual(["1.5", "true"])
    const binary = await partWith(BinaryEncoder)
    expect(failureOf(() => binary.encode(1)).kind).toBe("invalid")
    for (const value of [null, {}, [], Number.NaN]) expect(failureOf(() => plain.encode(value)).kind).toBe("invalid")
  })
})

test("dummy does what an output does without a protocol", async () => {
  const dummy = await partWith(DummyEncoder)
  expect([dummy.encode("a"), dummy.encode(bytes), dummy.encode({ a: 1 })]).toEqual(["a", bytes, '{"a":1}'])
})
