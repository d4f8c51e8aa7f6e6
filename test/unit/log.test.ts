import { describe, expect, test } from "vitest"
import { createLogs, type LogFactory, type LogOptions, logLevels } from "../../src/log.ts"
import { escapeControls, formatLogLine } from "../../src/log-format.ts"

const atMs = Date.UTC(2026, 0, 1)

function capture(options: Partial<LogOptions> = {}): { logs: LogFactory; written: string[] } {
  const written: string[] = []
  const platform = { clock: { now: () => atMs, monotonic: () => 0 }, pid: 42, hostname: "here" }
  const logs = createLogs({ platform, level: "info", format: "text", write: (text) => written.push(text), colour: false, ...options })
  return { logs, written }
}

/** Text with its colours made visible. */
const visible = (text: string): string => text.replaceAll("\u001b", "<esc>")

describe("text", () => {
  test("an entry is one line: time, program, level, module, message, fields", () => {
    const { logs, written } = capture()
    logs("output_1").warn("peer is slow", { kind: "timeout", count: 3, said: "too many", none: undefined })
    expect(written).toEqual([
      '2026-01-01T00:00:00.000Z wishbone-ts[42] warning output_1: peer is slow  kind=timeout count=3 said="too many"\n',
    ])
  })

  test("an entry without fields ends after its message", () => {
    const { logs, written } = capture()
    logs("router").info("running")
    expect(written).toEqual(["2026-01-01T00:00:00.000Z wishbone-ts[42] info router: running\n"])
  })

  test("entries below the level are left out", () => {
    const { logs, written } = capture({ level: "warn" })
    for (const level of logLevels) logs("m")[level](level)
    expect(written.map((line) => line.split(" ").at(-1))).toEqual(["warn\n", "error\n", "fatal\n"])
  })

  test("what others wrote can neither begin a line nor reach the terminal", () => {
    const { logs, written } = capture()
    logs("in\nput").error("a\nb\r\u001b[31m\u009b1m\u2028\u202e", { "k\n": "v\u0007", quoted: 'a "b"\n' })
    expect(written[0]?.slice(25)).toBe(
      'wishbone-ts[42] error in\\nput: a\\nb\\r\\u001b[31m\\u009b1m\\u2028\\u202e  k\\n=v\\u0007 quoted="a \\"b\\"\\n"\n',
    )
  })

  test("a stack follows on lines of its own", () => {
    const { logs, written } = capture()
    logs("m").fatal("uncaught error", { stack: "Error: no\n    at here\n    at \u001bthere", code: "x" })
    expect(written[0]?.slice(25)).toBe("wishbone-ts[42] fatal m: uncaught error  code=x\n    Error: no\n    at here\n    at \\u001bthere\n")
  })

  test("any value can be a field", () => {
    const circle: Record<string, unknown> = {}
    circle["circle"] = circle
    const { logs, written } = capture()
    logs("m").info("x", { list: [1, "a"], error: new Error("no way"), big: 10n, circle, nothing: null, empty: "", symbol: Symbol("s") })
    expect(written[0]?.split("  ")[1]).toBe(
      'list=[1,"a"] error="no way" big=10 circle=[object Object] nothing=null empty="" symbol=Symbol(s)\n',
    )
  })

  test("long text is cut", () => {
    const line = formatLogLine({ timeMs: atMs, level: "info", module: "m", message: "x".repeat(10_000) }, { pid: 1 })
    expect(line.length).toBeLessThan(8400)
    expect(line).toMatch(/x… \(10000 characters\)$/)
  })

  test("each level has a colour when colours are asked for", () => {
    const { logs, written } = capture({ colour: true, level: "debug" })
    for (const level of logLevels) logs("m")[level]("x")
    const levels = written.map((line) => visible(line).split(" ")[2])
    expect(levels).toEqual([
      "<esc>[2mdebug<esc>[22m",
      "<esc>[32minfo<esc>[39m",
      "<esc>[33mwarning<esc>[39m",
      "<esc>[31merror<esc>[39m",
      "<esc>[1m<esc>[31mfatal<esc>[39m<esc>[22m",
    ])
  })
})

describe("json", () => {
  test("an entry is one object a line, with the time of the platform", () => {
    const { logs, written } = capture({ format: "json" })
    logs("output_1").warn("peer is\nslow", { kind: "timeout", count: 3 })
    expect(written).toHaveLength(1)
    expect(written[0]?.endsWith("}\n")).toBe(true)
    expect(JSON.parse(written[0] ?? "")).toEqual({
      level: "warn",
      time: "2026-01-01T00:00:00.000Z",
      pid: 42,
      hostname: "here",
      module: "output_1",
      kind: "timeout",
      count: 3,
      message: "peer is\nslow",
    })
  })

  test("entries below the level are left out", () => {
    const { logs, written } = capture({ format: "json", level: "error" })
    for (const level of logLevels) logs("m")[level](level)
    expect(written.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(["error", "fatal"])
  })

  test("a field never takes the place of a key that every entry has", () => {
    const { logs, written } = capture({ format: "json" })
    logs("m").error("x", { level: 1, time: 2, pid: 3, hostname: 4, module: 5, message: 6 })
    expect(written[0]?.match(/"(level|time|pid|hostname|module|message)":/g)).toHaveLength(6)
    expect(JSON.parse(written[0] ?? "")).toMatchObject({ level: "error", module: "m", message: "x", level_: 1, message_: 6 })
  })

  test("errors keep their message, circles and big numbers do no harm", () => {
    const circle: Record<string, unknown> = {}
    circle["circle"] = circle
    const { logs, written } = capture({ format: "json" })
    logs("m").error("x", { error: new TypeError("no way"), circle, big: 10n })
    expect(JSON.parse(written[0] ?? "")).toMatchObject({
      error: { type: "TypeError", message: "no way" },
      circle: { circle: "[Circular]" },
      big: 10,
    })
  })
})

test("plain text stays as it is when control characters are escaped", () => {
  expect(escapeControls("Größe 3 \\n “x” 日本 🎉")).toBe("Größe 3 \\n “x” 日本 🎉")
})
