import { expect, test } from "vitest"
import { lostByPowerCuts } from "./power-cuts.ts"

const seeds = 200

// A position that a killed process had written and not synced was taken for safe, and a segment was removed on the strength of it.
test("a position read at start is made durable before a segment goes", async () => {
  expect(await lostByPowerCuts(1_006_232)).toEqual([])
})

test(`nothing acknowledged is lost through power cuts, ${seeds} seeds`, { timeout: 120_000 }, async () => {
  for (let seed = 1; seed <= seeds; seed++) expect(await lostByPowerCuts(seed), `seed ${seed}`).toEqual([])
})
