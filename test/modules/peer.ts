// Another machine in a simulated world: listens or connects, keeps what it got, and can go away.

import type { Connection, Listener } from "../../src/index.ts"
import type { SimulatedPlatform } from "../../src/testing/index.ts"

/** One end of a connection at the peer. */
export class PeerEnd {
  text = ""
  ended = false
  closed = false
  error: string | undefined
  readonly connection: Connection

  constructor(connect: (events: Parameters<Connection["setEvents"]>[0]) => Connection) {
    this.connection = connect({
      data: (chunk) => {
        this.text += chunk.toString("latin1")
      },
      ended: () => {
        this.ended = true
      },
      closed: (error) => {
        this.closed = true
        this.error = (error as { code?: string } | undefined)?.code
      },
    })
  }

  write(content: string | Buffer): void {
    this.connection.write(Buffer.from(content))
  }
}

/** A program on another machine that listens. */
export class PeerServer {
  readonly ends: PeerEnd[] = []
  /** When each connection was accepted, in milliseconds since the start of the world. */
  readonly acceptedMs: number[] = []
  #listener: Listener | undefined
  readonly #platform: SimulatedPlatform
  readonly #port: number

  constructor(platform: SimulatedPlatform, port: number) {
    this.#platform = platform
    this.#port = port
  }

  /** All that arrived, over all connections, in the order of the connections. */
  get text(): string {
    return this.ends.map((end) => end.text).join("")
  }

  async listen(): Promise<void> {
    const address = { host: "127.0.0.1", port: this.#port }
    this.#listener = await this.#platform.outside.sockets.listen({ address }, (connection) => {
      this.acceptedMs.push(this.#platform.clock.monotonic())
      this.ends.push(
        new PeerEnd((events) => {
          connection.setEvents(events)
          return connection
        }),
      )
    })
  }

  /** Stops listening; connections stay. */
  async shut(): Promise<void> {
    await this.#listener?.close()
  }

  /** Dies: stops listening, and every connection is reset. */
  async die(): Promise<void> {
    await this.shut()
    this.#platform.net.resetAll(this.#port)
  }
}

/** A connection from another machine. */
export function dial(platform: SimulatedPlatform, port: number): PeerEnd {
  return new PeerEnd((events) => platform.outside.sockets.connect({ host: "127.0.0.1", port }, events))
}
