// Bodies that came compressed. A few bytes can stand for gigabytes, so what they expand to is bounded twice: in all, and by a hundred
// times what came.

import { gunzipSync, inflateRawSync, inflateSync } from "node:zlib"
import { Invalid } from "../errors.ts"

const expansionMax = 100

/** The encodings that {@link expanded} reads, as `Accept-Encoding` says it. */
export const bodyEncodings = "gzip, deflate, identity"

/** Whether {@link expanded} reads a body of that `Content-Encoding`. */
export function isBodyEncoding(encoding: string): boolean {
  return ["", "identity", "gzip", "x-gzip", "deflate"].includes(encoding)
}

/**
 * The body as it was before somebody compressed it.
 *
 * @throws Invalid with code `expansion` when it is larger than `bytesMax` or a hundred times `body`, `compressed` when it is damaged
 */
export function expanded(body: Buffer, encoding: string, bytesMax: number): Buffer {
  if (encoding === "" || encoding === "identity") return body
  // Small bodies compress to almost nothing: of those the bound in all is enough.
  const options = { maxOutputLength: Math.max(1, Math.min(bytesMax, Math.max(body.length * expansionMax, 64 * 1024))) }
  try {
    if (encoding !== "deflate") return gunzipSync(body, options)
    // By the standard zlib's format, by custom sometimes without its header.
    return ((body[0] ?? 0) & 0x0f) === 8 ? inflateSync(body, options) : inflateRawSync(body, options)
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string }
    const isLarge = code === "ERR_BUFFER_TOO_LARGE"
    const problem = isLarge ? `it expands to more than ${options.maxOutputLength} bytes` : `it cannot be expanded: ${message}`
    throw new Invalid(`the body is compressed, and ${problem}`, { code: isLarge ? "expansion" : "compressed", cause })
  }
}
