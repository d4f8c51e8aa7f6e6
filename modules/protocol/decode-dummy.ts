// Hands bytes on just as an input without a protocol does: as text where they are UTF-8, else as bytes.

import { isUtf8 } from "node:buffer"
import { type Decoded, Decoder, defineProtocol } from "../../src/index.ts"

const spec = defineProtocol({
  name: "wishbone.protocol.decode.dummy",
  summary: "Leaves what comes in as it is.",
  arguments: {},
  examples: [{ title: "As without a protocol", arguments: {} }],
})

export default class DummyDecoder extends Decoder<typeof spec> {
  static readonly spec = spec

  decode(chunk: Buffer, out: Decoded): void {
    out.item(isUtf8(chunk) ? chunk.toString("utf8") : Buffer.from(chunk))
  }

  override fresh(): this {
    return this
  }
}
