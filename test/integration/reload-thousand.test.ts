// A thousand reloads in a row of one graph under load, over real sockets, in this process: adding, removing, changing, breaking. No event is
// lost or doubled, the books balance after each of them, and neither handles nor memory grow.

import { createServer, type Server, type Socket } from "node:net"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { expect, onTestFinished, test } from "vitest"
import { defineModule, type Event, FlowModule, InputModule, OutputModule, z } from "../../src/index.ts"
import type { Log } from "../../src/log.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { Router } from "../../src/router/router.ts"
import type { Plan } from "../../src/spec/plan.ts"
import { builtins, type InstanceSketch, planOf } from "../support/plans.ts"
import { eventually, freePorts } from "../support/programs.ts"

const reloads = 1000
const mebibyte = 1024 * 1024

const numbersSpec = defineModule({
  name: "test.input.numbers",
  summary: "Makes numbers, as fast as they are taken.",
  arguments: {},
  queues: { outbox: { direction: "out", summary: "Numbers." } },
})

let made = 0

class Numbers extends InputModule<typeof numbersSpec> {
  static readonly spec = numbersSpec
  readonly #stopping = new AbortController()

  override preHook(): void {
    this.generate(0, this.#stopping.signal, () => this.event(`${++made}`))
  }

  override stopTaking(): void {
    this.#stopping.abort()
  }
}

const passSpec = defineModule({
  name: "test.flow.pass",
  summary: "Hands on, at once or a little later; or does not start.",
  arguments: { later: z.boolean().default(false).describe("Later."), broken: z.boolean().default(false).describe("Broken.") },
  queues: { inbox: { direction: "in", summary: "Events." }, outbox: { direction: "out", summary: "The same." } },
})

class Pass extends FlowModule<typeof passSpec> {
  static readonly spec = passSpec
  override readonly consumers = { inbox: (event: Event) => this.#pass(event) }

  override preHook(): void {
    if (this.args.broken) throw new Error("broken")
  }

  #pass(event: Event): Promise<void> | undefined {
    if (!this.args.later) return this.submit(event)
    return new Promise((resolve) => {
      this.platform.timers.immediate(() => {
        this.submit(event)
        resolve()
      })
    })
  }
}

const sinkSpec = defineModule({
  name: "test.output.sink",
  summary: "Counts what comes.",
  arguments: { tag: z.int().default(0).describe("Nothing.") },
  queues: { inbox: { direction: "in", summary: "Events." } },
})

const arrived = new Map<number, number>()

function arrive(text: string): void {
  const number = Number(text)
  arrived.set(number, (arrived.get(number) ?? 0) + 1)
}

class Sink extends OutputModule<typeof sinkSpec> {
  static readonly spec = sinkSpec
  override readonly consumers = { inbox: (event: Event) => arrive(event.data as string) }
}

const registry = builtins(Numbers as never, Pass as never, Sink as never)
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }

/** A destination in this process. */
async function listen(port: number): Promise<Server> {
  const server = createServer((socket: Socket) => {
    let rest = ""
    socket.setEncoding("utf8").on("error", () => undefined)
    socket.on("data", (text: string) => {
      const lines = (rest + text).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) arrive(line)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return server
}

/** The plan of the reload `at`: every fourth has another output over TCP, some have one instance more, and some cannot be started. */
function planAt(at: number, port: number): Plan {
  const pass = (args: object): InstanceSketch => ({ module: "test.flow.pass", arguments: { ...args } })
  const sketches: Record<string, InstanceSketch> = {
    numbers: { module: "test.input.numbers", more: {} },
    first: pass({ later: at % 3 === 0 }),
    sink: { module: "test.output.sink", arguments: { tag: at % 7 } },
    dead: { module: "test.output.sink" },
  }
  const routes = ["first.failed -> dead.inbox", "sink.failed -> dead.inbox"]
  const behind = at % 2 === 0 ? "sink" : `sink_${at}`
  if (at % 2 === 1) sketches[behind] = { module: "test.output.sink" }
  let before = behind
  if (at % 5 === 0) {
    sketches["second"] = pass({ broken: at % 10 === 0 })
    routes.push(`second.outbox -> ${behind}.inbox`)
    before = "second"
  }
  if (at % 8 === 3) {
    sketches["push"] = { module: "wishbone.output.tcp", arguments: { port, tail_ms: 20, timeout: 5 } }
    routes.push("push.failed -> dead.inbox")
    before = "push"
  }
  if (at % 4 === 1) {
    sketches["listener"] = { module: "wishbone.input.tcp", arguments: { port: 0, max_connections: 1 + (at % 100) } }
    routes.push("listener.outbox -> dead.inbox")
  }
  return planOf(registry, sketches, ["numbers.outbox -> first.inbox", `first.outbox -> ${before}.inbox`, ...routes])
}

function heapUsed(): number {
  setFlagsFromString("--expose-gc")
  const gc = runInNewContext("gc") as () => void
  gc()
  gc()
  return process.memoryUsage().heapUsed
}

/** How many resources of each kind keep this process alive. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) if (kind !== "Immediate") counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

test("a thousand reloads under load lose nothing, and leave nothing behind", { timeout: 120_000 }, async () => {
  const [port = 0] = await freePorts(1)
  await listen(port)
  // The plan of 0 holds what cannot be started.
  const router = Router.fromPlan(planAt(2, port), { registry, platform: realPlatform(), logs: () => silent })
  await router.start()
  const outcomes: Record<string, number> = {}
  let early = { heap: 0, handles: {} as Record<string, number> }
  for (let at = 3; at < reloads + 3; at++) {
    const { outcome, stale, down } = await router.reload(planAt(at, port), { timeoutMs: 5000 })
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    expect([at, stale, down, router.status().imbalances]).toEqual([at, 0, [], []])
    // The numbers that came through so far are not what is measured.
    if (at % 100 === 0) prune()
    if (at === 202) early = { heap: heapUsed(), handles: handles() }
  }
  expect(outcomes).toEqual({ reloaded: reloads - 100, refused: 100 })
  prune()
  const late = { heap: heapUsed(), handles: handles() }
  for (const [kind, count] of Object.entries(late.handles)) expect([kind, count <= (early.handles[kind] ?? 0) + 3]).toEqual([kind, true])
  expect(late.heap - early.heap).toBeLessThan(4 * mebibyte)
  await router.stop({ timeoutMs: 10_000 })
  const report = router.report()
  await eventually(() => complete(), "all numbers to arrive")
  expect(report).toMatchObject({ in: made, delivered: made, failed: 0, lost: 0, in_flight: 0, held: 0 })
  expect(Object.keys(report.instances).length).toBeLessThan(10)
})

/** Everything below is known to have arrived once. */
let checked = 0

/** Forgets numbers up to the first that has not arrived. */
function prune(): void {
  for (let count = arrived.get(checked + 1); count !== undefined; count = arrived.get(checked + 1)) {
    if (count !== 1) throw new Error(`${checked + 1} arrived ${count} times`)
    checked += 1
    arrived.delete(checked)
  }
}

function complete(): boolean {
  prune()
  return checked === made && arrived.size === 0
}
