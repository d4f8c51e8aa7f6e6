// Text, whole or cut at a delimiter. A part that is too long or no text is left out.

import { charset, DelimitedDecoder, decodedBytesMax, defineProtocol, size, textOfBytes, z } from "../../src/index.ts"

const spec = defineProtocol({
  name: "wishbone.protocol.decode.plain",
  summary: "Reads text, whole or cut at a delimiter.",
  arguments: {
    charset: charset().describe("How the bytes are to be read; what is no such text is refused."),
    delimiter: z.string().min(1).nullable().default(null).describe("What ends an item; `null` makes one item of the whole unit or stream."),
    buffer_size: size({ minBytes: 1 }).default(decodedBytesMax).describe("Longest item, in bytes; a longer one is refused."),
    strip_newline: z.boolean().default(false).describe("Takes line ends off the end of each item."),
  },
  examples: [
    { title: "Fields between tabs", arguments: { delimiter: "\t", strip_newline: true } },
    { title: "An old system's text", arguments: { charset: "latin1" } },
  ],
})

export default class PlainDecoder extends DelimitedDecoder<typeof spec> {
  static readonly spec = spec
  protected override readonly partName = "an item"

  protected override part(bytes: Buffer): string | undefined {
    const text = textOfBytes(bytes, this.args.charset)
    const item = this.args.strip_newline ? withoutLineEnds(text) : text
    return item === "" ? undefined : item
  }
}

function withoutLineEnds(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === "\r")) end -= 1
  return text.slice(0, end)
}
