// What the program costs before the first event: time from the start of the process to the first accepted connection, resident memory,
// and the CPU time of a failover graph at rest whose outputs all find nobody and go on trying. Beside a bare server of node:net. And what
// `--help` takes, beside Node with nothing to do.

import { type ChildProcess, spawnSync } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { median, options, printBar, printTable, spread } from "./harness.ts"
import { freePort, givenTask, launcher, processUse, start, startTask, stop, untilAccepting } from "./processes.ts"
import { temporaryFolder } from "./relay/load.ts"

interface ServerTask {
  readonly port: number
}

interface Started {
  readonly startMs: number
  /** CPU time of all threads until then: what is left of the start when the machine has nothing else to do. */
  readonly startCpuMs: number
  readonly rssBytes: number
}

const settleMs = 500
const restsAfterMs = 10_000
const idleMs = 10_000
const bars = { startMs: 350, rssMb: 90, idlePercent: 0.5, helpRatio: 1.7 }

type StartServer = (port: number) => Promise<ChildProcess> | ChildProcess

async function startOnce(startServer: StartServer): Promise<Started> {
  const port = await freePort()
  const child = await startServer(port)
  try {
    const startMs = await untilAccepting(port)
    const startCpuMs = threadSeconds(child.pid as number) * 1000
    await sleep(settleMs)
    return { startMs, startCpuMs, rssBytes: processUse(child.pid as number).rssBytes }
  } finally {
    await stop(child)
  }
}

/** Share of one core, in percent, that the process takes while nothing comes. */
async function idlePercent(child: ChildProcess): Promise<number> {
  // Compiling and collecting what the start left behind are over by then.
  await sleep(restsAfterMs)
  const before = threadSeconds(child.pid as number)
  const started = performance.now()
  await sleep(idleMs)
  return ((threadSeconds(child.pid as number) - before) / ((performance.now() - started) / 1000)) * 100
}

/** CPU time of all threads of a process: to the nanosecond, where `stat` counts in steps of 10 ms. */
function threadSeconds(pid: number): number {
  const folder = `/proc/${pid}/task`
  return readdirSync(folder).reduce(
    (sum, thread) => sum + Number(readFileSync(join(folder, thread, "schedstat"), "utf8").split(" ")[0]) / 1e9,
    0,
  )
}

function startBare(port: number): ChildProcess {
  const task: ServerTask = { port }
  return startTask(import.meta.url, task)
}

/** The graph of the failover example, with an input that nobody uses and ports on which nobody listens. */
async function startFailover(port: number): Promise<ChildProcess> {
  const file = join(folder, "failover.yaml")
  const outputs = [1, 2, 3].map((n) => `  output_${n}: {module: wishbone.output.tcp, arguments: {port: ${deadPorts[n - 1]}}}`)
  writeFileSync(
    file,
    `modules:
  input: {module: wishbone.input.tcp, arguments: {port: ${port}}}
${outputs.join("\n")}
  diskout: {module: wishbone.output.disk, arguments: {directory: ./buffer}}
  diskin: {module: wishbone.input.disk, arguments: {directory: ./buffer, idle_trigger: true, idle_time: 20}}
  funnel: {module: wishbone.flow.funnel}
routingtable:
  - input.outbox -> funnel.one
  - funnel.outbox -> output_1.inbox
  - output_1.failed -> output_2.inbox
  - output_2.failed -> output_3.inbox
  - output_3.failed -> diskout.inbox
  - diskin.outbox -> funnel.two
`,
  )
  return start(process.execPath, [launcher, "debug", "--config", file, "--loglevel", "fatal"], { stdio: ["ignore", "ignore", "ignore"] })
}

async function main(): Promise<void> {
  const { rounds } = options()
  const help = helpRatios(rounds)
  const bare: Started[] = []
  const ours: Started[] = []
  for (let round = 0; round < rounds; round++) {
    bare.push(await startOnce(startBare))
    ours.push(await startOnce(startFailover))
  }
  const idle = [startBare(await freePort()), await startFailover(await freePort())]
  const [bareIdle = Number.NaN, oursIdle = Number.NaN] = await Promise.all(idle.map(idlePercent))
  await Promise.all(idle.map((child) => stop(child)))
  console.log(`start and rest, ${rounds} rounds, ${idleMs / 1000} s at rest with every circuit open`)
  printTable([
    ["", "start ms", "spread", "CPU ms", "RSS MB", "idle CPU %"],
    row("node:net", bare, bareIdle),
    row("wishbone-ts", ours, oursIdle),
  ])
  printBar("start in ms", median(ours.map(({ startMs }) => startMs)), bars.startMs, "at most")
  printBar("RSS in MB", median(ours.map(({ rssBytes }) => rssBytes)) / 1e6, bars.rssMb, "at most")
  printBar("`--help` to `node -e 0`", median(help), bars.helpRatio, "at most")
  printBar("idle CPU in % of a core", oursIdle, bars.idlePercent, "at most")
}

/** How much longer `--help` takes than Node with nothing to do, round by round. */
function helpRatios(rounds: number): number[] {
  const once = (args: readonly string[]): number => {
    const started = performance.now()
    const { status } = spawnSync(process.execPath, args, { stdio: "ignore" })
    if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`)
    return performance.now() - started
  }
  // The first call fills the cache of compiled code.
  once([launcher, "--help"])
  return Array.from({ length: rounds }, () => {
    const bare = once(["-e", "0"])
    return once([launcher, "--help"]) / bare
  })
}

function row(name: string, runs: readonly Started[], idle: number): string[] {
  const { least, middle, most } = spread(runs.map(({ startMs }) => startMs))
  const rss = median(runs.map(({ rssBytes }) => rssBytes)) / 1e6
  const cpu = median(runs.map(({ startCpuMs }) => startCpuMs))
  return [name, middle.toFixed(0), `${least.toFixed(0)}..${most.toFixed(0)}`, cpu.toFixed(0), rss.toFixed(0), idle.toFixed(2)]
}

const task = givenTask<ServerTask>()
const folder = task === undefined ? temporaryFolder() : ""
const deadPorts = task === undefined ? [await freePort(), await freePort(), await freePort()] : []
if (task !== undefined) createServer((socket) => socket.on("error", () => socket.destroy())).listen(task.port, "127.0.0.1")
else await main()
