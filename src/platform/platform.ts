// The world as the runtime sees it: clock, timers, randomness, files and sockets, behind one contract with two implementations.
// `real.ts` is Node; `simulated/` has virtual time, a seeded generator, a disk that forgets what was not synced and a network that
// refuses, resets and stalls. Nothing outside this folder touches these things directly (test/layout.test.ts).
//
// Rules both implementations keep: a callback never runs inside the call that caused it; a handle that was closed calls nothing any
// more, except `closed` once; errors are Node system errors (`code: "ECONNREFUSED"`, `"ENOSPC"` …), of TLS those of `TlsCode`.

import type { Address } from "./address.ts"
import type { Http } from "./http.ts"
import type { Monitor } from "./monitor.ts"
import type { TlsClient, TlsServer } from "./tls.ts"

export type { Address } from "./address.ts"
export type { Pem, TlsClient, TlsCode, TlsServer } from "./tls.ts"

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
  /** The 16 bytes of a new one, from `uuidAt` of a buffer that holds others too and must not be changed: spares a copy. */
  uuidPlace?(): { readonly uuidBytes: Buffer; readonly uuidAt: number }
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
  /** Of the file that is open, whatever its name stands for by now. */
  stat(): Promise<FileStat>
  close(): Promise<void>
}

/** How `Files.open` treats the name. */
export interface OpenOptions {
  /** Rejects with ELOOP when the last name of the path is a symbolic link. */
  readonly noFollow?: boolean
  /** Permission bits of a file that is made, before the umask. @defaultValue 0o600 */
  readonly permissions?: number
}

/** What `Files.watch` tells. Both are hints: look at the file before acting on them. */
export interface WatchEvents {
  /** `path` is absolute. Changes that follow one another closely may be told as one. */
  changed(path: string, what: "added" | "changed" | "removed"): void
  /** Watching is not complete (no inotify watches left, a folder that cannot be read …) and may go on; never the end of the process. */
  failed(error: Error): void
}

/** A watch under way. */
export interface Watcher {
  /**
   * Resolves when watching has begun, or waits for the folder above to appear; also after `failed`. What changed earlier may go untold,
   * so whoever must miss nothing looks for itself after it.
   */
  readonly ready: Promise<void>
  /** Nothing is told any more once this is called; resolves when all is released. */
  close(): Promise<void>
}

export interface Files {
  /**
   * `read`: must exist. `create`: read and write, must not exist. `update`: read and write, made when missing. `append`: as `update`, and
   * every write goes to the end, wherever that is by then, its `position` notwithstanding. New files are 0600.
   */
  open(path: string, mode: "read" | "create" | "update" | "append", options?: OpenOptions): Promise<FileHandle>
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
  /** Gives an existing file new content in one step, synced: whoever reads it sees the old or the new. Permissions and owner stay. */
  replaceFile(path: string, content: Buffer | string): Promise<void>
  /** Bytes free for this user on the file system of `path`. */
  freeBytes(path: string): Promise<number>
  /** Whether files can be made in `directory`. */
  writable(directory: string): Promise<boolean>
  /** The absolute path without symbolic links; rejects with ENOENT when nothing is there. */
  realPath(path: string): Promise<string>
  /**
   * Tells of changes to a file, or to a folder and its entries down to `depth` folders below it. A path that does not exist yet is awaited; one that
   * is replaced (renamed over, or removed and made again) stays watched. What is there when watching begins is not told.
   *
   * @param options.depth folders below a folder that are watched too. @defaultValue 0
   */
  watch(path: string, events: WatchEvents, options?: { depth?: number }): Watcher
}

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
  readonly refused?: ((remote: string, error: Error) => void) | undefined
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
  readonly http: Http
  /** Begins to measure this process and its event loop. */
  readonly monitor: () => Monitor
  /** Unix sockets may have names that are no files (Linux): nothing is left of them when their process ends, however it ends. */
  readonly abstractSockets: boolean
  readonly pid: number
  readonly hostname: string
  /** Environment variables as they were at start. */
  readonly environment: Readonly<Record<string, string | undefined>>
}
