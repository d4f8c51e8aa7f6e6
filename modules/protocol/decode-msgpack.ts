// MessagePack items, one after the other. Where an item ends is found by counting, without building it: so it may come in any pieces, each
// byte is looked at once, and nothing is built of what is too long, too deep or of a kind that has no place in an event.
//
// An item begins with a token; what follows is a body of known length, or a known number of further items. Bytes that are no token, or an
// item beyond the bounds, end the stream: nobody could tell where the next item begins. An item that is whole but cannot be used (text
// that is no UTF-8, an extension type, a key `__proto__`) is refused by itself.
//
// Integers beyond 2^53 become text, as no other number of JavaScript or JSON holds them; times become text as in JSON.

import { isUtf8 } from "node:buffer"
import { type Decoded, Decoder, decodedBytesMax, decodedDepthMax, defineProtocol, Invalid, msgpackCodec, size, z } from "../../src/index.ts"

const spec = defineProtocol({
  name: "wishbone.protocol.decode.msgpack",
  summary: "Reads MessagePack items; with `delimiter: null` of the input, as they come.",
  arguments: {
    buffer_size: size({ minBytes: 1 }).default(decodedBytesMax).describe("Longest item, in bytes; a longer one ends the stream."),
    large_integers: z
      .enum(["text", "number"])
      .default("text")
      .describe("What integers beyond 2^53 become: `text`, or the nearest `number`, which is another one."),
  },
  examples: [{ title: "Items of up to 64 KiB", arguments: { buffer_size: "64 KiB" } }],
})

/** Bytes of the body behind each token from 0xc0 on that says it all by itself. */
const bodies: Readonly<Record<number, number>> = {
  0xc0: 0,
  0xc2: 0,
  0xc3: 0,
  0xca: 4,
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
}
/** Type of the one extension that is read: a time. */
const timeType = 0xff
const firstCapacity = 256

export default class MsgpackDecoder extends Decoder<typeof spec> {
  static readonly spec = spec
  readonly #codec = msgpackCodec()
  /** The beginning of an item whose end has not come: `buffer[0, length)`. */
  #buffer: Buffer = Buffer.alloc(0)
  #length = 0
  // Of the item under way: how far it has been counted, how many items are open on each level, and what was met.
  #at = 0
  #open = [1]
  #texts: number[] = []
  #isSpecial = false
  #problem: string | undefined

  override get unfinishedBytes(): number {
    return this.#length
  }

  decode(chunk: Buffer, out: Decoded): void {
    const isWhole = this.#length === 0
    if (!isWhole) this.#append(chunk)
    const data = isWhole ? chunk : this.#buffer
    const end = isWhole ? chunk.length : this.#length
    let from = 0
    while (from < end && this.#count(data, from, end)) {
      this.#tell(data, from, out)
      from += this.#at
      this.#begin()
    }
    if (!isWhole) {
      data.copyWithin(0, from, end)
      this.#length = end - from
    } else if (from < end) this.#append(chunk.subarray(from))
  }

  override flush(out: Decoded): void {
    const unfinished = this.#length
    this.#length = 0
    this.#begin()
    if (unfinished > 0) out.invalid(`it ends in the middle of an item, ${unfinished} bytes after its beginning`)
  }

  #begin(): void {
    this.#at = 0
    this.#open = [1]
    this.#texts = []
    this.#isSpecial = false
    this.#problem = undefined
  }

  #append(bytes: Buffer): void {
    const length = this.#length + bytes.length
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(firstCapacity, length, this.#buffer.length * 2))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    bytes.copy(this.#buffer, this.#length)
    this.#length = length
  }

  /** Counts on through the item that begins at `from`; answers whether all of it has come. @throws Error when it is none, or beyond the bounds. */
  #count(data: Buffer, from: number, end: number): boolean {
    const { buffer_size } = this.args
    while (this.#open.length > 0) {
      const here = from + this.#at
      const header = here < end ? headerBytes(data[here] as number) : 1
      if (here + header > end) return false
      const inside = this.#token(data, here, header)
      if (this.#at > buffer_size || inside > buffer_size) throw new Error(`an item has more than ${buffer_size} bytes (\`buffer_size\`)`)
      this.#enter(inside)
    }
    return from + this.#at <= end
  }

  /** Counts one token with its body; answers how many items follow inside it. */
  #token(data: Buffer, here: number, header: number): number {
    const token = data[here] as number
    const bodyAt = this.#at + header
    this.#at = bodyAt
    if (token < 0x80 || token >= 0xe0) return 0
    if (token < 0x90) return 2 * (token & 0x0f)
    if (token < 0xa0) return token & 0x0f
    if (token < 0xc0) return this.#text(bodyAt, token & 0x1f)
    const body = bodies[token]
    if (body !== undefined) {
      this.#isSpecial ||= token === 0xcf || token === 0xd3
      this.#at += body
      return 0
    }
    const width = header - (token >= 0xc7 && token <= 0xc9 ? 2 : 1)
    if (token >= 0xd4 && token <= 0xd8) return this.#extension(data[here + 1], 2 ** (token - 0xd4))
    const length = data.readUIntBE(here + 1, width)
    if (token >= 0xd9 && token <= 0xdb) return this.#text(bodyAt, length)
    if (token >= 0xc7 && token <= 0xc9) return this.#extension(data[here + header - 1], length)
    if (token >= 0xdc) return token >= 0xde ? 2 * length : length
    this.#at += length
    return 0
  }

  #text(start: number, length: number): number {
    this.#at = start + length
    if (length > 0) this.#texts.push(start, this.#at)
    return 0
  }

  #extension(type: number | undefined, length: number): number {
    this.#at += length
    this.#isSpecial = true
    if (type !== timeType) this.#problem ??= `it holds the extension type ${type}, which means nothing here`
    return 0
  }

  /** One item of the innermost level has been counted; `inside` further ones make up a level of their own. */
  #enter(inside: number): void {
    const open = this.#open
    open[open.length - 1] = (open.at(-1) as number) - 1
    if (inside > 0) {
      // The first level is the item itself.
      if (open.length > decodedDepthMax) throw new Error(`an item lies more than ${decodedDepthMax} deep`)
      open.push(inside)
    }
    while (open.at(-1) === 0) open.pop()
  }

  #tell(data: Buffer, from: number, out: Decoded): void {
    let value: unknown
    try {
      value = this.#value(data.subarray(from, from + this.#at))
    } catch (thrown) {
      out.invalid(`an item cannot be used: ${(thrown as Error).message}`)
      return
    }
    out.item(value)
  }

  #value(item: Buffer): unknown {
    if (this.#problem !== undefined) throw new Invalid(this.#problem)
    const texts = this.#texts
    for (let at = 0; at < texts.length; at += 2)
      if (!isUtf8(item.subarray(texts[at], texts[at + 1]))) throw new Invalid("it holds text that is no UTF-8")
    const value = this.#codec.unpack(item)
    return this.#isSpecial || item.includes("__proto_") ? this.#plain(value) : value
  }

  /** Puts plain data in place of what JSON does not have. */
  #plain(value: unknown): unknown {
    if (typeof value === "bigint") return this.args.large_integers === "text" ? String(value) : Number(value)
    if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw new Invalid("it holds a time that no calendar knows")
      return value.toISOString()
    }
    const map = value as Record<string, unknown>
    // So msgpackr spells `__proto__`.
    if (Object.hasOwn(map, "__proto_")) throw new Invalid("it has a key `__proto__`")
    for (const [key, inner] of Object.entries(map)) map[key] = this.#plain(inner)
    return value
  }
}

/** Bytes of a token with the length and type that belong to it. @throws Error when the byte is no token. */
function headerBytes(token: number): number {
  if (token < 0xc4 || token >= 0xe0 || bodies[token] !== undefined) {
    if (token === 0xc1) throw new Error("the byte 0xc1 is no MessagePack")
    return 1
  }
  if (token <= 0xc6) return 1 + 2 ** (token - 0xc4)
  if (token <= 0xc9) return 2 + 2 ** (token - 0xc7)
  if (token <= 0xd8) return 2
  if (token <= 0xdb) return 1 + 2 ** (token - 0xd9)
  return 1 + 2 ** (1 + ((token - 0xdc) & 1))
}
