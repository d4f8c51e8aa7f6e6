// The cost of a hop: chains of 1, 4 and 16 funnels and of six different modules beside hand-written chains of ring buffers, and what
// tickets add.

import { runBaseline } from "./chain/baseline.ts"
import type { ChainTask } from "./chain/load.ts"
import { runOurs } from "./chain/ours.ts"
import { type Bar, type Comparison, compareAll, options, type Sample, type Side } from "./harness.ts"
import { answer, givenTask, runTask } from "./processes.ts"

const times = { warmMs: 250, measureMs: 350 }

function side(name: string, task: Omit<ChainTask, "warmMs" | "measureMs">): Side {
  return { name, run: () => runTask<Sample>(import.meta.url, { ...task, ...times }) }
}

function againstBaseline(title: string, chain: number | "six", bars: Bar[]): Comparison {
  return {
    title,
    unit: "hops",
    baseline: side("hand-written", { side: "baseline", chain, tickets: false }),
    ours: side("wishbone-ts", { side: "ours", chain, tickets: false }),
    bars,
  }
}

function ticketsOnAndOff(title: string, chain: number | "six"): Comparison {
  return {
    title,
    unit: "hops",
    baseline: side("tickets off", { side: "ours", chain, tickets: false }),
    ours: side("tickets on", { side: "ours", chain, tickets: true }),
    bars: [{ ratio: 0.9 }],
  }
}

const task = givenTask<ChainTask>()
if (task !== undefined) answer(await (task.side === "ours" ? runOurs(task) : runBaseline(task)))
else {
  await compareAll(
    [
      againstBaseline("chain, 1 funnel", 1, []),
      againstBaseline("chain, 4 funnels", 4, []),
      againstBaseline("chain, 16 funnels", 16, [{ ratio: 0.8 }]),
      againstBaseline("chain, six different modules", "six", [{ ratio: 0.5 }]),
      ticketsOnAndOff("tickets, 4 funnels", 4),
      ticketsOnAndOff("tickets, six different modules", "six"),
    ],
    options(),
  )
}
