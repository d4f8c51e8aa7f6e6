// Ten thousand random graphs beyond those of every run; see test/property/random-graphs.ts. `WISHBONE_SOAK=<n>` plays n.

import { test } from "vitest"
import { playRandomGraph } from "../property/random-graphs.ts"

const first = 1_000_001
const asked = Number(process.env["WISHBONE_SOAK"])
const count = asked > 1 ? asked : 10_000

test(`${count} random graphs keep their books, tell every ticket once, and lose nothing in silence`, async () => {
  for (let seed = first; seed < first + count; seed++) await playRandomGraph(seed)
})
