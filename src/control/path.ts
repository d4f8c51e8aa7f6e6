// Where the admin socket of a graph is: `control.sock` in its state folder. The address of a unix socket has 107 bytes at most; for a
// longer path the socket goes to the user's own runtime folder (`XDG_RUNTIME_DIR`, which nobody else can write), under a name that
// follows from the state folder. Without such a folder there is none: `/tmp` is everybody's, and another user could be there first.

import { createHash } from "node:crypto"
import type { Platform } from "../platform/platform.ts"

const pathBytesMax = 107

/** The socket of the graph whose state folder is `state` (absolute); `undefined` when its path is too long and there is no other place. */
export function controlPath(environment: Platform["environment"], state: string): string | undefined {
  const path = `${state.replace(/\/+$/, "")}/control.sock`
  if (Buffer.byteLength(path) <= pathBytesMax) return path
  const runtime = environment["XDG_RUNTIME_DIR"]
  if (runtime === undefined || !runtime.startsWith("/")) return undefined
  const name = createHash("sha256").update(path).digest("hex").slice(0, 16)
  const short = `${runtime.replace(/\/+$/, "")}/wishbone-ts-${name}.sock`
  return Buffer.byteLength(short) <= pathBytesMax ? short : undefined
}
