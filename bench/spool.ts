// What a spool costs: events written with a sync before anyone is told, and read back, through the graph, beside a bare loop that encodes,
// checks and writes the same records; and lines from TCP through the disk to TCP, beside a bare relay with the same syncs. With
// `--backlog 10g` instead: the start on a backlog of that size.

import { mkdirSync, readFileSync, rmSync, statfsSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { parseSize } from "../src/spec/units.ts"
import { type Comparison, compareAll, oneAfterTheOther, printBar, type Round, rateOf, type Sample, type Side } from "./harness.ts"
import { answer, givenTask, resultOf, startTask } from "./processes.ts"
import { compileLineload, temporaryFolder } from "./relay/load.ts"
import { type Load, relayOnce, type StartRelay } from "./relay/once.ts"
import { startSpooling } from "./relay/wishbone.ts"
import { layOut } from "./spool/backlog.ts"
import { runBaseline } from "./spool/baseline.ts"
import { type BacklogResult, runBacklog, runOurs } from "./spool/ours.ts"
import type { SpoolTask } from "./spool/task.ts"
import { runThrough, type ThroughTask } from "./spool/through.ts"

const size = 200
const count = 1024 * 1000
/** Left free beside a backlog. */
const spareBytes = 2 * 1024 ** 3
const rates: Readonly<Record<"write" | "read", number>> = { write: 600_000, read: 1_200_000 }
const best = { write: 0, read: 0 }

/** One side of a round; what is read was written just before, in a process of its own. */
function side(which: "bare" | "ours", what: "write" | "read"): Side {
  const directory = join(folder, which)
  const run = (now: "write" | "read"): Promise<Sample> =>
    resultOf<Sample>(startTask(import.meta.url, { side: which, what: now, directory, count, size } satisfies SpoolTask))
  return {
    run: async () => {
      rmSync(directory, { recursive: true, force: true })
      mkdirSync(directory, { recursive: true })
      const written = await run("write")
      const sample = what === "write" ? written : await run("read")
      if (which === "ours") best[what] = Math.max(best[what], rateOf(sample))
      return sample
    },
  }
}

function comparison(title: string, what: "write" | "read"): Comparison {
  const round = (): Promise<Round> => oneAfterTheOther(side("bare", what), side("ours", what))
  return { title, unit: "events", names: ["bare loop", "wishbone-ts"], round, bars: [{ ratio: 0.75 }] }
}

function through(): Comparison {
  const lineload = compileLineload(folder)
  const load: Load = { warmLines: 300_000, lines: 600_000, size }
  const one = (start: StartRelay): Side => ({
    run: () => {
      rmSync(directory, { recursive: true, force: true })
      mkdirSync(directory, { recursive: true })
      return relayOnce({ lineload, folder }, load, start)
    },
  })
  const directory = join(folder, "spool")
  const bare = one((ports) => startTask(import.meta.url, { ...ports, directory } satisfies ThroughTask))
  const ours = one((ports) => startSpooling(folder, ports))
  const title = "TCP, spool with sync, TCP, lines of 200 bytes"
  const round = (): Promise<Round> => oneAfterTheOther(bare, ours)
  return { title, unit: "lines", names: ["bare relay", "wishbone-ts"], round, bars: [{ rate: 300_000 }] }
}

async function backlog(text: string): Promise<void> {
  const wanted = parseSize(text) ?? Number.NaN
  const { bavail, bsize } = statfsSync(folder)
  if (!(bavail * bsize >= wanted + spareBytes)) {
    const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1)
    console.log(`backlog of ${text}: left out, it needs ${gigabytes(wanted + spareBytes)} GB and ${gigabytes(bavail * bsize)} GB are free`)
    return
  }
  const directory = join(folder, "ours")
  layOut(directory, wanted, size)
  const task: SpoolTask = { side: "backlog", what: "read", directory, count: 0, size }
  const found = await resultOf<BacklogResult>(startTask(import.meta.url, task))
  console.log(`backlog of ${text}: ${found.events} events read in 5 s`)
  printBar("first record in ms", found.firstMs, 1000, "at most")
  printBar("RssAnon in MiB", found.anonMaxBytes / 2 ** 20, 150, "at most")
}

/** Memory of the process itself, without files that are mapped. */
function anonBytes(): number {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0) * 1024
}

async function main(): Promise<void> {
  const text = { type: "string" } as const
  const { values } = parseArgs({ options: { backlog: text, rounds: text, only: text, limit: text } })
  if (values.backlog !== undefined) return backlog(values.backlog)
  const how = { rounds: Number(values.rounds ?? 10), only: values.only ?? "", limitSeconds: Number(values.limit ?? 240) }
  const inProcess = [comparison("spool, 200 bytes, written with sync", "write"), comparison("spool, 200 bytes, read back", "read")]
  await compareAll([...inProcess, through()], how)
  for (const what of ["write", "read"] as const)
    if (best[what] > 0) printBar(`${what}, events/s of the best round,`, best[what], rates[what], "at least")
}

const task = givenTask<SpoolTask | ThroughTask>()
const folder = task === undefined ? temporaryFolder() : ""
if (task !== undefined && "sinkPort" in task) await runThrough(task)
else if (task?.side === "backlog") answer(await runBacklog(task, anonBytes))
else if (task !== undefined) answer(await (task.side === "ours" ? runOurs(task) : runBaseline(task)))
else await main()
