// Connecting on the real platform, with or without TLS.

import { isIP, type LookupFunction, Socket } from "node:net"
import { addressText } from "./address.ts"
import type { Address, Connection, ConnectionEvents, ConnectOptions } from "./platform.ts"
import { atLeastASecond, RealConnection } from "./real-connection.ts"
import { connectSecure } from "./real-tls.ts"

/** How long one address of a name with several is tried before the next; Node's 250 ms give up on slow links. */
const addressAttemptMs = 1000

/** Starts to connect, see `Sockets.connect`. */
export function connect(address: Address, events: ConnectionEvents, options: ConnectOptions = {}): Connection {
  const target = "path" in address ? { path: address.path } : tcpTarget(address.host, address.port)
  if (options.tls !== undefined) return connectSecure(target, addressText(address), events, { ...options, tls: options.tls })
  const socket = new Socket({ allowHalfOpen: options.halfOpen === true })
  if (options.keepAliveMs !== undefined) socket.setKeepAlive(true, atLeastASecond(options.keepAliveMs))
  const connection = new RealConnection(socket, addressText(address), events)
  try {
    socket.connect(target)
  } catch (error) {
    // A port out of range and the like: told like any other failure, not thrown at a caller who expects none.
    connection.destroy(error as Error)
  }
  return connection
}

/** What `Socket.connect` needs to connect to a name or an address. */
export function tcpTarget(host: string, port: number) {
  const target = { host, port, autoSelectFamilyAttemptTimeout: addressAttemptMs }
  return isIP(host) === 0 && host.toLowerCase() === "localhost" ? { ...target, lookup: lookupLocalhost } : target
}

// Without the resolver: where /etc/hosts names ::1 first, a server on 127.0.0.1 would be missed.
const lookupLocalhost: LookupFunction = (_host, options, done) => {
  if (options.all === true) {
    done(null, [
      { address: "127.0.0.1", family: 4 },
      { address: "::1", family: 6 },
    ])
  } else done(null, "127.0.0.1", 4)
}
