// Text in a charset. Numbers and truth values have a text that everybody agrees on; maps and lists have none.

import { bytesOfText, charset, defineProtocol, Encoder, Invalid } from "../../src/index.ts"

const spec = defineProtocol({
  name: "wishbone.protocol.encode.plain",
  summary: "Writes text, numbers and truth values as text.",
  arguments: {
    charset: charset().describe("In which charset; a character that it does not have fails the event."),
  },
  examples: [{ title: "For an old system", arguments: { charset: "latin1" } }],
})

export default class PlainEncoder extends Encoder<typeof spec> {
  static readonly spec = spec

  encode(value: unknown): Buffer {
    if (Buffer.isBuffer(value)) return value
    if (typeof value === "string") return bytesOfText(value, this.args.charset)
    if (typeof value === "boolean" || Number.isFinite(value)) return bytesOfText(String(value), this.args.charset)
    throw new Invalid(`\`plain\` writes text and numbers, not ${kindOf(value)}`, { code: "encode" })
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing"
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "a map" : `a ${typeof value}`
}
