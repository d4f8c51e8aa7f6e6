// A relay on real sockets: TCP in, funnel, TCP out, with `confirm: written`, beside a hand-written relay; what `confirm: tail` costs beside
// `written`; and two wishbones in a row with a reply for each line. Generator, relay and sink share the machine, the same for both sides.
// Every line is counted at its arrival, or by its reply.

import { type Bar, type Comparison, compareAll, oneAfterTheOther, options, type Sample, type Side } from "./harness.ts"
import { freePort, givenTask, processUse, startTask, stop, untilAccepting } from "./processes.ts"
import { type RelayTask, runRelay } from "./relay/baseline.ts"
import { ask, compileLineload, temporaryFolder } from "./relay/load.ts"
import { type Load, type Place, relayOnce } from "./relay/once.ts"
import { startAnswering, startAsking, startRelay } from "./relay/wishbone.ts"

/** Lines that the asking generator leaves unanswered; below `unanswered_max`, so that its peer is never paused. */
const window = 8192

/** Two in a row: the generator has a reply for each line when the second is done with it. CPU time is that of both, memory the larger one's. */
async function askOnce({ warmLines, lines, size }: Load): Promise<Sample> {
  const task = { port: await freePort(), sinkPort: await freePort() }
  const both = [startAnswering(folder, task.sinkPort), startAsking(folder, task)]
  const use = (): ReturnType<typeof processUse>[] => both.map(({ pid }) => processUse(pid as number))
  const cpuSeconds = (of: ReturnType<typeof use>): number => of.reduce((sum, one) => sum + one.cpuSeconds, 0)
  try {
    await untilAccepting(task.sinkPort)
    await untilAccepting(task.port)
    await ask(lineload, { port: task.port, lines: warmLines, size, window })
    const before = use()
    const { startUs, endUs } = await ask(lineload, { port: task.port, lines, size, window })
    const after = use()
    return {
      count: lines,
      seconds: (endUs - startUs) / 1e6,
      bytes: lines * size,
      cpuSeconds: cpuSeconds(after) - cpuSeconds(before),
      rssBytes: Math.max(...after.map(({ rssMaxBytes }) => rssMaxBytes)),
    }
  } finally {
    for (const one of both.toReversed()) await stop(one)
  }
}

const handWritten = (load: Load): Side => ({ run: () => relayOnce(place, load, (task) => startTask(import.meta.url, task)) })
const wishbone = (load: Load, confirm: "written" | "tail"): Side => ({
  run: () => relayOnce(place, load, (task) => startRelay(folder, task, confirm)),
})

function relay(title: string, load: Load, bars: Bar[]): Comparison {
  const round = (): ReturnType<Comparison["round"]> => oneAfterTheOther(handWritten(load), wishbone(load, "written"))
  return { title, unit: "lines", names: ["hand-written", "wishbone-ts"], round, bars }
}

function tail(load: Load): Comparison {
  const round = (): ReturnType<Comparison["round"]> => oneAfterTheOther(wishbone(load, "written"), wishbone(load, "tail"))
  const bars: Bar[] = [{ ratio: 0.8 }, { cpuPerMillion: 1 }, { rssMegabytes: 200 }]
  return { title: "tail beside written, lines of 200 bytes", unit: "lines", names: ["confirm: written", "confirm: tail"], round, bars }
}

function answered(load: Load): Comparison {
  const round = (): ReturnType<Comparison["round"]> => oneAfterTheOther(wishbone(load, "written"), { run: () => askOnce(load) })
  const names = ["one relay, confirm: written", "two in a row, confirm: line"] as const
  return { title: "a reply for each line of 200 bytes", unit: "lines", names, round, bars: [{ rate: 400_000 }] }
}

const task = givenTask<RelayTask>()
const folder = task === undefined ? temporaryFolder() : ""
const lineload = task === undefined ? compileLineload(folder) : ""
const place: Place = { lineload, folder }
if (task !== undefined) runRelay(task)
else {
  const small: Load = { warmLines: 1_000_000, lines: 2_000_000, size: 200 }
  await compareAll(
    [
      relay("relay, lines of 200 bytes", small, [{ ratio: 0.85 }, { cpuPerMillion: 0.85 }]),
      relay("relay, lines of 1 KB", { warmLines: 300_000, lines: 600_000, size: 1024 }, [{ ratio: 0.75 }]),
      tail({ ...small, lines: 1_000_000 }),
      answered({ ...small, warmLines: 500_000, lines: 1_000_000 }),
    ],
    options({ limitSeconds: 240 }),
  )
}
