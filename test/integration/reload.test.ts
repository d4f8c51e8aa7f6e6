// The real command line, led from file to file while a sender that must not lose anything sends: by SIGHUP and by `--watch`.

import { readdir, readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import type { Report } from "../../src/ledger.ts"
import { LineSender } from "../support/line-sender.ts"
import { eventually, freePorts, Listener, type Program, temporaryDirectory, wishbone } from "../support/programs.ts"

interface Wanted {
  readonly port: number
  /** Ports of the destinations; the second takes what the first fails. */
  readonly to: readonly number[]
  readonly tailMs?: number
  readonly funnel?: boolean
}

/** Lines that are answered once they are safe, into one destination, or two. */
function flow({ port, to, tailMs = 20, funnel = false }: Wanted): string {
  const outputs = to.map(
    (one, at) => `  out_${at + 1}:
    module: wishbone.output.tcp
    arguments: { port: ${one}, tail_ms: ${tailMs}, timeout: 2 }`,
  )
  const middle = funnel ? ["  join:\n    module: wishbone.flow.funnel"] : []
  const routes = [funnel ? "lines.outbox -> join.a" : "lines.outbox -> out_1.inbox"]
  if (funnel) routes.push("join.outbox -> out_1.inbox")
  if (to.length > 1) routes.push("out_1.failed -> out_2.inbox")
  return `---
modules:
  lines:
    module: wishbone.input.tcp
    arguments: { port: ${port}, acknowledge: line }
${[...middle, ...outputs].join("\n")}
routingtable:
${routes.map((route) => `  - ${route}`).join("\n")}
...
`
}

const nothingLost = { lost: 0, in_flight: 0, held: 0 }

class World {
  readonly file: string
  readonly report: string
  readonly graph: Program
  readonly sender: LineSender
  readonly listeners: Listener[]

  private constructor(folder: string, parts: { sender: LineSender; graph: Program; listeners: Listener[] }) {
    this.file = join(folder, "flow.yaml")
    this.report = join(folder, "ledger.json")
    this.graph = parts.graph
    this.sender = parts.sender
    this.listeners = parts.listeners
  }

  static async start(ports: readonly number[], ...options: string[]): Promise<World> {
    const [port = 0, ...to] = ports
    const folder = await temporaryDirectory(onTestFinished)
    await writeFile(join(folder, "flow.yaml"), flow({ port, to: to.slice(0, 1) }))
    const listeners = await Promise.all(to.map((one) => Listener.start(one)))
    const graph = wishbone(["debug", "--config", join(folder, "flow.yaml"), "--report", join(folder, "ledger.json"), ...options])
    onTestFinished(async () => {
      for (const program of [graph, ...listeners]) await program.kill()
    })
    await eventually(() => graph.stderr.includes("running"), `the graph to run\n${graph.stderr}`)
    const sender = new LineSender(port)
    onTestFinished(() => sender.close())
    const world = new World(folder, { graph, sender, listeners })
    await world.more()
    return world
  }

  /** Lines go on being acknowledged. */
  async more(count = 100): Promise<void> {
    const before = this.sender.acknowledged.size
    await eventually(
      () => this.sender.acknowledged.size >= before + count,
      `lines to be acknowledged\n${this.graph.stderr.slice(-3000)}`,
      20_000,
    )
  }

  /** Replaces the file as an editor does. */
  async write(text: string): Promise<void> {
    await writeFile(`${this.file}.new`, text)
    await rename(`${this.file}.new`, this.file)
  }

  /** Replaces the file, asks for it, and waits until the log has said so. */
  async hangUp(text: string, says: string): Promise<void> {
    const from = this.graph.stderr.length
    await this.write(text)
    this.graph.signal("SIGHUP")
    await this.said(says, from)
  }

  async said(says: string, from = 0): Promise<void> {
    await eventually(
      () => this.graph.stderr.slice(from).includes(says),
      `the log to say ${says}\n${this.graph.stderr.slice(-3000)}`,
      20_000,
    )
  }

  /** Whatever was acknowledged has arrived somewhere, and nothing was lost. */
  async end(): Promise<Report> {
    this.sender.finish()
    await eventually(() => this.sender.settled, `every line to be acknowledged\n${this.graph.stderr.slice(-3000)}`, 20_000)
    this.graph.signal("SIGTERM")
    const status = await this.graph.exit()
    if (status !== 0 || this.graph.stderr.includes("does not balance"))
      throw new Error(`it ended with ${status}\n${this.graph.stderr.slice(-3000)}`)
    const missing = (): number[] => {
      const arrived = new Set(this.listeners.flatMap(({ lines }) => lines.map(({ line }) => line)))
      return [...this.sender.acknowledged].filter((number) => !arrived.has(`line ${number}`))
    }
    await eventually(() => missing().length === 0, `acknowledged lines to arrive: ${missing().slice(0, 10).join()}`)
    return JSON.parse(await readFile(this.report, "utf8")) as Report
  }
}

test("SIGHUP under load: more, other and fewer instances, another port, a broken file; what was acknowledged arrives", async () => {
  const [port = 0, first = 0, second = 0, other = 0] = await freePorts(4)
  const world = await World.start([port, first, second])
  await world.hangUp(flow({ port, to: [first, second] }), "added out_2")
  await world.more()
  await world.hangUp(flow({ port, to: [first, second], tailMs: 10 }), "changed out_1 (arguments.tail_ms), out_2 (arguments.tail_ms)")
  await world.more()
  await world.hangUp("modules: { lines: { module: wishbone.input.tpc } }\n", "the graph runs on as it was")
  expect(world.graph.stderr).toMatch(/error debug: .*wishbone\.input\.tpc.*flow\.yaml:1:\d+/)
  await world.more()
  world.sender.moveTo(other)
  await world.hangUp(flow({ port: other, to: [first, second], tailMs: 10 }), "changed lines (arguments.port)")
  await world.more()
  // The port of another program: the old one is listened on again.
  await world.hangUp(flow({ port: first, to: [first, second], tailMs: 10 }), "the graph runs on as it was: `lines` cannot listen")
  await world.more()
  await world.hangUp(flow({ port: other, to: [second], tailMs: 10, funnel: true }), "removed out_2")
  await world.more()
  const report = await world.end()
  expect(report).toMatchObject(nothingLost)
  expect(report.instances["_removed"]).toBeDefined()
})

test("`--watch` follows the file under load, through mistakes too", async () => {
  const [port = 0, first = 0, second = 0] = await freePorts(3)
  const world = await World.start([port, first, second], "--watch")
  await world.write(flow({ port, to: [first, second] }))
  await world.said("added out_2")
  await world.more()
  await world.write("modules: [")
  await world.said("the graph runs on as it was")
  await world.more()
  await world.write(flow({ port, to: [second] }))
  await world.said("removed out_2")
  await world.more()
  expect(await world.end()).toMatchObject(nothingLost)
})

test("fifty reloads in a row of the real program leave no file open", { timeout: 120_000 }, async () => {
  const [port = 0, first = 0, second = 0] = await freePorts(3)
  const world = await World.start([port, first, second])
  const files = async (): Promise<number> => (await readdir(`/proc/${world.graph.child.pid}/fd`)).length
  const step = async (at: number): Promise<void> => {
    if (at % 5 === 4) return world.hangUp(`broken: ${at}\n`, "the graph runs on as it was")
    const to = at % 2 === 0 ? [first, second] : [at % 3 === 0 ? second : first]
    await world.hangUp(flow({ port, to, tailMs: 10 + at, funnel: at % 3 === 1 }), "reloaded in")
  }
  for (let at = 0; at < 10; at++) await step(at)
  await world.more()
  const early = await files()
  for (let at = 10; at < 50; at++) await step(at)
  await world.more()
  expect(await files()).toBeLessThanOrEqual(early + 2)
  expect(await world.end()).toMatchObject(nothingLost)
  expect(world.graph.stderr.split("reloaded in")).toHaveLength(41)
})
