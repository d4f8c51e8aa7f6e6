// The acceptance case: bootstrap/failover.yaml against real listeners that are killed and come back.

import { readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import type { Report } from "../../src/ledger.ts"
import { eventually, freePorts, Listener, type Program, temporaryDirectory, wishbone } from "../support/programs.ts"

interface Changes {
  readonly ports: readonly number[]
  readonly interval: number
  readonly idleTime: number
}

/** The example with only ports, interval and idle time changed, in a folder of its own. */
async function failoverFile(folder: string, { ports, interval, idleTime }: Changes): Promise<string> {
  let text = await readFile(new URL("../../bootstrap/failover.yaml", import.meta.url), "utf8")
  ports.forEach((port, index) => {
    text = text.replace(`port: 1000${index + 1}`, `port: ${port}`)
  })
  text = text.replace("interval: 0.5", `interval: ${interval}`).replace("idle_time: 20", `idle_time: ${idleTime}`)
  const file = join(folder, "failover.yaml")
  await writeFile(file, text)
  return file
}

async function segmentsIn(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, "buffer")).catch(() => [])
  return names.filter((name) => name.endsWith(".ready") || name.endsWith(".writing"))
}

function cleanUp(...programs: Program[]): void {
  onTestFinished(async () => {
    for (const program of programs) await program.kill()
  })
}

async function listen(port: number): Promise<Listener> {
  const listener = await Listener.start(port)
  cleanUp(listener)
  return listener
}

test("the failover file falls over, spools, and comes back by itself", async () => {
  const folder = await temporaryDirectory(onTestFinished)
  const ports = await freePorts(3)
  const [port1 = 0, port2 = 0] = ports
  const file = await failoverFile(folder, { ports, interval: 0.02, idleTime: 1 })
  const first = await listen(port1)
  const second = await listen(port2)
  const graph = wishbone(["debug", "--config", file])
  cleanUp(graph)

  await eventually(() => first.lines.length >= 10, `lines on the first destination\n${graph.stderr}`)
  expect(second.lines).toEqual([])
  for (const { line } of first.lines) expect(typeof JSON.parse(line)).toBe("object")

  const killedAt = Date.now()
  await first.kill()
  await eventually(() => second.lines.length > 0, `lines on the second destination\n${graph.stderr}`, 1000)
  const overMs = (second.lines[0]?.at ?? 0) - killedAt
  expect(overMs).toBeLessThan(1000)

  const backAt = Date.now()
  const firstAgain = await listen(port1)
  const listeningAt = Date.now()
  await eventually(() => firstAgain.lines.length > 0, `lines on the first destination again\n${graph.stderr}`, 2000)
  const backMs = (firstAgain.lines[0]?.at ?? 0) - listeningAt
  expect(backMs).toBeLessThan(2000)
  console.log(
    `first line on the next destination ${overMs} ms after the kill; back ${backMs} ms after the return (${Date.now() - backAt} ms with its start)`,
  )

  await firstAgain.kill()
  await second.kill()
  await eventually(async () => (await segmentsIn(folder)).length > 0, `segments in ./buffer\n${graph.stderr}`)
  const warnings = graph.stderr.split("\n").filter((line) => line.includes("output_1") && line.includes("lost the connection"))
  expect(warnings.length).toBe(2)

  graph.signal("SIGSTOP")
  const last = await listen(port1)
  graph.signal("SIGCONT")
  await eventually(() => last.lines.length > 0, "lines on the first destination at last")
  // The generator goes on, so the spool is appended to only while nobody listens: now it falls idle and drains.
  await eventually(async () => (await segmentsIn(folder)).length === 0, `an empty ./buffer\n${graph.stderr}`, 20_000)

  graph.signal("SIGTERM")
  expect(await graph.exit()).toBe(0)
})

test("every number arrives through kills of all destinations, and the report says the same", async () => {
  const folder = await temporaryDirectory(onTestFinished)
  const ports = await freePorts(3)
  const [port1 = 0, port2 = 0, port3 = 0] = ports
  const file = await failoverFile(folder, { ports, interval: 0.5, idleTime: 1 })
  const text = (await readFile(file, "utf8")).replace(
    /module: wishbone.input.dictgenerator\n {4}arguments:\n/,
    "module: wishbone.input.testevent\n    arguments:\n      numbered: true\n",
  )
  await writeFile(file, text)
  const reportFile = join(folder, "report.json")

  const all: Listener[] = []
  const start = async (port: number): Promise<Listener> => {
    const listener = await listen(port)
    all.push(listener)
    return listener
  }
  const received = (): string[] => all.flatMap((listener) => listener.lines.map(({ line }) => line))
  let first = await start(port1)
  const second = await start(port2)
  const third = await start(port3)
  const graph = wishbone(["debug", "--config", file, "--report", reportFile])
  cleanUp(graph)

  await eventually(() => first.lines.length >= 2, `numbers on the first destination\n${graph.stderr}`)
  await first.kill()
  await eventually(() => second.lines.length >= 2, `numbers on the second destination\n${graph.stderr}`)
  await second.kill()
  await eventually(() => third.lines.length >= 2, `numbers on the third destination\n${graph.stderr}`)
  await third.kill()
  await eventually(async () => (await segmentsIn(folder)).length > 0, `segments in ./buffer\n${graph.stderr}`)
  first = await start(port1)
  await eventually(
    async () => first.lines.length >= 2 && (await segmentsIn(folder)).length === 0,
    `an empty ./buffer\n${graph.stderr}`,
    20_000,
  )
  graph.signal("SIGINT")
  expect(await graph.exit()).toBe(0)

  const report = JSON.parse(await readFile(reportFile, "utf8")) as Report
  await eventually(() => received().length >= report.delivered, "the last lines")
  const numbers = new Set(received())
  const sent = report.instances["dictgenerator"]?.in ?? 0
  expect(sent).toBeGreaterThan(4)
  expect([...numbers].toSorted()).toEqual(Array.from({ length: sent }, (_, index) => `test_${index + 1}`).toSorted())
  expect(report).toMatchObject({ in: sent, delivered: sent, failed: 0, lost: 0, waiting: 0, in_flight: 0 })
  // What a destination read in its last moment went to the next one as well.
  expect(received().length - sent).toBeLessThanOrEqual(report.duplicated)
}, 60_000)
