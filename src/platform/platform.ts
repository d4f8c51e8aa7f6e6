// The world as the runtime sees it: clock, timers, randomness, files and sockets, behind one contract with two implementations.
// `real.ts` is Node; `simulated/` has virtual time, a seeded generator, a disk that forgets what was not synced and a network that
// refuses, resets and stalls. Nothing outside this folder touches these things directly (test/layout.test.ts).
//
// Rules both implementations keep: a callback never runs inside the call that caused it; a handle that was closed calls nothing any
// more, except `closed` once; errors are Node system errors (`code: "ECONNREFUSED"`, `"ENOSPC"` …), of TLS those of `TlsCode`.

/** A timer that can be cancelled; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall time in milliseconds since 1970. May jump. */
  now(): number
  /** Milliseconds since an arbitrary start, with fractions. Never goes back; measures. */
  monotonic(): number
}

export interface Timers {
  /** Calls `callback` once after `delayMs`. With `background: true` the timer does not keep the process alive. */
  after(delayMs: number, callback: () => void, options?: { background?: boolean }): Timer
  /** Calls `callback` every `intervalMs`, never overlapping with itself. */
  every(intervalMs: number, callback: () => void, options?: { background?: boolean }): Timer
  /** Calls `callback` after pending I/O had its turn. */
  immediate(callback: () => void): void
  /** Resolves after `delayMs`, or rejects with the signal's reason. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

export interface Random {
  /** In [0, 1). */
  float(): number
  /** `count` random bytes. */
  bytes(count: number): Buffer
  /** A version 4 uuid in text form. Bytes come from a pool of 16 KiB. */
  uuid(): string
  /** Writes the 16 bytes of a version 4 uuid at `offset`. */
  uuidInto(target: Buffer, offset: number): void
}

export interface FileStat {
  readonly size: number
  readonly modifiedMs: number
  readonly isFile: boolean
  readonly isDirectory: boolean
  readonly device: number
  readonly inode: number
}

/** An open file. Every method rejects with a Node system error. Offsets and lengths are bytes. */
export interface FileHandle {
  /** Reads up to `length` bytes at `position` into `target` at `offset`; resolves to the bytes read, 0 at the end. */
  read(target: Buffer, offset: number, length: number, position: number): Promise<number>
  /** Writes all of `parts` one after another at `position` (one `writev`); resolves when all is written, though not synced. */
  write(parts: readonly Buffer[], position: number): Promise<void>
  /** Forces written data to disk (`fdatasync`). */
  sync(): Promise<void>
  truncate(length: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

export interface Files {
  /** `read`: must exist. `create`: read and write, must not exist. `update`: read and write, made when missing. New files are 0600. */
  open(path: string, mode: "read" | "create" | "update"): Promise<FileHandle>
  /** `undefined` when nothing is there. */
  stat(path: string): Promise<FileStat | undefined>
  /** Names in a directory, sorted; rejects with ENOENT when it is missing. */
  list(directory: string): Promise<string[]>
  /** Makes one directory, 0700; the parent must exist. Resolves when it is there already. */
  makeDirectory(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Forces the entries of a directory to disk, so that a created, renamed or removed name survives a power cut. */
  syncDirectory(directory: string): Promise<void>
  readFile(path: string): Promise<Buffer>
  /** Replaces or makes a small file, 0600. Not durable by itself. */
  writeFile(path: string, content: Buffer | string): Promise<void>
  /** Bytes free for this user on the file system of `path`. */
  freeBytes(path: string): Promise<number>
  /** Whether files can be made in `directory`. */
  writable(directory: string): Promise<boolean>
}

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

/** What a connection tells its owner. `closed` comes exactly once, last; `error` is set when it did not end in order. */
export interface ConnectionEvents {
  /** Outgoing connections only: the connection stands (after the TLS handshake, if any). */
  connected?(): void
  /** A chunk that the receiver owns from now on. */
  data?(chunk: Buffer): void
  /** The peer will send no more (FIN). With `halfOpen` the connection stays open for writing until `end`. */
  ended?(): void
  /** The kernel has taken everything that was written, after `write` had answered `false`. */
  drained?(): void
  closed?(error: Error | undefined): void
}

export interface Connection {
  readonly remote: string
  /** Bytes handed to `write` that the kernel has not taken yet. */
  readonly pendingBytes: number
  /** Hands bytes over; the caller must not change them any more. `written` is called when the kernel has taken them, or with the error:
   *  exactly once, never after `closed`, also for what `destroy` threw away.
   *  Answers `false` when more than the high-water mark is pending: then wait for `drained`. */
  write(bytes: Buffer, written?: (error: Error | undefined) => void): boolean
  /** Sends what is pending, then FIN. */
  end(): void
  /** Closes at once; what is pending is thrown away. */
  destroy(error?: Error): void
  /** No `data` and no `ended` until `resume`. While much is unread, a reset is not noticed either before `resume` or the next `write`. */
  pause(): void
  resume(): void
  setEvents(events: ConnectionEvents): void
}

/** Where to connect or listen: TCP (`port` 0 listens on any free port) or a unix socket. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string }

export interface ConnectOptions {
  readonly halfOpen?: boolean | undefined
  /**
   * With TLS `connected` comes after the handshake, and half-close is close_notify and FIN together. Three things differ from plain TCP.
   * A FIN without close_notify counts as `ended` too, so somebody on the way can cut a stream short unnoticed: what must be whole says
   * where it ends. `drained` and `written` come a turn later. And in TLS 1.3 a client is through before the listener has judged its
   * certificate: a refusal comes after `connected`, as an error, or as `ended` without a reason.
   */
  readonly tls?: TlsClient | undefined
  /** Bound on the TLS handshake, from the moment the TCP connection stands. @defaultValue 5000 */
  readonly handshakeMs?: number | undefined
  /**
   * After so long without a byte the kernel asks the peer whether it is still there; one that does not answer ends the connection with
   * ETIMEDOUT. Whole seconds, at least one. @defaultValue never asked
   */
  readonly keepAliveMs?: number | undefined
}

export interface ListenOptions {
  readonly address: Address
  readonly backlog?: number
  readonly halfOpen?: boolean
  /** With it a connection is accepted after its handshake. */
  readonly tls?: TlsServer | undefined
  /** Bound on the TLS handshake, from the moment the TCP connection stands. @defaultValue 5000 */
  readonly handshakeMs?: number | undefined
  /** Handshakes under way at a time; one more connection is refused. @defaultValue 1000 */
  readonly handshakesMax?: number | undefined
  /** As in {@link ConnectOptions}. */
  readonly keepAliveMs?: number | undefined
  /** A connection could not be accepted (EMFILE …); the listener goes on. */
  readonly failed?: (error: Error) => void
  /**
   * The handshake of a connection failed, and the connection is closed. The error's `code` is a {@link TlsCode}, or ECONNRESET and the
   * like when the connection broke. Anybody who finds the port can cause as many as they like: whoever logs them counts them together.
   */
  readonly refused?: (remote: string, error: Error) => void
}

export interface Listener {
  /** The port or path bound. */
  readonly address: Address
  /** Stops accepting; open connections stay, handshakes under way do not. */
  close(): Promise<void>
}

export interface Sockets {
  /**
   * Starts to connect; what becomes of it is told through `events`, also that its options cannot be used. No timeout of its own but for
   * the TLS handshake: call `destroy`.
   */
  connect(address: Address, events: ConnectionEvents, options?: ConnectOptions): Connection
  /**
   * Listens; `accepted` gets each connection before any of its data and must call `setEvents` at once. Rejects with EADDRINUSE, EACCES …,
   * and WB_TLS_CERTIFICATE.
   */
  listen(options: ListenOptions, accepted: (connection: Connection) => void): Promise<Listener>
  /** Looks at certificates and key before they are needed. @throws with `code` WB_TLS_CERTIFICATE, naming what is wrong with which. */
  checkTls(tls: TlsClient | TlsServer): void
}

/** Standard input and output of the process, as modules see them. */
export interface StandardStreams {
  /** Reads standard input as a connection-like stream: `data`, then `ended` and `closed`. */
  input(events: ConnectionEvents): Pick<Connection, "pause" | "resume" | "destroy">
  /** Writes to standard output; answers and calls back as `Connection.write`; `closed` events do not exist: a broken pipe comes as the error. */
  output: Pick<Connection, "write" | "pendingBytes">
}

export interface Platform {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly files: Files
  readonly sockets: Sockets
  readonly streams: StandardStreams
  readonly pid: number
  readonly hostname: string
  /** Environment variables as they were at start. */
  readonly environment: Readonly<Record<string, string | undefined>>
}
