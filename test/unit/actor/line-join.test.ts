import fc from "fast-check"
import { expect, test } from "vitest"
import { LineJoin } from "../../../src/actor/line-join.ts"

function joiner(delimiter = "\n", allowsDelimiter = false): LineJoin {
  return new LineJoin({ delimiter, allowsDelimiter })
}

/** The lines of a chunk, as pieces. */
function pieces(chunk: Buffer): [start: number, end: number][] {
  const found: [number, number][] = []
  for (let start = 0, end = chunk.indexOf(10); end >= 0; start = end + 1, end = chunk.indexOf(10, start)) found.push([start, end])
  return found
}

test("hands neighbouring pieces of one chunk on without copying", () => {
  const chunk = Buffer.from("part\none\ntwo\nthree\nrest")
  const join = joiner()
  for (const [start, end] of pieces(chunk).slice(1)) join.addPiece(chunk, start, end)
  const joined = join.take()
  expect(joined.toString()).toBe("one\ntwo\nthree\n")
  expect(joined.buffer).toBe(chunk.buffer)
  expect(joined.byteOffset).toBe(chunk.byteOffset + 5)
})

test("copies where pieces are no neighbours or have another end", () => {
  const chunk = Buffer.from("one\ntwo\nthree\r\nfour")
  const join = joiner()
  join.addPiece(chunk, 4, 7)
  join.addPiece(chunk, 0, 3)
  join.addPiece(chunk, 8, 13)
  join.addPiece(chunk, 15, 19)
  join.add("five")
  join.addPiece(chunk, 0, 3)
  expect(join.take().toString()).toBe("two\none\nthree\nfour\nfive\none\n")
  expect(join.take().length).toBe(0)
})

test("what was refused leaves no trace", () => {
  const chunk = Buffer.from("a\nb\nc\n")
  const join = joiner()
  join.addPiece(chunk, 0, 1)
  expect(() => join.addPiece(chunk, 2, 5)).toThrow("holds the delimiter")
  expect(() => join.add(["x", "y\nz"])).toThrow("holds the delimiter")
  expect(() => join.add(undefined)).toThrow("JSON")
  join.addPiece(chunk, 4, 5)
  expect(join.take().toString()).toBe("a\nc\n")
})

test("finds a delimiter of several bytes, also where the data's end makes it come too early", () => {
  const join = joiner("--")
  const chunk = Buffer.from("a-b--c")
  join.addPiece(chunk, 0, 3)
  join.add("-d")
  expect(() => join.addPiece(chunk, 0, 4)).toThrow("holds the delimiter")
  expect(() => join.addPiece(chunk, 0, 6)).toThrow("holds the delimiter")
  expect(() => join.add("x-")).toThrow("holds the delimiter")
  expect(() => join.add("-")).toThrow("holds the delimiter")
  expect(join.take().toString()).toBe("a-b---d--")
})

test("joins any mixture to just its lines", () => {
  const text = fc.string({ unit: fc.constantFrom("x", "ä", "\u{1f600}", "\r", " "), maxLength: 5 })
  const item = fc.oneof(text, fc.array(text, { maxLength: 3 }), text.map(Buffer.from), fc.record({ a: text }))
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          item,
          fc.tuple(text, text).map(([one, two]) => ({ chunk: Buffer.from(`${one}\n${two}\n`) })),
        ),
      ),
      (items) => {
        const join = joiner()
        let whole = ""
        for (const value of items) {
          if (typeof value === "object" && "chunk" in value) {
            for (const [start, end] of pieces(value.chunk)) join.addPiece(value.chunk, start, end)
            whole += value.chunk.toString()
            continue
          }
          join.add(value)
          const parts: unknown[] = Array.isArray(value) ? value : [value]
          whole += parts
            .map((part) => `${typeof part === "string" || Buffer.isBuffer(part) ? String(part) : JSON.stringify(part)}\n`)
            .join("")
        }
        expect(join.take().toString()).toBe(whole)
      },
    ),
    { numRuns: 1000 },
  )
})
