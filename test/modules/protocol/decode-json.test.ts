import { expect, test } from "vitest"
import JsonDecoder from "../../../modules/protocol/decode-json.ts"
import { byteByByte, cutInTwo, partWith, told } from "../../support/parts.ts"

const documents = [{ a: [1, null, "é€"] }, [1, 2], "text", 0, false, null, {}]
const lines = Buffer.from(documents.map((document) => `${JSON.stringify(document)}\n`).join(""))

test("any document, cut at a delimiter, is the same however the bytes are cut", async () => {
  const json = await partWith(JsonDecoder, { delimiter: "\n" })
  for (const chunks of [...cutInTwo(lines), byteByByte(lines)]) expect(told(json, chunks)).toEqual(documents)
})

test("without a delimiter one document comes at the end", async () => {
  const json = await partWith(JsonDecoder)
  expect(told(json, ['{"a":', "1}"], { flush: false })).toEqual([])
  expect(told(json, ['{"a":', "1}"])).toEqual([{ a: 1 }])
})

test("a body of 1 MiB in many chunks is one document, and one byte more is refused", async () => {
  const json = await partWith(JsonDecoder)
  const text = JSON.stringify("x".repeat(1024 * 1024 - 2))
  const cut = (whole: string): string[] => whole.match(/[^]{1,5000}/g) as string[]
  expect((told(json, cut(text))[0] as string).length).toBe(1024 * 1024 - 2)
  expect(told(json, cut(`${text} `))).toEqual([{ invalid: "a document has more than 1048576 bytes (`buffer_size`)" }])
})

test("what is no document is refused by itself, and those behind it are read", async () => {
  const json = await partWith(JsonDecoder, { delimiter: "\n" })
  const [first, second, third, ...rest] = told(json, ['{"a"\n"ok"\n', Buffer.from([0xff, 0x0a]), "1\n2"])
  expect(first).toEqual({ invalid: expect.stringMatching(/^not a JSON document: /) })
  expect(second).toBe("ok")
  expect(third).toEqual({ invalid: "not a JSON document: the bytes are no UTF-8" })
  expect(rest).toEqual([1, 2])
})

test("nesting ends at 64, in documents of any size", async () => {
  const json = await partWith(JsonDecoder)
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)
  expect(told(json, [nested(64)])).toHaveLength(1)
  expect(told(json, [nested(64)])[0]).toBeInstanceOf(Array)
  expect(told(json, [nested(65)])).toEqual([{ invalid: "not a JSON document: it lies more than 64 deep" }])
  expect(told(json, [nested(500_000)])).toEqual([{ invalid: "not a JSON document: it lies more than 64 deep" }])
})

test.each(['{"__proto__":{"admin":true}}', '[{"a":{"\\u005f_proto__":1}}]'])(
  "a key that means the prototype is refused: %s",
  async (text) => {
    const json = await partWith(JsonDecoder)
    expect(told(json, [text])).toEqual([{ invalid: "not a JSON document: it has a key `__proto__`" }])
  },
)
