// Ten thousand histories of power cuts beyond those of every run; see test/property/power-cuts.ts. `WISHBONE_SOAK=<n>` plays n.

import { expect, test } from "vitest"
import { lostByPowerCuts } from "../property/power-cuts.ts"

const first = 1_000_001
const asked = Number(process.env["WISHBONE_SOAK"])
const count = asked > 1 ? asked : 10_000

test(`nothing acknowledged is lost through power cuts, ${count} seeds`, async () => {
  for (let seed = first; seed < first + count; seed++) expect(await lostByPowerCuts(seed), `seed ${seed}`).toEqual([])
})
