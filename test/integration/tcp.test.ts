// The TCP modules over real sockets of this machine.
import { Socket } from "node:net"
import { fileURLToPath } from "node:url"
import { expect, onTestFinished, test } from "vitest"
import TcpInput from "../../modules/input/tcp.ts"
import { startModule } from "../../src/testing/index.ts"
import { Program } from "../support/programs.ts"
import { count, input, output, platform, portOf, until } from "../support/tcp.ts"

test("what one program sends another receives, all of it and in order", async () => {
  const receiver = await input()
  const sender = await output(portOf(receiver))
  const sent = Array.from({ length: 100_000 }, (_, index) => `line ${index} ${"x".repeat(index % 300)}`)
  sender.put("inbox", ...sent)
  await until(() => count(receiver, "outbox") === sent.length)
  expect(receiver.sent["outbox"]).toEqual(sent)
  await until(() => count(sender, "successful") === sent.length)
  expect(sender.sent["failed"]).toBeUndefined()
})

test("with answered lines an event is delivered when the other end says so, all of it and in order", async () => {
  const receiver = await input({ acknowledge: "line" })
  const sender = await output(portOf(receiver), { confirm: "line" })
  const sent = Array.from({ length: 100_000 }, (_, index) => `line ${index} ${"x".repeat(index % 300)}`)
  sender.put("inbox", ...sent)
  await until(() => count(sender, "successful") === sent.length)
  expect(receiver.sent["outbox"]).toEqual(sent)
  expect(sender.sent["failed"]).toBeUndefined()
})

test("a receiver that holds its queue back holds the sender back, and loses nothing", async () => {
  const receiver = await input()
  const sender = await output(portOf(receiver))
  receiver.block("outbox")
  const line = "y".repeat(1000)
  const sent = 40_000
  sender.put("inbox", ...Array.from({ length: sent }, () => line))
  await platform.timers.sleep(300)
  expect(count(sender, "successful")).toBeLessThan(sent)
  await receiver.unblock("outbox")
  await until(() => count(receiver, "outbox") === sent)
  expect(count(sender, "failed")).toBe(0)
})

test("a receiver that goes and comes back is found again", async () => {
  const first = await input()
  const port = portOf(first)
  const sender = await output(port)
  await sender.send("inbox", "one")
  await until(() => count(sender, "successful") === 1)
  await first.stop()
  await until(() => sender.lines.some((line) => line.includes("lost the connection")))
  await sender.send("inbox", "two")
  await until(() => count(sender, "failed") === 1)
  const second = await input({ port })
  const backMs = platform.clock.monotonic()
  await until(() => sender.lines.at(-1)?.includes("again") === true)
  expect(platform.clock.monotonic() - backMs).toBeLessThan(1000)
  await sender.send("inbox", "three")
  await until(() => count(second, "outbox") === 1)
  expect(second.sent).toEqual({ outbox: ["three"] })
  await until(() => count(sender, "successful") === 2)
  expect(sender.sent).toEqual({ successful: ["one", "three"], failed: ["two"] })
})

test("a reset loses at most what has no confirmation, and says what that is", async () => {
  const ends: { destroy(): void }[] = []
  const listener = await platform.sockets.listen({ address: { host: "127.0.0.1", port: 0 } }, (connection) => {
    connection.pause()
    connection.setEvents({})
    ends.push(connection)
  })
  const port = "port" in listener.address ? listener.address.port : 0
  const sender = await output(port)
  const sent = Array.from({ length: 30_000 }, (_, index) => `${index} ${"z".repeat(1000)}`)
  sender.put("inbox", ...sent)
  await until(() => count(sender, "successful") > 0)
  await platform.timers.sleep(200)
  await listener.close()
  for (const end of ends) end.destroy()
  await until(() => count(sender, "successful") + count(sender, "failed") === sent.length)
  const { successful = [], failed = [] } = sender.sent
  expect([...successful, ...failed]).toEqual(sent)
  expect(failed.length).toBeGreaterThan(1000)
})

test("says what keeps it from listening", async () => {
  const taken = await input()
  const port = portOf(taken)
  await expect(startModule(TcpInput, { port }, { platform })).rejects.toMatchObject({ code: "WB_PORT_IN_USE" })
  const foreign = startModule(TcpInput, { port: 0, host: "192.0.2.1" }, { platform })
  await expect(foreign).rejects.toMatchObject({ code: "WB_LISTEN_FAILED", hint: expect.stringContaining("address of this machine") })
})

test("with `keep_bytes` nothing is lost to a receiver that stalls and then dies", async () => {
  const ends: { destroy(): void }[] = []
  const listener = await platform.sockets.listen({ address: { host: "127.0.0.1", port: 0 } }, (connection) => {
    connection.pause()
    connection.setEvents({})
    ends.push(connection)
  })
  const sender = await output("port" in listener.address ? listener.address.port : 0, { keep_bytes: "8 MiB" })
  const sent = Array.from({ length: 30_000 }, (_, index) => `${index} ${"z".repeat(1000)}`)
  sender.put("inbox", ...sent)
  await until(() => count(sender, "successful") > 1000)
  await platform.timers.sleep(300)
  await listener.close()
  for (const end of ends) end.destroy()
  await until(() => count(sender, "failed") === sent.length)
  expect(sender.sent["failed"]).toEqual(sent)
  expect(sender.books.copied).toBe(count(sender, "successful"))
})

test("a peer that ends after its last line gets every reply, and then the end", async () => {
  const receiver = await input({ acknowledge: "line" })
  const socket = new Socket({ allowHalfOpen: true }).connect(portOf(receiver), "127.0.0.1")
  let text = ""
  let ended = false
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk
  })
  socket.on("end", () => {
    ended = true
  })
  socket.end("x\n".repeat(50_000) + "rest")
  await until(() => ended)
  expect(text).toBe("ok\n".repeat(50_001))
})

test("holds as many idle connections as the system allows, and serves one more as if they were not there", async () => {
  const report = process.report?.getReport() as { userLimits?: { open_files?: { soft: number | string } } } | undefined
  const limit = Number(report?.userLimits?.open_files?.soft ?? 1024)
  const idle = Math.min(10_000, (Number.isNaN(limit) ? 20_000 : limit) - 300)
  const bounds = { max_connections: idle + 1, max_connections_per_peer: idle + 1, first_byte_timeout: 0 }
  const receiver = await input({ ...bounds, idle_timeout: "1h" })
  const client = fileURLToPath(new URL("../fixtures/idle-connections.mjs", import.meta.url))
  const program = new Program(process.execPath, [client, String(portOf(receiver)), String(idle)])
  onTestFinished(() => program.kill())
  await until(() => program.stdout.includes(`open ${idle}\n`), 40_000)
  const sender = await output(portOf(receiver))
  const before = platform.clock.monotonic()
  await sender.send("inbox", "here")
  await until(() => count(receiver, "outbox") === 1)
  expect(platform.clock.monotonic() - before).toBeLessThan(1000)
  const late = new Socket().connect(portOf(receiver), "127.0.0.1").on("error", () => undefined)
  await until(() => late.destroyed)
  expect(receiver.lines).toContainEqual(expect.stringContaining(`as ${idle + 1} are open (\`max_connections\`)`))
  program.child.stdin?.write("speak\n")
  await until(() => count(receiver, "outbox") === idle + 1, 20_000)
}, 90_000)

test("closes connections that stay silent or idle", async () => {
  const receiver = await input({ idle_timeout: "400ms", first_byte_timeout: "200ms", max_connections: 2 })
  const silent = new Socket()
    .connect(portOf(receiver), "127.0.0.1")
    .on("error", () => undefined)
    .resume()
  const spoke = new Socket()
    .connect(portOf(receiver), "127.0.0.1")
    .on("error", () => undefined)
    .resume()
  spoke.write("hello\n")
  const start = platform.clock.monotonic()
  await until(() => silent.destroyed)
  const silentMs = platform.clock.monotonic() - start
  await until(() => spoke.destroyed)
  expect(silentMs).toBeGreaterThan(150)
  expect(platform.clock.monotonic() - start).toBeGreaterThan(350)
  expect(receiver.sent).toEqual({ outbox: ["hello"] })
})
