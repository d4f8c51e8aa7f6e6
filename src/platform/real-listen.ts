// Listening on the real platform. A unix socket file is ours alone (0600); one left behind by a dead process is replaced, one that
// somebody answers on is not.

import { chmodSync, lstatSync, type Stats, unlinkSync } from "node:fs"
import { createServer, type ListenOptions as NodeListenOptions, type Server, type ServerOpts, Socket } from "node:net"
import type { Connection, Listener, ListenOptions, TlsServer } from "./platform.ts"
import { atLeastASecond, RealConnection, remoteOf } from "./real-connection.ts"
import { Handshakes, secureServer } from "./real-tls.ts"
import { errorCode, systemError } from "./system-error.ts"
import { explainTls } from "./tls-error.ts"

const socketMode = 0o600
/** Bytes of a unix socket path, as `sockaddr_un` limits them; libuv would cut a longer one off without a word. */
const longestPath = 107

/** Listens, see `Sockets.listen`. */
export async function listen(options: ListenOptions, accepted: (connection: Connection) => void): Promise<Listener> {
  const { server, stop } = options.tls === undefined ? plainServer(options, accepted) : tlsServer(options, options.tls, accepted)
  let open = true
  await bind(server, options)
  server.on("error", (error) => {
    if (open) options.failed?.(error)
  })
  const address = options.address
  return {
    address: "path" in address ? address : tcpAddress(server),
    close: async () => {
      if (!open) return
      open = false
      stop()
      // Not its callback: that waits for every connection to end. The socket itself is closed within the call.
      server.close()
      await new Promise(setImmediate)
    },
  }
}

/** A server, and how it ceases to hand out connections. */
interface Accepting {
  readonly server: Server
  readonly stop: () => void
}

function plainServer(options: ListenOptions, accepted: (connection: Connection) => void): Accepting {
  const server = createServer({ allowHalfOpen: options.halfOpen === true, ...serverOptions(options) })
  let open = true
  server.on("connection", (socket) => {
    const connection = new RealConnection(socket, remoteOf(socket))
    if (open) accepted(connection)
    else connection.destroy()
  })
  return {
    server,
    stop: () => {
      open = false
    },
  }
}

function tlsServer(options: ListenOptions, tls: TlsServer, accepted: (connection: Connection) => void): Accepting {
  const server = secureServer(tls, serverOptions(options))
  const handshakes = new Handshakes(server, options, (socket, remote) =>
    accepted(new RealConnection(socket, remote, undefined, (error) => explainTls(error, remote))),
  )
  return { server, stop: () => handshakes.close() }
}

function serverOptions({ keepAliveMs }: ListenOptions): ServerOpts {
  return keepAliveMs === undefined
    ? { noDelay: true }
    : { noDelay: true, keepAlive: true, keepAliveInitialDelay: atLeastASecond(keepAliveMs) }
}

/** The address a TCP server is bound to. */
export function tcpAddress(server: Server): { host: string; port: number } {
  const bound = server.address()
  if (bound === null || typeof bound === "string") throw systemError("EINVAL", "getsockname")
  return { host: bound.address, port: bound.port }
}

/** Binds a server to its address; a unix socket is made 0600, and replaces one that nobody answers on. */
export async function bind(server: Server, options: Pick<ListenOptions, "address" | "backlog">): Promise<void> {
  const { address } = options
  const backlog = options.backlog === undefined ? {} : { backlog: options.backlog }
  if (!("path" in address)) {
    const host = address.host.toLowerCase() === "localhost" ? "127.0.0.1" : address.host
    await start(server, { host, port: address.port, ...backlog })
    return
  }
  const { path } = address
  if (Buffer.byteLength(path) > longestPath) throw systemError("ENAMETOOLONG", "bind", { path })
  const target = { path, ...backlog }
  if (path.startsWith("\0")) await start(server, target)
  else await bindFile(server, target)
}

async function bindFile(server: Server, target: NodeListenOptions & { path: string }): Promise<void> {
  try {
    await startPrivate(server, target)
  } catch (error) {
    if (errorCode(error) !== "EADDRINUSE" || !(await removeStale(target.path))) throw error
    await startPrivate(server, target)
  }
}

function start(server: Server, target: NodeListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(target, () => {
      server.removeListener("error", reject)
      resolve()
    })
  })
}

// Node binds within the call, so the mask covers just that; it spares the modes that our own files and directories are made with.
function startPrivate(server: Server, target: NodeListenOptions & { path: string }): Promise<void> {
  const before = setMask(0o077)
  try {
    const started = start(server, target)
    if (server.listening) chmodSync(target.path, socketMode)
    return started
  } finally {
    if (before !== undefined) setMask(before)
  }
}

/** Sets the file mode mask and answers the one before; a worker thread may not, and makes do with `chmod`. */
function setMask(mask: number): number | undefined {
  try {
    return process.umask(mask)
  } catch {
    return undefined
  }
}

async function removeStale(path: string): Promise<boolean> {
  const before = socketAt(path)
  if (before === undefined) return false
  const answer = await probe(path)
  if (answer === "ENOENT") return true
  if (answer !== "ECONNREFUSED") return false
  // Somebody else may have replaced it meanwhile: that one is not ours to remove.
  if (socketAt(path)?.ino === before.ino) unlinkSync(path)
  return true
}

function socketAt(path: string): Stats | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isSocket() === true ? found : undefined
}

/** Connects and hangs up: the error's code, `undefined` when somebody answers. */
function probe(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = new Socket()
    const done = (code: string | undefined): void => {
      socket.destroy()
      resolve(code)
    }
    socket.on("error", (error) => done(errorCode(error)))
    socket.on("connect", () => done(undefined))
    socket.connect({ path })
  })
}
