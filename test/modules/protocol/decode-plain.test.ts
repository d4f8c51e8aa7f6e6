import { expect, test } from "vitest"
import PlainDecoder from "../../../modules/protocol/decode-plain.ts"
import { byteByByte, cutInTwo, partWith, told } from "../../support/parts.ts"

test("without a delimiter all that comes is one item, told at the end", async () => {
  const plain = await partWith(PlainDecoder)
  expect(told(plain, ["ab", "cd"], { flush: false })).toEqual([])
  expect(told(plain, ["ab", "cd"])).toEqual(["abcd"])
})

test("a part is told when its delimiter has come, and the last one waits for more", async () => {
  const plain = await partWith(PlainDecoder, { delimiter: "\n" })
  expect(told(plain, ["ab\ncd", "ef\ng"], { flush: false })).toEqual(["ab", "cdef"])
  expect(told(plain, ["ab\ncd", "ef\ng"])).toEqual(["ab", "cdef", "g"])
})

test("the items are the same however the bytes are cut, across delimiters and characters", async () => {
  const bytes = Buffer.from("één||zwei|drei||||€uro|")
  const plain = await partWith(PlainDecoder, { delimiter: "||" })
  for (const chunks of [...cutInTwo(bytes), byteByByte(bytes)]) expect(told(plain, chunks)).toEqual(["één", "zwei|drei", "€uro|"])
})

test("what is too long is refused by itself, and the parts behind it are read", async () => {
  const plain = await partWith(PlainDecoder, { delimiter: "\n", buffer_size: 4 })
  const long = { invalid: "an item has more than 4 bytes (`buffer_size`)" }
  expect(told(plain, ["abcd\nabcde\nok\n"])).toEqual(["abcd", long, "ok"])
  expect(told(plain, byteByByte("abcd\nabcdefghijkl\nok\n"))).toEqual(["abcd", long, "ok"])
})

test("what is no text of the charset is refused, never replaced", async () => {
  const bytes = Buffer.from([0x61, 0xe9, 0x0a, 0x62])
  const read = async (charset: string): Promise<unknown> => told(await partWith(PlainDecoder, { charset, delimiter: "\n" }), [bytes])
  expect(await read("utf-8")).toEqual([{ invalid: "the bytes are no UTF-8" }, "b"])
  expect(await read("latin-1")).toEqual(["aé", "b"])
  expect(await read("ascii")).toEqual([{ invalid: "the bytes are no ASCII" }, "b"])
})

test("strips line ends off the end of items, and leaves out what is nothing but those", async () => {
  const plain = await partWith(PlainDecoder, { delimiter: "\t", strip_newline: true })
  expect(told(plain, ["a\r\n\tb \n\n\t\n\tc\nd"])).toEqual(["a", "b ", "c\nd"])
})

test("knows how much has begun and not ended", async () => {
  const plain = (await partWith(PlainDecoder, { delimiter: "\n" })).fresh()
  plain.decode(Buffer.from("one\ntw"), { item: () => {}, invalid: () => {} })
  expect(plain.unfinishedBytes).toBe(2)
})
