// Text, whole or cut at a delimiter. Bytes are cut before they are decoded, so neither a delimiter nor a character that lies across two
// chunks does harm, and a part that is too long or no text is left out without touching those behind it.

import { charset, type Decoded, Decoder, decodedBytesMax, defineProtocol, LineSplit, size, textOfBytes, z } from "../../src/index.ts"

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

export default class PlainDecoder extends Decoder<typeof spec> {
  static readonly spec = spec
  #out: Decoded | undefined
  readonly #parts = new LineSplit({
    delimiter: this.args.delimiter,
    lineBytesMax: this.args.buffer_size,
    line: (chunk, start, end) => this.#part(chunk.subarray(start, end)),
    tooLong: () => this.#out?.invalid(`an item has more than ${this.args.buffer_size} bytes (\`buffer_size\`)`),
  })

  override get unfinishedBytes(): number {
    return this.#parts.unfinishedBytes
  }

  decode(chunk: Buffer, out: Decoded): void {
    this.#out = out
    this.#parts.push(chunk)
  }

  override flush(out: Decoded): void {
    this.#out = out
    this.#parts.end()
  }

  #part(bytes: Buffer): void {
    let text: string
    try {
      text = textOfBytes(bytes, this.args.charset)
    } catch (thrown) {
      this.#out?.invalid((thrown as Error).message)
      return
    }
    const item = this.args.strip_newline ? withoutLineEnds(text) : text
    if (item !== "") this.#out?.item(item)
  }
}

function withoutLineEnds(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === "\r")) end -= 1
  return text.slice(0, end)
}
