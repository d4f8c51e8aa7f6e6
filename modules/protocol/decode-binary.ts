// Keeps bytes as bytes, whatever they may mean: one item of all that comes until the end of the unit or stream.

import { type Decoded, Decoder, decodedBytesMax, defineProtocol, LineSplit, size } from "../../src/index.ts"

const spec = defineProtocol({
  name: "wishbone.protocol.decode.binary",
  summary: "Takes the bytes of a unit as they are.",
  arguments: {
    buffer_size: size({ minBytes: 1 }).default(decodedBytesMax).describe("Longest item; a longer one is refused."),
  },
  examples: [{ title: "Pictures of up to 8 MiB", arguments: { buffer_size: "8 MiB" } }],
})

export default class BinaryDecoder extends Decoder<typeof spec> {
  static readonly spec = spec
  #out: Decoded | undefined
  readonly #whole = new LineSplit({
    delimiter: null,
    lineBytesMax: this.args.buffer_size,
    line: (chunk, start, end) => this.#out?.item(Buffer.from(chunk.subarray(start, end))),
    tooLong: () => this.#out?.invalid(`it has more than ${this.args.buffer_size} bytes (\`buffer_size\`)`),
  })

  override get unfinishedBytes(): number {
    return this.#whole.unfinishedBytes
  }

  decode(chunk: Buffer, out: Decoded): void {
    this.#out = out
    this.#whole.push(chunk)
  }

  override flush(out: Decoded): void {
    this.#out = out
    this.#whole.end()
  }
}
