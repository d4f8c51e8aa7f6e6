// Sending HTTP requests, as the runtime sees it: one origin, a bounded number of connections that are kept, one request at a time on
// each. A request is sent once: nothing is repeated, redirected or decoded here, and what a server may answer is bounded in bytes and time.

import type { TlsClient } from "./tls.ts"

export interface HttpPoolOptions {
  /** Who asks for it, in the words of a person: a simulated run has no HTTP, and names who wanted it. */
  readonly owner: string
  /** Scheme, host and port: `https://example.test:8443`. */
  readonly origin: string
  /** How to speak TLS, where the scheme is `https`. @defaultValue `{}` */
  readonly tls?: TlsClient | undefined
  /** Connections at a time; further requests wait for one. @defaultValue 1 */
  readonly connectionsMax?: number
  /** Bound on connecting, the TLS handshake included. @defaultValue 10000 */
  readonly connectMs?: number
  /** How long a connection is kept without a request, unless the server asks for less. @defaultValue 4000 */
  readonly keepAliveMs?: number
}

export interface HttpRequest {
  readonly method: string
  /** Path and query: `/in?a=1`. */
  readonly path: string
  /** Length, connection and host are added. Names and values must be what HTTP allows. */
  readonly headers: Readonly<Record<string, string>>
  /** Must not be changed before the request is over. */
  readonly body?: Buffer | undefined
  /** From the call to the last byte of the answer: ETIMEDOUT. */
  readonly timeoutMs: number
  /** Bytes of an answer's body, as they come over the wire. */
  readonly answerBytesMax: number
}

export interface HttpResponse {
  readonly status: number
  /** By lower-case name; a header that came several times is a list. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
  /** The body was longer than `answerBytesMax`: its rest was not read, and the connection closed. */
  readonly cut: boolean
}

export interface HttpPool {
  /**
   * Sends a request and resolves with its answer, whatever its status. Rejects with a system error (ECONNREFUSED, ECONNRESET, ETIMEDOUT,
   * ECONNABORTED after `close` …), a code of TLS, `WB_HTTP_ANSWER` for an answer that is no HTTP, or `WB_HTTP_REQUEST` for a request that
   * cannot be sent at all.
   */
  request(request: HttpRequest): Promise<HttpResponse>
  /** Closes all connections at once; what is under way is rejected. */
  close(): Promise<void>
}
