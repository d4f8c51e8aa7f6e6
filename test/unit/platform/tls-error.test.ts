// How errors of Node and OpenSSL are told; those that a real handshake brings forth are in tls.test.ts.

import { describe, expect, test } from "vitest"
import { systemError } from "../../../src/platform/system-error.ts"
import { explainTls, tlsError } from "../../../src/platform/tls-error.ts"

function nodeError(code: string, message = "OpenSSL's riddle", fields = {}): Error {
  return Object.assign(new Error(message), { code }, fields)
}

describe("an error of TLS", () => {
  test.each([
    ["CERT_NOT_YET_VALID", "WB_TLS_NOT_YET_VALID", "the peer's certificate is not valid yet (OpenSSL's riddle)"],
    ["CERT_REVOKED", "WB_TLS_FAILED", "it cannot go on (OpenSSL's riddle)"],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "WB_TLS_REJECTED", "the peer refused our certificate, or the handshake (tlsv1 alert unknown ca)"],
    [
      "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED",
      "WB_TLS_REJECTED",
      "the peer refused our certificate, or the handshake (sslv3 alert certificate expired)",
    ],
    [
      "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
      "WB_TLS_VERSION",
      "there is no version or cipher that suits both ends (tlsv1 alert protocol version)",
    ],
    ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "WB_TLS_FAILED", "it cannot go on (decryption failed or bad record mac)"],
    [
      "ERR_TLS_HANDSHAKE_TIMEOUT",
      "WB_TLS_TIMEOUT",
      "the handshake was not over in time; perhaps the peer does not speak TLS (OpenSSL's riddle)",
    ],
    [
      "ECONNRESET",
      "WB_TLS_CLOSED",
      "the peer closed the connection during the handshake (it may not trust our certificate, or not speak TLS)",
    ],
  ])("%s is %s", (nodeCode, code, text) => {
    const cause = nodeError(nodeCode)
    const error = explainTls(cause, "peer:1")
    expect(error).toMatchObject({ code, message: `TLS with peer:1: ${text}` })
    expect(error.cause).toBe(cause)
  })

  test("that a write told is known by its text", () => {
    const text =
      "write EPROTO 80AB:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../deps/rec_layer_s3.c:1590:SSL alert number 48\n"
    expect(explainTls(nodeError("EPROTO", text, { syscall: "write", errno: -71 }), "peer:1")).toMatchObject({
      code: "WB_TLS_REJECTED",
      message: "TLS with peer:1: the peer refused our certificate, or the handshake (tlsv1 alert unknown ca)",
    })
  })
})

test.each([
  ["of the system", systemError("ECONNRESET", "read")],
  ["of the system that says nothing of TLS", systemError("EPROTO", "write")],
  ["of Node", nodeError("ERR_SOCKET_BAD_PORT")],
  ["of the owner", new Error("enough")],
  ["that was told already", tlsError("WB_TLS_TIMEOUT")],
])("an error %s comes back as it is", (_what, error) => {
  expect(explainTls(error, "peer:1")).toBe(error)
})
