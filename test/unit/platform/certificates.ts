// The certificates of test/fixtures/tls, and sockets that use them without being asked.

import { readFileSync } from "node:fs"
import type { Sockets } from "../../../src/platform/platform.ts"

/** A file of test/fixtures/tls. */
export function pem(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url))
}

/** A certificate with its key. */
export function identity(name: "server" | "client" | "expired" | "stranger"): { cert: Buffer; key: Buffer } {
  return { cert: pem(`${name}.pem`), key: pem(`${name}.key`) }
}

/** `sockets` as seen by code that knows nothing of TLS: every connection has it. */
export function overTls(sockets: Sockets): Sockets {
  const tls = { ca: pem("ca.pem"), serverName: "localhost" }
  return {
    checkTls: sockets.checkTls,
    connect: (address, events, options) => sockets.connect(address, events, { ...options, tls }),
    listen: (options, accepted) => sockets.listen({ ...options, tls: identity("server") }, accepted),
  }
}
