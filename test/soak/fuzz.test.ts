// The parsers under random bytes for a minute each; see test/property/fuzz.ts. What is found there stays as a plain test.

import { test } from "vitest"
import { fuzzDecoders } from "../property/decoders.ts"
import { type Effort, fuzzBootstrap, fuzzLines, fuzzPosition, fuzzRecords } from "../property/fuzz.ts"

const effort: Effort = { numRuns: 1_000_000_000, interruptAfterTimeLimit: 60_000 }

test.each([
  ["lines", fuzzLines],
  ["records of a spool", fuzzRecords],
  ["positions of a spool", fuzzPosition],
  ["bootstrap files", fuzzBootstrap],
  ["protocols", fuzzDecoders],
] as const)("no bytes confuse the parser of %s", async (_name, fuzz) => {
  await fuzz(effort)
})
