// Plays random graphs one after the other and stops at the first that fails: `tsx test/property/play.ts <from> <to>`.
// The planted bugs of test/mutants are looked for with it, each in a process of its own.

import { playRandomGraph } from "./random-graphs.ts"

const [from = 1, to = 1000] = process.argv.slice(2).map(Number)
let seed = from

// What a broken graph left behind may go on by itself: the first failure is the end.
function end(message: string): never {
  console.log(message)
  process.exit(1)
}

process.on("uncaughtException", (error) => end(`random graph ${seed}: ${error.message}`))
for (; seed <= to; seed++) {
  await playRandomGraph(seed).catch((error: unknown) => end((error as Error).message))
}
console.log(`${to - from + 1} random graphs, none failed`)
process.exit(0)
