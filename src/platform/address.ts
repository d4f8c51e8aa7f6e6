// What both platforms agree on about connections.

import type { Address } from "./platform.ts"

/** With this much pending `write` answers `false`. One read of the kernel is at most as much. */
export const highWaterBytes = 64 * 1024

/** How long a TLS handshake may take. */
export const defaultHandshakeMs = 5000

/** How many TLS handshakes a listener lets run at a time. */
export const defaultHandshakesMax = 1000

/** `"host:port"`, `"[v6]:port"` or the path, an abstract one with `@` for its NUL. */
export function addressText(address: Address): string {
  if ("path" in address) return address.path.replace("\0", "@")
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
