// What is encoded comes back as it was, however it is cut on the way.
import fc from "fast-check"
import { expect, test } from "vitest"
import JsonDecoder from "../../modules/protocol/decode-json.ts"
import MsgpackDecoder from "../../modules/protocol/decode-msgpack.ts"
import PlainDecoder from "../../modules/protocol/decode-plain.ts"
import JsonEncoder from "../../modules/protocol/encode-json.ts"
import MsgpackEncoder from "../../modules/protocol/encode-msgpack.ts"
import PlainEncoder from "../../modules/protocol/encode-plain.ts"
import type { Decoder } from "../../src/actor/decoder.ts"
import type { Encoder } from "../../src/actor/encoder.ts"
import { cutInTwo, partWith, told } from "../support/parts.ts"

/** Data as events hold it; -0 has no JSON of its own. */
const data = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !JSON.stringify(value).includes("__proto_"))
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown)

function comesBack(values: fc.Arbitrary<unknown>, ends: { encoder: Encoder; decoder: Decoder; delimiter: string }): void {
  const { encoder, decoder, delimiter } = ends
  const property = fc.property(fc.array(values, { maxLength: 4 }), (list) => {
    const bytes = Buffer.concat(list.flatMap((value) => [Buffer.from(encoder.encode(value)), Buffer.from(delimiter)]))
    for (const chunks of cutInTwo(bytes)) expect(told(decoder, chunks)).toEqual(list)
  })
  fc.assert(property, { numRuns: 60 })
}

test("through json, in lines", async () => {
  for (const args of [{}, { sort_keys: true, ensure_ascii: true }])
    comesBack(data, {
      encoder: await partWith(JsonEncoder, args),
      decoder: await partWith(JsonDecoder, { delimiter: "\n" }),
      delimiter: "\n",
    })
})

test("through msgpack, one after the other, bytes too", async () => {
  const bytes = fc.uint8Array({ maxLength: 20 }).map((list) => Buffer.from(list))
  const values = fc.oneof(
    data,
    bytes,
    fc.double({ noNaN: true }),
    fc.maxSafeInteger(),
    fc.record({ at: bytes, list: fc.array(fc.maxSafeInteger()) }),
  )
  comesBack(values, { encoder: await partWith(MsgpackEncoder), decoder: await partWith(MsgpackDecoder), delimiter: "" })
})

test("through plain text, in any charset that has its characters", async () => {
  const delimiter = "\n"
  const latin = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), minLength: 1 })
  for (const [charset, values] of [
    ["utf-8", fc.string({ unit: "grapheme", minLength: 1 })],
    ["latin1", latin],
  ] as const) {
    const clean = values.filter((text) => !/[\r\n]/.test(text))
    comesBack(clean, {
      encoder: await partWith(PlainEncoder, { charset }),
      decoder: await partWith(PlainDecoder, { charset, delimiter }),
      delimiter,
    })
  }
})
