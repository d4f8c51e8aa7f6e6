// The cost of a hop: chains of 1, 4 and 16 funnels and of six different modules beside hand-written chains of ring buffers, and what
// tickets add.
//
// A round is two fresh processes, one for each side, that run by turns for a few milliseconds each. Whatever else the machine does hits
// both alike, and the median of the pairs is no longer moved by it.

import type { ChildProcess } from "node:child_process"
import { baselineChain } from "./chain/baseline.ts"
import { type ChainTask, measure } from "./chain/load.ts"
import { ourChain } from "./chain/ours.ts"
import { type Bar, type Comparison, compareAll, median, options, type Round, rateOf, type Sample } from "./harness.ts"
import { givenTask, startTask, stop } from "./processes.ts"

const windowMs = 10
const warmWindows = 20
const windows = 25

/** In the child: runs for as long as the parent says, each time it says so. */
function serve(task: ChainTask): void {
  const chain = task.side === "ours" ? ourChain(task) : baselineChain(task)
  process.on("message", (forMs: number) => {
    void measure(chain, forMs).then((sample) => {
      chain.check()
      process.send?.(sample)
    })
  })
  process.once("disconnect", () => process.exit(0))
}

/** In the parent: one run of a child. */
function runFor(child: ChildProcess, forMs: number): Promise<Sample> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error("a side of the chain ended"))
    child.once("exit", ended)
    child.once("message", (sample) => {
      child.off("exit", ended)
      resolve(sample as Sample)
    })
    child.send(forMs)
  })
}

async function byTurns(first: ChainTask, second: ChainTask): Promise<Round> {
  const children = [first, second].map((task) => startTask(import.meta.url, task, { stdio: ["ignore", "inherit", "inherit", "ipc"] }))
  const [baseline, ours] = children as [ChildProcess, ChildProcess]
  const pairs: [baseline: Sample, ours: Sample][] = []
  try {
    for (let n = 0; n < warmWindows + windows; n++) {
      const pair: [Sample, Sample] = [await runFor(baseline, windowMs), await runFor(ours, windowMs)]
      if (n >= warmWindows) pairs.push(pair)
    }
  } finally {
    await Promise.all(children.map((child) => stop(child)))
  }
  const ratio = median(pairs.map(([of, to]) => rateOf(to) / rateOf(of)))
  return { baseline: sum(pairs.map(([sample]) => sample)), ours: sum(pairs.map(([, sample]) => sample)), ratio }
}

function sum(samples: readonly Sample[]): Sample {
  const total = (of: (sample: Sample) => number): number => samples.reduce((so, sample) => so + of(sample), 0)
  return {
    count: total(({ count }) => count),
    seconds: total(({ seconds }) => seconds),
    bytes: total(({ bytes }) => bytes),
    cpuSeconds: total((sample) => sample.cpuSeconds),
    rssBytes: Math.max(...samples.map(({ rssBytes }) => rssBytes)),
  }
}

function againstBaseline(title: string, chain: number | "six", bars: Bar[]): Comparison {
  const round = (): Promise<Round> => byTurns({ side: "baseline", chain, tickets: false }, { side: "ours", chain, tickets: false })
  return { title, unit: "hops", names: ["hand-written", "wishbone-ts"], round, bars }
}

function ticketsOnAndOff(title: string, chain: number | "six"): Comparison {
  const round = (): Promise<Round> => byTurns({ side: "ours", chain, tickets: false }, { side: "ours", chain, tickets: true })
  return { title, unit: "hops", names: ["tickets off", "tickets on"], round, bars: [{ ratio: 0.9 }] }
}

const task = givenTask<ChainTask>()
if (task !== undefined) serve(task)
else {
  await compareAll(
    [
      againstBaseline("chain, 16 funnels", 16, [{ ratio: 0.8 }]),
      againstBaseline("chain, six different modules", "six", [{ ratio: 0.5 }]),
      ticketsOnAndOff("tickets, six different modules", "six"),
      ticketsOnAndOff("tickets, 4 funnels", 4),
      againstBaseline("chain, 1 funnel", 1, []),
      againstBaseline("chain, 4 funnels", 4, []),
    ],
    options(),
  )
}
