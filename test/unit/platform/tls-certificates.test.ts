// What becomes of certificates and keys that cannot be used, on the real platform.

import { afterEach, describe, expect, test } from "vitest"
import { identity, pem } from "./certificates.ts"
import { ca, cleanUp, connect, failure, host, sockets } from "./tls-ends.ts"

afterEach(cleanUp)

describe("certificates that cannot be used", () => {
  const { cert, key } = identity("server")
  const damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

  test.each([
    ["authorities that are none", { ca: "/etc/ssl/ca.pem" }, "`ca` holds no certificate"],
    ["a damaged authority among others", { ca: `${ca}${damaged}` }, "`ca` holds a certificate that is damaged"],
    ["a certificate without its key", { cert }, "`cert` needs the `key`"],
    ["a key without its certificate", { key }, "`key` needs the `cert`"],
    ["a key in the place of the certificate", { cert: key, key }, "`cert` holds no certificate"],
    ["a certificate in the place of the key", { cert, key: cert }, "`key` holds no private key"],
    ["the key of another", { cert, key: identity("client").key }, "`key` does not belong to `cert`"],
    ["a damaged key", { cert, key: key.toString().replace(/\n.{20}/, "\n") }, "`key` holds a private key that is damaged"],
    ["an encrypted key", { cert, key: "-----BEGIN ENCRYPTED PRIVATE KEY-----" }, "`key` is encrypted"],
  ])("%s", (_what, tls, text) => {
    expect(() => sockets.checkTls(tls)).toThrow(
      expect.objectContaining({ code: "WB_TLS_CERTIFICATE", message: expect.stringContaining(text) }),
    )
  })

  test("are told by a listener at once, and by a connection when it ends", async () => {
    const listening = sockets.listen({ address: { host, port: 0 }, tls: { cert, key: "" } }, () => undefined)
    await expect(listening).rejects.toMatchObject({ code: "WB_TLS_CERTIFICATE" })
    expect(await failure(connect(1, { tls: { ca: "" } }))).toBe("WB_TLS_CERTIFICATE")
  })

  test("are told from those that can", () => {
    sockets.checkTls({})
    sockets.checkTls({ ca: `${ca}${pem("other-ca.pem")}`, ...identity("client"), verify: false })
    sockets.checkTls({ cert: `\ufeff${cert.toString().replaceAll("\n", "\r\n")}`, key: key.toString() })
  })
})
