// Watches connections the way a test wants to see them: what came, in which order, and waiting until something has come. The waiting
// polls the event loop, which serves the real platform as well as the simulated one.
import type { Address, Connection, ConnectionEvents, Listener, Sockets } from "../../../src/platform/platform.ts"
import { errorCode } from "../../../src/platform/system-error.ts"

const patienceMs = 5000

/** Waits turn by turn until `predicate` holds. */
export async function until(predicate: () => boolean, what = "what was awaited"): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!predicate()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come`)
    await turn()
  }
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Events of one connection: `seen` in order (data without its bytes), `text` all data together. */
export class Recorder implements ConnectionEvents {
  readonly seen: string[] = []
  readonly chunks: Buffer[] = []
  error: Error | undefined
  connection: Connection | undefined

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }

  get isClosed(): boolean {
    return this.seen.some((event) => event.startsWith("closed"))
  }

  count(event: string): number {
    return this.seen.filter((one) => one === event).length
  }

  connected(): void {
    this.seen.push("connected")
  }

  data(chunk: Buffer): void {
    if (this.seen.at(-1) !== "data") this.seen.push("data")
    this.chunks.push(chunk)
  }

  ended(): void {
    this.seen.push("ended")
  }

  drained(): void {
    this.seen.push("drained")
  }

  closed(error: Error | undefined): void {
    this.error = error
    this.seen.push(error === undefined ? "closed" : `closed ${errorCode(error) ?? error.message}`)
  }
}

/** Two ends of one connection and what each saw. */
export interface Pair {
  readonly listener: Listener
  readonly client: Connection
  readonly clientSaw: Recorder
  readonly server: Connection
  readonly serverSaw: Recorder
}

/** Listens at `address` and connects to it; both ends stand when it resolves. */
export async function connectedPair(
  sockets: Sockets,
  { address = { host: "127.0.0.1", port: 0 }, halfOpen = false }: { address?: Address; halfOpen?: boolean } = {},
): Promise<Pair> {
  const serverSaw = new Recorder()
  const listener = await sockets.listen({ address, halfOpen }, (connection) => {
    serverSaw.connection = connection
    connection.setEvents(serverSaw)
  })
  const clientSaw = new Recorder()
  const client = sockets.connect(listener.address, clientSaw, { halfOpen })
  await until(() => clientSaw.seen.length > 0 && serverSaw.connection !== undefined, "the connection")
  return { listener, client, clientSaw, server: serverSaw.connection as Connection, serverSaw }
}
