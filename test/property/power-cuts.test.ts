import { expect, test } from "vitest"
import { lostByPowerCuts } from "./power-cuts.ts"

const seeds = 200

test(`nothing acknowledged is lost through power cuts, ${seeds} seeds`, { timeout: 120_000 }, async () => {
  for (let seed = 1; seed <= seeds; seed++) expect(await lostByPowerCuts(seed), `seed ${seed}`).toEqual([])
})
