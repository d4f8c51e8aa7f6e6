// Two thousand graphs led from plan to plan, beyond those of every run; see test/property/random-reloads.ts. `WISHBONE_SOAK=<n>` plays n.

import { test } from "vitest"
import { playReloads } from "../property/random-reloads.ts"

const first = 1_000_001
const asked = Number(process.env["WISHBONE_SOAK"])
const count = asked > 1 ? asked : 2000

test(`${count} graphs, led from plan to plan under load, keep their books and lose nothing`, async () => {
  for (let seed = first; seed < first + count; seed++) await playReloads(seed)
})
