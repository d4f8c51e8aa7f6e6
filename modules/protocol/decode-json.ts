// JSON documents, one a unit or cut at a delimiter. What is not JSON, too long, too deep, or means the prototype is refused by itself; the
// documents behind it are read all the same.

import {
  charset,
  checkDecodedData,
  DelimitedDecoder,
  decodedBytesMax,
  defineProtocol,
  Invalid,
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

export default class JsonDecoder extends DelimitedDecoder<typeof spec> {
  static readonly spec = spec
  protected override readonly partName = "a document"

  protected override part(bytes: Buffer): unknown {
    try {
      return checkDecodedData(JSON.parse(textOfBytes(bytes, this.args.charset)))
    } catch (thrown) {
      throw new Invalid(`not a JSON document: ${(thrown as Error).message}`, { cause: thrown })
    }
  }
}
