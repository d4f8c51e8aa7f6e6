// Real sockets on 127.0.0.1 as the tests of TLS and keep-alive use them: listeners, connecting ends and peers of another make, all
// closed by one call.

import { connect as plainConnect, type Server, type Socket } from "node:net"
import { expect } from "vitest"
import type { Connection, ConnectOptions, Listener, ListenOptions } from "../../../src/platform/platform.ts"
import { realPlatform } from "../../../src/platform/real.ts"
import { errorCode } from "../../../src/platform/system-error.ts"
import { identity, pem } from "./certificates.ts"
import { Recorder, until } from "./recorder.ts"

export const { sockets } = realPlatform()
export const host = "127.0.0.1"
export const ca = pem("ca.pem")
export const trusting: ConnectOptions = { tls: { ca } }
const cleanups: (() => unknown)[] = []

/** Runs `cleanup` when `cleanUp` is called. */
export function later(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}

/** Closes whatever a test has opened here. */
export async function cleanUp(): Promise<void> {
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()))
}

export interface Listening {
  readonly listener: Listener
  readonly port: number
  /** What the accepted connections saw. */
  readonly accepted: Recorder[]
  readonly refused: { remote: string; error: Error }[]
}

/** Listens, with TLS unless told otherwise. */
export async function listen(options: Partial<ListenOptions> = {}): Promise<Listening> {
  const accepted: Recorder[] = []
  const refused: Listening["refused"] = []
  const listener = await sockets.listen(
    {
      address: { host, port: 0 },
      tls: identity("server"),
      refused: (remote, error) => void refused.push({ remote, error }),
      ...options,
    },
    (connection) => {
      const saw = new Recorder()
      saw.connection = connection
      connection.setEvents(saw)
      accepted.push(saw)
    },
  )
  cleanups.push(
    () => listener.close(),
    () => accepted.forEach((saw) => saw.connection?.destroy()),
  )
  return { listener, port: portOf(listener), accepted, refused }
}

function portOf(listener: Listener): number {
  return (listener.address as { port: number }).port
}

/** Connects, with TLS unless told otherwise. */
export function connect(port: number, options: ConnectOptions = trusting, name = host): Recorder & { connection: Connection } {
  const saw = new Recorder()
  const connection = sockets.connect({ host: name, port }, saw, options)
  cleanups.push(() => connection.destroy())
  return Object.assign(saw, { connection })
}

/** A server of another make. */
export async function foreign(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  cleanups.push(() => server.close())
  return (server.address() as { port: number }).port
}

/** A client that does not speak TLS. */
export function plain(port: number, text: string): Socket {
  const socket = plainConnect({ host, port }, () => void (text !== "" && socket.write(text)))
  socket.on("error", () => undefined)
  cleanups.push(() => socket.destroy())
  return socket
}

/** The code of the first refusal. */
export async function refusal({ refused }: Listening): Promise<string | undefined> {
  await until(() => refused.length > 0, "the refusal")
  expect(refused[0]?.remote).toMatch(/^127\.0\.0\.1:\d+$/)
  expect(refused[0]?.error.message).toContain(`TLS with ${refused[0]?.remote}: `)
  return errorCode(refused[0]?.error)
}

/** The code with which a connection ended that never stood. */
export async function failure(saw: Recorder): Promise<string | undefined> {
  await until(() => saw.isClosed, "the end")
  expect(saw.seen).toHaveLength(1)
  return errorCode(saw.error)
}
