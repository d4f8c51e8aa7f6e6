// Bounds on what a decoder hands on: data that nests too deep breaks whoever walks it, and a key that means the prototype changes objects
// it is copied into.

import { Invalid } from "../errors.ts"

/** Maps and lists inside each other. */
export const decodedDepthMax = 64

/** Bytes of one item, where a protocol's arguments say nothing else. */
export const decodedBytesMax = 1024 * 1024

/** Gives plain data back as it is. @throws Invalid when it lies more than {@link decodedDepthMax} deep or has a key `__proto__`. */
export function checkDecodedData(value: unknown): unknown {
  check(value, 0)
  return value
}

function check(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return
  if (depth === decodedDepthMax) throw new Invalid(`it lies more than ${decodedDepthMax} deep`, { code: "depth" })
  if (Array.isArray(value)) {
    for (const item of value) check(item, depth + 1)
    return
  }
  if (Object.hasOwn(value, "__proto__")) throw new Invalid("it has a key `__proto__`", { code: "prototype_key" })
  for (const inner of Object.values(value)) check(inner, depth + 1)
}
