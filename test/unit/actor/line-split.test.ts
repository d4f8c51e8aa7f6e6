import fc from "fast-check"
import { expect, test } from "vitest"
import { LineSplit } from "../../../src/actor/line-split.ts"

interface Cut {
  readonly lines: string[]
  readonly tooLong: number
  readonly unfinished: number
}

function cut(chunks: readonly string[], options: { delimiter?: string | null; lineBytesMax?: number; end?: boolean } = {}): Cut {
  const { delimiter = "\n", lineBytesMax = 1000, end = false } = options
  const lines: string[] = []
  let tooLong = 0
  const split = new LineSplit({
    delimiter,
    lineBytesMax,
    line: (chunk, start, stop) => lines.push(chunk.toString("latin1", start, stop)),
    tooLong: () => {
      tooLong += 1
    },
  })
  for (const chunk of chunks) split.push(Buffer.from(chunk, "latin1"))
  if (end) split.end()
  return { lines, tooLong, unfinished: split.unfinishedBytes }
}

/** What a reader of the whole text would find. */
function expected(text: string, delimiter: string, lineBytesMax: number): Cut {
  const parts = text.split(delimiter)
  const rest = parts.pop() ?? ""
  const ended = delimiter === "\n" ? parts.map((line) => line.replace(/\r$/, "")) : parts
  const lines = ended.filter((line) => line !== "" && line.length <= lineBytesMax)
  return { lines, tooLong: ended.filter((line) => line.length > lineBytesMax).length, unfinished: rest.length }
}

const delimiters = ["\n", "-", "--", "ab", "aab", "\r\n"]

test("finds the same lines however the text is cut into chunks", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "-", "\n", "\r"), maxLength: 8 })
  fc.assert(
    fc.property(fc.constantFrom(...delimiters), fc.array(letters, { maxLength: 30 }), (delimiter, chunks) => {
      expect(cut(chunks, { delimiter })).toEqual(expected(chunks.join(""), delimiter, 1000))
    }),
    { numRuns: 2000 },
  )
})

test("leaves out just the lines that are too long, however the text is cut", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "-", "\n", "\r"), maxLength: 8 })
  fc.assert(
    fc.property(fc.constantFrom(...delimiters), fc.array(letters, { maxLength: 40 }), (delimiter, chunks) => {
      const { lines, tooLong } = cut([...chunks, delimiter], { delimiter, lineBytesMax: 6 })
      const whole = expected(chunks.join("") + delimiter, delimiter, 6)
      expect({ lines, tooLong }).toEqual({ lines: whole.lines, tooLong: whole.tooLong })
    }),
    { numRuns: 2000 },
  )
})

test("tells lines that lie whole in a chunk as pieces of it, and joins only those that do not", () => {
  const chunks = [Buffer.from("one\ntwo\nthr"), Buffer.from("ee\nfour\n")]
  const found: Buffer[] = []
  const split = new LineSplit({ delimiter: "\n", lineBytesMax: 100, line: (chunk) => found.push(chunk), tooLong: () => undefined })
  for (const chunk of chunks) split.push(chunk)
  expect(found[0]).toBe(chunks[0])
  expect(found[1]).toBe(chunks[0])
  expect(found[2]).not.toBe(chunks[1])
  expect(found[3]).toBe(chunks[1])
})

test("what is unfinished is a line only when the stream ends", () => {
  expect(cut(["one\ntw", "o"])).toEqual({ lines: ["one"], tooLong: 0, unfinished: 3 })
  expect(cut(["one\ntw", "o"], { end: true })).toEqual({ lines: ["one", "two"], tooLong: 0, unfinished: 0 })
  expect(cut(["one\r"], { end: true }).lines).toEqual(["one"])
})

test("without a delimiter everything is one line, within its bound", () => {
  expect(cut(["a\n", "b\n"], { delimiter: null, end: true }).lines).toEqual(["a\nb\n"])
  expect(cut(["abc", "de", "f".repeat(10)], { delimiter: null, lineBytesMax: 4, end: true })).toEqual({
    lines: [],
    tooLong: 1,
    unfinished: 0,
  })
})

test("takes single bytes in linear time, and holds no more than the bound", () => {
  const split = new LineSplit({ delimiter: "end", lineBytesMax: 1024 * 1024, line: () => undefined, tooLong: () => undefined })
  const byte = Buffer.from("x")
  const before = performance.now()
  for (let count = 0; count < 1_500_000; count++) split.push(byte)
  expect(performance.now() - before).toBeLessThan(5000)
  expect(split.unfinishedBytes).toBeLessThan(10)
})
