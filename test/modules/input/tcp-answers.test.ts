// `acknowledge: line`: every line that is not empty gets its reply, in order, and not before its event is safe.
import { expect, test } from "vitest"
import TcpInput from "../../../modules/input/tcp.ts"
import { type ModuleRun, type StartOptions, startModule } from "../../../src/testing/index.ts"
import { dial } from "../peer.ts"

const port = 19283

function answering(args: Record<string, unknown> = {}, options: StartOptions = {}): Promise<ModuleRun<TcpInput>> {
  return startModule(TcpInput, { acknowledge: "line", ...args }, options)
}

test("answers each line that is not empty", async () => {
  const run = await answering()
  const peer = dial(run.platform, port)
  peer.write("one\n\r\n\ntwo\r\nthree\nfo")
  await run.settle()
  expect(peer.text).toBe("ok\nok\nok\n")
  peer.write("ur\n")
  await run.settle()
  expect(peer.text).toBe("ok\nok\nok\nok\n")
  expect(run.sent).toEqual({ outbox: ["one", "two", "three", "four"] })
  await run.stop()
})

test("without it nothing is told", async () => {
  const run = await startModule(TcpInput)
  const peer = dial(run.platform, port)
  peer.write("one\n")
  await run.settle()
  expect(peer.text).toBe("")
  expect(run.events["outbox"]?.[0]?.ticket).toBeNull()
  await run.stop()
})

test("says `ok` only when the event is safe, not when its line was read", async () => {
  const run = await answering()
  run.block("outbox")
  const peer = dial(run.platform, port)
  peer.write("one\ntwo\n")
  await run.platform.advance(20_000)
  expect(run.books.forwarded).toBe(2)
  expect(peer.text).toBe("")
  await run.unblock("outbox")
  expect(peer.text).toBe("ok\nok\n")
  await run.stop()
})

test("says of each line how it failed", async () => {
  const run = await answering({}, { queues: { outbox: { size: 2, whenFull: "drop_new" } } })
  run.block("outbox")
  const peer = dial(run.platform, port)
  peer.write("one\ntwo\nthree\nfour\n")
  await run.settle()
  expect(peer.text).toBe("")
  await run.unblock("outbox")
  expect(peer.text).toBe("ok\nok\nfailed overflow\nfailed overflow\n")
  await run.stop()
})

test("refuses lines that are too long or cannot be decoded, in their place, and goes on", async () => {
  const run = await answering({ line_bytes_max: 20, native_events: true })
  const peer = dial(run.platform, port)
  peer.write(`{"data":1}\n{{{\n{"data":2}\n${"x".repeat(100)}`)
  await run.settle()
  expect(peer.text).toBe("ok\nfailed invalid\nok\nfailed invalid\n")
  peer.write(`${"x".repeat(100)}\n{"data":3}\n`)
  await run.settle()
  expect(peer.text).toBe("ok\nfailed invalid\nok\nfailed invalid\nok\n")
  expect(peer.closed).toBe(false)
  expect(run.sent).toEqual({ outbox: [1, 2, 3] })
  expect(run.lines).toContainEqual(expect.stringMatching(/^warn: a line was refused: .* more than 20 bytes/))
  await run.stop()
})

test("a chunk of nothing but lines that are refused is answered", async () => {
  const run = await answering({ line_bytes_max: 3 })
  const peer = dial(run.platform, port)
  peer.write("aaaa\nbbbb\n")
  await run.settle()
  expect(peer.text).toBe("failed invalid\nfailed invalid\n")
  await run.stop()
})

test("a line without another reply by then is answered `failed timeout`, and its event goes on", async () => {
  const run = await answering({ reply_timeout: "5s" })
  run.block("outbox")
  const peer = dial(run.platform, port)
  peer.write("one\ntwo\n")
  await run.platform.advance(3000)
  peer.write("three\n")
  await run.platform.advance(1990)
  expect(peer.text).toBe("")
  await run.platform.advance(20)
  expect(peer.text).toBe("failed timeout\nfailed timeout\n")
  await run.platform.advance(3000)
  expect(peer.text).toBe("failed timeout\n".repeat(3))
  peer.write("four\n")
  await run.unblock("outbox")
  expect(peer.text).toBe(`${"failed timeout\n".repeat(3)}ok\n`)
  expect(run.sent["outbox"]).toHaveLength(4)
  await run.stop()
})

test("reads no more while `unanswered_max` lines wait", async () => {
  const run = await answering({ unanswered_max: 10 }, { queues: { outbox: { size: 10_000 } } })
  run.block("outbox")
  const peer = dial(run.platform, port)
  for (let line = 0; line < 30; line++) {
    peer.write(`${line}\n`)
    await run.settle()
  }
  expect(run.books.forwarded).toBe(10)
  await run.unblock("outbox")
  expect(peer.text).toBe("ok\n".repeat(30))
  expect(run.sent["outbox"]).toEqual(Array.from({ length: 30 }, (_, line) => String(line)))
  await run.stop()
})

test("a peer that has sent its last line still gets its replies, and then the end", async () => {
  const run = await answering()
  run.block("outbox")
  const peer = dial(run.platform, port)
  peer.write("one\nrest")
  peer.connection.end()
  await run.platform.advance(1000)
  expect(peer).toMatchObject({ text: "", closed: false })
  await run.unblock("outbox")
  expect(peer).toMatchObject({ text: "ok\nok\n", ended: true, closed: true, error: undefined })
  expect(run.platform.net.openEnds(port)).toBe(0)
  await run.stop()
})

test("a peer that went away is not answered, and its events go on", async () => {
  const run = await answering()
  run.block("outbox")
  const peer = dial(run.platform, port)
  peer.write("one\ntw")
  await run.settle()
  run.platform.net.resetAll(port)
  await run.unblock("outbox")
  expect(run.sent).toEqual({ outbox: ["one"] })
  await run.platform.advance(60_000)
  expect(run.platform.pendingTimers).toBe(0)
  await run.stop()
})

test("reads no more from a peer that does not take its replies, and closes it in the end", async () => {
  const run = await answering({ idle_timeout: "10s" }, { queues: { outbox: { size: 100_000 } } })
  run.platform.net.setKernelBytes(1000)
  const peer = dial(run.platform, port)
  peer.connection.pause()
  peer.write("x\n".repeat(200_000))
  await run.settle()
  const read = run.sent["outbox"]?.length ?? 0
  expect(read).toBeGreaterThan(100)
  expect(read).toBeLessThan(60_000)
  await run.platform.advance(12_000)
  expect(run.sent["outbox"]).toHaveLength(read)
  expect(run.platform.net.openEnds(port)).toBeLessThan(2)
  await run.stop()
})

test("on stop what was read is answered, nothing more is, and the last replies arrive", async () => {
  const run = await answering()
  run.block("outbox")
  const peer = dial(run.platform, port)
  peer.write("one\ntwo\nbeg")
  await run.settle()
  const stopping = run.stop()
  peer.write("in\nthree\n")
  await stopping
  await run.settle()
  expect(peer).toMatchObject({ text: "ok\nok\n", ended: true })
  expect(run.sent).toEqual({ outbox: ["one", "two"] })
  expect(run.platform.pendingTimers).toBe(0)
})

test("on stop waits a second at most for a peer that does not close", async () => {
  const run = await answering()
  const peer = dial(run.platform, port)
  peer.write("one\n")
  await run.settle()
  run.platform.net.stall(port)
  const before = run.platform.clock.monotonic()
  await run.stop()
  expect(run.platform.clock.monotonic() - before).toBeLessThanOrEqual(1100)
  expect(peer.text).toBe("ok\n")
})
