// What must hold so that a crash leaves nothing out: how far a file is safe, and the state file that keeps it.
import { expect, test } from "vitest"
import { SafeOffset } from "../../../src/actor/safe-offset.ts"
import { StateFile } from "../../../src/actor/state-file.ts"
import { simulatedPlatform } from "../../../src/testing/index.ts"

test("a file is safe up to the first piece that is not", () => {
  const safe = new SafeOffset(10)
  const [first, second, third] = [safe.take(20), safe.take(30), safe.take(40)]
  third?.()
  second?.()
  expect(safe.offset).toBe(10)
  first?.()
  expect(safe.offset).toBe(40)
  safe.skip(50)
  expect(safe.offset).toBe(50)
  const last = safe.take(60)
  safe.skip(70)
  expect(safe.offset).toBe(50)
  last()
  expect(safe.offset).toBe(70)
})

test("thousands of pieces in any order end at the last", () => {
  const safe = new SafeOffset(0)
  const pieces = Array.from({ length: 5000 }, (_, index) => safe.take(index + 1))
  for (const [index, settle] of pieces.entries()) if (index % 2 === 1) settle()
  expect(safe.offset).toBe(0)
  for (const [index, settle] of pieces.entries()) if (index % 2 === 0) settle()
  expect(safe.offset).toBe(5000)
})

test("whatever a power cut interrupts, the state file holds what was kept last, or what was being kept", async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const platform = simulatedPlatform({ seed })
    platform.disk.setLatency({ minMs: 1, maxMs: 4 })
    const file = new StateFile(platform, "/tmp/state/positions/x.json", "x")
    expect(await platform.complete(file.load())).toBeUndefined()
    let kept = -1
    let asked = -1
    for (let number = 0; number < 20; number += 1) {
      asked = number
      void file.save({ number }).then(() => {
        kept = number
      })
      await platform.advance(seed % 17)
    }
    const next = platform.restart({ powerCut: true })
    next.disk.setLatency({ minMs: 0, maxMs: 0 })
    const found = (await next.complete(new StateFile(next, "/tmp/state/positions/x.json", "x").load())) as { number: number } | undefined
    expect(found === undefined ? -1 : found.number).toBeGreaterThanOrEqual(kept)
    expect(found === undefined ? -1 : found.number).toBeLessThanOrEqual(asked)
  }
})
