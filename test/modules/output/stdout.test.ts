import { expect, test } from "vitest"
import Stdout from "../../../modules/output/stdout.ts"
import { startModule } from "../../../src/testing/index.ts"

async function printed(args: Record<string, unknown>, ...data: unknown[]): Promise<string> {
  const run = await startModule(Stdout, args)
  await run.send("inbox", ...data)
  await run.stop()
  return run.platform.streams.written
}

test("prints text as it is, other data as JSON, one line each", async () => {
  const run = await startModule(Stdout)
  await run.send("inbox", "hello", { a: 1 }, [1, "x"], 5, null)
  expect(run.platform.streams.written).toBe('hello\n{"a":1}\n[1,"x"]\n5\nnull\n')
  expect(run.sent["successful"]).toHaveLength(5)
  await run.stop()
})

test("prints prefix, process, number and data in this order", async () => {
  expect(await printed({ prefix: "> ", pid: true, counter: true }, "a", "b")).toBe("> PID-1001: 1 - a\n> PID-1001: 2 - b\n")
})

test("fills the prefix in for each event and fails those for which it cannot", async () => {
  const run = await startModule(Stdout, { prefix: "{{ data.level }}: ", selection: "data.text" })
  await run.send("inbox", { level: "info", text: "one" }, { text: "two" }, { level: "warn", text: "three" }, { level: "info" })
  expect(run.platform.streams.written).toBe("info: one\nwarn: three\n")
  expect(run.sent).toEqual({
    successful: [
      { level: "info", text: "one" },
      { level: "warn", text: "three" },
    ],
    failed: [{ text: "two" }, { level: "info" }],
  })
  await run.stop()
})

test("prints whole events", async () => {
  const run = await startModule(Stdout, { native_events: true })
  await run.send("inbox", "x")
  expect(JSON.parse(run.platform.streams.written)).toMatchObject({ data: "x", ttl: expect.any(Number), tags: [] })
  await run.stop()
})

test("leaves out whatever would drive the terminal", async () => {
  expect(await printed({}, "\u001b[31mred\u001b[0m")).toBe("red\n")
  expect(await printed({}, "\u001b]0;title\u0007after")).toBe("after\n")
  expect(await printed({}, "\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\")).toBe("link\n")
  expect(await printed({}, "a\u001bPq#0\u001b\\b\u009b2Jc\u001bcd")).toBe("abcd\n")
  expect(await printed({}, "real\rfake\u0008\u0007")).toBe("realfake\n")
  expect(await printed({}, "tab\tand\nline")).toBe("tab\tand\nline\n")
  expect(await printed({ prefix: "\u001b[2J" }, "x")).toBe("x\n")
  expect(await printed({}, Buffer.from([0x9b, 0x32, 0x4a]))).toBe("\ufffd2J\n")
})

test("stripping takes time in proportion to the text", async () => {
  const hostile = "\u001b]".repeat(200_000) + "\u001b[0;".repeat(200_000)
  const before = performance.now()
  await printed({}, hostile)
  expect(performance.now() - before).toBeLessThan(2000)
})

test("prints in colour and lets colours of the data through, nothing else", async () => {
  const args = { colorize: true, foreground_color: "GREEN", background_color: "BLACK", color_style: "BRIGHT" }
  expect(await printed(args, "\u001b[31mx\u001b[2J")).toBe("\u001b[32;40;1m\u001b[31mx\u001b[0m\n")
  expect(await printed({ colorize: true }, "x")).toBe("\u001b[37;49;22mx\u001b[0m\n")
})

test("refuses a colour that does not exist", async () => {
  await expect(startModule(Stdout, { foreground_color: "PINK" })).rejects.toThrow("foreground_color")
})

test("a broken pipe fails the batch", async () => {
  const run = await startModule(Stdout)
  run.platform.streams.breakOutput()
  await run.send("inbox", "a", "b")
  expect(run.sent).toEqual({ failed: ["a", "b"] })
  expect(run.events["failed"]?.[0]?.meta.history[0]).toMatchObject({ kind: "transient", code: "EPIPE" })
  await run.stop()
})
