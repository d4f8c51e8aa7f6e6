import { expect, test } from "vitest"
import TcpInput from "../../../modules/input/tcp.ts"
import { simulatedPlatform, startModule } from "../../../src/testing/index.ts"
import { dial } from "../peer.ts"

const port = 19283

test("makes an event of each line, without its end, and none of empty lines", async () => {
  const run = await startModule(TcpInput)
  const peer = dial(run.platform, port)
  peer.write("one\ntwo\r\n\n\r\nthree \n")
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["one", "two", "three "] })
  await run.stop()
})

test("joins lines that come in pieces", async () => {
  const run = await startModule(TcpInput)
  run.platform.net.splitChunks = true
  const lines = Array.from({ length: 500 }, (_, index) => `line ${index} ${"x".repeat(index)}`)
  const peer = dial(run.platform, port)
  peer.write(lines.map((line) => `${line}\r\n`).join(""))
  await run.settle()
  expect(run.sent).toEqual({ outbox: lines })
  await run.stop()
})

test("lines of one chunk are pieces of it, with one time", async () => {
  const run = await startModule(TcpInput)
  dial(run.platform, port).write("one\ntwo\n")
  await run.settle()
  const [one, two] = run.events["outbox"] ?? []
  expect(one?.chunk).toBe(two?.chunk)
  expect([one?.start, one?.end, two?.start, two?.end]).toEqual([0, 3, 4, 7])
  expect(one?.timestamp).toBe(two?.timestamp)
  expect(one?.timestamp).toBe(run.platform.clock.now() / 1000)
  await run.stop()
})

test("keeps connections apart", async () => {
  const run = await startModule(TcpInput)
  const [one, two] = [dial(run.platform, port), dial(run.platform, port)]
  one.write("a")
  two.write("x")
  await run.settle()
  one.write("b\n")
  two.write("y\n")
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["ab", "xy"] })
  await run.stop()
})

test("bytes that are not text stay bytes, and `binary` gives bytes always", async () => {
  const text = await startModule(TcpInput)
  dial(text.platform, port).write(Buffer.from([0xff, 10, 0x61, 10]))
  await text.settle()
  expect(text.sent).toEqual({ outbox: [Buffer.from([0xff]), "a"] })
  await text.stop()

  const binary = await startModule(TcpInput, { encoding: "binary" })
  dial(binary.platform, port).write("a\n")
  await binary.settle()
  expect(binary.sent).toEqual({ outbox: [Buffer.from("a")] })
  await binary.stop()
})

test("splits at any delimiter, also where it spans chunks", async () => {
  const run = await startModule(TcpInput, { delimiter: "--" })
  const peer = dial(run.platform, port)
  for (const piece of ["a-", "-b", "--", "c-d", "-", "-e\n--"]) {
    peer.write(piece)
    await run.settle()
  }
  expect(run.sent).toEqual({ outbox: ["a", "b", "c-d", "e\n"] })
  await run.stop()
})

test("without a delimiter a connection is one event", async () => {
  const run = await startModule(TcpInput, { delimiter: null })
  const peer = dial(run.platform, port)
  peer.write("one\n")
  await run.settle()
  peer.write("two\n")
  peer.connection.end()
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["one\ntwo\n"] })
  await run.stop()
})

test("a line that was not ended counts when the connection ended in order", async () => {
  const run = await startModule(TcpInput)
  const peer = dial(run.platform, port)
  peer.write("one\nrest")
  peer.connection.end()
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["one", "rest"] })
  expect(peer.closed).toBe(true)
  expect(run.log.filter(({ level }) => level === "warn")).toEqual([])
  await run.stop()
})

test("a line that was not ended is dropped, and counted, when the connection broke", async () => {
  const run = await startModule(TcpInput)
  for (let round = 0; round < 3; round++) {
    dial(run.platform, port).write("one\nrest")
    await run.settle()
    run.platform.net.resetAll(port)
    await run.settle()
  }
  expect(run.sent).toEqual({ outbox: ["one", "one", "one"] })
  await run.stop()
  expect(run.lines.slice(1)).toEqual([
    expect.stringMatching(/^warn: an unfinished line was dropped: 127.0.0.1:\d+: 4 bytes, .*ECONNRESET/),
    "warn: an unfinished line was dropped (2 more like this before)",
  ])
})

test("a line that is too long ends its own connection, with what came before it", async () => {
  const run = await startModule(TcpInput, { line_bytes_max: 5 })
  const [long, other] = [dial(run.platform, port), dial(run.platform, port)]
  long.write("five5\r\nseven77\nafter\n")
  other.write("fine\n")
  await run.settle()
  expect(run.sent["outbox"]?.toSorted()).toEqual(["fine", "five5"])
  expect(long.closed).toBe(true)
  expect(other.closed).toBe(false)
  expect(run.lines).toContainEqual(expect.stringContaining("a line has more than 5 bytes (`line_bytes_max`)"))
  await run.stop()
})

test("a line without an end is found too long as it comes", async () => {
  const run = await startModule(TcpInput, { line_bytes_max: "1 KiB" })
  const peer = dial(run.platform, port)
  for (let sent = 0; sent < 20; sent++) {
    peer.write("x".repeat(100))
    await run.settle()
  }
  expect(peer.closed).toBe(true)
  expect(run.sent).toEqual({})
  await run.stop()
})

test("refuses connections beyond its number, and counts them", async () => {
  const run = await startModule(TcpInput, { max_connections: 2 })
  const peers = Array.from({ length: 5 }, () => dial(run.platform, port))
  await run.settle()
  expect(peers.map((peer) => peer.closed)).toEqual([false, false, true, true, true])
  peers[0]?.connection.end()
  await run.settle()
  const next = dial(run.platform, port)
  next.write("in\n")
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["in"] })
  await run.stop()
  expect(run.lines.filter((line) => line.startsWith("warn"))).toEqual([
    expect.stringMatching(/^warn: a connection was refused: 127.0.0.1:\d+, as 2 are open \(`max_connections`\)$/),
    "warn: a connection was refused (2 more like this before)",
  ])
})

test("does not read while its queue is full, so that the sender has to wait", async () => {
  const run = await startModule(TcpInput, {}, { queues: { outbox: { size: 10 } } })
  run.platform.net.setKernelBytes(1000)
  run.block("outbox")
  const peer = dial(run.platform, port)
  peer.write("0123456789\n".repeat(1000))
  await run.settle()
  const { pendingBytes } = peer.connection
  expect(pendingBytes).toBeGreaterThan(5000)
  expect(run.books.forwarded).toBeLessThan(200)
  await run.platform.advance(60_000)
  expect(peer.connection.pendingBytes).toBe(pendingBytes)
  await run.unblock("outbox")
  expect(run.sent["outbox"]).toHaveLength(1000)
  await run.stop()
})

test("on stop nothing more is read or accepted, and what was read goes its way", async () => {
  const run = await startModule(TcpInput)
  const peer = dial(run.platform, port)
  peer.write("one\ntwo\nbeg")
  await run.settle()
  await run.stop()
  peer.write("three\n")
  const late = dial(run.platform, port)
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["one", "two"] })
  expect(peer.closed).toBe(true)
  expect(late.error).toBe("ECONNREFUSED")
  expect(run.platform.net.openEnds(port)).toBe(0)
  expect(run.lines.at(-1)).toMatch(/unfinished line was dropped: .* 3 bytes, the input stopped$/)
})

test("places lines where the arguments say, and reads whole events", async () => {
  const placed = await startModule(TcpInput, { destination: "tmp.line" })
  dial(placed.platform, port).write("x\n")
  await placed.settle()
  expect(placed.events["outbox"]?.[0]?.get("tmp.line")).toBe("x")
  await placed.stop()

  const native = await startModule(TcpInput, { native_events: true })
  dial(native.platform, port).write('{"data":{"a":1},"uuid":"u"}\n[]\n{{{\n{"data":2}\n')
  await native.settle()
  expect(native.sent).toEqual({ outbox: [{ a: 1 }, 2] })
  expect(native.events["outbox"]?.[0]?.uuid).toBe("u")
  await native.stop()
  expect(native.lines.filter((line) => line.startsWith("warn"))).toHaveLength(2)
})

test("says which port is in use", async () => {
  const platform = simulatedPlatform()
  await startModule(TcpInput, { port: 7000 }, { platform })
  const second = startModule(TcpInput, { address: "127.0.0.1", port: 7000 }, { platform, instance: { name: "receiver" } })
  await expect(second).rejects.toMatchObject({
    code: "WB_PORT_IN_USE",
    exitStatus: 1,
    message: "`receiver` cannot listen on 127.0.0.1:7000: the port is in use",
  })
})

test("takes any free port and says which", async () => {
  const run = await startModule(TcpInput, { port: 0 })
  expect(run.module.address).toEqual({ host: "127.0.0.1", port: expect.any(Number) })
  expect(run.lines[0]).toMatch(/^info: listening on 127.0.0.1:\d+$/)
  await run.stop()
})

test("whatever strangers send, each line comes out or is told about", async () => {
  const platform = simulatedPlatform({ seed: 7 })
  platform.net.splitChunks = true
  const run = await startModule(TcpInput, { line_bytes_max: 400, encoding: "binary" }, { platform })
  const expected: string[] = []
  for (let round = 0; round < 30; round++) {
    const bytes = platform.random.bytes(2000)
    const peer = dial(platform, port)
    peer.write(bytes)
    peer.connection.end()
    await run.settle()
    const lines = bytes
      .toString("latin1")
      .split("\n")
      .map((line, at, all) => (at < all.length - 1 ? line.replace(/\r$/, "") : line))
    const long = lines.findIndex((line) => line.length > 400)
    expected.push(...lines.slice(0, long < 0 ? undefined : long).filter((line) => line !== ""))
  }
  const got = (run.sent["outbox"] as Buffer[]).map((data) => data.toString("latin1"))
  expect(got).toEqual(expected)
  await run.stop()
})
