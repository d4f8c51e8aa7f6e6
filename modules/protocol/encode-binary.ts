// Bytes of text. Whatever is neither text nor bytes already is refused.

import { bytesOfText, charset, defineProtocol, Encoder, Invalid } from "../../src/index.ts"

const spec = defineProtocol({
  name: "wishbone.protocol.encode.binary",
  summary: "Writes text as bytes, and nothing else.",
  arguments: {
    charset: charset().describe("In which charset; a character that it does not have fails the event."),
  },
  examples: [{ title: "UTF-8", arguments: {} }],
})

export default class BinaryEncoder extends Encoder<typeof spec> {
  static readonly spec = spec

  encode(value: unknown): Buffer {
    if (Buffer.isBuffer(value)) return value
    if (typeof value === "string") return bytesOfText(value, this.args.charset)
    throw new Invalid("`binary` writes text and bytes, and the payload is neither", { code: "encode" })
  }
}
