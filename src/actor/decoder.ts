// How an input makes items of the bytes that come in, when the file gives it a `protocol`.

import type { ProtocolSpec } from "../spec/protocol.ts"
import { Part, type PartContext } from "./part.ts"

/** Takes what a decoder finds, in order. */
export interface Decoded {
  /** One item: text, a Buffer that owns its bytes, or plain data. */
  item(value: unknown): void
  /** Something that cannot be decoded. The decoder has left it out and goes on behind it. */
  invalid(problem: string): void
}

/**
 * Makes items of bytes. One object serves one stream at a time: what has begun and not ended stays inside it, however the bytes are cut
 * into chunks. Every bound that keeps a stranger from filling the memory is the decoder's own.
 *
 * Chunks may be a whole stream or units of their own (a line, a file, a datagram): a unit is one `decode` and one `flush`, and then the
 * next one begins.
 *
 * @see defineProtocol for an example
 */
export abstract class Decoder<Spec extends ProtocolSpec = ProtocolSpec> extends Part<Spec> {
  /**
   * Takes the next bytes, which belong to the decoder from now on, and tells `out` each item that ends in them.
   *
   * @throws anything when the stream cannot be read any further; what was told before counts.
   */
  abstract decode(chunk: Buffer, out: Decoded): void

  /** No more bytes come, or the unit is at its end: tells what is left, and is ready for the next one. */
  flush(_out: Decoded): void {}

  /** Bytes of an item that has begun and not ended. */
  get unfinishedBytes(): number {
    return 0
  }

  /** Another one like this, with nothing in it: for a connection of its own. It is not prepared again, so what `prepare` loaded must be handed
   *  on. To be called in `preHook` at the earliest. */
  fresh(): Decoder {
    const Same = this.constructor as new (context: PartContext) => Decoder
    return new Same(this.context)
  }
}
