// TLS over real sockets. That a connection of TLS keeps the rest of the contract is tested in sockets.test.ts.

import { createServer } from "node:net"
import { createServer as createTlsServer, connect as tlsConnect } from "node:tls"
import { afterEach, describe, expect, test } from "vitest"
import { errorCode } from "../../../src/platform/system-error.ts"
import { identity } from "./certificates.ts"
import { until } from "./recorder.ts"
import { ca, cleanUp, connect, failure, foreign, host, later, listen, plain, refusal, trusting } from "./tls-ends.ts"

afterEach(cleanUp)

describe("a handshake", () => {
  test("comes before connected and accepted, and bytes go both ways after it", async () => {
    const { port, accepted } = await listen()
    const silent = plain(port, "")
    const client = connect(port)
    await until(() => client.seen.includes("connected") && accepted.length === 1, "both ends")
    expect(accepted[0]?.connection?.remote).toMatch(/^127\.0\.0\.1:\d+$/)
    client.connection.write(Buffer.from("there"))
    accepted[0]?.connection?.write(Buffer.from("back"))
    await until(() => accepted[0]?.text === "there" && client.text === "back")
    expect(accepted).toHaveLength(1)
    silent.destroy()
  })

  test("finds the name that was asked for, or the address, in the certificate", async () => {
    const { port, accepted } = await listen()
    connect(port, { tls: { ca } }, "localhost")
    connect(port, { tls: { ca, serverName: "localhost" } })
    connect(port, { tls: { ca, serverName: "::1" } })
    await until(() => accepted.length === 3, "three connections")
  })

  test("is not disturbed by an end, nor by a pause, that comes before it is over", async () => {
    const { port, accepted } = await listen({ halfOpen: true })
    const client = connect(port, { ...trusting, halfOpen: true })
    client.connection.pause()
    client.connection.end()
    await until(() => accepted[0]?.seen.includes("ended") === true)
    accepted[0]?.connection?.write(Buffer.from("heard"))
    accepted[0]?.connection?.end()
    client.connection.resume()
    await until(() => client.isClosed)
    expect(client.seen).toEqual(["connected", "data", "ended", "closed"])
  })

  test("has its own deadline only: a connection that is idle afterwards stays", async () => {
    const listening = await listen({ handshakeMs: 100 })
    const client = connect(listening.port, { ...trusting, handshakeMs: 100 })
    await until(() => listening.accepted.length === 1 && client.seen.length === 1)
    // Begun later, over later.
    plain(listening.port, "")
    expect(await refusal(listening)).toBe("WB_TLS_TIMEOUT")
    client.connection.write(Buffer.from("still here"))
    await until(() => listening.accepted[0]?.text === "still here")
  })
})

describe("a connecting end refuses", () => {
  test.each([
    ["an authority that it does not know", { tls: identity("stranger") }, { ca }, "WB_TLS_UNKNOWN_AUTHORITY"],
    ["an authority that is not among those of Node", {}, {}, "WB_TLS_UNKNOWN_AUTHORITY"],
    ["a certificate that has expired", { tls: identity("expired") }, { ca }, "WB_TLS_EXPIRED"],
    ["a certificate for another name", {}, { ca, serverName: "elsewhere.test" }, "WB_TLS_HOST_MISMATCH"],
  ])("%s, and sends it nothing", async (_what, server, tls, code) => {
    const { port, accepted, refused } = await listen(server)
    const client = connect(port, { tls })
    const answers: (string | undefined)[] = []
    client.connection.write(Buffer.from("secret"), (error) => answers.push(errorCode(error)))
    expect(await failure(client)).toBe(code)
    expect(answers).toEqual([code])
    expect(client.error?.message).toContain(`TLS with 127.0.0.1:${port}: the peer's certificate`)
    expect(client.error?.cause).toBeInstanceOf(Error)
    await until(() => refused.length + accepted.filter((saw) => saw.isClosed).length === 1, "the other end")
    expect(accepted.map((saw) => saw.text).join()).toBe("")
  })

  test("whoever cannot be verified, whatever the environment says", async () => {
    const { port } = await listen()
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0"
    later(() => delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"])
    expect(await failure(connect(port, { tls: { verify: undefined } }))).toBe("WB_TLS_UNKNOWN_AUTHORITY")
  })

  test("nobody with an explicit `verify: false`", async () => {
    const { port, accepted } = await listen({ tls: identity("expired") })
    connect(port, { tls: { verify: false, serverName: "elsewhere.test" } })
    await until(() => accepted.length === 1, "the connection")
  })

  test("a peer that answers in plain text, or closes, or says nothing", async () => {
    const banner = await foreign(createServer((socket) => socket.on("error", () => undefined).write("220 ready when you are\r\n")))
    expect(await failure(connect(banner))).toBe("WB_TLS_PLAINTEXT")
    const closing = await foreign(createServer((socket) => socket.once("data", () => socket.end())))
    expect(await failure(connect(closing))).toBe("WB_TLS_CLOSED")
    const silent = await foreign(createServer((socket) => socket.on("error", () => undefined).resume()))
    expect(await failure(connect(silent, { ...trusting, handshakeMs: 30 }))).toBe("WB_TLS_TIMEOUT")
    const resetting = await foreign(createServer((socket) => socket.once("data", () => socket.resetAndDestroy())))
    expect(await failure(connect(resetting))).toBe("ECONNRESET")
  })
})

describe("a listener refuses", () => {
  test.each([
    ["lines", "one event after the other\n"],
    ["HTTP", "GET / HTTP/1.1\r\n\r\n"],
  ])("a peer that speaks plain text: %s", async (_what, text) => {
    const listening = await listen()
    const closed = new Promise((resolve) => plain(listening.port, text).resume().on("close", resolve))
    expect(await refusal(listening)).toBe("WB_TLS_PLAINTEXT")
    expect(listening.refused[0]?.error.message).toContain("the peer does not speak TLS")
    await closed
    expect(listening.accepted).toEqual([])
  })

  test("a peer that says nothing, or too little at a time", async () => {
    const listening = await listen({ handshakeMs: 60 })
    const slow = plain(listening.port, "")
    let closed = false
    slow.on("close", () => {
      closed = true
    })
    await until(() => {
      // The first bytes of a record, one by one: never idle, never done.
      if (slow.writable && slow.bytesWritten < 4)
        slow.write(Buffer.from([0x16, 3, 1, 2]).subarray(slow.bytesWritten, slow.bytesWritten + 1))
      return closed
    }, "the end of a slow peer")
    expect(await refusal(listening)).toBe("WB_TLS_TIMEOUT")
    expect(listening.refused).toHaveLength(1)
  })

  test("a peer that hangs up during the handshake", async () => {
    const listening = await listen({ halfOpen: true })
    plain(listening.port, "").end()
    expect(await refusal(listening)).toBe("WB_TLS_CLOSED")
  })

  test("a peer that speaks an old version", async () => {
    const listening = await listen()
    const old = { host, port: listening.port, ca, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const
    tlsConnect(old).on("error", () => undefined)
    expect(await refusal(listening)).toBe("WB_TLS_VERSION")
  })

  test("more handshakes at a time than it was told to run", async () => {
    const listening = await listen({ handshakesMax: 1 })
    plain(listening.port, "")
    plain(listening.port, "")
    expect(await refusal(listening)).toBe("WB_TLS_BUSY")
    expect(listening.refused).toHaveLength(1)
  })

  test("nobody aloud once it is closed: who shakes hands then is hung up on", async () => {
    const { listener, port, accepted, refused } = await listen()
    let closed = false
    const silent = plain(port, "").on("close", () => {
      closed = true
    })
    const client = connect(port)
    await until(() => client.seen.length === 1 && accepted.length === 1 && !silent.connecting)
    await listener.close()
    await until(() => closed, "the hang-up")
    expect(refused).toEqual([])
    expect(client.seen).toEqual(["connected"])
  })
})

describe("a listener that wants client certificates", () => {
  const wanting = { tls: { ...identity("server"), ca } }

  test("accepts one that its authority signed", async () => {
    const { port, accepted } = await listen(wanting)
    const client = connect(port, { tls: { ca, ...identity("client") } })
    client.connection.write(Buffer.from("it is me"))
    await until(() => accepted[0]?.text === "it is me")
  })

  test("refuses a client without one; the client hears of it after connected", async () => {
    const listening = await listen(wanting)
    const client = connect(listening.port)
    expect(await refusal(listening)).toBe("WB_TLS_CERTIFICATE_REQUIRED")
    await until(() => client.isClosed)
    expect(client.seen).toEqual(["connected", "closed WB_TLS_CERTIFICATE_REQUIRED"])
    expect(listening.accepted).toEqual([])
  })

  test.each([
    ["another authority", "stranger", "WB_TLS_UNKNOWN_AUTHORITY"],
    ["a time long gone", "expired", "WB_TLS_EXPIRED"],
  ] as const)("refuses one of %s", async (_what, name, code) => {
    const listening = await listen(wanting)
    const client = connect(listening.port, { tls: { ca, ...identity(name) } })
    expect(await refusal(listening)).toBe(code)
    await until(() => client.isClosed)
    expect(listening.accepted).toEqual([])
  })

  test("accepts any, or none, with an explicit `verify: false`", async () => {
    const { port, accepted } = await listen({ tls: { ...wanting.tls, verify: false } })
    connect(port)
    connect(port, { tls: { ca, ...identity("stranger") } })
    await until(() => accepted.length === 2, "both connections")
  })

  test("tells a client of TLS 1.2 before connected", async () => {
    const options = { ...identity("server"), ca, requestCert: true, rejectUnauthorized: true, maxVersion: "TLSv1.2" } as const
    expect(await failure(connect(await foreign(createTlsServer(options))))).toBe("WB_TLS_REJECTED")
  })
})

test("an address that cannot be is told like any other failure", async () => {
  expect(await failure(connect(70_000))).toBe("ERR_SOCKET_BAD_PORT")
})
