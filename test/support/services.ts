// Servers that tests may use. Each has a variable that says where it is; without it the usual place on this machine is tried. Where none
// answers its tests are skipped, unless WISHBONE_REQUIRE_SERVICES is set: then they fail.

import { connect } from "node:net"

export interface Service {
  readonly name: string
  readonly variable: string
  readonly host: string
  readonly port: number
  /** Whether the tests that need it are left out. */
  readonly skip: boolean
  /** For the name of the skipped suite. */
  readonly title: string
}

const usual = { postgres: 5432, redis: 6379, nats: 4222 } as const

/** Looks for a server. Its variable (`WISHBONE_TEST_POSTGRES`, …) has the form `host:port`. */
export async function findService(name: keyof typeof usual): Promise<Service> {
  const variable = `WISHBONE_TEST_${name.toUpperCase()}`
  const [host = "127.0.0.1", port = String(usual[name])] = (process.env[variable] ?? `127.0.0.1:${usual[name]}`).split(":")
  const there = await answers(host, Number(port))
  const required = process.env["WISHBONE_REQUIRE_SERVICES"] === "1"
  const skip = !there && !required
  const title = skip ? `${name} (nothing answers at ${host}:${port}; ${variable}=host:port names another place)` : name
  return { name, variable, host, port: Number(port), skip, title }
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 })
    const end = (there: boolean): void => {
      socket.destroy()
      resolve(there)
    }
    socket.on("connect", () => end(true))
    socket.on("error", () => end(false))
    socket.on("timeout", () => end(false))
  })
}
