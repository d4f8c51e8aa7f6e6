import { expect, test } from "vitest"
import Stdin from "../../../modules/input/stdin.ts"
import { startModule } from "../../../src/testing/index.ts"

test("makes an event of each line and ends with standard input", async () => {
  const run = await startModule(Stdin)
  run.platform.streams.feed("one\ntw")
  run.platform.streams.feed("o\r\n\nthree")
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["one", "two"] })
  expect(run.ended).toBe(false)
  run.platform.streams.endInput()
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["one", "two", "three"] })
  expect(run.ended).toBe(true)
  await run.stop()
})

test("reads no further while its queue is full, and ends only when all is in", async () => {
  const run = await startModule(Stdin, {}, { queues: { outbox: { size: 2 } } })
  run.block("outbox")
  for (const line of ["a\n", "b\n", "c\n", "d\n", "e\n"]) run.platform.streams.feed(line)
  run.platform.streams.endInput()
  await run.settle()
  expect(run.books.forwarded).toBe(2)
  expect(run.ended).toBe(false)
  await run.unblock("outbox")
  expect(run.sent).toEqual({ outbox: ["a", "b", "c", "d", "e"] })
  expect(run.ended).toBe(true)
  await run.stop()
})

test("gives bytes when asked for them", async () => {
  const run = await startModule(Stdin, { encoding: "binary", delimiter: "\u0000" })
  run.platform.streams.feed(Buffer.from([255, 0, 10, 0]))
  await run.settle()
  expect(run.sent).toEqual({ outbox: [Buffer.from([255]), Buffer.from([10])] })
  await run.stop()
})

test("makes one event of everything without a delimiter", async () => {
  const run = await startModule(Stdin, { delimiter: null })
  run.platform.streams.feed("a\n")
  run.platform.streams.feed("b\n")
  run.platform.streams.endInput()
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["a\nb\n"] })
  await run.stop()
})

test("leaves out a line that is too long and goes on with the next", async () => {
  const run = await startModule(Stdin, { line_bytes_max: 4 })
  run.platform.streams.feed("four\nfives\nsix\n")
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["four", "six"] })
  expect(run.lines).toEqual(["error: a line of standard input has more than 4 bytes and was left out (`line_bytes_max`)"])
  await run.stop()
})

test("places values where the arguments say, and reads whole events", async () => {
  const placed = await startModule(Stdin, { destination: "tmp.line" })
  placed.platform.streams.feed("x\n")
  await placed.settle()
  expect(placed.events["outbox"]?.[0]?.get("tmp.line")).toBe("x")
  await placed.stop()

  const native = await startModule(Stdin, { native_events: true })
  native.platform.streams.feed('{"data":{"a":1},"tags":["t"]}\nno event\n')
  await native.settle()
  expect(native.sent).toEqual({ outbox: [{ a: 1 }] })
  expect(native.lines).toEqual([expect.stringMatching(/^warn: a line of standard input was dropped: not JSON/)])
  await native.stop()
})

test("a stop keeps what was read and says what had only begun", async () => {
  const run = await startModule(Stdin)
  run.platform.streams.feed("a\nbeg")
  await run.settle()
  await run.stop()
  expect(run.sent).toEqual({ outbox: ["a"] })
  expect(run.lines).toEqual(["warn: a line of standard input had begun and was dropped: 3 bytes"])
})
