import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Parser } from "yaml"
import { aliasedValuesMax, parseYaml, readScalar } from "../../../src/bootstrap/file.ts"
import { nestingMax } from "../../../src/bootstrap/nesting.ts"
import { nodeAt, placeOf, toValue, type YamlNode } from "../../../src/bootstrap/node.ts"

const read = (text: string) => parseYaml("test.yaml", text)

function valueOf(text: string): unknown {
  const { root, problems } = read(text)
  expect(problems).toEqual([])
  return root && toValue(root)
}

/** `line:column code` of each problem. */
function found(text: string): string[] {
  return read(text).problems.map((problem) => `${problem.line}:${problem.column} ${problem.code}`)
}

function rootOf(text: string): YamlNode {
  const { root } = read(text)
  if (root === undefined) throw new Error("no document")
  return root
}

describe("values", () => {
  test("reads the core schema of YAML 1.2", () => {
    expect(valueOf("a: 1\nb: 0x1f\nc: 1.5\nd: true\ne: null\nf: ~\ng: text\nh: '5'\ni: [1, {j: k}]\nl: |\n  two\n  lines\n")).toEqual({
      a: 1,
      b: 31,
      c: 1.5,
      d: true,
      e: null,
      f: null,
      g: "text",
      h: "5",
      i: [1, { j: "k" }],
      l: "two\nlines\n",
    })
  })

  test("yes, no, on, off and dates are text", () => {
    expect(valueOf("[yes, no, on, off, 2024-01-01, 12:30]")).toEqual(["yes", "no", "on", "off", "2024-01-01", "12:30"])
  })

  test("a directive for YAML 1.1 does not bring its schema back", () => {
    expect(valueOf("%YAML 1.1\n---\na: yes\n")).toEqual({ a: "yes" })
  })

  test("keys are text, whatever they look like", () => {
    expect(valueOf("1: a\ntrue: b\nnull: c\n0x1f: d\n")).toEqual({ "1": "a", true: "b", null: "c", "0x1f": "d" })
  })

  test("a document may begin with --- and end with ..., with comments around", () => {
    expect(valueOf("# before\n---\na: 1\n...\n# after\n\n")).toEqual({ a: 1 })
  })

  test("an empty text has no root and no problem", () => {
    expect(read("")).toEqual({ problems: [] })
    expect(read("# nothing\n").root).toBeUndefined()
    expect(toValue(rootOf("---\n"))).toBeNull()
  })

  test("Windows line ends are read", () => {
    expect(valueOf("a: 1\r\nb:\r\n  - c\r\n")).toEqual({ a: 1, b: ["c"] })
  })

  test.each([
    ["9000", 9000],
    ["true", true],
    ["", null],
    ["null", null],
    ["text", "text"],
    ["[1]", "[1]"],
    ['"5"', '"5"'],
    ["# x", "# x"],
    ["5 # x", "5 # x"],
    ["a: b", "a: b"],
    ["- 1", "- 1"],
    ["@", "@"],
  ])("the scalar %j alone is %j", (text, value) => {
    expect(readScalar(text)).toBe(value)
  })
})

describe("places", () => {
  const text = "modules:\n  a:\n    port: 9000\nroutes:\n  - x -> y\n  - z\nempty:\n"

  test("every key and value has its line and columns, from 1", () => {
    const root = rootOf(text)
    const at = (path: (string | number)[], part: "key" | "value") => {
      const { line, column, endColumn } = placeOf(root, path, part)
      return [line, column, endColumn]
    }
    expect(at(["modules", "a", "port"], "key")).toEqual([3, 5, 9])
    expect(at(["modules", "a", "port"], "value")).toEqual([3, 11, 15])
    expect(at(["modules", "a"], "key")).toEqual([2, 3, 4])
    expect(at(["routes", 0], "value")).toEqual([5, 5, 11])
    expect(at(["routes", 1], "value")).toEqual([6, 5, 6])
    expect(nodeAt(root, ["routes", 1])).toMatchObject({ value: "z" })
  })

  test("what is empty or missing is placed at the nearest key", () => {
    const root = rootOf(text)
    expect(placeOf(root, ["empty"])).toMatchObject({ line: 7, column: 1, endColumn: 6 })
    expect(placeOf(root, ["modules", "a", "host"], "key")).toMatchObject({ line: 2 })
    expect(placeOf(root, ["nothing"])).toMatchObject({ line: 1, column: 1 })
  })
})

describe("refused", () => {
  test("a key that comes twice, at the second", () => {
    const { root, problems } = read("modules:\n  a: 1\n  b: 2\n  a: 3\n")
    expect(problems).toMatchObject([{ line: 4, column: 3, code: "WB_YAML_KEY_TWICE" }])
    expect(problems[0]?.message).toBe("`a` is here for the second time; the first is on line 2")
    expect(root && toValue(root)).toEqual({ modules: { a: 1, b: 2 } })
  })

  test("20,000 keys are compared in no time", () => {
    const started = performance.now()
    expect(found(`${Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join("\n")}\nk7: 2\n`)).toEqual([
      "20001:1 WB_YAML_KEY_TWICE",
    ])
    expect(performance.now() - started).toBeLessThan(3000)
  })

  test("a second document", () => {
    expect(found("a: 1\n---\nb: 2\n---\nc: 3\n")).toEqual(["2:1 WB_YAML_SECOND_DOCUMENT"])
    expect(found("---\n---\na: 1\n")).toEqual(["2:1 WB_YAML_SECOND_DOCUMENT"])
  })

  test("tags of other languages and of YAML 1.1", () => {
    expect(found("a: !!python/object:os.system x\n")).toEqual(["1:4 WB_YAML_SYNTAX"])
    expect(found("a: !mine {b: 1}\n")).toEqual(["1:4 WB_YAML_SYNTAX"])
    expect(found("a: !!binary aGk=\n")).toEqual(["1:4 WB_YAML_SYNTAX"])
    expect(valueOf("a: !!str 5\n")).toEqual({ a: "5" })
  })

  test("merge keys, with what to do instead", () => {
    const { problems } = read("base: &base\n  x: 1\nmine:\n  <<: *base\n  y: 2\n")
    expect(problems).toMatchObject([{ line: 4, column: 3, code: "WB_YAML_MERGE_KEY" }])
    expect(problems[0]?.hint).toContain("alias")
    expect(valueOf('"<<": 1')).toEqual({ "<<": 1 })
  })

  test("a key that would change a prototype", () => {
    const { root, problems } = read("a:\n  __proto__:\n    b: 1\n")
    expect(problems).toMatchObject([{ line: 2, column: 3, code: "WB_YAML_KEY_REFUSED" }])
    expect(root && toValue(root)).toEqual({ a: {} })
  })

  test("a list or map as key", () => {
    expect(found("? [a, b]\n: c\n")).toEqual(["1:3 WB_YAML_SYNTAX"])
  })
})

describe("aliases", () => {
  test("stand for what they name, and share its place", () => {
    const root = rootOf("a: &x\n  port: 1\nb: *x\n")
    expect(toValue(root)).toEqual({ a: { port: 1 }, b: { port: 1 } })
    expect(placeOf(root, ["b", "port"])).toMatchObject({ line: 2 })
  })

  test("without a name before them, or inside what they name, are refused", () => {
    expect(found("a: *x\nb: &x 1\n")).toEqual(["1:4 WB_YAML_ALIAS_UNKNOWN"])
    expect(found("a: &x\n  - *x\n")).toEqual(["2:5 WB_YAML_ALIAS_INSIDE"])
  })

  test("that multiply are refused once, quickly", () => {
    const levels = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    for (let level = 1; level < 12; level++) levels.push(`a${level}: &a${level} [${`*a${level - 1},`.repeat(10)}]`)
    const started = performance.now()
    expect(found(levels.join("\n"))).toEqual([expect.stringContaining("WB_YAML_ALIAS_BOMB")])
    expect(performance.now() - started).toBeLessThan(500)
  })

  test("may bring in a fixed number of values", () => {
    const list = (uses: number) => `a: &a [${"1,".repeat(99)}]\nb: [${"*a,".repeat(uses)}]\n`
    expect(found(list(aliasedValuesMax / 100))).toEqual([])
    expect(found(list(aliasedValuesMax / 100 + 1))).toEqual(["2:305 WB_YAML_ALIAS_BOMB"])
  })

  test("cannot pile up depth", () => {
    const levels = ["a0: &a0 [x]"]
    for (let level = 1; level < 200; level++) levels.push(`a${level}: &a${level} [*a${level - 1}]`)
    expect(found(levels.join("\n"))).toEqual([expect.stringContaining("WB_YAML_ALIAS_BOMB")])
  })
})

describe("syntax errors", () => {
  test.each([
    ["a:\n\t- b\n", "A tab is used to indent"],
    ["a: b: c\n", "One line holds two keys, or a list where a key should be"],
    ['a: "b\nc: d\n', "A quote is opened and never closed"],
    ["a: [b\nc: d\n", "`[` is never closed"],
    ["a: {b: c\n", "`{` is never closed"],
    ["a: 1\nb\n", "A key is followed by no `:`"],
    ["a: {{ data }}\n", "A value begins with `{{`, which YAML reads as a map"],
    ["a: *\n", "`*` refers to a part of the file that was named with `&`, and no name follows"],
    ["a:\n    b: 1\n  c: 2\n", "This line is not indented like its neighbours"],
    ["a: { port: ${PORT} }\n", "A value with `${…}` stands inside `{ }` or `[ ]`, where YAML takes its braces for a map"],
  ])("%j: %s", (text, message) => {
    const { root, problems } = read(text)
    expect(root).toBeUndefined()
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ code: "WB_YAML_SYNTAX", message })
    expect(problems[0]?.hint).not.toBe("")
  })

  test("are told once for each top-level section", () => {
    expect(found("one:\n  a: b: c\n  d: e: f\ntwo:\n  g: h: i\n")).toEqual(["2:6 WB_YAML_SYNTAX", "5:6 WB_YAML_SYNTAX"])
  })

  test("are told twenty times at most", () => {
    expect(found("a: b: c\n".repeat(30))).toHaveLength(20)
  })
})

describe("nesting", () => {
  const depths = (open: string, close: string, depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`
  const indents = (depth: number) => Array.from({ length: depth }, (_, level) => `${" ".repeat(level)}a:`).join("\n")

  test("goes as deep as the limit and no deeper, in every notation", () => {
    for (const [open, close] of [
      ["[", "]"],
      ["{a: ", "}"],
      ["- ", ""],
    ] as const) {
      // A scalar inside brackets opens nothing, one in a block list stands in a column of its own.
      expect(found(depths(open, close, nestingMax - 1))).toEqual([])
      expect(found(depths(open, close, nestingMax + 1))).toEqual([expect.stringContaining("WB_YAML_TOO_DEEP")])
    }
    expect(found(indents(nestingMax))).toEqual([])
    expect(found(indents(nestingMax + 1))).toEqual([`${nestingMax + 1}:${nestingMax + 1} WB_YAML_TOO_DEEP`])
  })

  test.each([
    ["[", (size: number) => "[".repeat(size)],
    ["{", (size: number) => "{".repeat(size)],
    ["[[]", (size: number) => "[[]".repeat(size / 3)],
    ["- ", (size: number) => "- ".repeat(size / 2)],
    ["? ", (size: number) => "? ".repeat(size / 2)],
    [": ", (size: number) => ": ".repeat(size / 2)],
    ["a: ", (size: number) => "a: ".repeat(size / 3)],
    ["indents", (size: number) => indents(Math.floor(Math.sqrt(size * 2)))],
    [
      "indents with block text",
      (size: number) =>
        Array.from(
          { length: Math.floor(Math.sqrt(size)) },
          (_, level) => `${" ".repeat(level)}b: |\n${" ".repeat(level)} x\n${" ".repeat(level)}a:`,
        ).join("\n"),
    ],
  ])("of 300 KB and 1 MB of %j is refused with one error in under 100 ms", (_, make) => {
    for (const size of [300_000, 1_000_000]) {
      const text = make(size)
      const problems = found(text)
      expect(fastestMs(() => found(text))).toBeLessThan(100)
      expect(problems).toEqual([expect.stringContaining("WB_YAML_TOO_DEEP")])
    }
  })

  test("what is accepted is never deep for the parser", () => {
    const piece = fc.constantFrom(
      "a:",
      "- ",
      "? ",
      ": ",
      "b: c",
      "[",
      "]",
      "{",
      "}",
      ",",
      "\n",
      " ",
      "  ",
      "|\n",
      ">-\n",
      '"q"',
      "'q'",
      "&x ",
      "*x",
      "!t ",
      "# c",
      "---\n",
      "...\n",
      "\t",
      "x",
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 400 }), (pieces) => {
        const text = pieces.join("")
        const refused = found(text).some((problem) => problem.endsWith("WB_YAML_TOO_DEEP"))
        const depth = refused ? 0 : Math.max(0, ...[...new Parser().parse(text)].map(depthOf))
        expect(depth).toBeLessThanOrEqual(2 * nestingMax + 2)
      }),
      { numRuns: 300 },
    )
  })
})

/** The shortest of three runs: the others may have had to wait for a processor. */
function fastestMs(run: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const started = performance.now()
    run()
    return performance.now() - started
  })
  return Math.min(...times)
}

/** Depth of maps and lists in a token tree of the parser. */
function depthOf(token: unknown): number {
  if (typeof token !== "object" || token === null) return 0
  const children = Object.values(token).flatMap((value: unknown) => (Array.isArray(value) ? value : [value]))
  const own = ["block-map", "block-seq", "flow-collection"].includes(String((token as { type?: unknown }).type)) ? 1 : 0
  return own + Math.max(0, ...children.map(depthOf))
}

describe("any text", () => {
  test("is read or refused, never thrown at", () => {
    const yamlish = fc.string({
      unit: fc.constantFrom(..."ab:-?[]{},#&*!|>'\"%@` \n\t\r\u0000\u0002\u0018\u001F\uFEFF0123.~<$\\".split("")),
      maxLength: 200,
    })
    fc.assert(
      fc.property(fc.oneof(yamlish, fc.string({ unit: "binary", maxLength: 200 })), (text) => {
        const { root, problems } = read(text)
        if (root !== undefined) JSON.stringify(toValue(root))
        for (const problem of problems) expect(problem.message).not.toBe("")
        const lines = text.split("\n").length
        for (const problem of problems) expect(problem.line).toBeLessThanOrEqual(lines)
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ["]", 1],
    [",", 1],
    ["[", 1],
    ['"', 1],
    ["'''\n", 1],
    ["&a ", 1],
    ["* ", 1],
    ["a #\n", 1],
    ["---\n", 1],
    ["%\n", 1],
    ["a:\n", 1],
    ['a: "\n', 1],
    ["#\n", 0],
    ["a: |\n", 1],
  ])("30 KB of %j is done within seconds", (piece, least) => {
    const started = performance.now()
    const problems = found(piece.repeat(Math.floor(30_000 / piece.length)))
    expect(problems.length).toBeGreaterThanOrEqual(least)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
