// What only real sockets can show: socket files, their modes, names and bad addresses.

import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { networkInterfaces, tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, expect, test } from "vitest"
import type { Listener, ListenOptions } from "../../../src/platform/platform.ts"
import { realPlatform } from "../../../src/platform/real.ts"
import { errorCode } from "../../../src/platform/system-error.ts"
import { connectedPair, Recorder, until } from "./recorder.ts"

const root = mkdtempSync(join(tmpdir(), "wishbone-real-sockets-"))
const { sockets } = realPlatform()
const open: Listener[] = []
let names = 0

afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.close()))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function socketPath(): string {
  names += 1
  return join(root, `${names}.sock`)
}

async function listen(address: ListenOptions["address"]): Promise<Listener> {
  const listener = await sockets.listen({ address }, (connection) => connection.setEvents({}))
  open.push(listener)
  return listener
}

test("a unix socket file is ours alone, and gone when the listener closes", async () => {
  const path = socketPath()
  const before = process.umask()
  const { listener, client, server, clientSaw } = await connectedPair(sockets, { address: { path } })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(process.umask()).toBe(before)
  expect(client.remote).toBe(path)
  server.write(Buffer.from("hello"))
  await until(() => clientSaw.text === "hello")
  await listener.close()
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
  client.destroy()
})

test("a socket file that somebody answers on is not taken away", async () => {
  const path = socketPath()
  await listen({ path })
  await expect(sockets.listen({ address: { path } }, () => undefined)).rejects.toMatchObject({ code: "EADDRINUSE" })
  const saw = new Recorder()
  const client = sockets.connect({ path }, saw)
  await until(() => saw.seen.includes("connected"))
  client.destroy()
})

test("a socket file left behind by a dead process is replaced", async () => {
  const path = socketPath()
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`
  spawnSync(process.execPath, ["-e", script])
  expect(statSync(path).isSocket()).toBe(true)
  const { client } = await connectedPair(sockets, { address: { path } })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  client.destroy()
})

test("a file that is no socket is not taken away", async () => {
  const path = socketPath()
  writeFileSync(path, "precious")
  await expect(sockets.listen({ address: { path } }, () => undefined)).rejects.toMatchObject({ code: "EADDRINUSE" })
  expect(statSync(path).size).toBe(8)
  expect(statSync(path).mode & 0o777).not.toBe(0o600)
})

test("a path that the kernel would cut off is refused", async () => {
  const path = join(root, "x".repeat(120))
  await expect(sockets.listen({ address: { path } }, () => undefined)).rejects.toMatchObject({ code: "ENAMETOOLONG" })
})

test("a port out of range is told like any other failure", async () => {
  const saw = new Recorder()
  sockets.connect({ host: "127.0.0.1", port: 70_000 }, saw)
  expect(saw.seen).toEqual([])
  await until(() => saw.isClosed)
  expect(errorCode(saw.error)).toBe("ERR_SOCKET_BAD_PORT")
  await expect(sockets.listen({ address: { host: "127.0.0.1", port: 70_000 } }, () => undefined)).rejects.toThrow(/port/)
})

test("a refused connection to localhost is one plain error", async () => {
  const listener = await listen({ host: "127.0.0.1", port: 0 })
  await listener.close()
  const { port } = listener.address as { port: number }
  const saw = new Recorder()
  sockets.connect({ host: "localhost", port }, saw)
  await until(() => saw.isClosed)
  expect(saw.error).not.toBeInstanceOf(AggregateError)
  expect(saw.error).toMatchObject({ code: "ECONNREFUSED", address: "127.0.0.1", port })
})

test("listening on localhost is listening on 127.0.0.1", async () => {
  const listener = await listen({ host: "localhost", port: 0 })
  expect(listener.address).toMatchObject({ host: "127.0.0.1" })
})

test("a reset of the peer is an error of the connection, and of nothing else", async () => {
  const server = createServer((socket) => socket.on("data", () => socket.resetAndDestroy()))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { port: number }
  const saw = new Recorder()
  sockets.connect({ host: "127.0.0.1", port }, saw).write(Buffer.from("reset me"))
  await until(() => saw.isClosed)
  expect(saw.seen).toEqual(["connected", "closed ECONNRESET"])
  server.close()
})

test("takes a large write within the call when the kernel has room for it", async () => {
  const { listener, client } = await connectedPair(sockets)
  open.push(listener)
  expect(client.write(Buffer.alloc(100 * 1024))).toBe(true)
  expect(client.pendingBytes).toBe(0)
  client.destroy()
})

test.skipIf(!Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === "IPv6")))(
  "names an IPv4 peer of a listener on every address by its IPv4 address",
  async () => {
    const remotes: string[] = []
    const listener = await sockets.listen({ address: { host: "::", port: 0 } }, (connection) => {
      connection.setEvents({})
      remotes.push(connection.remote)
    })
    open.push(listener)
    const client = sockets.connect({ host: "127.0.0.1", port: (listener.address as { port: number }).port }, {})
    await until(() => remotes.length === 1)
    expect(remotes[0]).toMatch(/^127\.0\.0\.1:\d+$/)
    client.destroy()
  },
)
