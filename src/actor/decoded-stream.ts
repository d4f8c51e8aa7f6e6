// A stream of chunks as its decoder sees it. Has the face of `LineSplit`, so that an input serves lines and decoded streams alike.

import type { Decoded, Decoder } from "./decoder.ts"

export interface DecodedStreamOptions extends Decoded {
  /** For this stream alone. */
  readonly decoder: Decoder
  /** Nothing that comes from here on can be decoded. Told once. */
  broken(problem: string): void
}

export class DecodedStream {
  private readonly options: DecodedStreamOptions
  private over = false

  constructor(options: DecodedStreamOptions) {
    this.options = options
  }

  /** Bytes of an item that has begun and not ended. */
  get unfinishedBytes(): number {
    return this.over ? 0 : this.options.decoder.unfinishedBytes
  }

  /** Takes a chunk and tells the items that end in it. */
  push(chunk: Buffer): void {
    this.guard((decoder) => decoder.decode(chunk, this.options))
  }

  /** The stream ended in order. */
  end(): void {
    this.guard((decoder) => decoder.flush(this.options))
  }

  private guard(work: (decoder: Decoder) => void): void {
    if (this.over) return
    try {
      work(this.options.decoder)
    } catch (thrown) {
      this.over = true
      this.options.broken(thrown instanceof Error ? thrown.message : String(thrown))
    }
  }
}
