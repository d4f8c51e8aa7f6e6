// A graph with a spool under a supervisor: how runs end, which ends have it started again, and that the next run goes on where the last
// one stopped, whatever ended it.

import { existsSync } from "node:fs"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, onTestFinished, test } from "vitest"
import type { Report } from "../../src/ledger.ts"
import { eventually, freePorts, Listener, Program, temporaryDirectory, wishbone } from "../support/programs.ts"
import { Supervisor } from "../support/supervisor.ts"

const unruly = fileURLToPath(new URL("../fixtures/unruly.mjs", import.meta.url))

/** Lines over TCP are acknowledged when they are on disk, and go on from there to `output`. */
const spooled = (port: number, output: string): string => `modules:
  lines: { module: wishbone.input.tcp, arguments: { port: ${port}, acknowledge: line } }
  diskout: { module: wishbone.output.disk, arguments: { directory: ./buffer } }
  diskin: { module: wishbone.input.disk, arguments: { directory: ./buffer } }
  output: ${output}
routingtable:
  - lines.outbox -> diskout.inbox
  - diskin.outbox -> output.inbox
`

const tcpTo = (port: number): string => `{ module: wishbone.output.tcp, arguments: { port: ${port} } }`
const misbehaving = "{ module: test.output.unruly }"

interface Supervised {
  readonly folder: string
  readonly file: string
  readonly port: number
  readonly supervisor: Supervisor
}

/** Writes the file and has the graph run under a supervisor; with `program` instead of the command line where that is given. */
async function supervised(
  output: (port: number) => string,
  { program, options = [] }: { program?: string; options?: string[] } = {},
): Promise<Supervised & { readonly destination: number }> {
  const folder = await temporaryDirectory(onTestFinished)
  const [port = 0, destination = 0] = await freePorts(2)
  const file = join(folder, "graph.yaml")
  await writeFile(file, spooled(port, output(destination)))
  const argv = ["debug", "--config", file, ...options]
  const start = (): Program => started(program === undefined ? wishbone(argv) : new Program(process.execPath, [program, ...argv]))
  const supervisor = new Supervisor(start)
  onTestFinished(() => supervisor.close())
  await supervisor.running()
  return { folder, file, port, destination, supervisor }
}

/** A program that is gone when the test ends. */
function started(program: Program): Program {
  onTestFinished(() => program.kill())
  return program
}

/** Sends lines and waits until each is answered `ok`. */
async function acknowledged(port: number, lines: readonly string[]): Promise<void> {
  const socket = connect(port, "127.0.0.1")
  onTestFinished(() => void socket.destroy())
  let replies = ""
  socket.on("error", () => undefined)
  socket.setEncoding("utf8").on("data", (text: string) => {
    replies += text
  })
  socket.write(lines.map((line) => `${line}\n`).join(""))
  await eventually(() => replies === "ok\n".repeat(lines.length), `${lines.length} replies, found ${JSON.stringify(replies.slice(-200))}`)
  socket.destroy()
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index + 1}`)

/** What the runs of the unruly program took, in order. */
function taken(supervisor: Supervisor): string[] {
  const lines = supervisor.runs.flatMap(({ stdout }) => stdout.split("\n"))
  return lines.filter((line) => line !== "").map((line) => line.replace("took ", ""))
}

describe("a run that is killed", () => {
  test("is started again, no lock is in its way, and what waits on disk arrives in order", async () => {
    const { folder, port, destination, supervisor } = await supervised(tcpTo)
    await acknowledged(port, numbered(500))
    await supervisor.current.kill()
    // Nobody tidied up.
    for (const role of ["reader", "writer"]) expect(existsSync(join(folder, "buffer", `${role}.lock`))).toBe(true)
    const second = await supervisor.running(2)
    await acknowledged(port, ["line 501"])
    const listener = await Listener.start(destination)
    onTestFinished(() => listener.kill())
    await eventually(() => listener.lines.length >= 501, `all lines, ${listener.lines.length} came\n${second.stderr.slice(-2000)}`, 30_000)
    expect(listener.lines.map(({ line }) => line)).toEqual(numbered(501))
    second.signal("SIGTERM")
    expect(await second.exit()).toBe(0)
  })

  test("again and again, loses nothing", async () => {
    const { port, destination, supervisor } = await supervised(tcpTo)
    const listener = await Listener.start(destination)
    onTestFinished(() => listener.kill())
    for (let round = 1; round <= 4; round++) {
      await acknowledged(
        port,
        Array.from({ length: 100 }, (_, index) => `line ${(round - 1) * 100 + index + 1}`),
      )
      await supervisor.current.kill()
      await supervisor.running(round + 1)
    }
    const distinct = (): string[] => [...new Set(listener.lines.map(({ line }) => line))]
    await eventually(() => distinct().length >= 400, `400 lines, ${distinct().length} came`, 30_000)
    expect(distinct()).toEqual(numbered(400))
  })
})

describe("a run that is told to end", () => {
  test("SIGTERM: 0 within the time for stopping, and nobody starts it again; the next start goes on", async () => {
    const { file, port, destination, supervisor } = await supervised(tcpTo, { options: ["--stop-timeout", "5s"] })
    await acknowledged(port, numbered(100))
    const from = performance.now()
    supervisor.current.signal("SIGTERM")
    expect(await supervisor.current.exit()).toBe(0)
    expect(performance.now() - from).toBeLessThan(5000 + 2000)
    expect(supervisor.current.stderr).toContain("Nothing was lost.")
    expect([supervisor.finished, supervisor.runs.length]).toEqual([true, 1])
    const listener = await Listener.start(destination)
    onTestFinished(() => listener.kill())
    started(wishbone(["debug", "--config", file]))
    await eventually(() => listener.lines.length >= 100, "what waited", 30_000)
    expect(listener.lines.map(({ line }) => line)).toEqual(numbered(100))
  })

  test("a second signal: 130, with the ledger, and the next run is offered again what the first had in hand", async () => {
    const { port, supervisor } = await supervised(() => misbehaving, { program: unruly, options: ["--stop-timeout", "10m"] })
    await acknowledged(port, ["stuck"])
    const first = supervisor.current
    await eventually(() => first.stdout === "took stuck\n", "the event to be taken")
    first.signal("SIGTERM")
    await eventually(() => first.stderr.includes("SIGTERM: stopping"), `the stop\n${first.stderr}`)
    first.signal("SIGTERM")
    expect(await first.exit()).toBe(130)
    expect(first.stderr).toMatch(/^total /m)
    await supervisor.running(2)
    await eventually(() => taken(supervisor).length === 2, "the event to be taken again")
    expect(taken(supervisor)).toEqual(["stuck", "stuck"])
  })

  test("the end of standard input: all of it is on disk, 0, and nobody starts it again", async () => {
    const folder = await temporaryDirectory(onTestFinished)
    const file = join(folder, "graph.yaml")
    await writeFile(
      file,
      `modules:
  lines: { module: wishbone.input.stdin }
  diskout: { module: wishbone.output.disk, arguments: { directory: ./buffer } }
routingtable:
  - lines.outbox -> diskout.inbox
`,
    )
    const supervisor = new Supervisor(() => started(wishbone(["debug", "--config", file, "--report", `${file}.json`])))
    onTestFinished(() => supervisor.close())
    supervisor.current.child.stdin?.end(numbered(1000).join("\n"))
    expect(await supervisor.current.exit()).toBe(0)
    expect(supervisor.runs.length).toBe(1)
    const report = JSON.parse(await readFile(`${file}.json`, "utf8")) as Report
    expect(report).toMatchObject({ in: 1000, waiting: 1000, lost: 0, in_flight: 0 })
  })
})

describe("a run in which something throws where nobody catches", () => {
  test.each(["throw", "reject"])("%s: FATAL with the stack, an orderly stop, 1, and the next run goes on in order", async (how) => {
    const { port, supervisor } = await supervised(() => misbehaving, { program: unruly })
    const lines = ["one", "two", how, "three", "four"]
    await acknowledged(port, lines)
    const [first] = supervisor.runs as [Program]
    expect(await first.exit()).toBe(1)
    expect(first.stderr).toMatch(/ fatal debug: uncaught error\n {4}Error: (thrown|rejected) by nobody's handler\n {4}at /)
    expect(first.stderr).toMatch(/^total /m)
    expect(first.stderr).toContain("Nothing was lost.")
    const second = await supervisor.running(2)
    await acknowledged(port, ["five"])
    await eventually(() => taken(supervisor).includes("five"), `what came last\n${second.stderr}`)
    expect(taken(supervisor)).toEqual([...lines, "five"])
    second.signal("SIGTERM")
    expect(await second.exit()).toBe(0)
    expect(supervisor.runs.length).toBe(2)
  })
})

test("SIGPIPE, and nobody who reads standard error, do not end a run", async () => {
  const { port, destination, supervisor } = await supervised(tcpTo)
  const program = supervisor.current
  program.child.stderr?.destroy()
  program.child.stdout?.destroy()
  program.signal("SIGPIPE")
  // Without a destination each try is logged.
  await acknowledged(port, numbered(10))
  const listener = await Listener.start(destination)
  onTestFinished(() => listener.kill())
  await eventually(() => listener.lines.length >= 10, "the lines", 30_000)
  program.signal("SIGTERM")
  expect(await program.exit()).toBe(0)
  expect([listener.lines.length, supervisor.runs.length]).toEqual([10, 1])
})

test("a second graph on the same spool is refused with the pid of the first, which goes on", async () => {
  const { folder, port, supervisor } = await supervised(() => "{ module: wishbone.output.null }")
  const [other = 0] = await freePorts(1)
  await mkdir(join(folder, "second"))
  const file = join(folder, "second", "graph.yaml")
  await writeFile(file, spooled(other, "{ module: wishbone.output.null }").replaceAll("./buffer", "../buffer"))
  const second = started(wishbone(["debug", "--config", file]))
  expect(await second.exit()).toBe(1)
  expect(second.stderr).toContain(`process ${supervisor.current.child.pid}`)
  expect(second.stderr).toContain("WB_SPOOL_LOCKED")
  await acknowledged(port, numbered(3))
  expect(supervisor.runs.length).toBe(1)
})
