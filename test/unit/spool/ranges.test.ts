import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { RangeCollector, type SequenceRange, SequenceRanges } from "../../../src/spool/ranges.ts"

const range = fc.tuple(fc.nat(60), fc.nat(8)).map(([first, length]): SequenceRange => [first, first + length])
const ranges = fc.array(range, { maxLength: 8 })

function members(list: readonly SequenceRange[]): Set<number> {
  return new Set(list.flatMap(([first, next]) => Array.from({ length: next - first }, (_, index) => first + index)))
}

describe("ranges are sets of sequences", () => {
  test("whatever they are made of, they answer as a set does", () => {
    fc.assert(
      fc.property(ranges, ranges, (one, other) => {
        const [a, b] = [new SequenceRanges(one), new SequenceRanges(other)]
        const [inA, inB] = [members(one), members(other)]
        expect(a.count).toBe(inA.size)
        expect(members(a.union(b).list)).toEqual(new Set([...inA, ...inB]))
        expect(members(a.without(b).list)).toEqual(new Set([...inA].filter((sequence) => !inB.has(sequence))))
        expect(members(a.within(10, 30).list)).toEqual(new Set([...inA].filter((sequence) => sequence >= 10 && sequence < 30)))
        for (let at = 0; at < 75; at++) {
          expect(a.has(at)).toBe(inA.has(at))
          const from = [...inA].filter((sequence) => sequence >= at)
          expect(a.startFrom(at)).toBe(Math.min(...from))
          expect(inA.has(a.endFrom(at))).toBe(false)
        }
      }),
    )
  })

  test("sequences in order are collected into few ranges", () => {
    const collector = new RangeCollector()
    for (const sequence of [1, 2, 3, 7, 8, 10]) collector.add(sequence)
    expect(collector.take().list).toEqual([
      [1, 4],
      [7, 9],
      [10, 11],
    ])
  })
})
