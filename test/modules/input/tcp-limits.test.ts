// What strangers may take up: connections in all and by peer, silence, and lines of whatever bytes.
import { expect, test } from "vitest"
import TcpInput from "../../../modules/input/tcp.ts"
import { startModule } from "../../../src/testing/index.ts"
import { dial } from "../peer.ts"

const port = 19283

test("refuses one more connection from a peer that has its number", async () => {
  const run = await startModule(TcpInput, { max_connections_per_peer: 2 })
  const peers = Array.from({ length: 3 }, () => dial(run.platform, port))
  await run.settle()
  expect(peers.map(({ closed }) => closed)).toEqual([false, false, true])
  expect(run.lines).toContainEqual(
    expect.stringMatching(/a connection was refused: .* as 2 from there are open \(`max_connections_per_peer`\)$/),
  )
  peers[0]?.connection.destroy()
  await run.settle()
  const next = dial(run.platform, port)
  next.write("in\n")
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["in"] })
  await run.stop()
})

test("closes a connection on which nothing comes for `idle_timeout`, and no other", async () => {
  const run = await startModule(TcpInput, { idle_timeout: "8s" })
  const [quiet, busy] = [dial(run.platform, port), dial(run.platform, port)]
  quiet.write("one\nbegun")
  for (let second = 0; second < 7; second++) {
    busy.write("x\n")
    await run.platform.advance(1000)
  }
  expect(quiet.closed).toBe(false)
  for (let second = 0; second < 3; second++) {
    busy.write("x\n")
    await run.platform.advance(1000)
  }
  expect([quiet.closed, busy.closed]).toEqual([true, false])
  expect(run.lines).toContainEqual(
    expect.stringMatching(/an unfinished line was dropped: .* 5 bytes, nothing came for 8000 ms \(`idle_timeout`\)$/),
  )
  await run.stop()
})

test("with `idle_timeout: 0` silence is no reason, nor is it while the input itself does not read", async () => {
  const forever = await startModule(TcpInput, { idle_timeout: 0, first_byte_timeout: 0 })
  const peer = dial(forever.platform, port)
  await forever.platform.advance(24 * 3600 * 1000)
  expect(peer.closed).toBe(false)
  expect(forever.platform.pendingTimers).toBe(0)
  await forever.stop()

  const full = await startModule(TcpInput, { idle_timeout: "8s" }, { queues: { outbox: { size: 1 } } })
  full.block("outbox")
  const waiting = dial(full.platform, port)
  waiting.write("one\n")
  await full.settle()
  waiting.write("two\n")
  await full.platform.advance(60_000)
  expect(waiting.closed).toBe(false)
  await full.stop()
})

test("closes connections that never sent a byte once half of all are open", async () => {
  const run = await startModule(TcpInput, { max_connections: 4, first_byte_timeout: "10s" })
  const [silent, spoke] = [dial(run.platform, port), dial(run.platform, port)]
  spoke.write("hello\n")
  await run.platform.advance(60_000)
  expect([silent.closed, spoke.closed]).toEqual([false, false])
  const third = dial(run.platform, port)
  await run.platform.advance(5000)
  expect([silent.closed, third.closed]).toEqual([true, false])
  await run.platform.advance(60_000)
  expect([spoke.closed, third.closed]).toEqual([false, false])
  await run.stop()
})

test("takes hostile bytes as they come: NULs, half characters, lone returns, resets in the middle of a line", async () => {
  const run = await startModule(TcpInput, { encoding: "text" })
  run.platform.net.splitChunks = true
  const hostile = Buffer.concat([
    Buffer.from("\0\0\n\0a\0\n"),
    Buffer.from([0xc3, 10, 0xa4, 10, 0xed, 0xa0, 0x80, 10, 0xf8, 10]),
    Buffer.from("\r\r\n\n\r\n\rx\n"),
    Buffer.from("ä".repeat(5)),
  ])
  const first = dial(run.platform, port)
  first.write(hostile)
  first.connection.end()
  await run.settle()
  expect(run.sent["outbox"]).toEqual([
    "\0\0",
    "\0a\0",
    Buffer.from([0xc3]),
    Buffer.from([0xa4]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0xf8]),
    "\r",
    "\rx",
    "äääää",
  ])
  for (let at = 1; at < 6; at++) {
    const peer = dial(run.platform, port)
    peer.write("whole\nbroken".slice(0, 6 + at))
    await run.settle()
    peer.connection.destroy()
    run.platform.net.resetAll(port)
    await run.settle()
  }
  expect(run.sent["outbox"]?.slice(9).every((line) => line === "whole" || "broken".startsWith(String(line)))).toBe(true)
  await run.stop()
})

test("takes what never has an end for a while, and in little memory", async () => {
  const run = await startModule(TcpInput, { line_bytes_max: "64 KiB", acknowledge: "line" })
  const peer = dial(run.platform, port)
  for (let sent = 0; sent < 100; sent++) {
    peer.write(Buffer.alloc(64 * 1024, sent % 2 === 0 ? 0 : "y"))
    await run.settle()
  }
  expect(peer).toMatchObject({ text: "failed invalid\n", closed: false })
  peer.write("\nafter\n")
  await run.settle()
  expect(peer.text).toBe("failed invalid\nok\n")
  expect(run.sent).toEqual({ outbox: ["after"] })
  await run.stop()
})
