// Addresses, and what both platforms agree on about connections.

/** Where to connect or listen: TCP (`port` 0 listens on any free port) or a unix socket. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string }

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
