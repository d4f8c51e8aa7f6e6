// Hands the payload on as an output without a protocol does.

import { defineProtocol, Encoder, textOrBytes } from "../../src/index.ts"

const spec = defineProtocol({
  name: "wishbone.protocol.encode.dummy",
  summary: "Leaves text and bytes as they are; other data becomes one line of JSON.",
  arguments: {},
  examples: [{ title: "As without a protocol", arguments: {} }],
})

export default class DummyEncoder extends Encoder<typeof spec> {
  static readonly spec = spec

  encode(value: unknown): string | Buffer {
    return textOrBytes(value)
  }
}
