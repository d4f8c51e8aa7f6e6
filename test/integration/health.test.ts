// Health and metrics of the real program: what `/ready` says while things happen to the graph, and what strangers on the port can do.

import { statSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { Agent, request } from "node:http"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import { eventually, freePorts, Listener, type Program, temporaryDirectory, wishbone } from "../support/programs.ts"
import { readExposition } from "../unit/control/exposition.ts"

/** Events into one output, which nobody stands in for. */
const oneWay = (port: number): string => `modules:
  made: { module: wishbone.input.testevent, arguments: { interval: 0.02, numbered: true } }
  out: { module: wishbone.output.tcp, arguments: { port: ${port}, timeout: 1 } }
routingtable:
  - made.outbox -> out.inbox
`

/** The same, with a second output behind it. */
const twoWays = (port: number): string => `modules:
  made: { module: wishbone.input.testevent, arguments: { interval: 0.02 } }
  out: { module: wishbone.output.tcp, arguments: { port: ${port} } }
  rest: { module: wishbone.output.null }
routingtable:
  - made.outbox -> out.inbox
  - out.failed -> rest.inbox
`

interface Running {
  readonly program: Program
  readonly folder: string
  readonly port: number
}

async function start(text: string, ...more: string[]): Promise<Running> {
  const folder = await temporaryDirectory(onTestFinished)
  const file = join(folder, "flow.yaml")
  await writeFile(file, text)
  const program = wishbone(["debug", "--config", file, "--http", "127.0.0.1:0", ...more], { cwd: folder })
  onTestFinished(() => program.kill())
  const found = /health and metrics on http:\/\/127\.0\.0\.1:(\d+)\/metrics/
  await eventually(() => found.test(program.stderr) && program.stderr.includes("debug: running"), `the graph to run\n${program.stderr}`)
  return { program, folder, port: Number(found.exec(program.stderr)?.[1]) }
}

interface Answer {
  readonly status: number
  readonly text: string
}

function get(port: number, path: string, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, agent: agent ?? false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (more: string) => {
        text += more
      })
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.on("error", reject).end()
  })
}

async function untilReady(port: number, status: number, what: string): Promise<Answer> {
  let last: Answer = { status: 0, text: "" }
  await eventually(async () => {
    last = await get(port, "/ready")
    return last.status === status
  }, `${what}: ${last.text}`)
  return last
}

describe("ready", () => {
  test("follows the only way out: up, killed, back, and stopping", async () => {
    const [port = 0] = await freePorts(1)
    const first = await Listener.start(port)
    onTestFinished(() => first.kill())
    const graph = await start(oneWay(port))
    expect(JSON.parse((await untilReady(graph.port, 200, "a graph that is ready")).text)).toMatchObject({ ready: true, phase: "running" })

    await first.kill()
    const shut = await untilReady(graph.port, 503, "a graph without a way out")
    expect(JSON.parse(shut.text)).toEqual({
      ready: false,
      phase: "running",
      reasons: ["every way out has an open circuit: out"],
      open_circuits: ["out"],
    })
    expect((await get(graph.port, "/live")).status).toBe(200)

    const second = await Listener.start(port)
    onTestFinished(() => second.kill())
    await untilReady(graph.port, 200, "a graph that is ready again")
  })

  test("a way out behind the one that is down is enough", async () => {
    const [port = 0] = await freePorts(1)
    const graph = await start(twoWays(port))
    const { text } = await untilReady(graph.port, 200, "a graph that fails over")
    expect(JSON.parse(text)).toMatchObject({ ready: true, open_circuits: ["out"] })
  })

  test("says no while the graph drains, and the process is alive", async () => {
    // Connects and takes nothing: what is sent is never answered, so that the graph has something to wait for.
    const silent = createServer((socket) => socket.on("error", () => undefined).pause())
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as { port: number }
    const graph = await start(oneWay(port), "--set", "out.confirm=line", "--set", "out.timeout=20", "--stop-timeout", "8s")
    await untilReady(graph.port, 200, "a graph that is ready")
    graph.program.signal("SIGTERM")
    const { text } = await untilReady(graph.port, 503, "a graph that stops")
    expect(JSON.parse(text)).toMatchObject({ ready: false, phase: "stopping", reasons: ["the graph is stopping"] })
    expect((await get(graph.port, "/live")).status).toBe(200)
    graph.program.signal("SIGTERM")
    expect(await graph.program.exit()).toBe(130)
  })
})

describe("metrics", () => {
  test("a hundred at once are all answered, and say the same of the graph", async () => {
    const [port = 0] = await freePorts(1)
    const graph = await start(twoWays(port))
    const answers = await Promise.all(Array.from({ length: 100 }, () => get(graph.port, "/metrics")))
    const made = answers.map(({ status, text }) => {
      expect(status).toBe(200)
      const read = readExposition(text)
      expect(read.get("wishbone_ledger_imbalance_events")?.samples[0]?.value).toBe(0)
      expect(read.get("process_resident_memory_bytes")?.samples[0]?.value).toBeGreaterThan(10_000_000)
      return read.get("wishbone_ledger_in_total")?.samples[0]?.value ?? -1
    })
    expect(Math.min(...made)).toBeGreaterThanOrEqual(0)
    graph.program.signal("SIGTERM")
    expect(await graph.program.exit()).toBe(0)
  })

  test("scraped again and again over one connection, counters only grow", async () => {
    const [port = 0] = await freePorts(1)
    const graph = await start(twoWays(port))
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    let last = -1
    for (let scrape = 0; scrape < 20; scrape++) {
      const read = readExposition((await get(graph.port, "/metrics", agent)).text)
      const delivered = read.get("wishbone_ledger_delivered_total")?.samples[0]?.value ?? -1
      expect(delivered).toBeGreaterThanOrEqual(last)
      last = delivered
    }
  })
})

describe("strangers", () => {
  test("one that sends its request a byte at a time is cut off, and nobody waits for it", async () => {
    const [port = 0] = await freePorts(1)
    const graph = await start(twoWays(port))
    let heard = ""
    let closed = false
    const slow = connect({ host: "127.0.0.1", port: graph.port })
    slow.setEncoding("utf8").on("data", (text: string) => {
      heard += text
    })
    slow
      .on("error", () => undefined)
      .on("close", () => {
        closed = true
      })
    slow.write("GET /metrics HTTP/1.1\r\nHost: a\r\nX: ")
    const drip = setInterval(() => slow.write("a"), 200)
    onTestFinished(() => {
      clearInterval(drip)
      slow.destroy()
    })
    expect((await get(graph.port, "/live")).status).toBe(200)
    await eventually(() => closed, "the end of the slow connection")
    expect(heard === "" || heard.startsWith("HTTP/1.1 408 ")).toBe(true)
    expect((await get(graph.port, "/live")).status).toBe(200)
  })
})

describe("the address", () => {
  test("in use is an error before anything starts, and exit 1", async () => {
    const [port = 0] = await freePorts(1)
    const taken = await start(twoWays(port))
    const folder = await temporaryDirectory(onTestFinished)
    await writeFile(join(folder, "flow.yaml"), twoWays(port))
    const program = wishbone(["debug", "--config", join(folder, "flow.yaml"), "--http", String(taken.port)])
    onTestFinished(() => program.kill())
    expect(await program.exit()).toBe(1)
    expect(program.stderr).toContain(`error: \`--http\` cannot listen on 127.0.0.1:${taken.port}: the address is in use\n  hint: `)
    expect(program.stderr).not.toContain("running")
  })

  test("can be a unix socket, which goes with the process", async () => {
    const folder = await temporaryDirectory(onTestFinished)
    await writeFile(join(folder, "flow.yaml"), oneWay(1))
    const program = wishbone(["debug", "--config", "flow.yaml", "--http", "./w.sock"], { cwd: folder })
    onTestFinished(() => program.kill())
    await eventually(() => program.stderr.includes("debug: running"), `the graph to run\n${program.stderr}`)
    expect(statSync(join(folder, "w.sock")).mode & 0o777).toBe(0o600)
    program.signal("SIGTERM")
    await program.exit()
    expect(() => statSync(join(folder, "w.sock"))).toThrow(/ENOENT/)
  })

  test("that others reach is a warning, one that is none is bad usage", async () => {
    const folder = await temporaryDirectory(onTestFinished)
    await writeFile(join(folder, "flow.yaml"), oneWay(1))
    const open = wishbone(["debug", "--config", join(folder, "flow.yaml"), "--http", "0.0.0.0:0"])
    onTestFinished(() => open.kill())
    await eventually(() => open.stderr.includes("debug: running"), `the graph to run\n${open.stderr}`)
    expect(open.stderr).toMatch(/ warning debug: health and metrics can be read by whoever reaches this address/)
    const wrong = wishbone(["debug", "--config", join(folder, "flow.yaml"), "--http", "localhost"])
    expect(await wrong.exit()).toBe(2)
    expect(wrong.stderr).toContain("Expected an address and a port such as 127.0.0.1:9280")
  })
})
