import { describe, expect, test } from "vitest"
import type { ConnectOptions, ListenOptions } from "../../../../src/platform/platform.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../../src/platform/simulated/simulated.ts"
import { errorCode } from "../../../../src/platform/system-error.ts"
import { Recorder } from "../recorder.ts"

const port = 19283
const address = { host: "127.0.0.1", port }
const pair = { cert: "a certificate", key: "its key" }
const secure: ConnectOptions = { tls: {} }

interface Server {
  readonly accepted: Recorder[]
  /** Codes, in order. */
  readonly refused: (string | undefined)[]
  close(): Promise<void>
}

async function server(platform: SimulatedPlatform, options: Partial<ListenOptions> = {}): Promise<Server> {
  const accepted: Recorder[] = []
  const refused: Server["refused"] = []
  const all = { address, tls: pair, refused: (_remote: string, error: Error) => void refused.push(errorCode(error)), ...options }
  const listener = await platform.outside.sockets.listen(all, (connection) => {
    const saw = new Recorder()
    saw.connection = connection
    connection.setEvents(saw)
    accepted.push(saw)
  })
  return { accepted, refused, close: () => listener.close() }
}

function connect(platform: SimulatedPlatform, options: ConnectOptions = secure): Recorder {
  const saw = new Recorder()
  saw.connection = platform.sockets.connect(address, saw, options)
  return saw
}

describe("a simulated handshake", () => {
  test("takes two ways more than a connection without", async () => {
    const platform = simulatedPlatform()
    const { accepted } = await server(platform)
    platform.net.setLatency({ minMs: 10, maxMs: 10 })
    const saw = connect(platform)
    saw.connection?.write(Buffer.from("early"))
    await platform.advance(29)
    expect(saw.seen).toEqual([])
    expect(accepted).toHaveLength(1)
    await platform.advance(1)
    expect(saw.seen).toEqual(["connected"])
    await platform.advance(10)
    expect(accepted[0]?.text).toBe("early")
  })

  test("is taken apart by split chunks, and put together again", async () => {
    for (let seed = 1; seed < 20; seed += 1) {
      const platform = simulatedPlatform({ seed })
      platform.net.splitChunks = true
      const { accepted } = await server(platform)
      const saw = connect(platform, { tls: pair })
      await platform.runUntil(() => accepted.length === 1)
      // Sent with the answer to the hello, or in the same chunk.
      accepted[0]?.connection?.write(Buffer.from("welcome"))
      saw.connection?.write(Buffer.from("thanks"))
      await platform.settle()
      expect([saw.text, accepted[0]?.text, saw.seen[0]]).toEqual(["welcome", "thanks", "connected"])
    }
  })

  test("keeps what comes with it for an end that is paused", async () => {
    const platform = simulatedPlatform()
    const { accepted } = await server(platform)
    const saw = connect(platform)
    saw.connection?.pause()
    await platform.runUntil(() => accepted.length === 1)
    accepted[0]?.connection?.write(Buffer.from("wait"))
    await platform.settle()
    expect(saw.seen).toEqual(["connected"])
    saw.connection?.resume()
    await platform.settle()
    expect(saw.text).toBe("wait")
  })

  test("fails at both ends for the reason it was told, until it is accepted again", async () => {
    const platform = simulatedPlatform()
    const { accepted, refused } = await server(platform)
    platform.net.failHandshake(port, "WB_TLS_EXPIRED")
    const first = connect(platform)
    first.connection?.write(Buffer.from("lost"), (error) => first.seen.push(`not written: ${errorCode(error)}`))
    await platform.settle()
    expect(first.seen).toEqual(["not written: WB_TLS_EXPIRED", "closed WB_TLS_EXPIRED"])
    expect(first.error?.message).toBe(`TLS with 127.0.0.1:${port}: the peer's certificate has expired`)
    expect(refused).toEqual(["WB_TLS_EXPIRED"])
    expect(platform.net.openEnds(port)).toBe(0)
    platform.net.accept(port)
    const second = connect(platform)
    await platform.settle()
    expect(second.seen).toEqual(["connected"])
    expect(accepted).toHaveLength(1)
  })

  test("takes as long as the less patient end allows when it is slow", async () => {
    const platform = simulatedPlatform()
    const { refused } = await server(platform)
    platform.net.slowHandshake({ host: "127.0.0.1", port })
    const saw = connect(platform)
    await platform.advance(4999)
    expect(saw.seen).toEqual([])
    await platform.advance(1)
    expect(saw.seen).toEqual(["closed WB_TLS_TIMEOUT"])
    expect(refused).toEqual(["WB_TLS_CLOSED"])
    const patient = connect(platform, { ...secure, handshakeMs: 60_000 })
    await platform.advance(5000)
    expect(patient.seen).toEqual(["closed WB_TLS_CLOSED"])
    expect(refused).toEqual(["WB_TLS_CLOSED", "WB_TLS_TIMEOUT"])
  })

  test("does not come to an end while the network is stalled, and does afterwards", async () => {
    const platform = simulatedPlatform()
    await server(platform)
    platform.net.stall(port)
    const saw = connect(platform)
    await platform.advance(4000)
    platform.net.unstall(port)
    await platform.advance(60_000)
    expect(saw.seen).toEqual(["connected"])
  })

  test("can be given up, cut and reset", async () => {
    const platform = simulatedPlatform()
    const { refused } = await server(platform)
    platform.net.slowHandshake(port)
    const saw = [connect(platform), connect(platform)]
    await platform.settle()
    saw[0]?.connection?.destroy(new Error("enough"))
    await platform.settle()
    platform.net.resetAll(port)
    await platform.settle()
    const third = connect(platform)
    await platform.settle()
    platform.net.cut(port)
    await platform.settle()
    expect(saw.map((one) => one.seen)).toEqual([["closed enough"], ["closed ECONNRESET"]])
    expect(third.seen).toEqual(["closed WB_TLS_CLOSED"])
    expect(refused).toEqual(["WB_TLS_CLOSED", "ECONNRESET", "WB_TLS_CLOSED"])
  })

  test("is hung up on, without a word, when the listener closes", async () => {
    const platform = simulatedPlatform()
    const { refused, close } = await server(platform)
    platform.net.slowHandshake(port)
    const saw = connect(platform)
    await platform.settle()
    await platform.complete(close())
    await platform.settle()
    expect(saw.seen).toEqual(["closed WB_TLS_CLOSED"])
    await platform.advance(10_000)
    expect(refused).toEqual([])
    expect(platform.net.openEnds(port)).toBe(0)
  })

  test("is one of so many at a time", async () => {
    const platform = simulatedPlatform()
    const { refused } = await server(platform, { handshakesMax: 1 })
    platform.net.slowHandshake(port)
    const saw = [connect(platform), connect(platform)]
    await platform.settle()
    expect(refused).toEqual(["WB_TLS_BUSY"])
    expect(saw.map((one) => one.seen)).toEqual([[], ["closed WB_TLS_CLOSED"]])
  })

  test("dies with its process: nothing of it is told", async () => {
    const platform = simulatedPlatform()
    const { refused } = await server(platform)
    platform.net.slowHandshake(port)
    const saw = connect(platform)
    await platform.settle()
    const next = platform.restart()
    await next.advance(10_000)
    expect(saw.seen).toEqual([])
    expect(refused).toEqual(["WB_TLS_CLOSED"])
  })
})

describe("a simulated listener", () => {
  test("refuses a peer that speaks plain text, or nothing", async () => {
    const platform = simulatedPlatform()
    const { accepted, refused } = await server(platform)
    const saw = connect(platform, {})
    await platform.settle()
    expect(saw.seen).toEqual(["connected"])
    saw.connection?.write(Buffer.from("a line\n"))
    await platform.settle()
    expect(saw.seen).toEqual(["connected", "ended", "closed"])
    const silent = connect(platform, {})
    await platform.advance(5000)
    expect(silent.seen).toEqual(["connected", "ended", "closed"])
    expect(refused).toEqual(["WB_TLS_PLAINTEXT", "WB_TLS_TIMEOUT"])
    expect(accepted).toEqual([])
  })

  test("without TLS is no match for an end that wants it", async () => {
    const platform = simulatedPlatform()
    const { accepted } = await server(platform, { tls: undefined })
    const answered = connect(platform)
    await platform.settle()
    accepted[0]?.connection?.write(Buffer.from("what?\n"))
    const unanswered = connect(platform)
    await platform.advance(5000)
    expect(accepted[0]?.chunks[0]?.[0]).toBe(0x16)
    expect(answered.seen).toEqual(["closed WB_TLS_PLAINTEXT"])
    expect(unanswered.seen).toEqual(["closed WB_TLS_TIMEOUT"])
  })

  test("that wants client certificates refuses a client without one, unless told to let any pass", async () => {
    const platform = simulatedPlatform()
    const { refused, close } = await server(platform, { tls: { ...pair, ca: "an authority" } })
    const without = connect(platform)
    const having = connect(platform, { tls: pair })
    await platform.settle()
    expect([without.seen, having.seen]).toEqual([["closed WB_TLS_CERTIFICATE_REQUIRED"], ["connected"]])
    expect(refused).toEqual(["WB_TLS_CERTIFICATE_REQUIRED"])
    await platform.complete(close())
    await server(platform, { tls: { ...pair, ca: "an authority", verify: false } })
    const any = connect(platform)
    await platform.settle()
    expect(any.seen).toEqual(["connected"])
  })

  test("wants a certificate with its key, and so does a connecting end", async () => {
    const platform = simulatedPlatform()
    const half = { cert: "a certificate" }
    expect(() => platform.sockets.checkTls(half)).toThrow(expect.objectContaining({ code: "WB_TLS_CERTIFICATE" }))
    const saw = connect(platform, { tls: half })
    await platform.settle()
    expect(saw.seen).toEqual(["closed WB_TLS_CERTIFICATE"])
  })
})
