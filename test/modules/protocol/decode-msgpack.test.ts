import { Packr } from "msgpackr"
import { expect, test } from "vitest"
import MsgpackDecoder from "../../../modules/protocol/decode-msgpack.ts"
import { byteByByte, cutInTwo, partWith, told } from "../../support/parts.ts"

const packr = new Packr({ useRecords: false, variableMapSize: true })
const pack = (value: unknown): Buffer => packr.pack(value)
const hex = (text: string): Buffer => Buffer.from(text.replace(/ /g, ""), "hex")

const values = [
  0,
  false,
  null,
  {},
  [],
  "",
  1,
  -1,
  -33,
  300,
  70_000,
  -70_000,
  1.5,
  "é€",
  "x".repeat(40),
  "y".repeat(300),
  { a: { b: [1, [2, { c: null }]] } },
]
const stream = Buffer.concat(values.map(pack))

test("items come in order, falsy ones too, however the bytes are cut", async () => {
  const msgpack = await partWith(MsgpackDecoder)
  for (const chunks of [[stream], ...cutInTwo(stream), byteByByte(stream)]) expect(told(msgpack, chunks)).toEqual(values)
})

test("an item is told as soon as its last byte has come", async () => {
  const msgpack = await partWith(MsgpackDecoder)
  expect(told(msgpack, [pack("one"), pack("two").subarray(0, 2)], { flush: false })).toEqual(["one"])
})

test("every token of the format is counted rightly", async () => {
  const msgpack = await partWith(MsgpackDecoder)
  const tokens = hex(
    "c4 01 ff  c5 0001 ff  c6 00000001 ff  ca 3fc00000  cb 3ff8000000000000  cc ff  cd ffff  ce ffffffff  cf 0000000000000001" +
      "d0 ff  d1 ffff  d2 ffffffff  d3 ffffffffffffffff  d9 01 61  da 0001 61  db 00000001 61  dc 0001 01  dd 00000001 01" +
      "de 0001 a1 61 01  df 00000001 a1 61 01  d6 ff 00000001  d7 ff 0000000000000001  c7 0c ff 00000000 0000000000000001  7f e0",
  )
  const byte = Buffer.from([0xff])
  const expected = [byte, byte, byte, 1.5, 1.5, 255, 65_535, 4_294_967_295, 1, -1, -1, -1, -1, "a", "a", "a", [1], [1], { a: 1 }, { a: 1 }]
  const times = Array.from({ length: 3 }, () => "1970-01-01T00:00:01.000Z")
  for (const chunks of [[tokens], byteByByte(tokens)]) expect(told(msgpack, chunks)).toEqual([...expected, ...times, 127, -32])
})

test("integers beyond 2^53 stay exact as text, or become the nearest number", async () => {
  const large = Buffer.concat([pack(2n ** 63n), pack({ id: -(2n ** 62n) }), pack(2n ** 53n - 1n)])
  expect(told(await partWith(MsgpackDecoder), [large])).toEqual(["9223372036854775808", { id: "-4611686018427387904" }, 2 ** 53 - 1])
  expect(told(await partWith(MsgpackDecoder, { large_integers: "number" }), [large])).toEqual([2 ** 63, { id: -(2 ** 62) }, 2 ** 53 - 1])
})

test("what is whole but cannot be used is refused by itself", async () => {
  const msgpack = await partWith(MsgpackDecoder)
  const bad = [hex("d4 01 00"), hex("a2 c328"), pack(JSON.parse('{"__proto__":1}')), hex("81 90 01")]
  const found = told(msgpack, [Buffer.concat([...bad, pack("ok")])])
  expect(found).toEqual([
    { invalid: "an item cannot be used: it holds the extension type 1, which means nothing here" },
    { invalid: "an item cannot be used: it holds text that is no UTF-8" },
    { invalid: "an item cannot be used: it has a key `__proto__`" },
    { invalid: expect.stringContaining("an item cannot be used: ") },
    "ok",
  ])
})

test("structured clones, records and other inventions of the library are never built", async () => {
  const msgpack = await partWith(MsgpackDecoder)
  const clone = new Packr({ structuredClone: true }).pack(new Error("x"))
  const record = new Packr({ useRecords: true }).pack({ a: 1, b: 2 })
  for (const bytes of [clone, record]) expect(told(msgpack, [bytes])[0]).toEqual({ invalid: expect.stringContaining("extension type") })
})

test("bytes that are no token end the stream, after what came before", async () => {
  const msgpack = await partWith(MsgpackDecoder)
  expect(told(msgpack, [Buffer.concat([pack("one"), hex("c1"), pack("two")])])).toEqual([
    "one",
    { broken: "the byte 0xc1 is no MessagePack" },
  ])
})

test("an item that is too long ends the stream as soon as that is known", async () => {
  const msgpack = await partWith(MsgpackDecoder, { buffer_size: 8 })
  const tooLong = { broken: "an item has more than 8 bytes (`buffer_size`)" }
  expect(told(msgpack, [pack("1234567")])).toEqual(["1234567"])
  expect(told(msgpack, [pack("12345678")])).toEqual([tooLong])
  // Four thousand million items are announced, and none has come.
  expect(told(msgpack, [hex("dd ffffffff")])).toEqual([tooLong])
  expect(told(msgpack, [hex("db ffffffff")])).toEqual([tooLong])
})

test("nesting ends at 64", async () => {
  const msgpack = await partWith(MsgpackDecoder)
  const nested = (depth: number): Buffer => Buffer.from([...Array.from({ length: depth - 1 }, () => 0x91), 0x90])
  expect(told(msgpack, [nested(64)])).toHaveLength(1)
  expect(told(msgpack, [nested(66)])).toEqual([{ broken: "an item lies more than 64 deep" }])
  expect(told(msgpack, byteByByte(nested(100_000)))).toEqual([{ broken: "an item lies more than 64 deep" }])
})

test("a stream that ends inside an item says so, and the next one begins afresh", async () => {
  const msgpack = (await partWith(MsgpackDecoder)).fresh()
  const list: unknown[] = []
  const out = { item: (value: unknown) => list.push(value), invalid: (problem: string) => list.push(problem) }
  msgpack.decode(pack("text").subarray(0, 3), out)
  expect(msgpack.unfinishedBytes).toBe(3)
  msgpack.flush(out)
  msgpack.decode(pack("ok"), out)
  expect(list).toEqual(["it ends in the middle of an item, 3 bytes after its beginning", "ok"])
})

test("a long item may come in single bytes", async () => {
  const msgpack = await partWith(MsgpackDecoder)
  const [item] = told(msgpack, byteByByte(pack("x".repeat(200_000))))
  expect(item).toHaveLength(200_000)
})
