import { expect, test } from "vitest"
import BinaryDecoder from "../../../modules/protocol/decode-binary.ts"
import DummyDecoder from "../../../modules/protocol/decode-dummy.ts"
import { byteByByte, partWith, told } from "../../support/parts.ts"

const bytes = Buffer.from([0, 10, 255, 13, 10, 65])

test("binary keeps all bytes until the end as one Buffer of its own", async () => {
  const binary = await partWith(BinaryDecoder)
  expect(told(binary, [bytes])).toEqual([bytes])
  expect(told(binary, byteByByte(bytes))).toEqual([bytes])
  const items: unknown[] = []
  const chunk = Buffer.from(bytes)
  const fresh = binary.fresh()
  fresh.decode(chunk, { item: (item) => items.push(item), invalid: () => {} })
  fresh.flush({ item: (item) => items.push(item), invalid: () => {} })
  chunk.fill(1)
  expect(items).toEqual([bytes])
})

test("binary refuses what is too long", async () => {
  const binary = await partWith(BinaryDecoder, { buffer_size: 5 })
  expect(told(binary, byteByByte(bytes))).toEqual([{ invalid: "it has more than 5 bytes (`buffer_size`)" }])
})

test("dummy hands on each chunk: text where it is some, else bytes", async () => {
  const dummy = await partWith(DummyDecoder)
  expect(told(dummy, ["é\n", Buffer.from([0xff])])).toEqual(["é\n", Buffer.from([0xff])])
})
