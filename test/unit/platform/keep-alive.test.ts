// Keep-alive, as the kernel shows it.

import { readFileSync } from "node:fs"
import { afterEach, describe, expect, test } from "vitest"
import { identity } from "./certificates.ts"
import { until } from "./recorder.ts"
import { cleanUp, connect, listen, trusting } from "./tls-ends.ts"

afterEach(cleanUp)

describe.skipIf(process.platform !== "linux")("keep-alive", () => {
  /** Seconds until the kernel asks the peer of the connection from `from` to `to`, `undefined` when it never does. */
  function keepAliveSeconds(from: number, to: number): number | undefined {
    const hex = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, "0")}`
    const rows = readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .map((row) => row.trim().split(/\s+/))
    const [kind, ticks] = rows.find((row) => row[1]?.endsWith(hex(from)) && row[2]?.endsWith(hex(to)))?.[5]?.split(":") ?? []
    return kind === "02" ? Number.parseInt(ticks ?? "", 16) / 100 : undefined
  }

  test.each([
    ["", undefined, {}],
    [" with TLS", identity("server"), trusting],
  ])("asks an idle peer, from either end%s", async (_what, tls, options) => {
    const { port, accepted } = await listen({ tls, keepAliveMs: 50_000 })
    const client = connect(port, { ...options, keepAliveMs: 20_000 })
    await until(() => accepted.length === 1 && client.seen.length === 1)
    const clientPort = Number(accepted[0]?.connection?.remote.split(":")[1])
    // Another timer may be under way until the last acknowledgement is in.
    await until(() => keepAliveSeconds(clientPort, port) !== undefined && keepAliveSeconds(port, clientPort) !== undefined, "keep-alive")
    expect(keepAliveSeconds(clientPort, port)).toBeCloseTo(20, -1)
    expect(keepAliveSeconds(port, clientPort)).toBeCloseTo(50, -1)
  })

  test("asks nobody unless told to", async () => {
    const { port, accepted } = await listen({ tls: undefined })
    const client = connect(port, {})
    await until(() => accepted.length === 1 && client.seen.length === 1)
    const clientPort = Number(accepted[0]?.connection?.remote.split(":")[1])
    expect(keepAliveSeconds(clientPort, port)).toBeUndefined()
  })
})
