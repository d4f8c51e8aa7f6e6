// What went wrong with TLS, in words a person understands and codes that stay. Node tells it in four ways (a code of OpenSSL's
// verification, a code made of an alert, a system error EPROTO with OpenSSL's text inside, a hang-up), which this file brings together.

import type { TlsClient, TlsCode, TlsServer } from "./platform.ts"
import { errorCode } from "./system-error.ts"

/** What each code means. */
export const tlsTexts: Readonly<Record<TlsCode, string>> = {
  WB_TLS_CERTIFICATE: "our certificate, key or authorities cannot be used",
  WB_TLS_PLAINTEXT: "the peer does not speak TLS",
  WB_TLS_UNKNOWN_AUTHORITY: "the peer's certificate is signed by an authority that is not trusted here",
  WB_TLS_EXPIRED: "the peer's certificate has expired",
  WB_TLS_NOT_YET_VALID: "the peer's certificate is not valid yet",
  WB_TLS_HOST_MISMATCH: "the peer's certificate is for another name",
  WB_TLS_CERTIFICATE_REQUIRED: "a client certificate is required, and none was shown",
  WB_TLS_REJECTED: "the peer refused our certificate, or the handshake",
  WB_TLS_VERSION: "there is no version or cipher that suits both ends",
  WB_TLS_TIMEOUT: "the handshake was not over in time; perhaps the peer does not speak TLS",
  WB_TLS_CLOSED: "the peer closed the connection during the handshake",
  WB_TLS_BUSY: "too many handshakes are under way",
  WB_TLS_FAILED: "it cannot go on",
}

/** The error of `code`; `remote` says with whom, `detail` more about it. */
export function tlsError(code: TlsCode, { remote, detail, cause }: { remote?: string; detail?: string; cause?: unknown } = {}): Error {
  const where = remote === undefined ? "TLS" : `TLS with ${remote}`
  const message = detail === undefined ? `${where}: ${tlsTexts[code]}` : `${where}: ${tlsTexts[code]} (${detail})`
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code })
}

/** An error about our own certificate, key or authorities. */
export function certificateError(what: string, cause?: unknown): Error {
  return Object.assign(new Error(`TLS: ${what}`, cause === undefined ? undefined : { cause }), { code: "WB_TLS_CERTIFICATE" })
}

/** @throws WB_TLS_CERTIFICATE when only one of certificate and key is given. */
export function checkPair({ cert, key }: TlsClient | TlsServer): void {
  if (cert !== undefined && key === undefined) throw certificateError("`cert` needs the `key` that belongs to it")
  if (cert === undefined && key !== undefined) throw certificateError("`key` needs the `cert` that belongs to it")
}

/** What Node's and OpenSSL's names mean. Alerts, which are what the peer says, are left to `ofAlert`. */
const meanings: ReadonlyMap<string, TlsCode> = new Map([
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "WB_TLS_UNKNOWN_AUTHORITY"],
  ["UNABLE_TO_GET_ISSUER_CERT", "WB_TLS_UNKNOWN_AUTHORITY"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "WB_TLS_UNKNOWN_AUTHORITY"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "WB_TLS_UNKNOWN_AUTHORITY"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "WB_TLS_UNKNOWN_AUTHORITY"],
  ["CERT_UNTRUSTED", "WB_TLS_UNKNOWN_AUTHORITY"],
  ["CERT_HAS_EXPIRED", "WB_TLS_EXPIRED"],
  ["CERT_NOT_YET_VALID", "WB_TLS_NOT_YET_VALID"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "WB_TLS_HOST_MISMATCH"],
  ["ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", "WB_TLS_CERTIFICATE_REQUIRED"],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "WB_TLS_CERTIFICATE_REQUIRED"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "WB_TLS_PLAINTEXT"],
  ["ERR_SSL_HTTP_REQUEST", "WB_TLS_PLAINTEXT"],
  ["ERR_SSL_HTTPS_PROXY_REQUEST", "WB_TLS_PLAINTEXT"],
  ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "WB_TLS_PLAINTEXT"],
  ["ERR_SSL_RECORD_LAYER_FAILURE", "WB_TLS_PLAINTEXT"],
  ["ERR_SSL_UNSUPPORTED_PROTOCOL", "WB_TLS_VERSION"],
  ["ERR_SSL_NO_SHARED_CIPHER", "WB_TLS_VERSION"],
  ["ERR_SSL_NO_PROTOCOLS_AVAILABLE", "WB_TLS_VERSION"],
  ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "WB_TLS_VERSION"],
  ["ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY", "WB_TLS_VERSION"],
  ["ERR_TLS_HANDSHAKE_TIMEOUT", "WB_TLS_TIMEOUT"],
])

/** `error` of a TLS socket in our words; system errors, and errors that are ours already, come back as they are. */
export function explainTls(error: Error, remote: string): Error {
  const name = nameOf(error)
  if (name === undefined) return error
  return tlsError(codeOf(name), { remote, detail: detailOf(error, name), cause: error })
}

// Node's hang-ups have the code of a reset, but no system call.
function nameOf(error: Error & { syscall?: unknown }): string | undefined {
  const code = errorCode(error)
  if (code === "ECONNRESET" && error.syscall === undefined) return "hang-up"
  // What OpenSSL said to a write is in the text alone: "write EPROTO …:SSL routines:ssl3_read_bytes:sslv3 alert …:".
  const said = code === "EPROTO" ? /:SSL routines:[^:]*:([^:]+)/.exec(error.message)?.[1] : undefined
  if (said !== undefined) return `ERR_SSL_${said.toUpperCase().replaceAll(" ", "_")}`
  if (code === undefined || !(meanings.has(code) || /^ERR_(SSL|TLS)_/.test(code) || isVerification(error, code))) return undefined
  return code
}

/** The many rarer codes of OpenSSL's verification: no prefix, and neither a system call nor an error number. */
function isVerification(error: Error & { syscall?: unknown; errno?: unknown }, code: string): boolean {
  return error.syscall === undefined && error.errno === undefined && /^(CERT|CRL|INVALID|UNABLE|ERROR|PATH|HOSTNAME)_/.test(code)
}

function codeOf(name: string): TlsCode {
  if (name === "hang-up") return "WB_TLS_CLOSED"
  return meanings.get(name) ?? (name.includes("_ALERT_") ? "WB_TLS_REJECTED" : "WB_TLS_FAILED")
}

/** OpenSSL's reason, or Node's text where it is fit to be read. */
function detailOf(error: Error & { reason?: unknown }, name: string): string {
  if (name === "hang-up") return "it may not trust our certificate, or not speak TLS"
  if (name.startsWith("ERR_SSL_")) return name.slice("ERR_SSL_".length).toLowerCase().replaceAll("_", " ")
  return typeof error.reason === "string" ? error.reason : error.message
}
