// JSON documents, one a unit or cut at a delimiter. What is not JSON, too long, too deep, or means the prototype is refused by itself; the
// documents behind it are read all the same.

import {
  charset,
  checkDecodedData,
  type Decoded,
  Decoder,
  decodedBytesMax,
  defineProtocol,
  LineSplit,
  size,
  textOfBytes,
  z,
} from "../../src/index.ts"

const spec = defineProtocol({
  name: "wishbone.protocol.decode.json",
  summary: "Reads JSON documents.",
  arguments: {
    charset: charset().describe("How the bytes are to be read as text."),
    delimiter: z.string().min(1).nullable().default(null).describe("What ends a document; `null` makes one of the whole unit or stream."),
    buffer_size: size({ minBytes: 1 }).default(decodedBytesMax).describe("Longest document, in bytes; a longer one is refused."),
  },
  examples: [
    { title: "One document a line, or a connection, as the input cuts them", arguments: {} },
    { title: "Documents that the protocol cuts itself", arguments: { delimiter: "\n", buffer_size: "64 KiB" } },
  ],
})

export default class JsonDecoder extends Decoder<typeof spec> {
  static readonly spec = spec
  #out: Decoded | undefined
  readonly #parts = new LineSplit({
    delimiter: this.args.delimiter,
    lineBytesMax: this.args.buffer_size,
    line: (chunk, start, end) => this.#part(chunk.subarray(start, end)),
    tooLong: () => this.#out?.invalid(`a document has more than ${this.args.buffer_size} bytes (\`buffer_size\`)`),
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
    let value: unknown
    try {
      value = checkDecodedData(JSON.parse(textOfBytes(bytes, this.args.charset)))
    } catch (thrown) {
      this.#out?.invalid(`not a JSON document: ${(thrown as Error).message}`)
      return
    }
    this.#out?.item(value)
  }
}
