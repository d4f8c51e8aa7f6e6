// Randomness, held against the real and the simulated platform alike.
import { describe, expect, test } from "vitest"
import type { Random } from "../../../src/platform/platform.ts"
import { realRandom } from "../../../src/platform/real-random.ts"
import { SeededRandom } from "../../../src/platform/simulated/random.ts"

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe.each<[string, () => Random]>([
  ["real", realRandom],
  ["seeded", () => new SeededRandom(42)],
])("%s randomness", (_name, make) => {
  test("makes version 4 uuids, none twice, past the end of a pool", () => {
    const random = make()
    const made = Array.from({ length: 5000 }, () => random.uuid())
    expect(made.every((uuid) => uuidShape.test(uuid))).toBe(true)
    expect(new Set(made).size).toBe(5000)
  })

  test("writes the bytes of a uuid where it is told to", () => {
    const target = Buffer.alloc(20, 0xee)
    make().uuidInto(target, 2)
    expect([target[0], target[1], target[18], target[19]]).toEqual([0xee, 0xee, 0xee, 0xee])
    const text = target.toString("hex", 2, 18).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
    expect(text).toMatch(uuidShape)
  })

  test("spreads numbers over [0, 1)", () => {
    const random = make()
    const drawn = Array.from({ length: 4000 }, () => random.float())
    expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true)
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const count = drawn.filter((value) => Math.floor(value * 10) === tenth).length
      expect(count).toBeGreaterThan(280)
    }
  })

  test("gives as many bytes as asked for", () => {
    const random = make()
    expect(random.bytes(0)).toHaveLength(0)
    expect(random.bytes(33)).toHaveLength(33)
    expect(random.bytes(16).equals(random.bytes(16))).toBe(false)
  })
})

describe("the seeded generator", () => {
  const draws = (random: SeededRandom): number[] => Array.from({ length: 50 }, () => random.uint32())

  test("gives the same numbers for the same seed, others for another", () => {
    expect(draws(new SeededRandom(1))).toEqual(draws(new SeededRandom(1)))
    expect(draws(new SeededRandom(1))).not.toEqual(draws(new SeededRandom(2)))
  })

  test("forks by label, whatever was drawn before", () => {
    const one = new SeededRandom(1)
    const other = new SeededRandom(1)
    other.uuid()
    expect(draws(one.fork("disk"))).toEqual(draws(other.fork("disk")))
    expect(draws(one.fork("disk"))).not.toEqual(draws(one.fork("net")))
    expect(draws(one.fork("disk"))).not.toEqual(draws(new SeededRandom(2).fork("disk")))
  })

  test("chooses within bounds", () => {
    const random = new SeededRandom(3)
    const drawn = Array.from({ length: 300 }, () => random.upTo(2))
    expect(new Set(drawn)).toEqual(new Set([0, 1, 2]))
    expect(new Set(Array.from({ length: 100 }, () => random.pick(["a", "b"])))).toEqual(new Set(["a", "b"]))
    expect(random.chance(0)).toBe(false)
    expect(random.chance(1)).toBe(true)
  })
})
