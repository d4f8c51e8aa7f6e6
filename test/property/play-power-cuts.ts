// Plays histories of power cuts one after the other and stops at the first in which something went wrong:
// `tsx test/property/play-power-cuts.ts <from> <to>`. The planted bugs of test/mutants/power-cuts are looked for with it.

import { lostByPowerCuts } from "./power-cuts.ts"

const [from = 1, to = 200] = process.argv.slice(2).map(Number)
for (let seed = from; seed <= to; seed++) {
  const lost = await lostByPowerCuts(seed).catch((error: unknown) => [(error as Error).message])
  if (lost.length === 0) continue
  console.log(`power cuts ${seed}: ${lost.slice(0, 5).join(", ")}`)
  process.exit(1)
}
console.log(`${to - from + 1} histories of power cuts, nothing lost`)
process.exit(0)
