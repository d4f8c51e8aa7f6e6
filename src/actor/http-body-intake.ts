// Takes the body of a request as a whole, within its bounds.

import type { Invalid } from "../errors.ts"
import type { HttpBody } from "../platform/http.ts"

/** What became of a body: its bytes, or why there are none. `size` is the one that grew too large. */
export interface TakenBody {
  complete(bytes: Buffer): void
  failed(reason: "size" | "timeout" | "broken"): void
}

const none = Buffer.alloc(0)

/** Reads `body`, which may be `undefined`, and tells what became of it once. Not before the call has returned, unless there is none. */
export function takeBody(body: HttpBody | undefined, limits: { bytesMax: number; withinMs: number }, taken: TakenBody): void {
  if (body === undefined) return taken.complete(none)
  const chunks: Buffer[] = []
  let bytes = 0
  let over = false
  body.read(
    {
      data: (chunk) => {
        bytes += chunk.length
        if (over) return
        over = bytes > limits.bytesMax
        if (over) taken.failed("size")
        else chunks.push(chunk)
      },
      ended: () => {
        if (!over) taken.complete(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
      },
      failed: (error) => {
        if (!over) taken.failed((error as { code?: unknown }).code === "ETIMEDOUT" ? "timeout" : "broken")
      },
    },
    limits.withinMs,
  )
}

/** The status that tells a peer what is wrong with its body. */
export function statusOfInvalid(thrown: Invalid): number {
  return thrown.code === "expansion" ? 413 : 400
}
