// The HTTP input over real sockets: when it answers, whom it refuses, and what strangers can do to it.

import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import JsonDecoder from "../../modules/protocol/decode-json.ts"
import { Invalid, TransientError } from "../../src/index.ts"
import { ask, Bare, httpInput, platform, portOf, until } from "../support/http.ts"

const head = (more: string, method = "POST", path = "/"): string => `${method} ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`

describe("a request", () => {
  test("is one event, answered when it is safe", async () => {
    const run = await httpInput()
    run.block("outbox")
    let answered = false
    const asked = ask(portOf(run), { body: "hello\nworld", headers: { "content-type": "text/plain" } }).finally(() => (answered = true))
    await until(() => run.books.in === 1)
    await run.settle()
    expect(answered).toBe(false)
    await run.unblock("outbox")
    expect(await asked).toMatchObject({ status: 200, body: '{"events":1}\n' })
    expect(run.sent).toEqual({ outbox: ["hello\nworld"] })
  })

  test("is an event a line where a delimiter says so", async () => {
    const run = await httpInput({ delimiter: "\n" })
    const { status, body } = await ask(portOf(run), { body: "a\r\n\nb\nc" })
    expect([status, body, run.sent]).toEqual([200, '{"events":3}\n', { outbox: ["a", "b", "c"] }])
    expect(await ask(portOf(run), { body: "\n\n" })).toMatchObject({ status: 200, body: '{"events":0}\n' })
  })

  test("is what a protocol finds in it, all of it or nothing", async () => {
    const run = await httpInput({ delimiter: "\n" }, { protocol: JsonDecoder })
    expect((await ask(portOf(run), { body: '{"a":1}\n[2]\n' })).status).toBe(200)
    expect((await ask(portOf(run), { body: '{"a":1}\n{"b":\n' })).status).toBe(400)
    expect((await ask(portOf(run), { body: '{"__proto__":{"x":1}}' })).status).toBe(400)
    expect(run.sent).toEqual({ outbox: [{ a: 1 }, [2]] })
  })

  test("tells its events where it came from", async () => {
    const run = await httpInput({ methods: ["GET", "PUT"], users: { me: "pw" } })
    const authorization = `Basic ${Buffer.from("me:pw").toString("base64")}`
    await ask(portOf(run), { method: "GET", path: "/?a=1&b=2&b=3&c=%C3%A9", headers: { authorization, "user-agent": "test" } })
    expect(run.sent).toEqual({ outbox: [""] })
    expect(run.events["outbox"]?.[0]?.get(`tmp.${run.module.name}`)).toEqual({
      method: "GET",
      path: "/",
      query: { a: "1", b: ["2", "3"], c: "é" },
      headers: { "user-agent": "test" },
      remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      user: "me",
    })
  })

  test("is told when its events failed, and whether to send them again", async () => {
    const run = await httpInput({ delimiter: "\n", success_status: 202 })
    run.refuse("outbox", new TransientError("away"))
    const away = await ask(portOf(run), { body: "a\nb" })
    expect([away.status, away.headers["retry-after"], JSON.parse(away.body)]).toEqual([
      503,
      "1",
      { error: "failed", kind: "transient", failed: 2 },
    ])
    run.refuse("outbox", new Invalid("wrong"))
    expect(await ask(portOf(run), { body: "a" })).toMatchObject({ status: 422 })
    run.accept("outbox")
    expect(await ask(portOf(run), { body: "a" })).toMatchObject({ status: 202 })
  })

  test("with `reply: results` hears what became of each branch, and of no more than its kind where it failed", async () => {
    const run = await httpInput({ delimiter: "\n", reply: "results" })
    expect(JSON.parse((await ask(portOf(run), { body: "a\nb" })).body)).toMatchObject([
      { ok: true, event: 0 },
      { ok: true, event: 1 },
    ])
    run.refuse("outbox", new Invalid("a secret of ours"))
    const { status, body } = await ask(portOf(run), { body: "a" })
    expect([status, JSON.parse(body)]).toEqual([422, [{ ok: false, event: 0, kind: "invalid" }]])
  })

  test.each([
    ["safe", 503],
    ["results", 504],
  ])("whose events take too long is answered in time (%s)", async (reply, status) => {
    const run = await httpInput({ reply, reply_timeout: "30ms" })
    run.block("outbox")
    expect((await ask(portOf(run), { body: "a" })).status).toBe(status)
    await run.unblock("outbox")
    expect(run.sent).toEqual({ outbox: ["a"] })
    expect((await ask(portOf(run), { body: "b" })).status).toBe(200)
  })

  test("is expanded when it came compressed, within bounds", async () => {
    const run = await httpInput({ body_bytes_max: "1 MiB" })
    const send = (body: Buffer, encoding = "gzip"): Promise<{ status: number | undefined }> =>
      ask(portOf(run), { body, headers: { "content-encoding": encoding } })
    expect((await send(gzipSync("packed"))).status).toBe(200)
    expect((await send(gzipSync(Buffer.alloc(2 * 1024 * 1024)))).status).toBe(413)
    expect((await send(gzipSync(Buffer.alloc(900_000)))).status).toBe(413)
    expect((await send(gzipSync("packed").subarray(0, 12))).status).toBe(400)
    expect(await send(Buffer.from("not packed at all"))).toMatchObject({ status: 400 })
    expect(await send(Buffer.from("x"), "br")).toMatchObject({ status: 415, headers: { "accept-encoding": "gzip, deflate, identity" } })
    expect(run.sent).toEqual({ outbox: ["packed"] })
  })
})

describe("paths", () => {
  test("lead to the queues of the same name that a route starts from", async () => {
    const run = await httpInput({}, { outQueues: ["outbox", "orders"] })
    const statuses = []
    for (const path of ["/", "/orders?x=1", "/stock", "/failed", "/_logs", "/orders/", "//", "/constructor", "/%6frders", "/__proto__"])
      statuses.push((await ask(portOf(run), { path, body: path })).status)
    expect(statuses).toEqual([200, 200, 404, 404, 404, 404, 404, 404, 404, 404])
    expect(run.sent).toEqual({ outbox: ["/"], orders: ["/orders?x=1"] })
  })

  test("lead where `paths` says, for those it names", async () => {
    const args = {
      paths: { "/in": "orders", "/stock": { queue: "stock", allow: ["clerk"] } },
      users: { clerk: "a:b" },
      tokens: { shop: "t0" },
    }
    const run = await httpInput(args, { outQueues: ["orders", "stock"] })
    const clerk = { authorization: `Basic ${Buffer.from("clerk:a:b").toString("base64")}` }
    const shop = { authorization: "bearer t0" }
    const status = async (path: string, headers = {}): Promise<number | undefined> => (await ask(portOf(run), { path, headers })).status
    expect(await status("/in", clerk)).toBe(200)
    expect(await status("/in", shop)).toBe(200)
    expect(await status("/stock", clerk)).toBe(200)
    expect(await status("/stock", shop)).toBe(403)
    expect(await status("/", shop)).toBe(404)
    for (const authorization of ["Basic Y2xlcms6", "Bearer t", "Bearer t00", "Basic %%%", "t0", "Bearer  "])
      expect(await status("/in", { authorization })).toBe(401)
    const { headers } = await ask(portOf(run), { path: "/in" })
    expect(headers["www-authenticate"]).toBe('Basic realm="wishbone", charset="UTF-8", Bearer')
  })

  test("take the methods they are told to", async () => {
    const run = await httpInput()
    expect(await ask(portOf(run), { method: "GET" })).toMatchObject({ status: 405, headers: { allow: "POST, PUT" } })
    expect(await ask(portOf(run), { method: "OPTIONS" })).toMatchObject({ status: 405 })
  })

  test.each([
    [{ paths: { "/in": "nowhere" } }, "WB_TARGET_UNCONNECTED"],
    [{ paths: { "/in": { queue: "outbox", allow: ["nobody"] } } }, "WB_ARGUMENT_INVALID"],
  ])("that cannot work end the start: %o", async (args, code) => {
    await expect(httpInput(args)).rejects.toMatchObject({ code })
  })

  test("a port in use ends the start", async () => {
    const run = await httpInput()
    await expect(httpInput({ port: portOf(run) })).rejects.toMatchObject({ code: "WB_PORT_IN_USE" })
  })
})

describe("room", () => {
  test("is waited for before bodies are read, for a bounded time, in each queue for itself", async () => {
    const queues = { outbox: { size: 1 }, other: { size: 1 } }
    const run = await httpInput({ wait_timeout: "5s" }, { outQueues: ["outbox", "other"], queues })
    run.block("outbox")
    const first = ask(portOf(run), { body: "first" })
    await until(() => run.books.in === 1)
    // Not read, and not even invited to send its body.
    const second = new Bare(portOf(run)).say(head("Content-Length: 6\r\nExpect: 100-continue\r\n"))
    expect((await ask(portOf(run), { path: "/other", body: "elsewhere" })).status).toBe(200)
    expect(second.heard).toBe("")
    await run.unblock("outbox")
    expect((await first).status).toBe(200)
    await until(() => second.heard.startsWith("HTTP/1.1 100 Continue"))
    second.say("second")
    await until(() => second.statuses.includes(200))
    expect(run.sent).toEqual({ other: ["elsewhere"], outbox: ["first", "second"] })
  })

  test("that does not come in time is 503, and nothing of the request was taken", async () => {
    const run = await httpInput({ wait_timeout: "40ms" }, { queues: { outbox: { size: 1 } } })
    run.block("outbox")
    const first = ask(portOf(run), { body: "first" })
    await until(() => run.books.in === 1)
    expect(await ask(portOf(run), { body: "second" })).toMatchObject({ status: 503, headers: { "retry-after": "1" } })
    await run.unblock("outbox")
    await first
    expect(run.sent).toEqual({ outbox: ["first"] })
  })

  test("for so many requests, and so many bytes, at a time", async () => {
    const run = await httpInput({ max_requests: 2, max_requests_bytes: 100, wait_timeout: "40ms" })
    run.block("outbox")
    const two = [ask(portOf(run), { body: "a" }), ask(portOf(run), { body: "b" })]
    await until(() => run.books.in === 2)
    expect((await ask(portOf(run), { body: "c" })).status).toBe(503)
    await run.unblock("outbox")
    await Promise.all(two)
    run.block("outbox")
    const large = ask(portOf(run), { body: "x".repeat(90) })
    await until(() => run.books.in === 3)
    expect((await ask(portOf(run), { body: "y".repeat(20) })).status).toBe(503)
    await run.unblock("outbox")
    expect((await large).status).toBe(200)
  })

  test("is not taken up by those who have gone", async () => {
    const run = await httpInput({ wait_timeout: "10s" }, { queues: { outbox: { size: 1 } } })
    run.block("outbox")
    const first = ask(portOf(run), { body: "first" })
    await until(() => run.books.in === 1)
    const gone = new Bare(portOf(run)).say(`${head("Content-Length: 4\r\n")}gone`)
    await until(() => run.module.requests.waiting === 1)
    gone.socket.destroy()
    await until(() => run.module.requests.waiting === 0)
    await run.unblock("outbox")
    await first
    expect((await ask(portOf(run), { body: "third" })).status).toBe(200)
    expect(run.sent).toEqual({ outbox: ["first", "third"] })
  })
})

describe("strangers end at most their own connection", () => {
  test("a head that comes a byte at a time for ever is 408", async () => {
    const run = await httpInput({ head_timeout: "100ms" })
    const slow = new Bare(portOf(run))
    for (const byte of "POST / HTTP/1.1\r\n") slow.say(byte)
    await until(() => slow.closed)
    expect(slow.statuses).toEqual([408])
  })

  test("a body that does not come to its end in time is 408", async () => {
    const run = await httpInput({ body_timeout: "50ms" })
    const slow = new Bare(portOf(run)).say(`${head("Content-Length: 10\r\n")}abc`)
    await until(() => slow.closed)
    expect(slow.statuses).toEqual([408])
    expect(run.books.in).toBe(0)
  })

  test("a body that is too large is 413, announced or not, and whoever goes on sending still hears it", async () => {
    const run = await httpInput({ body_bytes_max: 1000 })
    expect((await ask(portOf(run), { body: "x".repeat(4_000_000) })).status).toBe(413)
    const chunked = new Bare(portOf(run)).say(head("Transfer-Encoding: chunked\r\n"))
    chunked.say(`3e8\r\n${"x".repeat(1000)}\r\n`)
    chunked.say(`1\r\nx\r\n0\r\n\r\n`)
    await until(() => chunked.statuses.length > 0)
    expect(chunked.statuses).toEqual([413])
    expect(run.books.in).toBe(0)
  })

  test.each([
    [
      "both length and chunks",
      head("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
      400,
    ],
    ["two lengths", `${head("Content-Length: 4\r\nContent-Length: 5\r\n")}abcde`, 400],
    ["a length that is none", `${head("Content-Length: 0x4\r\n")}abcd`, 400],
    ["chunks that are not last", `${head("Transfer-Encoding: chunked, identity\r\n")}0\r\n\r\n`, 400],
    ["a size of a chunk that is none", `${head("Transfer-Encoding: chunked\r\n")}zz\r\n`, 400],
    ["a line end alone", "POST / HTTP/1.1\nHost: a\nContent-Length: 1\n\na", 400],
    ["a space before the colon", head("Content-Length : 4\r\n"), 400],
    ["no host", "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\na", 400],
    ["no length", head(""), 411],
    ["a head that is too long", head(`X: ${"x".repeat(20_000)}\r\n`), 431],
    ["no HTTP", "hello\r\n\r\n", 400],
    ["TLS on a plain port", Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]), 400],
    ["a query with a prototype", head("Content-Length: 0\r\n", "POST", "/?__proto__=1"), 400],
    ["a target that is no path", head("Content-Length: 0\r\n", "POST", "*"), 400],
  ])("%s is refused", async (_, said, status) => {
    const run = await httpInput()
    const stranger = new Bare(portOf(run)).say(said)
    await until(() => stranger.statuses.length > 0)
    expect(stranger.statuses[0]).toBe(status)
    if (status === 400 && !said.includes("?__proto__") && !said.includes("*")) await until(() => stranger.closed)
    expect(stranger.statuses).toHaveLength(1)
    expect((await ask(portOf(run), { body: "good" })).status).toBe(200)
    expect(run.sent).toEqual({ outbox: ["good"] })
  })

  test("requests cut at every byte are what they were", async () => {
    const run = await httpInput()
    const text = `${head("Content-Length: 3\r\n")}abc${head("Transfer-Encoding: chunked\r\n")}2\r\nde\r\n1\r\nf\r\n0\r\n\r\n`
    const one = new Bare(portOf(run))
    for (const byte of text) {
      one.say(byte)
      await new Promise<void>((resolve) => platform.timers.immediate(resolve))
    }
    await until(() => one.statuses.length === 2)
    expect(run.sent).toEqual({ outbox: ["abc", "def"] })
  })

  test("many at once on one connection are answered in order, and no more than some are kept", async () => {
    const run = await httpInput({}, { queues: { outbox: { size: 1000 } } })
    run.block("outbox")
    const eager = new Bare(portOf(run)).say(`${head("Content-Length: 1\r\n")}a`.repeat(100))
    await until(() => run.books.in === 32)
    await run.settle()
    expect(run.books.in).toBe(32)
    await run.unblock("outbox")
    await until(() => eager.closed)
    expect(eager.statuses.slice(0, 33)).toEqual([...Array.from({ length: 32 }, () => 200), 503])
  })

  test("whoever has sent all and half-closed still gets the answer", async () => {
    const run = await httpInput()
    const half = new Bare(portOf(run), true)
    half.socket.end(`${head("Content-Length: 3\r\n")}abc`)
    await until(() => half.closed)
    expect(half.statuses).toEqual([200])
  })

  test("whoever hangs up in the midst of a body leaves nothing behind", async () => {
    const run = await httpInput({ max_requests: 1 })
    const gone = new Bare(portOf(run)).say(`${head("Content-Length: 9\r\n")}abc`)
    await until(() => run.module.requests.underWay === 1)
    gone.socket.destroy()
    expect((await ask(portOf(run), { body: "next" })).status).toBe(200)
    expect(run.sent).toEqual({ outbox: ["next"] })
  })

  test("connections are bounded, in all and by peer, and idle ones are closed", async () => {
    const run = await httpInput({ max_connections_per_peer: 2, idle_timeout: "50ms", head_timeout: "200ms" })
    const open = [new Bare(portOf(run)), new Bare(portOf(run))]
    await until(() => open.every(({ connected }) => connected))
    const third = new Bare(portOf(run))
    await until(() => third.closed)
    await until(() => run.lines.some((line) => line.includes("a connection was refused")))
    open[0]?.say(`${head("Content-Length: 1\r\n")}a`)
    await until(() => open.every(({ closed }) => closed))
    expect((await ask(portOf(run), { body: "b" })).status).toBe(200)
  })
})

describe("at the end", () => {
  test("what was taken is answered, what comes then is not taken", async () => {
    const run = await httpInput()
    run.block("outbox")
    const taken = ask(portOf(run), { body: "taken" })
    await until(() => run.books.in === 1)
    const half = new Bare(portOf(run)).say(`${head("Content-Length: 4\r\n")}ha`)
    await until(() => run.module.requests.underWay === 2)
    const stopped = run.stop()
    half.say("lf")
    expect(await taken).toMatchObject({ status: 200, headers: { connection: "close" } })
    await stopped
    await until(() => half.closed)
    expect(half.statuses).toEqual([503])
    expect(run.sent).toEqual({ outbox: ["taken"] })
    await expect(ask(portOf(run), { body: "late" })).rejects.toMatchObject({ code: "ECONNREFUSED" })
  })

  test("TLS: nobody gets in without the certificate that is asked for", async () => {
    const file = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url))
    const run = await httpInput({ tls: { cert: file("server.pem"), key: file("server.key") }, handshake_timeout: "100ms" })
    const silent = new Bare(portOf(run))
    await until(() => silent.closed)
    const plain = new Bare(portOf(run)).say(`${head("Content-Length: 1\r\n")}a`)
    await until(() => plain.closed)
    expect([silent.heard, run.books.in]).toEqual(["", 0])
    await expect(httpInput({ tls: { cert: file("server.pem"), key: file("client.key") } })).rejects.toMatchObject({
      code: "WB_TLS_UNUSABLE",
    })
  })
})
