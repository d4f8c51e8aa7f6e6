import { test } from "vitest"
import { fuzzDecoders } from "./decoders.ts"
import { fuzzBootstrap, fuzzLines, fuzzPosition, fuzzRecords } from "./fuzz.ts"

test.each([
  ["lines", fuzzLines, 500],
  ["records of a spool", fuzzRecords, 200],
  ["positions of a spool", fuzzPosition, 100],
  ["bootstrap files", fuzzBootstrap, 100],
  ["protocols", fuzzDecoders, 100],
] as const)("no bytes confuse the parser of %s", { timeout: 30_000 }, async (_name, fuzz, numRuns) => {
  await fuzz({ numRuns })
})
