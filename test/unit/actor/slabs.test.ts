import { expect, test } from "vitest"
import { Slabs } from "../../../src/actor/slabs.ts"

test("gives a buffer out again once it was given back, and not before", () => {
  const slabs = new Slabs(1024 * 1024)
  const [one, two] = [slabs.take(100_000), slabs.take(100_000)]
  expect(one.buffer).not.toBe(two.buffer)
  slabs.give(one)
  const three = slabs.take(70_000)
  expect(three.buffer).toBe(one.buffer)
  expect([one.length, two.length, three.length]).toEqual([100_000, 100_000, 70_000])
  expect(slabs.take(100_000).buffer).not.toBe(one.buffer)
})

test("keeps no more free than its bound, and nothing that is not its own", () => {
  const slabs = new Slabs(128 * 1024)
  const [one, two] = [slabs.take(100_000), slabs.take(100_000)]
  slabs.give(one)
  slabs.give(two)
  expect(slabs.take(100_000).buffer).toBe(one.buffer)
  expect(slabs.take(100_000).buffer).not.toBe(two.buffer)
  const foreign = Buffer.alloc(64 * 1024)
  slabs.give(foreign)
  expect(slabs.take(64 * 1024).buffer).not.toBe(foreign.buffer)
  expect(slabs.take(2 * 1024 * 1024)).toHaveLength(2 * 1024 * 1024)
})
