import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { inOrder, type Problem } from "../../../src/bootstrap/problem.ts"
import { problemsJson, problemsText } from "../../../src/bootstrap/report.ts"
import { checkFileSize, codeFrame, decodeText, fileBytesMax } from "../../../src/bootstrap/text.ts"
import { check, findings } from "./fakes.ts"

/** `line:column message`, or the text. */
function decoded(...bytes: (number | string)[]): string {
  const buffer = Buffer.concat(bytes.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part))))
  const result = decodeText("x", buffer)
  return "text" in result
    ? result.text
    : `${result.problem.line}:${result.problem.column} ${result.problem.message} / ${result.problem.hint}`
}

describe("bytes", () => {
  test("that are UTF-8 are the text, without a byte order mark", () => {
    expect(decoded("a: ü€😀\uFFFD\n")).toBe("a: ü€😀\uFFFD\n")
    expect(decoded(0xef, 0xbb, 0xbf, "a: 1")).toBe("a: 1")
  })

  test("that are not are refused with their offset and line", () => {
    expect(decoded("a: \uFFFDü\nb: ", 0xff, "x")).toBe(
      "2:4 Byte 12 of the file (line 2) is 0xff, which is no UTF-8 text / Save the file as UTF-8.",
    )
    expect(decoded("a", 0xc3)).toBe("1:2 Byte 1 of the file (line 1) is 0xc3, which is no UTF-8 text / Save the file as UTF-8.")
    expect(decoded("\uFFFD\uFFFD", 0xed, 0xa0, 0x80)).toContain("Byte 6 ")
  })

  test("of UTF-16 are told so", () => {
    expect(decodeText("x", Buffer.from("\uFEFFmodules:", "utf16le"))).toMatchObject({
      problem: { hint: "It looks like UTF-16: save it as UTF-8." },
    })
    expect(decodeText("x", Buffer.from("modules:", "utf16le"))).toMatchObject({
      problem: { hint: "It looks like UTF-16: save it as UTF-8." },
    })
  })

  test("the offset is that of the first byte that is wrong, whatever the bytes", () => {
    const fatal = new TextDecoder("utf-8", { fatal: true })
    const isText = (bytes: Uint8Array): boolean => {
      try {
        return !fatal.decode(bytes, { stream: false }).includes("\u0000")
      } catch {
        return false
      }
    }
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ unit: "binary", maxLength: 4 }).map((text) => new TextEncoder().encode(text)),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const bytes = Buffer.concat(pieces)
        const result = decodeText("x", bytes)
        expect("text" in result).toBe(isText(bytes))
        if ("text" in result) return
        const offset = Number(/Byte (\d+)/.exec(result.problem.message)?.[1])
        expect(isText(bytes.subarray(0, offset))).toBe(true)
        expect(offset).toBeLessThan(bytes.length)
      }),
      { numRuns: 1000 },
    )
  })
})

/** Time this process has had a processor: how long it had to wait for one is not counted. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The shortest of three runs: the others may have compiled or collected meanwhile. */
async function fastestMs(run: () => Promise<unknown>): Promise<number> {
  let fastest = Infinity
  for (let round = 0; round < 3; round++) {
    const started = cpuMs()
    await run()
    fastest = Math.min(fastest, cpuMs() - started)
  }
  return fastest
}

describe("size", () => {
  test("over 1 MiB is refused by the size alone", () => {
    expect(checkFileSize("x", fileBytesMax)).toBeUndefined()
    expect(checkFileSize("x", fileBytesMax + 1)).toMatchObject({ code: "WB_FILE_TOO_BIG" })
  })

  test.each(["[", "{", " ", "- "])("10 MB of %j are refused with one error in under 100 ms", async (piece) => {
    const bytes = Buffer.alloc(10_000_000, piece)
    const { problems } = await check(bytes)
    expect(await fastestMs(() => check(bytes))).toBeLessThan(100)
    expect(problems.map(({ code }) => code)).toEqual(["WB_FILE_TOO_BIG"])
  })

  test.each(["[", "{", "- ", " "])("1 MB of %j are refused with one error in under 100 ms", async (piece) => {
    const bytes = Buffer.alloc(1_000_000, piece)
    const { problems } = await check(bytes)
    expect(await fastestMs(() => check(bytes))).toBeLessThan(100)
    expect(problems).toHaveLength(1)
  })
})

describe("a code frame", () => {
  const text = "one\n\ttwo: x\nthree\n"

  test("shows the lines around, numbered, with a caret below the column", () => {
    expect(codeFrame(text, 3, 3)).toBe("  2 | \ttwo: x\n> 3 | three\n    |   ^\n  4 |")
    expect(codeFrame("only", 1, 1)).toBe("> 1 | only\n    | ^")
  })

  test("keeps tabs before the caret, so it stands where the character does", () => {
    expect(codeFrame(text, 2, 2, 0)).toBe("> 2 | \ttwo: x\n    | \t^")
  })

  test("shows of a long line the part around the column", () => {
    const frame = codeFrame(`${"x".repeat(1000)}HERE${"y".repeat(1000)}`, 1, 1001, 0)
    const [line = "", caret = ""] = frame.split("\n")
    expect(line.length).toBeLessThan(140)
    expect(line.slice(caret.indexOf("^"), caret.indexOf("^") + 4)).toBe("HERE")
  })
})

describe("a report", () => {
  test("gives place, severity, message, code, lines and hint", async () => {
    const { problems, sources } = await check("modules:\n  a:\n    modul: x\nroutingtable: []\n")
    expect(problemsText(problems.slice(1), sources)).toBe(`test.yaml:3:5: error: There is no key \`modul\` in \`a\` [WB_KEY_UNKNOWN]
    2 |   a:
  > 3 |     modul: x
      |     ^
    4 | routingtable: []
  Did you mean \`module\`?
`)
  })

  test("parts problems by an empty line, and names standard input", async () => {
    const { problems, sources } = await check("x: 1\n", { file: "-" })
    const shown = problemsText(problems, sources)
    expect(shown.match(/^standard input:1:1: error: /gm)).toHaveLength(3)
    expect(shown.match(/^$/gm)).toHaveLength(2 + 1)
    expect(problemsText([], sources)).toBe("")
  })

  test("as JSON is a list of plain problems", async () => {
    const { problems } = await check("x: 1\n")
    expect(JSON.parse(problemsJson(problems))).toEqual(problems)
    expect(Object.keys(problems[0] ?? {})).toEqual(["file", "line", "column", "severity", "code", "message", "hint"])
  })

  test("of a thousand mistakes takes no time", async () => {
    const routes = Array.from({ length: 3000 }, (_, index) => `  - nobody_${index}.outbox -> a.inbox\n`).join("")
    const { problems, sources } = await check(`modules: {a: {module: wishbone.output.tcp}}\nroutingtable:\n${routes}`)
    const started = cpuMs()
    expect(problemsText(problems, sources).length).toBeGreaterThan(100_000)
    expect(cpuMs() - started).toBeLessThan(2000)
  })

  test("a chain of 2,000 outputs is checked in no time", async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `out_${index}`)
    const modules = names.map((name) => `  ${name}: {module: wishbone.output.tcp}\n`).join("")
    const routes = names.slice(1).map((name, index) => `  - out_${index}.failed -> ${name}.inbox\n`)
    const started = cpuMs()
    const { problems } = await check(
      `modules:\n  source: {module: wishbone.input.tcp}\n${modules}routingtable:\n  - source.outbox -> out_0.inbox\n${routes.join("")}`,
    )
    expect(problems.map(({ code }) => code)).toEqual(["WB_FAILED_UNROUTED"])
    expect(cpuMs() - started).toBeLessThan(3000)
  })

  test("problems come in the order of the file, each once", () => {
    const problem = (file: string, line: number, column: number, severity: Problem["severity"] = "error"): Problem => ({
      file,
      line,
      column,
      severity,
      code: "WB_KEY_UNKNOWN",
      message: "",
      hint: "",
    })
    const sorted = inOrder(
      [
        problem("--set a", 1, 1),
        problem("f", 2, 1),
        problem("f", 1, 9),
        problem("f", 1, 2, "note"),
        problem("f", 1, 2),
        problem("f", 2, 1),
      ],
      "f",
    )
    expect(sorted.map(({ file, line, column, severity }) => `${file}:${line}:${column} ${severity}`)).toEqual([
      "f:1:2 error",
      "f:1:2 note",
      "f:1:9 error",
      "f:2:1 error",
      "--set a:1:1 error",
    ])
  })
})

describe("any bytes", () => {
  test("are checked without a throw", async () => {
    const word = fc.constantFrom(
      "modules:",
      "routingtable:",
      "\n",
      "  ",
      "    ",
      "- ",
      "a:",
      "module: wishbone.flow.funnel",
      "a.outbox -> a.one",
      "${X}",
      "${file:y}",
      "[",
      "]",
      "{",
      "}",
      '"',
      "&x",
      "*x",
      "queues:",
      "arguments:",
      "failed: a.b",
      "\u0000",
      "\t",
      "5",
      ",",
      ": ",
    )
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(word, { maxLength: 60 }).map((words) => Buffer.from(words.join(""))),
    )
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        const { plan, problems, sources } = await check(content)
        expect(plan === undefined).toBe(problems.some(({ severity }) => severity === "error"))
        expect(problemsText(problems, sources)).not.toContain("undefined")
        expect(problemsText(problems, sources)).not.toContain("[object")
      }),
      { numRuns: 1500 },
    )
  })
})

describe("the examples", () => {
  test("the failover file is, byte for byte, what it always was, and has nothing wrong with it", async () => {
    const bytes = readFileSync("bootstrap/failover.yaml")
    expect(bytes.equals(readFileSync("test/fixtures/failover.yaml"))).toBe(true)
    expect(createHash("sha256").update(bytes).digest("hex")).toBe("1431ec17d04c490ec74751f84c48b31f142dc1dd8a65455ed0955497361c0331")
    expect(await findings(bytes.toString("utf8"))).toEqual([])
    const { plan, graph } = await check(bytes)
    expect(plan?.instances.find(({ name }) => name === "diskin")?.arguments).toMatchObject({
      directory: "/etc/flow/buffer",
      idle_time: 20_000,
    })
    expect(graph?.joins).toEqual([{ from: "diskout", to: "diskin" }])
  })

  test("the listener file is right", async () => {
    const { plan, problems } = await check(readFileSync("bootstrap/listener.yaml"))
    expect(problems.map(({ severity, code }) => `${severity} ${code}`)).toEqual(["warning WB_FAILED_UNROUTED"])
    expect(plan?.routes).toHaveLength(1)
  })
})
