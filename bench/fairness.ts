// Whether a flood starves what comes beside it: 100 lines a second through the same funnel as lines sent as fast as they are taken.

import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { startBaseline } from "./fairness/baseline.ts"
import { type Fairness, Meter, trickleLine } from "./fairness/meter.ts"
import { startOurs } from "./fairness/ours.ts"
import { median, options, printBar, printTable, quantile } from "./harness.ts"
import { answer, freePort, givenTask, resultOf, start, startTask, stop, untilAccepting } from "./processes.ts"
import { compileLineload, temporaryFolder } from "./relay/load.ts"

interface FairnessTask {
  readonly side: "baseline" | "ours"
  readonly ports: readonly [flood: number, trickle: number]
}

const warmMs = 700
const measureMs = 1800
const trickleEveryMs = 10
const floodSize = 200
const p99MsMax = 5

/** In the child: runs one side until it has measured. */
async function measure({ side, ports }: FairnessTask): Promise<void> {
  const meter = new Meter()
  await (side === "ours" ? startOurs(ports, meter) : startBaseline(ports, meter))
  process.once("SIGUSR2", () => meter.restart())
  process.once("SIGTERM", () => {
    answer(meter.result())
    process.exit(0)
  })
}

/** In the parent: one run of one side under load. */
async function runOnce(side: FairnessTask["side"]): Promise<Fairness> {
  const task: FairnessTask = { side, ports: [await freePort(), await freePort()] }
  const child = startTask(import.meta.url, task)
  const result = resultOf<Fairness>(child)
  let flood: ChildProcess | undefined
  try {
    for (const port of task.ports) await untilAccepting(port)
    flood = start(lineload, ["gen", "127.0.0.1", `${task.ports[0]}`, "1000000000", `${floodSize}`, "0", "0"])
    flood.stdout?.resume()
    await trickle(task.ports[1], child)
  } finally {
    await stop(child)
    if (flood !== undefined) await stop(flood)
  }
  return result
}

async function trickle(port: number, child: ChildProcess): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true })
  socket.on("error", () => socket.destroy())
  await once(socket, "connect")
  const timer = setInterval(() => socket.write(trickleLine()), trickleEveryMs)
  await sleep(warmMs)
  child.kill("SIGUSR2")
  await sleep(measureMs)
  clearInterval(timer)
  socket.destroy()
}

function row(name: string, runs: readonly Fairness[]): string[] {
  const latencies = runs.flatMap((run) => run.latenciesMs)
  const flood = median(runs.map((run) => run.floodLines / run.seconds)) / 1e6
  const cells = [quantile(latencies, 0.5), quantile(latencies, 0.9), quantile(latencies, 0.99), Math.max(...latencies)].map((ms) =>
    ms.toFixed(2),
  )
  return [name, ...cells, `${latencies.length}`, flood.toFixed(3), ((flood * floodSize * 1e6) / 2 ** 20).toFixed(0)]
}

async function main(): Promise<void> {
  const { rounds } = options()
  const baseline: Fairness[] = []
  const ours: Fairness[] = []
  for (let round = 0; round < rounds; round++) {
    baseline.push(await runOnce("baseline"))
    ours.push(await runOnce("ours"))
  }
  console.log(`fairness, ${1000 / trickleEveryMs} lines/s beside a flood, ${rounds} rounds`)
  printTable([
    ["trickle latency, ms", "p50", "p90", "p99", "most", "lines", "flood M lines/s", "MiB/s"],
    row("hand-written", baseline),
    row("wishbone-ts", ours),
  ])
  printBar(
    "p99 in ms",
    quantile(
      ours.flatMap((run) => run.latenciesMs),
      0.99,
    ),
    p99MsMax,
    "at most",
  )
}

const task = givenTask<FairnessTask>()
const lineload = task === undefined ? compileLineload(temporaryFolder()) : ""
await (task === undefined ? main() : measure(task))
