// A receiver dies under load and the lines go on to the next one: what was lost, and what came twice.
//
// What `confirm: tail` promises is bounded by time, so the numbers of a busy machine are printed beside the bound; that nothing is lost is
// asserted, with a tail that is long enough for a receiver which the machine does not let read for a while.

import { strict as assert } from "node:assert"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import type { Report } from "../../src/ledger.ts"
import { numberOf, sendPaced } from "../support/paced-sender.ts"
import { eventually, freePorts, type Program, temporaryDirectory, wishbone } from "../support/programs.ts"
import { Recorder } from "../support/recorder.ts"

const linesPerSecond = 2000
const lines = 6000
/** Most events of one batch. */
const batchEvents = 1024

const graphText = (ports: readonly number[], confirm: string): string => `
modules:
  source:   { module: wishbone.input.tcp,  arguments: { port: ${ports[0]} } }
  output_1: { module: wishbone.output.tcp, arguments: { port: ${ports[1]}, ${confirm} } }
  output_2: { module: wishbone.output.tcp, arguments: { port: ${ports[2]}, ${confirm} } }
  diskout:  { module: wishbone.output.disk, arguments: { directory: ./buffer } }
routingtable:
  - source.outbox   -> output_1.inbox
  - output_1.failed -> output_2.inbox
  - output_2.failed -> diskout.inbox
`

interface Outcome {
  readonly lost: number
  readonly repeated: number
  readonly report: Report
}

interface KillOptions {
  /** Arguments of both outputs. */
  readonly confirm: string
  /** How long the receiver is stopped before its kill. */
  readonly stoppedMs?: number
  readonly answering?: boolean
}

function cleanedUp<Started extends Program>(program: Started): Started {
  onTestFinished(() => program.kill())
  return program
}

/** Sends 6000 lines in three seconds and kills the receiver after about one. */
async function killReceiver({ confirm, stoppedMs = 0, answering = false }: KillOptions): Promise<Outcome> {
  const folder = await temporaryDirectory(onTestFinished)
  const ports = await freePorts(3)
  const [port = 0, port1 = 0, port2 = 0] = ports
  const file = join(folder, "graph.yaml")
  const reportFile = join(folder, "report.json")
  await writeFile(file, graphText(ports, confirm))
  const first = cleanedUp(await Recorder.start(port1, join(folder, "first.txt"), { answering }))
  const second = cleanedUp(await Recorder.start(port2, join(folder, "second.txt"), { answering }))
  const graph = cleanedUp(wishbone(["debug", "--config", file, "--report", reportFile]))
  await eventually(() => graph.stderr.includes("listening on"), `the graph to listen\n${graph.stderr}`, 20_000)

  const sent = sendPaced({ port, linesPerSecond, lines })
  await eventually(async () => (await first.lines()).length >= linesPerSecond, `lines at the receiver\n${graph.stderr}`, 20_000)
  if (stoppedMs > 0) {
    first.signal("SIGSTOP")
    await new Promise((resolve) => setTimeout(resolve, stoppedMs))
  }
  await first.kill()
  await sent
  graph.signal("SIGTERM")
  assert.equal(await graph.exit(30_000), 0, graph.stderr)

  const report = JSON.parse(await readFile(reportFile, "utf8")) as Report
  // Nothing fell to disk, as the second receiver lived.
  const { failed, lost, waiting, in_flight, delivered } = report
  assert.deepEqual({ in: report.in, failed, lost, waiting, in_flight }, { in: lines, failed: 0, lost: 0, waiting: 0, in_flight: 0 })
  assert.equal(delivered, lines + report.copied)
  const arrived = [...(await first.lines()), ...(await second.lines())].map(numberOf)
  const distinct = new Set(arrived).size
  return { lost: lines - distinct, repeated: arrived.length - distinct, report }
}

test("a receiver that is killed while it reads loses nothing, and little comes twice", async () => {
  const tailMs = 500
  const { lost, repeated, report } = await killReceiver({ confirm: `confirm: tail, tail_ms: ${tailMs}` })
  const bound = (linesPerSecond * tailMs) / 1000 + batchEvents
  console.log(`killed while reading, tail of ${tailMs} ms: lost ${lost} of ${lines}, repeated ${repeated} (bound ${bound})`)
  expect(lost).toBe(0)
  expect(repeated).toBeLessThanOrEqual(report.duplicated)
  expect(report.duplicated).toBeLessThanOrEqual(bound)
})

test("a receiver that stops reading and is killed loses nothing when each line is answered", async () => {
  const { lost, repeated, report } = await killReceiver({ confirm: "confirm: line", stoppedMs: 300, answering: true })
  console.log(`stopped for 300 ms and killed, confirm: line: lost ${lost} of ${lines}, repeated ${repeated}`)
  expect(lost).toBe(0)
  expect(repeated).toBeLessThanOrEqual(report.duplicated)
})

test("a receiver that stops reading and is killed loses nothing when the tail keeps what the kernels hold", async () => {
  const { lost, repeated, report } = await killReceiver({ confirm: "confirm: tail, keep_bytes: 8 MiB", stoppedMs: 300 })
  console.log(`stopped for 300 ms and killed, tail with keep_bytes 8 MiB: lost ${lost} of ${lines}, repeated ${repeated}`)
  expect(lost).toBe(0)
  expect(repeated).toBeLessThanOrEqual(report.duplicated)
})
