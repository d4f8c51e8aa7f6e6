// Protocols and functions alone, made as an instance makes them, on a simulated platform.

import type { Decoded, Decoder } from "../../src/actor/decoder.ts"
import type { PartClass } from "../../src/actor/own-parts.ts"
import type { Part } from "../../src/actor/part.ts"
import { failureKindOf } from "../../src/errors.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { checkArguments } from "../../src/spec/arguments.ts"
import type { ComponentSpec } from "../../src/spec/spec.ts"

/** A protocol or function, ready. Arguments are written as in a bootstrap file. */
export async function partWith<Made extends Part, Spec extends ComponentSpec>(
  create: PartClass<Made, Spec>,
  args: Readonly<Record<string, unknown>> = {},
  platform: SimulatedPlatform = simulatedPlatform(),
): Promise<Made> {
  const { values, problems } = checkArguments(create.spec, args)
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("\n"))
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }
  const part = new create({ args: Object.freeze(values), platform, version: "1.2.3", log: silent })
  await platform.complete(Promise.resolve(part.prepare()))
  return part
}

/** What a decoder told: items, `{ invalid }` for what it refused, `{ broken }` when it could not go on. */
export type Told = readonly unknown[]

/** Decodes chunks with a decoder of their own, and flushes it unless `flush` is false. */
export function told(decoder: Decoder, chunks: readonly (Buffer | string)[], { flush = true } = {}): Told {
  const list: unknown[] = []
  const out: Decoded = { item: (value) => list.push(value), invalid: (problem) => list.push({ invalid: problem }) }
  const fresh = decoder.fresh()
  try {
    // A decoder owns its chunks: each gets bytes of its own.
    for (const chunk of chunks) fresh.decode(Buffer.from(chunk), out)
    if (flush) fresh.flush(out)
  } catch (thrown) {
    list.push({ broken: (thrown as Error).message })
  }
  return list
}

/** The bytes cut at every place: one chunk a byte. */
export function byteByByte(bytes: Buffer | string): Buffer[] {
  return Array.from(Buffer.from(bytes), (byte) => Buffer.from([byte]))
}

/** All ways of cutting the bytes in two. */
export function cutInTwo(bytes: Buffer): Buffer[][] {
  return Array.from({ length: bytes.length + 1 }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)])
}

/** Kind and message of what a function throws. */
export function failureOf(action: () => unknown): { kind: string; message: string } {
  try {
    action()
  } catch (thrown) {
    return { kind: failureKindOf(thrown), message: (thrown as Error).message }
  }
  throw new Error("nothing was thrown")
}
