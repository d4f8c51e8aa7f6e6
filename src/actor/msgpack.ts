// The one door to msgpackr, loaded when the first protocol asks for it. Only the plain format is written, without the library's own
// extensions. Whoever reads what strangers wrote looks at the bytes before: the library builds whatever they announce.

import { createRequire } from "node:module"
import type { Packr, Unpackr } from "msgpackr"

/** Reads and writes one item of MessagePack. */
export interface MsgpackCodec {
  /** An item; what it holds is copied from the bytes. Integers beyond 2^53 are big integers, times are Dates. @throws Error */
  unpack(item: Buffer): unknown
  /** The item of a value. @throws Error when the format cannot hold it. */
  pack(value: unknown): Buffer
}

interface Library {
  readonly Packr: typeof Packr
  readonly Unpackr: typeof Unpackr
}

/** Numbers where they are exact, else big integers. The library's types do not know it. */
const auto = "auto" as "number"

/** A codec of its own for each caller: the library keeps state in its objects. */
export function msgpackCodec(): MsgpackCodec {
  // At once and not by `import()`: a simulated run cannot wait for files of the program.
  const library = createRequire(import.meta.url)("msgpackr") as Library
  const unpackr = new library.Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: auto, copyBuffers: true })
  const packr = new library.Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true, encodeUndefinedAsNil: true })
  return {
    unpack: (item) => unpackr.unpack(item) as unknown,
    // Cut from a larger buffer that is not written to again.
    pack: (value) => packr.pack(value),
  }
}
