import { expect, test } from "vitest"
import { compilePattern, patternTextMax } from "../../../src/actor/patterns.ts"
import { WishboneError } from "../../../src/errors.ts"

const clock = { monotonic: () => 0 }

test.each([
  ["(", "missing closing )"],
  ["a(?=b)", "(?="],
  ["(a)\\1", "\\1"],
  ["(?P<constructor>a)", "no group may be called `constructor`"],
])("a pattern that cannot be read says why: %s", (source, problem) => {
  const make = (): unknown => compilePattern(source)
  expect(make).toThrow(WishboneError)
  expect(make).toThrow(expect.objectContaining({ code: "WB_PATTERN_SYNTAX" }))
  expect(make).toThrow(problem)
})

test("matches at the beginning, with named groups in both spellings", () => {
  const pattern = compilePattern("(?P<a>\\d+)(?<b>x)?")
  expect(pattern.matchStart("12x")).toEqual({ a: "12", b: "x" })
  expect(pattern.matchStart("12")).toEqual({ a: "12", b: null })
  expect(pattern.matchStart(" 12")).toBeUndefined()
  expect(pattern.test(" 12")).toBe(true)
})

test.each([
  ["x*", "axb", "-", "-a--b-"],
  ["\\d", "😀1ü2", "#", "😀#ü#"],
  ["z", "none here", "#", "none here"],
  ["^", "", "#", "#"],
])("replaces every match of %s in %s", (source, text, by, wanted) => {
  expect(compilePattern(source).replaceAll(text, () => by, clock)).toBe(wanted)
})

test("text longer than the limit is refused", () => {
  expect(() => compilePattern("a").test("b".repeat(patternTextMax + 1))).toThrow("too long for a regular expression")
})

test("a pattern that backtracking engines choke on takes no time", () => {
  const start = performance.now()
  expect(compilePattern("^(a+)+$").test(`${"a".repeat(50_000)}!`)).toBe(false)
  expect(performance.now() - start).toBeLessThan(2000)
})

test("finding all matches gives up when it takes the square of the text's length", () => {
  let asked = 0
  const running = { monotonic: () => asked++ * 600 }
  expect(() => compilePattern("a.*z|a").replaceAll("a".repeat(30_000), () => "b", running)).toThrow("took longer than 1000 ms")
  expect(asked).toBe(3)
})
