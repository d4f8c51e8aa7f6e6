// What every decoder holds, whatever bytes come and however they are cut: it ends, throws only to say that the stream is over, and tells
// the same. Short in every run (decoders.test.ts, fuzz.test.ts), for as long as one likes in a soak.

import fc from "fast-check"
import { Packr } from "msgpackr"
import { expect } from "vitest"
import BinaryDecoder from "../../modules/protocol/decode-binary.ts"
import JsonDecoder from "../../modules/protocol/decode-json.ts"
import MsgpackDecoder from "../../modules/protocol/decode-msgpack.ts"
import PlainDecoder from "../../modules/protocol/decode-plain.ts"
import { decodedDepthMax } from "../../src/actor/decoded-data.ts"
import type { Decoder } from "../../src/actor/decoder.ts"
import { byteByByte, partWith, told } from "../support/parts.ts"
import type { Effort } from "./fuzz.ts"

const bufferSize = 40

/** Decoders with bounds that short streams reach. */
export async function decoders(): Promise<Readonly<Record<string, Decoder>>> {
  return {
    plain: await partWith(PlainDecoder, { delimiter: "||", buffer_size: bufferSize }),
    "plain latin1": await partWith(PlainDecoder, { delimiter: "\n", charset: "latin1", strip_newline: true, buffer_size: bufferSize }),
    json: await partWith(JsonDecoder, { delimiter: "\n", buffer_size: bufferSize }),
    "json whole": await partWith(JsonDecoder, { buffer_size: bufferSize }),
    msgpack: await partWith(MsgpackDecoder, { buffer_size: bufferSize }),
    binary: await partWith(BinaryDecoder, { buffer_size: bufferSize }),
  }
}

const packr = new Packr({ useRecords: false, variableMapSize: true })

const piece = fc.oneof(
  fc
    .constantFrom("\n", "\r\n", "|", "||", '{"a":1}\n', "[1,2]\n", "null\n", '{"__proto__":1}\n', '"', "é", "x".repeat(50))
    .map((text) => Buffer.from(text)),
  fc.jsonValue({ maxDepth: 3 }).map((value) => packr.pack(value) as Buffer),
  fc
    .constantFrom("c1", "dd00000002", "df0000000101", "d4ff00", "c70cff", "d8", "db0000ffff", "91".repeat(70), "a9", "5f5f70726f746f5f5f")
    .map((hex) => Buffer.from(hex, "hex")),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
)
const stream = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.concat(pieces))

/** Any stream tells the same, in one piece, in any pieces and byte by byte. What is told is bounded. */
export async function fuzzDecoders(effort: Effort): Promise<void> {
  for (const decoder of Object.values(await decoders())) {
    const property = fc.property(stream, fc.array(fc.nat(20), { maxLength: 8 }), (bytes, cuts) => {
      const whole = told(decoder, [bytes])
      expect(told(decoder, cutAt(bytes, cuts))).toEqual(whole)
      expect(told(decoder, byteByByte(bytes))).toEqual(whole)
      for (const item of whole) expect(depthOf(item)).toBeLessThanOrEqual(decodedDepthMax)
    })
    fc.assert(property, effort)
  }
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  let at = 0
  for (const cut of cuts) chunks.push(bytes.subarray(at, (at = Math.min(bytes.length, at + cut))))
  return [...chunks, bytes.subarray(at)]
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return 0
  expect(Object.hasOwn(value, "__proto__")).toBe(false)
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}
