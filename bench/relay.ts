// A relay on real sockets: TCP in, funnel, TCP out, with `confirm: written`, beside a hand-written relay. Generator, relay and sink share
// the machine, the same for both sides. Every line is counted at its arrival.

import type { ChildProcess } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Bar, type Comparison, compareAll, oneAfterTheOther, options, type Sample } from "./harness.ts"
import { freePort, givenTask, launcher, processUse, start, startTask, stop, untilAccepting } from "./processes.ts"
import { type RelayTask, runRelay } from "./relay/baseline.ts"
import { compileLineload, generate, Sink, temporaryFolder } from "./relay/load.ts"

interface Load {
  /** Sent first, so that what is measured is compiled code. */
  readonly warmLines: number
  readonly lines: number
  readonly size: number
}

type StartRelay = (task: RelayTask) => ChildProcess

async function relayOnce({ warmLines, lines, size }: Load, startRelay: StartRelay): Promise<Sample> {
  const task = { port: await freePort(), sinkPort: await freePort() }
  const sink = await Sink.listen(lineload, { port: task.sinkPort, linesMax: lines, file: join(folder, "counts") })
  const relay = startRelay(task)
  try {
    await untilAccepting(task.port)
    await generate(lineload, { port: task.port, lines: warmLines, size })
    const warm = await sink.until(warmLines)
    const before = processUse(relay.pid as number)
    const startUs = await generate(lineload, { port: task.port, lines, size })
    const counts = await sink.until(warmLines + lines)
    const after = processUse(relay.pid as number)
    if (counts.bad > 0 || !sink.times(lines).every((times, line) => times === (line < warmLines ? 2 : 1)))
      throw new Error("a line was lost, doubled or spoilt")
    return {
      count: lines,
      seconds: (counts.lastUs - startUs) / 1e6,
      bytes: counts.bytes - warm.bytes,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      rssBytes: after.rssMaxBytes,
    }
  } finally {
    await stop(relay)
    await sink.close()
  }
}

function startWishbone({ port, sinkPort }: RelayTask): ChildProcess {
  const file = join(folder, "relay.yaml")
  writeFileSync(
    file,
    `modules:
  input: {module: wishbone.input.tcp, arguments: {port: ${port}}}
  funnel: {module: wishbone.flow.funnel}
  output: {module: wishbone.output.tcp, arguments: {port: ${sinkPort}, confirm: written}}
routingtable:
  - input.outbox -> funnel.one
  - funnel.outbox -> output.inbox
`,
  )
  return start(process.execPath, [launcher, "debug", "--config", file, "--loglevel", "error"], { stdio: ["ignore", "ignore", "ignore"] })
}

function comparison(title: string, load: Load, bars: Bar[]): Comparison {
  const baseline = { run: () => relayOnce(load, (task) => startTask(import.meta.url, task)) }
  const ours = { run: () => relayOnce(load, startWishbone) }
  return { title, unit: "lines", names: ["hand-written", "wishbone-ts"], round: () => oneAfterTheOther(baseline, ours), bars }
}

const task = givenTask<RelayTask>()
const folder = task === undefined ? temporaryFolder() : ""
const lineload = task === undefined ? compileLineload(folder) : ""
if (task !== undefined) runRelay(task)
else {
  await compareAll(
    [
      comparison("relay, lines of 200 bytes", { warmLines: 1_000_000, lines: 2_000_000, size: 200 }, [
        { ratio: 0.85 },
        { cpuPerMillion: 0.85 },
      ]),
      comparison("relay, lines of 1 KB", { warmLines: 300_000, lines: 600_000, size: 1024 }, [{ ratio: 0.75 }]),
    ],
    options(),
  )
}
