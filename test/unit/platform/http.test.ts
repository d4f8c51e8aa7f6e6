import { mkdtempSync, rmSync, statSync } from "node:fs"
import { get, type IncomingMessage, request } from "node:http"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import type { HttpExchange, HttpListener, HttpListenOptions } from "../../../src/platform/http.ts"
import { realPlatform } from "../../../src/platform/real.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { until } from "./recorder.ts"

const { http } = realPlatform()
const local = { host: "127.0.0.1", port: 0 }

/** A listener that is closed when the test ends. */
async function listen(handler: (exchange: HttpExchange) => void, options: Partial<HttpListenOptions> = {}): Promise<HttpListener> {
  const listener = await http.listen({ owner: "a test", address: local, ...options }, handler)
  onTestFinished(() => listener.close())
  return listener
}

function portOf({ address }: HttpListener): number {
  return "port" in address ? address.port : 0
}

interface Answered {
  readonly status: number | undefined
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

function ask(listener: HttpListener, path = "/", method = "GET"): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port: portOf(listener), path, method, agent: false }, (response) => {
      let body = ""
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text
      })
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
    asked.on("error", reject).end()
  })
}

/** Says `text` on a bare connection; what came back when it was closed. */
async function raw(listener: HttpListener, text: string): Promise<string> {
  let heard = ""
  let closed = false
  const socket = connect({ host: "127.0.0.1", port: portOf(listener) })
  onTestFinished(() => void socket.destroy())
  socket.setEncoding("utf8").on("data", (more: string) => {
    heard += more
  })
  socket
    .on("error", () => undefined)
    .on("close", () => {
      closed = true
    })
  socket.write(text)
  await until(() => closed, "the end of the connection")
  return heard
}

const hello = (exchange: HttpExchange): void => exchange.answer({ status: 200, headers: { "content-type": "text/plain" }, body: "hello" })

describe("requests", () => {
  test("arrive with method, target and headers, and get their answer", async () => {
    const listener = await listen(({ answer, method, target, headers, remote }) =>
      answer({ status: 201, headers: { "x-seen": `${method} ${target} ${String(headers["host"])}` }, body: remote }),
    )
    const { status, headers, body } = await ask(listener, "/a?b=1", "DELETE")
    expect(status).toBe(201)
    expect(headers["x-seen"]).toBe(`DELETE /a?b=1 127.0.0.1:${portOf(listener)}`)
    expect(body).toMatch(/^127\.0\.0\.1:\d+$/)
  })

  test("HEAD gets the length and no body", async () => {
    const { headers, body } = await ask(await listen(hello), "/", "HEAD")
    expect(headers["content-length"]).toBe("5")
    expect(body).toBe("")
  })

  test("only the first answer counts", async () => {
    const listener = await listen((exchange) => {
      hello(exchange)
      exchange.answer({ status: 500 })
    })
    expect(await ask(listener)).toMatchObject({ status: 200, body: "hello" })
  })

  test("a handler that throws is answered with 500 and told, and the next request is served", async () => {
    const told: string[] = []
    const listener = await listen(
      (exchange) => {
        if (exchange.target === "/bad") throw new Error("nobody foresaw this")
        hello(exchange)
      },
      { failed: ({ message }) => told.push(message) },
    )
    expect(await ask(listener, "/bad")).toMatchObject({ status: 500, body: "internal error\n" })
    expect(told).toEqual(["nobody foresaw this"])
    expect((await ask(listener)).status).toBe(200)
  })

  test("a body is not read: the head is answered, and the connection closed", async () => {
    const heard = await raw(await listen(hello), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc")
    expect(heard).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(heard).toMatch(/connection: close/i)
    const chunked = await raw(await listen(hello), "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n")
    expect(chunked).toMatch(/connection: close/i)
  })

  test("nobody is invited to send a body", async () => {
    const heard = await raw(await listen(hello), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    expect(heard).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })
})

describe("what a stranger can make it hold is bounded", () => {
  test("a head that does not come to its end is cut off with 408", async () => {
    const listener = await listen(hello, { headMs: 100 })
    expect(await raw(listener, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")).toMatch(/^HTTP\/1\.1 408 /)
  })

  test("so is a connection on which nothing comes at all", async () => {
    expect(await raw(await listen(hello, { headMs: 100 }), "")).toMatch(/^(HTTP\/1\.1 408 |$)/)
  })

  test("a head that is too long gets 431, garbage gets 400", async () => {
    const listener = await listen(hello, { headBytesMax: 2048 })
    expect(await raw(listener, `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${"x".repeat(4000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
    expect(await raw(listener, "\u0016\u0003\u0001 this is TLS\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /)
  })

  test("a kept connection is closed when nothing more is asked", async () => {
    const heard = await raw(await listen(hello, { keepAliveMs: 50 }), "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    expect(heard).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  test("a peer that does not read its answer is cut off", async () => {
    const big = Buffer.alloc(32 * 1024 * 1024, "x")
    const listener = await listen(({ answer }) => answer({ status: 200, body: big }), { stalledMs: 200 })
    const socket = connect({ host: "127.0.0.1", port: portOf(listener) })
    onTestFinished(() => void socket.destroy())
    let closed = false
    socket
      .on("error", () => undefined)
      .on("close", () => {
        closed = true
      })
    socket.pause()
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    // Longer than it may stand still: what comes then is what lay in the kernel, and the end.
    await new Promise((resolve) => setTimeout(resolve, 1000))
    let got = 0
    socket.on("data", (chunk: Buffer) => {
      got += chunk.length
    })
    socket.resume()
    await until(() => closed, "the end of the connection")
    expect(got).toBeLessThan(big.length)
  })

  test("one connection too many is closed at once", async () => {
    const listener = await listen(() => undefined, { connectionsMax: 2 })
    const held = [1, 2].map(() => connect({ host: "127.0.0.1", port: portOf(listener) }))
    onTestFinished(() => held.forEach((socket) => socket.destroy()))
    let connected = 0
    for (const socket of held) socket.on("connect", () => connected++).on("error", () => undefined)
    await until(() => connected === 2, "two connections")
    expect(await raw(listener, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")).toBe("")
  })
})

describe("listening", () => {
  test("an address in use is EADDRINUSE", async () => {
    const first = await listen(hello)
    await expect(http.listen({ owner: "a test", address: first.address }, hello)).rejects.toMatchObject({ code: "EADDRINUSE" })
  })

  test("a unix socket is this user's alone, and gone after close", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wishbone-ts-http-"))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, "w.sock")
    const listener = await listen(hello, { address: { path } })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const status = await new Promise((resolve) => get({ socketPath: path, path: "/" }, (response) => resolve(response.resume().statusCode)))
    expect(status).toBe(200)
    await listener.close()
    expect(() => statSync(path)).toThrow(/ENOENT/)
  })

  test("close ends connections that are kept or wait for an answer that never comes", async () => {
    const listener = await listen(() => undefined)
    const heard = raw(listener, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await listener.close()
    await listener.close()
    expect(await heard).toBe("")
    await expect(ask(listener)).rejects.toMatchObject({ code: "ECONNREFUSED" })
  })

  test("a simulated run has none, and names who asked", async () => {
    const listening = simulatedPlatform().http.listen({ owner: "`--http`", address: local }, hello)
    await expect(listening).rejects.toMatchObject({
      code: "WB_HTTP_SIMULATED",
      message: "`--http` asks for HTTP, which a simulated run does not have",
    })
  })
})

describe("the monitor", () => {
  test("tells what this process uses, and how late its event loop is", async () => {
    const monitor = realPlatform().monitor()
    onTestFinished(() => monitor.close())
    const before = monitor.read()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const blockedUntil = performance.now() + 150
    while (performance.now() < blockedUntil);
    await new Promise((resolve) => setTimeout(resolve, 50))
    const after = monitor.read()
    expect(after.residentBytes).toBeGreaterThan(10_000_000)
    expect(after.cpuUserSeconds + after.cpuSystemSeconds).toBeGreaterThan(before.cpuUserSeconds + before.cpuSystemSeconds)
    expect(after.loopActiveSeconds).toBeGreaterThan(before.loopActiveSeconds)
    expect(after.loopDelay.max).toBeGreaterThan(0.1)
    expect(after.loopDelay.p50).toBeLessThanOrEqual(after.loopDelay.max)
    expect(Math.abs(after.startedSeconds * 1000 - (Date.now() - process.uptime() * 1000))).toBeLessThan(5000)
  })

  test("of a simulated process says nothing", () => {
    const monitor = simulatedPlatform().monitor()
    expect(monitor.read()).toMatchObject({ residentBytes: 0, loopDelay: { max: 0 } })
    monitor.close()
  })
})
