// What the HTTP output sends over real sockets, and what it makes of the answers.

import { readFileSync } from "node:fs"
import { createServer as createSecureServer } from "node:https"
import { createServer, type Socket } from "node:net"
import { fileURLToPath } from "node:url"
import { gunzipSync, gzipSync } from "node:zlib"
import { describe, expect, onTestFinished, test } from "vitest"
import JsonEncoder from "../../modules/protocol/encode-json.ts"
import { count, failures, httpInput, httpOutput, portOf, server, until } from "../support/http.ts"

const tlsFile = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url))

describe("requests", () => {
  test("carry each event, in order, and what is answered 2xx was delivered", async () => {
    const peer = await server((_got, response) => void response.writeHead(202).end("taken"))
    const run = await httpOutput(`${peer.url}/in?from=test`)
    run.put("inbox", "a", { b: 1 }, Buffer.from([1, 2]))
    await until(() => count(run, "successful") === 3)
    expect(peer.bodies).toEqual(["a", '{"b":1}', "\u0001\u0002"])
    expect(peer.got.map(({ method, url, headers }) => [method, url, headers["content-type"]])).toEqual([
      ["POST", "/in?from=test", "text/plain; charset=utf-8"],
      ["POST", "/in?from=test", "application/json"],
      ["POST", "/in?from=test", "application/octet-stream"],
    ])
    expect(run.sent["successful"]).toEqual(["a", { b: 1 }, Buffer.from([1, 2])])
  })

  test("carry many events as lines, in as few bodies as their bounds allow", async () => {
    const peer = await server()
    const run = await httpOutput(peer.url, { batch: { events: 3, bytes: 1000, wait: "10ms" } })
    run.put("inbox", "a", { b: 1 }, ["c", "d"], "x".repeat(999), "y")
    await until(() => count(run, "successful") === 5)
    expect(peer.bodies).toEqual(['a\n{"b":1}\nc\nd\n', `${"x".repeat(999)}\n`, "y\n"])
  })

  test("carry a JSON list", async () => {
    const peer = await server()
    const run = await httpOutput(peer.url, { batch: { events: 10, wait: "10ms", format: "json_array" } })
    run.put("inbox", "a", { b: 1 }, [2, 3], null)
    await until(() => count(run, "successful") === 4)
    expect(JSON.parse(peer.bodies[0] ?? "")).toEqual(["a", { b: 1 }, [2, 3], null])
    expect(peer.got[0]?.headers["content-type"]).toBe("application/json")
  })

  test("carry a JSON list of what a protocol made of each event", async () => {
    const peer = await server()
    const run = await httpOutput(peer.url, { batch: { events: 10, wait: "10ms", format: "json_array" } }, { protocol: JsonEncoder })
    run.put("inbox", "a", { b: 1 })
    await until(() => count(run, "successful") === 2)
    expect(JSON.parse(peer.bodies[0] ?? "")).toEqual(["a", { b: 1 }])
  })

  test("wait for others no longer than they are told", async () => {
    const peer = await server()
    const run = await httpOutput(peer.url, { batch: { events: 100, wait: "60s" } })
    run.put("inbox", "a", "b")
    await run.settle()
    expect(peer.got).toEqual([])
    // The graph stops: nothing is waited for any more.
    await run.stop()
    expect(peer.bodies).toEqual(["a\nb\n"])
    expect(run.sent["successful"]).toEqual(["a", "b"])
  })

  test("go where their events lead them, with headers of theirs, and share a body only with their like", async () => {
    const peer = await server()
    const args = { method: "PUT", headers: { "X-Host": "{{ data.host }}" }, batch: { events: 10, wait: "20ms" }, payload: "{{ data.n }}" }
    const run = await httpOutput(`${peer.url}/in/{{ data.kind | urlencode }}`, args)
    const event = (kind: string, host: string, n: number): object => ({ kind, host, n })
    run.put("inbox", event("a", "h", 1), event("b/../c", "h", 2), event("a", "h", 3), event("a", "i", 4), event("a", "h\r\nEvil: 1", 5))
    await until(() => count(run, "successful") === 3 && count(run, "failed") === 2)
    expect(peer.got.map(({ method, url, headers, body }) => [method, url, headers["x-host"], body.toString()])).toEqual([
      ["PUT", "/in/a", "h", "1\n3\n"],
      ["PUT", "/in/a", "i", "4\n"],
    ])
    expect(failures(run).map(({ kind, code }) => [kind, code])).toEqual([
      ["invalid", "url"],
      ["invalid", "header"],
    ])
  })

  test("carry credentials, compressed bodies and a key that is the same for the same events", async () => {
    const peer = await server()
    const args = { auth: { username: "me", password: "geheim: é" }, gzip: true, idempotency_key: true, content_type: "text/x-log" }
    const run = await httpOutput(peer.url, args)
    const event = run.module.event("x".repeat(5000))
    run.put("inbox", event, "short")
    await until(() => count(run, "successful") === 2)
    const [long, short] = peer.got
    expect(gunzipSync(long?.body ?? Buffer.alloc(0)).toString()).toBe("x".repeat(5000))
    expect(long?.headers).toMatchObject({
      "content-encoding": "gzip",
      "content-type": "text/x-log",
      "idempotency-key": event.uuid,
      authorization: `Basic ${Buffer.from("me:geheim: é").toString("base64")}`,
    })
    expect(short?.headers["content-encoding"]).toBeUndefined()
    const bearer = await httpOutput(peer.url, { auth: { token: "abc" } })
    bearer.put("inbox", "a")
    await until(() => peer.got.length === 3)
    expect(peer.got[2]?.headers["authorization"]).toBe("Bearer abc")
  })

  test("one connection is kept and used again", async () => {
    const ports = new Set<number>()
    const peer = await server((_got, response) => {
      ports.add(response.socket?.remotePort ?? 0)
      response.end()
    })
    const run = await httpOutput(peer.url)
    run.put("inbox", ...Array.from({ length: 50 }, (_, index) => `event ${index}`))
    await until(() => count(run, "successful") === 50)
    expect(ports.size).toBe(1)
    expect(peer.bodies[49]).toBe("event 49")
  })

  test("several connections send side by side, and no more than they are", async () => {
    let open = 0
    let most = 0
    const waiting: (() => void)[] = []
    const peer = await server((_got, response) => {
      most = Math.max(most, ++open)
      waiting.push(() => {
        open -= 1
        response.end()
      })
    })
    const run = await httpOutput(peer.url, { connections: 3 })
    run.put("inbox", ...Array.from({ length: 9 }, (_, index) => index))
    for (let round = 0; round < 3; round++) {
      await until(() => waiting.length === 3)
      // The newest first: what ended well waits for what came before it, and nothing is counted twice.
      for (const answer of waiting.splice(0).toReversed()) answer()
    }
    await until(() => count(run, "successful") === 9)
    expect(most).toBe(3)
    expect(run.sent["successful"]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })
})

describe("answers", () => {
  test.each([
    [400, "invalid"],
    [401, "transient"],
    [404, "transient"],
    [413, "invalid"],
    [429, "transient"],
    [500, "transient"],
    [304, "transient"],
  ])("%i fails its event as %s", async (status, kind) => {
    const peer = await server((_got, response) => void response.writeHead(status).end(status === 304 ? undefined : "because\r\nof that"))
    const run = await httpOutput(peer.url)
    run.put("inbox", "a")
    await until(() => count(run, "failed") === 1)
    const said = status === 304 ? "" : ": because of that"
    expect(failures(run)).toEqual([{ kind, code: `http_${status}`, message: `${peer.url} answered ${status}${said}` }])
  })

  test("`permanent_status` says which answers condemn the event", async () => {
    const peer = await server((got, response) => void response.writeHead(Number(got.body.toString())).end())
    const run = await httpOutput(peer.url, { permanent_status: [500] })
    run.put("inbox", "500", "400")
    await until(() => count(run, "failed") === 2)
    expect(failures(run).map(({ kind }) => kind)).toEqual(["invalid", "transient"])
  })

  test("one bad event among good ones fails alone", async () => {
    const peer = await server((got, response) => void response.writeHead(got.body.includes("bad") ? 400 : 200).end())
    const run = await httpOutput(peer.url, { batch: { events: 10, wait: "20ms" } })
    run.put("inbox", "a", "b", "c", "bad", "d", "e", "f")
    await until(() => count(run, "failed") + count(run, "successful") === 7)
    expect(run.sent).toEqual({ successful: ["a", "b", "c", "d", "e", "f"], failed: ["bad"] })
    const accepted = peer.got.filter(({ body }) => !body.includes("bad")).map(({ body }) => body.toString())
    expect(accepted.join("")).toBe("a\nb\nc\nd\ne\nf\n")
  })

  test("with `split_refused: false` all of a refused body fails", async () => {
    const peer = await server((_got, response) => void response.writeHead(400).end())
    const run = await httpOutput(peer.url, { split_refused: false, batch: { events: 10, wait: "20ms" } })
    run.put("inbox", "a", "b")
    await until(() => count(run, "failed") === 2)
    expect(peer.got.length).toBe(1)
  })

  test("are kept when that is asked for, compressed ones expanded within bounds", async () => {
    const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024))
    const peer = await server((got, response) => {
      const packed = got.body.toString() === "bomb" ? bomb : gzipSync('{"id":7}')
      response.writeHead(201, { "content-encoding": "gzip" }).end(packed)
    })
    const run = await httpOutput(peer.url, { keep_answer: true })
    run.put("inbox", "a", "bomb")
    await until(() => count(run, "successful") === 2)
    const [first, second] = run.events["successful"] ?? []
    expect(first?.get(`tmp.${run.module.name}`)).toEqual({ status_code: 201, server_response: '{"id":7}' })
    expect(first?.result).toBe('{"id":7}')
    expect(second?.get(`tmp.${run.module.name}.server_response`)).toBeNull()
    expect(run.lines.filter((line) => line.includes("an answer could not be kept"))).toHaveLength(1)
  })

  test("an endless one ends its connection, not the process, and 2xx is 2xx", async () => {
    const peer = await server((_got, response) => {
      response.writeHead(200)
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      }
      response.on("drain", more)
      more()
    })
    const run = await httpOutput(peer.url, { answer_bytes_max: "64 KiB" })
    run.put("inbox", "a", "b")
    await until(() => count(run, "successful") === 2)
  })

  test("redirects are followed on the same host alone, and only when asked for", async () => {
    const elsewhere = await server()
    const peer = await server((got, response) => {
      const location = { "/a": "/b?c=1", "/away": `${elsewhere.url}/`, "/round": "/round" }[got.url]
      response.writeHead(location === undefined ? 200 : 307, location === undefined ? {} : { location }).end()
    })
    const plain = await httpOutput(`${peer.url}/a`)
    plain.put("inbox", "no")
    await until(() => count(plain, "failed") === 1)
    expect(failures(plain)[0]?.message).toContain("answered 307 to /b?c=1; `url` may need to change")
    const run = await httpOutput(`${peer.url}/{{ data }}`, { follow_redirects: true })
    run.put("inbox", "a", "away", "round")
    await until(() => count(run, "successful") === 1 && count(run, "failed") === 2)
    expect(peer.got.filter(({ url }) => url === "/b?c=1").map(({ method, body }) => [method, body.toString()])).toEqual([["POST", "a"]])
    expect(elsewhere.got).toEqual([])
    expect(peer.got.filter(({ url }) => url === "/round")).toHaveLength(6)
  })
})

/** A server of bare bytes. */
async function bare(serve: (socket: Socket) => void): Promise<string> {
  const listening = createServer((socket) => {
    socket.on("error", () => undefined)
    serve(socket)
  })
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void listening.close())
  return `http://127.0.0.1:${(listening.address() as { port: number }).port}`
}

describe("requests that are not answered", () => {
  test("fail as transient: refused, hung up, silent, nonsense, unknown host", async () => {
    const closing = await bare((socket) => void socket.once("data", () => socket.end()))
    const silent = await bare((socket) => void socket.resume())
    const nonsense = await bare((socket) => void socket.once("data", () => socket.end("hello, this is not HTTP\r\n\r\n")))
    const halfway = await bare((socket) => void socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")))
    const codes: string[] = []
    for (const url of ["http://127.0.0.1:1", closing, silent, nonsense, halfway, "http://nowhere.invalid"]) {
      const run = await httpOutput(url, { timeout: "300ms" })
      run.put("inbox", "a")
      await until(() => count(run, "failed") === 1)
      const [failure] = failures(run)
      expect(failure?.kind).toBe("transient")
      expect(failure?.message).toContain(url)
      codes.push(failure?.code ?? "")
    }
    expect(codes.slice(0, 5)).toEqual(["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "WB_HTTP_ANSWER", "ECONNRESET"])
    expect(["ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT"]).toContain(codes[5])
  })

  test("five in a row open the circuit: events fail at once, until the next one is answered", async () => {
    let down = true
    const peer = await server((_got, response) => void response.writeHead(down ? 503 : 200).end())
    const run = await httpOutput(peer.url)
    run.put("inbox", 1, 2, 3, 4, 5, 6, 7, 8)
    await until(() => count(run, "failed") === 8)
    expect(peer.got).toHaveLength(5)
    expect(run.sent["failed"]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(run.instance.actor.circuits.map(({ state }) => state)).toEqual(["open"])
    expect(run.lines).toContainEqual(expect.stringContaining("5 requests in a row"))
    down = false
    let next = 9
    await until(() => {
      if (count(run, "successful") + count(run, "failed") === next - 1) run.put("inbox", next++)
      return count(run, "successful") > 0
    })
    run.put("inbox", "after")
    await until(() => run.sent["successful"]?.includes("after") === true)
    expect(run.instance.actor.circuits.map(({ state }) => state)).toEqual(["closed"])
  })

  test("where nobody takes over failed events they wait, and go out in order when the server is back", async () => {
    const first = await server((_got, response) => void response.writeHead(200).end())
    const { port } = first
    const run = await httpOutput(first.url, { timeout: "2s" }, { failed: false })
    run.put("inbox", "before")
    await until(() => count(run, "successful") === 1)
    await first.close()
    run.put("inbox", ...Array.from({ length: 20 }, (_, index) => index))
    await until(() => run.instance.actor.circuits[0]?.state === "open")
    const lost = run.books.failed
    expect(lost).toBe(5)
    const { Server } = await import("../support/http.ts")
    const second = await new Server().listen(port)
    await until(() => count(run, "successful") === 16)
    expect(second.bodies).toEqual(Array.from({ length: 15 }, (_, index) => String(index + 5)))
    expect(run.books.failed).toBe(5)
  })

  test("a stop waits for the answer of what is under way", async () => {
    const waiting: (() => void)[] = []
    const peer = await server((_got, response) => waiting.push(() => void response.end()))
    const run = await httpOutput(peer.url)
    run.put("inbox", "a")
    await until(() => waiting.length === 1)
    const stopped = run.stop()
    await run.settle()
    for (const answer of waiting) answer()
    await stopped
    expect(run.sent).toEqual({ successful: ["a"] })
  })

  test("a stop that is out of patience fails what is under way, and gives the connection up", async () => {
    const peer = await server(() => undefined)
    const run = await httpOutput(peer.url, { timeout: "60s" })
    run.put("inbox", "a")
    await until(() => peer.got.length === 1)
    await run.stop({ timeoutMs: 600 })
    expect(failures(run)).toMatchObject([{ kind: "stopped" }])
    expect(run.books).toMatchObject({ lost: 0 })
  })
})

describe("TLS", () => {
  async function secure(options: object): Promise<string> {
    const peer = createSecureServer({ ...options }, (_asked, response) => void response.end())
    await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void peer.close())
    return `https://localhost:${(peer.address() as { port: number }).port}`
  }
  const certificate = { cert: readFileSync(tlsFile("server.pem")), key: readFileSync(tlsFile("server.key")) }

  test("a server is believed when our authority signed it, and not otherwise", async () => {
    const url = await secure(certificate)
    const trusting = await httpOutput(url, { tls: { ca: tlsFile("ca.pem") } })
    trusting.put("inbox", "a")
    await until(() => count(trusting, "successful") === 1)
    for (const tls of [false, true, { ca: tlsFile("other-ca.pem") }]) {
      const run = await httpOutput(url, { tls })
      run.put("inbox", "a")
      await until(() => count(run, "failed") === 1)
      expect(failures(run)).toMatchObject([{ kind: "transient", code: "WB_TLS_UNKNOWN_AUTHORITY" }])
    }
  })

  test("both ends speak it, with certificates of their own", async () => {
    const receiver = await httpInput({ tls: { cert: tlsFile("server.pem"), key: tlsFile("server.key"), ca: tlsFile("ca.pem") } })
    const client = { ca: tlsFile("ca.pem"), cert: tlsFile("client.pem"), key: tlsFile("client.key") }
    const run = await httpOutput(`https://localhost:${portOf(receiver)}`, { tls: client })
    run.put("inbox", "a", "b")
    await until(() => count(run, "successful") === 2)
    expect(receiver.sent).toEqual({ outbox: ["a", "b"] })
    const stranger = await httpOutput(`https://localhost:${portOf(receiver)}`, { tls: { ca: tlsFile("ca.pem") } })
    stranger.put("inbox", "c")
    await until(() => count(stranger, "failed") === 1)
    expect(failures(stranger)[0]?.kind).toBe("transient")
    await until(() => receiver.lines.some((line) => line.includes("a connection was refused")))
  })
})
