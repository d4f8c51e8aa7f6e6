// TLS of the TCP modules over real sockets, with good and bad certificates and peers that do not speak it.
import { Socket } from "node:net"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { count, input, type Output, output, platform, portOf, until } from "../support/tcp.ts"

const file = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url))
const server = { cert: file("server.pem"), key: file("server.key") }
const client = { ca: file("ca.pem"), cert: file("client.pem"), key: file("client.key") }

function kinds(run: Output): unknown[] {
  return (run.events["failed"] ?? []).map((event) => event.meta.history[0]?.kind)
}

test("what one program sends over TLS another receives, all of it and in order", async () => {
  const receiver = await input({ tls: server })
  const sender = await output(portOf(receiver), { tls: { ca: file("ca.pem") } })
  const sent = Array.from({ length: 30_000 }, (_, index) => `line ${index} ${"x".repeat(index % 300)}`)
  sender.put("inbox", ...sent)
  await until(() => count(sender, "successful") === sent.length)
  expect(receiver.sent["outbox"]).toEqual(sent)
})

test("answers lines over TLS, to a client that shows its certificate", async () => {
  const receiver = await input({ acknowledge: "line", tls: { ...server, ca: file("ca.pem") } })
  const sender = await output(portOf(receiver), { confirm: "line", host: "localhost", tls: client })
  sender.put("inbox", "a", "b")
  await until(() => count(sender, "successful") === 2)
  expect(receiver.sent).toEqual({ outbox: ["a", "b"] })
})

test("on stop half-close is answered over TLS too", async () => {
  const receiver = await input({ tls: server })
  const sender = await output(portOf(receiver), { tail_ms: 20_000, tls: { ca: file("ca.pem") } })
  sender.put("inbox", "a", "b")
  await until(() => count(receiver, "outbox") === 2)
  const before = platform.clock.monotonic()
  await sender.stop()
  expect(platform.clock.monotonic() - before).toBeLessThan(2000)
  expect(sender.sent).toEqual({ successful: ["a", "b"] })
})

test.each([
  ["an authority that is not trusted", server, { ca: file("other-ca.pem") }, "WB_TLS_UNKNOWN_AUTHORITY"],
  ["authorities of Node alone", server, true, "WB_TLS_UNKNOWN_AUTHORITY"],
  ["another name", server, { ca: file("ca.pem"), server_name: "elsewhere.example.test" }, "WB_TLS_HOST_MISMATCH"],
  ["a certificate that has expired", { cert: file("expired.pem"), key: file("expired.key") }, { ca: file("ca.pem") }, "WB_TLS_EXPIRED"],
])("with %s nothing is sent and events fail", async (_, ours, theirs, code) => {
  const receiver = await input({ tls: ours })
  const sender = await output(portOf(receiver), { tls: theirs })
  sender.put("inbox", "a")
  await until(() => count(sender, "failed") === 1)
  expect(kinds(sender)).toEqual(["transient"])
  expect(sender.log.find(({ level }) => level === "warn")?.fields).toMatchObject({ code })
  expect(count(receiver, "outbox")).toBe(0)
})

test("only an explicit `verify: false` lets any certificate pass", async () => {
  const receiver = await input({ tls: server })
  const sender = await output(portOf(receiver), { tls: { verify: false } })
  sender.put("inbox", "a")
  await until(() => count(receiver, "outbox") === 1)
})

test.each([
  ["none", { ca: file("ca.pem") }],
  ["a stranger's", { ca: file("ca.pem"), cert: file("stranger.pem"), key: file("stranger.key") }],
])("a client whose certificate is %s gets nowhere, and its events fail", async (_, theirs) => {
  const receiver = await input({ tls: { ...server, ca: file("ca.pem") } })
  const sender = await output(portOf(receiver), { tls: theirs, tail_ms: 500 })
  sender.put("inbox", "a")
  await until(() => count(sender, "failed") === 1)
  expect(count(receiver, "outbox")).toBe(0)
  await until(() => receiver.lines.some((line) => line.includes("a TLS handshake failed")))
})

test("a peer without TLS on a TLS port ends its own connection and no other", async () => {
  const receiver = await input({ tls: server })
  const good = await output(portOf(receiver), { tls: { ca: file("ca.pem") } })
  const plain = new Socket()
    .connect(portOf(receiver), "127.0.0.1")
    .on("error", () => undefined)
    .resume()
  plain.write("GET / HTTP/1.1\r\n\r\n")
  await until(() => plain.destroyed)
  await until(() => receiver.lines.some((line) => line.includes("a TLS handshake failed")))
  good.put("inbox", "a")
  await until(() => count(receiver, "outbox") === 1)
  expect(receiver.sent).toEqual({ outbox: ["a"] })
})

test("an output with TLS gets nowhere on a port without it", async () => {
  const receiver = await input({ line_bytes_max: 10 })
  const sender = await output(portOf(receiver), { tls: true, timeout: "500ms" })
  sender.put("inbox", "a")
  await until(() => count(sender, "failed") === 1)
  expect(kinds(sender)).toEqual(["transient"])
})

test("a handshake that does not get on is ended, and takes up no connection", async () => {
  const receiver = await input({ tls: server, handshake_timeout: "300ms", max_connections: 1 })
  const slow = Array.from({ length: 5 }, () =>
    new Socket()
      .connect(portOf(receiver), "127.0.0.1")
      .on("error", () => undefined)
      .resume(),
  )
  await until(() => slow.every((socket) => !socket.connecting))
  const sender = await output(portOf(receiver), { tls: { ca: file("ca.pem") } })
  sender.put("inbox", "a")
  await until(() => count(receiver, "outbox") === 1)
  await until(() => slow.every((socket) => socket.destroyed), 3000)
  expect(receiver.lines.some((line) => line.includes("a TLS handshake failed"))).toBe(true)
})

test("says by name which file is wrong", async () => {
  const missing = input({ tls: { ...server, cert: file("nothing.pem") } })
  await expect(missing).rejects.toMatchObject({ code: "WB_TLS_FILE", message: expect.stringMatching(/nothing\.pem` \(`tls\.cert`\)/) })
  const notOurs = input({ tls: { ...server, key: file("client.key") } })
  await expect(notOurs).rejects.toMatchObject({
    code: "WB_TLS_UNUSABLE",
    message: expect.stringContaining("`key` does not belong to `cert`"),
  })
  const notPem = output(1, { tls: { ca: file("README.md") } })
  await expect(notPem).rejects.toMatchObject({ code: "WB_TLS_UNUSABLE", message: expect.stringContaining("`ca` holds no certificate") })
})
