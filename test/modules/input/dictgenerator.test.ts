import { expect, test } from "vitest"
import Dictgenerator from "../../../modules/input/dictgenerator.ts"
import { startModule } from "../../../src/testing/index.ts"

async function maps(args: Record<string, unknown>, count = 50): Promise<Record<string, unknown>[]> {
  const run = await startModule(Dictgenerator, { interval: 1, ...args })
  await run.platform.advance((count - 1) * 1000)
  await run.stop()
  return run.sent["outbox"] as Record<string, unknown>[]
}

test("makes one map a second, of one word by one word", async () => {
  const made = await maps({})
  expect(made).toHaveLength(50)
  for (const map of made) {
    expect(Object.keys(map)).toHaveLength(1)
    expect(Object.entries(map).flat().join("")).toMatch(/^[a-z]+$/)
  }
  expect(new Set(made.map((map) => Object.keys(map)[0])).size).toBeGreaterThan(10)
})

test("draws the number of elements between the bounds, both included", async () => {
  const sizes = new Set((await maps({ min_elements: 2, max_elements: 4 }, 200)).map((map) => Object.keys(map).length))
  expect([...sizes].toSorted((a, b) => a - b)).toEqual([2, 3, 4])
})

test("makes as many keys as were drawn, even when words run out", async () => {
  const [map = {}] = await maps({ min_elements: 1000, max_elements: 1000 }, 1)
  expect(Object.keys(map)).toHaveLength(1000)
})

test("has the keys it is given", async () => {
  for (const map of await maps({ keys: ["one", "two"] })) expect(Object.keys(map)).toEqual(["one", "two"])
})

test("counts its keys when they are not to be random", async () => {
  const [map = {}] = await maps({ randomize_keys: false, min_elements: 3, max_elements: 3 }, 1)
  expect(Object.keys(map)).toEqual(["0", "1", "2"])
})

test("makes whole numbers between the bounds, both included", async () => {
  const values = new Set((await maps({ num_values: true, num_values_min: -1, num_values_max: 1 }, 100)).flatMap(Object.values))
  expect([...values].toSorted((a, b) => Number(a) - Number(b))).toEqual([-1, 0, 1])
})

test("the same seed makes the same maps", async () => {
  expect(await maps({ max_elements: 5 })).toEqual(await maps({ max_elements: 5 }))
})

test("refuses bounds in the wrong order", async () => {
  await expect(startModule(Dictgenerator, { min_elements: 3, max_elements: 2 })).rejects.toThrow(
    "`max_elements` of `wishbone.input.dictgenerator`: is 2, below `min_elements`, which is 3",
  )
})
