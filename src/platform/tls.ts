// TLS as modules ask for it: what a connection or a listener needs, and the codes by which it fails.

/** Certificates or a key in PEM form: what the file holds, not its name. */
export type Pem = Buffer | string

/** How an outgoing connection speaks TLS (1.2 or newer). `{}` verifies the peer against the authorities that come with Node. */
export interface TlsClient {
  /** The authorities to trust, instead of those that come with Node. */
  readonly ca?: Pem | undefined
  /** Shown to a peer that asks for a client certificate; `cert` and `key` come together. */
  readonly cert?: Pem | undefined
  readonly key?: Pem | undefined
  /** The name to ask for and to find in the certificate. @defaultValue the host; `localhost` for a unix socket */
  readonly serverName?: string | undefined
  /** Only an explicit `false` lets any certificate pass, from anybody who answers; no environment variable does. @defaultValue true */
  readonly verify?: boolean | undefined
}

/** How a listener speaks TLS (1.2 or newer). */
export interface TlsServer {
  readonly cert: Pem
  readonly key: Pem
  /** The authorities that client certificates must be signed by. With it every client must show one; without it none is asked for one. */
  readonly ca?: Pem | undefined
  /** With `ca`, an explicit `false` asks for a certificate and lets any pass, or none. @defaultValue true */
  readonly verify?: boolean | undefined
}

/**
 * Why TLS failed: the `code` of the error, whose message says it to a person and whose `cause` is what Node said, if it did.
 *
 * - `WB_TLS_CERTIFICATE`: our own certificate, key or authorities cannot be used.
 * - `WB_TLS_PLAINTEXT`: the peer does not speak TLS.
 * - `WB_TLS_UNKNOWN_AUTHORITY`, `WB_TLS_EXPIRED`, `WB_TLS_NOT_YET_VALID`, `WB_TLS_HOST_MISMATCH`: its certificate did not pass.
 * - `WB_TLS_CERTIFICATE_REQUIRED`: the listener wants a client certificate and got none, said by either end.
 * - `WB_TLS_REJECTED`: the peer said no: to our certificate, or to the handshake.
 * - `WB_TLS_VERSION`: no version or cipher suits both.
 * - `WB_TLS_TIMEOUT`, `WB_TLS_CLOSED`: the handshake took too long; the peer hung up in the midst of it.
 * - `WB_TLS_BUSY`: `handshakesMax` were under way.
 * - `WB_TLS_FAILED`: anything else, during the handshake or after it.
 */
export type TlsCode =
  | "WB_TLS_CERTIFICATE"
  | "WB_TLS_PLAINTEXT"
  | "WB_TLS_UNKNOWN_AUTHORITY"
  | "WB_TLS_EXPIRED"
  | "WB_TLS_NOT_YET_VALID"
  | "WB_TLS_HOST_MISMATCH"
  | "WB_TLS_CERTIFICATE_REQUIRED"
  | "WB_TLS_REJECTED"
  | "WB_TLS_VERSION"
  | "WB_TLS_TIMEOUT"
  | "WB_TLS_CLOSED"
  | "WB_TLS_BUSY"
  | "WB_TLS_FAILED"
