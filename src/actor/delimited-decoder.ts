// A decoder whose items are parts of the bytes: all of a unit, or what lies between delimiters. Bytes are cut before they are decoded, so neither a
// delimiter nor a character that lies across two chunks does harm, and a part that is refused does not touch those behind it.

import type { ProtocolSpec } from "../spec/protocol.ts"
import type { Args } from "../spec/spec.ts"
import { type Decoded, Decoder } from "./decoder.ts"
import { LineSplit } from "./line-split.ts"
import type { PartContext } from "./part.ts"

/** The arguments of such a decoder, beside its own. */
interface DelimiterArguments {
  readonly delimiter: string | null
  readonly buffer_size: number
}

/** Protocols with the arguments `delimiter` (text or `null`) and `buffer_size` (bytes of the longest part). */
export abstract class DelimitedDecoder<Spec extends ProtocolSpec = ProtocolSpec> extends Decoder<Spec> {
  private out: Decoded | undefined
  private readonly parts: LineSplit

  constructor(context: PartContext) {
    super(context)
    const { delimiter, buffer_size } = this.args as Args<Spec> & DelimiterArguments
    this.parts = new LineSplit({
      delimiter,
      lineBytesMax: buffer_size,
      line: (chunk, start, end) => this.read(chunk.subarray(start, end)),
      tooLong: () => this.out?.invalid(`${this.partName} has more than ${buffer_size} bytes (\`buffer_size\`)`),
    })
  }

  override get unfinishedBytes(): number {
    return this.parts.unfinishedBytes
  }

  decode(chunk: Buffer, out: Decoded): void {
    this.out = out
    this.parts.push(chunk)
  }

  override flush(out: Decoded): void {
    this.out = out
    this.parts.end()
  }

  /** What a part is, for messages: `an item`. */
  protected abstract readonly partName: string

  /** Makes an item of a part, or none. What it throws is told as what is wrong with the part. */
  protected abstract part(bytes: Buffer): unknown

  private read(bytes: Buffer): void {
    let item: unknown
    try {
      item = this.part(bytes)
    } catch (thrown) {
      this.out?.invalid((thrown as Error).message)
      return
    }
    if (item !== undefined) this.out?.item(item)
  }
}
