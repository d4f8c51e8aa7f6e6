// Any payload as one MessagePack item. Items say themselves where they end, and their bytes may hold anything: an output that puts a
// delimiter behind each needs `delimiter: ""`.

import { defineProtocol, Encoder, Invalid, msgpackCodec } from "../../src/index.ts"

const spec = defineProtocol({
  name: "wishbone.protocol.encode.msgpack",
  summary: 'Writes MessagePack items; an output over TCP then needs `delimiter: ""`.',
  arguments: {},
  examples: [{ title: "One item an event", arguments: {} }],
})

export default class MsgpackEncoder extends Encoder<typeof spec> {
  static readonly spec = spec
  readonly #codec = msgpackCodec()

  encode(value: unknown): Buffer {
    try {
      return this.#codec.pack(exact(value))
    } catch (cause) {
      throw new Invalid(`the data cannot be written as MessagePack: ${(cause as Error).message}`, { code: "encode", cause })
    }
  }
}

/** The value with integers of more than 32 bits as such: left to itself the encoder would make floating point numbers of them, which other
 *  languages keep apart. What need not change is shared. */
function exact(value: unknown): unknown {
  if (typeof value === "number") return Number.isSafeInteger(value) && (value > 0xffff_ffff || value < -0x8000_0000) ? BigInt(value) : value
  if (typeof value === "function" || typeof value === "symbol") throw new Error(`it holds a ${typeof value}`)
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value
  if (Array.isArray(value)) {
    const list = value.map(exact)
    return list.some((item, at) => item !== value[at]) ? list : value
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const entries = Object.entries(value)
  const changed = entries.map(([key, inner]) => [key, exact(inner)] as const)
  return changed.some(([, inner], at) => inner !== entries[at]?.[1]) ? Object.fromEntries(changed) : value
}
