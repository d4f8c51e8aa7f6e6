// What a reader reads before it is asked for.

import { expect, test } from "vitest"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { append, drain, openReader, openWriter, records, take } from "./setup.ts"

/** A spool whose records, 40 KB each, fill several chunks of 1 MiB. */
async function filled(count: number): Promise<ReturnType<typeof simulatedPlatform>> {
  const platform = simulatedPlatform()
  const { writer, close } = await openWriter(platform, "/spool")
  for (let n = 1; n <= count; n += 20) await append(writer, records(n, n + 19, 40_000))
  await close()
  return platform
}

const numbers = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`)

test("the next chunk is being read once half of the one before was taken, and not earlier", async () => {
  const platform = await filled(100)
  const { reader, close } = await openReader(platform, "/spool")
  expect(await take(reader, 5)).toEqual(numbers(1, 5))
  const before = platform.disk.count("read")
  expect(await take(reader, 5)).toEqual(numbers(6, 10))
  expect(platform.disk.count("read")).toBe(before)
  expect(await take(reader, 10)).toEqual(numbers(11, 20))
  expect(platform.disk.count("read")).toBe(before + 1)
  expect(await take(reader, 10)).toEqual(numbers(21, 26))
  expect(await take(reader, 10)).toEqual(numbers(27, 36))
  expect(platform.disk.count("read")).toBe(before + 1)
  await close()
})

test("when that fails, or the reader is closed meanwhile, nothing is missing and nothing comes twice", async () => {
  const platform = await filled(100)
  const { reader, log, close } = await openReader(platform, "/spool")
  const offered = await platform.complete(take(reader, 5))
  platform.disk.setLatency({ minMs: 5, maxMs: 5 })
  platform.disk.fail({ operation: "read", code: "EMFILE", times: 1 })
  offered.push(...(await platform.complete(take(reader, 15))))
  for (let sequence = 1; sequence <= 20; sequence++) reader.settle(sequence)
  offered.push(...(await platform.complete(drain(reader, 40))))
  expect(log.warnings).toEqual(["a segment cannot be read at present; trying again"])
  await platform.complete(close())
  expect(log.errors).toEqual([])
  const again = await platform.complete(openReader(platform, "/spool"))
  offered.push(...(await platform.complete(drain(again.reader, again.spool.waiting))))
  expect(offered).toEqual(numbers(1, 100))
})
