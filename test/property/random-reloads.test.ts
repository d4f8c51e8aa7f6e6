// Sequences of reloads of random graphs under load; two thousand others in `npm run soak`. One that fails names its seed: `WISHBONE_SEED=<n>` plays it alone.

import { expect, test } from "vitest"
import { playReloads } from "./random-reloads.ts"

const seconds = 1000
const alone = process.env["WISHBONE_SEED"]

test(
  "forty graphs, led from plan to plan under load, keep their books and lose nothing",
  async () => {
    if (alone !== undefined) {
      console.log(await playReloads(Number(alone)))
      return
    }
    const sum = { reloaded: 0, refused: 0, stale: 0, delivered: 0 }
    for (let seed = 1; seed <= 40; seed++) {
      const { outcomes, delivered, stale } = await playReloads(seed)
      sum.reloaded += outcomes["reloaded"] ?? 0
      sum.refused += outcomes["refused"] ?? 0
      sum.stale += stale
      sum.delivered += delivered
    }
    expect(sum.reloaded).toBeGreaterThan(250)
    expect(sum.refused).toBeGreaterThan(5)
    expect(sum.stale).toBeGreaterThan(5)
    expect(sum.delivered).toBeGreaterThan(2000)
  },
  120 * seconds,
)
