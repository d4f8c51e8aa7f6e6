import { beforeEach, describe, expect, test } from "vitest"
import type { StartedProcess } from "./process-table.ts"
import { RecordedShell } from "./recorded-shell.ts"

let shell: RecordedShell

beforeEach(() => {
  shell = new RecordedShell()
})

const file = "/tmp/wishbone.pid"
const log = "/tmp/wishbone.log"

/** Starts and answers the process that was made, and the status to come. */
async function start(...options: string[]): Promise<{ child: StartedProcess; status: Promise<number> }> {
  const { status } = await shell.start("start", "--config", "flow.yaml", "--pid", file, ...options)
  await shell.world.runUntil(() => (shell.table.started[0]?.heard.length ?? 0) > 0)
  return { child: shell.table.started[0] as StartedProcess, status }
}

describe("start", () => {
  test("returns when the graph runs, lets it go, and says where its files are", async () => {
    const { child, status } = await start()
    await shell.world.advance(30_000)
    expect(child.released).toBe(false)
    child.say({ running: true })
    expect(await shell.world.complete(status)).toBe(0)
    expect(child.released).toBe(true)
    expect(shell.stdout).toBe(`running: process 4000\n  pid file  ${file}\n  log       ${log}\n`)
    expect(shell.table.signals).toEqual([])
  })

  test("hands over what it was given, and shows in `ps` what it is", async () => {
    const { child, status } = await start("--set", "a.b=1", "--queue-size", "7", "--stop-timeout", "1m", "--log", "/tmp/other.log")
    expect(child.args).toEqual(["background", "--pid", file, "--config", "flow.yaml"])
    expect(child.heard).toEqual([
      {
        options: { config: "flow.yaml", set: ["a.b=1"], queueSize: 7, stopTimeout: 60_000, loglevel: "info", logFormat: "text" },
        pidFile: file,
        log: "/tmp/other.log",
      },
    ])
    child.say({ running: true })
    await shell.world.complete(status)
  })

  test("--json gives the number and the files", async () => {
    const { child, status } = await start("--json")
    child.say({ running: true })
    await shell.world.complete(status)
    expect(JSON.parse(shell.stdout)).toEqual({ pid: 4000, pid_file: file, log })
  })

  test.each([
    [{ status: 1, signal: null }, 1, "its process ended with exit status 1 before it was ready"],
    [{ status: 0, signal: null }, 1, "its process ended with exit status 0 before it was ready"],
    [{ status: null, signal: "SIGSEGV" }, 1, "its process ended by SIGSEGV before it was ready"],
  ])("a process that ends with %j before it runs is told with its last words", async (end, expected, text) => {
    const { child, status } = await start()
    shell.world.disk.put(log, "fatal: the port is in use\n")
    child.end(end)
    expect(await shell.world.complete(status)).toBe(expected)
    expect(shell.stderr).toContain("fatal: the port is in use\n")
    expect(shell.stderr).toContain(text)
    expect(shell.stdout).toBe("")
  })

  test("a bad file ends with 2, and nothing is said but what is wrong with it", async () => {
    const { child, status } = await start()
    shell.world.disk.put(log, "flow.yaml:1:1: error: …\n")
    child.end({ status: 2, signal: null })
    expect(await shell.world.complete(status)).toBe(2)
    expect(shell.stderr).toBe("flow.yaml:1:1: error: …\n")
  })

  test("of many last words the end is told", async () => {
    const { child, status } = await start()
    shell.world.disk.put(log, `${"x".repeat(100_000)}\nthe end\n`)
    child.end({ status: 2, signal: null })
    await shell.world.complete(status)
    expect(shell.stderr).toHaveLength(64 * 1024)
    expect(shell.stderr).toMatch(/the end\n$/)
  })

  test("a process that does not come to run in time is ended, and its pid file removed", async () => {
    const { child, status } = await start("--start-timeout", "5s")
    shell.world.disk.put(file, `4000\n${JSON.stringify({ mark: "boot/4000" })}\n`)
    expect(await shell.world.complete(status)).toBe(1)
    expect(shell.table.signals).toEqual(["4000 SIGTERM"])
    expect(shell.stderr).toContain("The graph did not start within 5s; its process was ended")
    expect(child.released).toBe(false)
    expect(Object.keys(shell.world.disk.snapshot())).toEqual([])
  })

  test("one that does not listen is ended for good", async () => {
    const { child, status } = await start("--start-timeout", "5s")
    shell.table.add(child.pid, { signalled: (signal) => signal === "SIGKILL" && child.end({ status: null, signal }) })
    expect(await shell.world.complete(status)).toBe(1)
    expect(shell.table.signals).toEqual(["4000 SIGTERM", "4000 SIGTERM", "4000 SIGKILL"])
  })

  test.each(["SIGINT", "SIGTERM"])("%s before the graph runs ends its process too", async (signal) => {
    const { status } = await start()
    shell.events.emit(signal, signal)
    expect(await shell.world.complete(status)).toBe(130)
    expect(shell.table.signals).toEqual(["4000 SIGTERM"])
    expect(shell.events.listenerCount(signal)).toBe(0)
  })

  test("is refused while a graph of the same pid file runs, before anything is written", async () => {
    shell.world.disk.put(file, `500\n${JSON.stringify({ mark: "boot/500", config: "flow.yaml" })}\n`)
    shell.table.add(500)
    expect(await shell.finish("start", "--config", "flow.yaml", "--pid", file)).toBe(1)
    expect(shell.stderr).toContain(`\`${file}\` belongs to a graph that runs: process 500`)
    expect(shell.table.started).toEqual([])
  })

  test("a stale pid file is no obstacle", async () => {
    shell.world.disk.put(file, `500\n${JSON.stringify({ mark: "boot/500" })}\n`)
    const { child, status } = await start()
    child.say({ running: true })
    expect(await shell.world.complete(status)).toBe(0)
  })

  test("a log that cannot be opened is told", async () => {
    shell.table.refusal = new Error("EACCES: permission denied, open '/tmp/wishbone.log'")
    expect(await shell.finish("start", "--config", "flow.yaml", "--pid", file)).toBe(1)
    expect(shell.stderr).toContain(`The log \`${log}\` cannot be written: EACCES`)
  })

  test("standard input is no file to start from", async () => {
    expect(await shell.finish("start", "--config", "-")).toBe(2)
    expect(shell.stderr).toContain("`debug --config -` reads standard input")
  })
})

describe("background", () => {
  const order = {
    options: { config: "/tmp/flow.yaml", stopTimeout: 1000, loglevel: "info", logFormat: "text" },
    pidFile: file,
    log,
  }
  const flow = (source: object, sink: object = {}): string =>
    JSON.stringify({
      modules: { source: { module: "test.input.counter", arguments: source }, sink: { module: "test.output.sink", arguments: sink } },
      routingtable: ["source.outbox -> sink.inbox"],
    })

  const told: unknown[] = []
  const content = (path: string): string => shell.world.disk.snapshot()[path]?.toString() ?? ""

  beforeEach(() => {
    told.length = 0
    shell.table.add(shell.world.pid)
    shell.table.parent = { first: Promise.resolve(order), tell: (message) => void told.push(message) }
  })

  test("by itself is refused", async () => {
    shell.table.parent = undefined
    expect(await shell.finish("background")).toBe(2)
    expect(shell.stderr).toContain("`background` is what `start` runs")
  })

  test("keeps a pid file while the graph runs, and tells its parent once it does", async () => {
    shell.world.disk.put("/tmp/flow.yaml", flow({ endless: true }))
    const { status } = await shell.start("background")
    await shell.world.runUntil(() => told.length > 0)
    expect(told).toEqual([{ running: true }])
    const [first, second = ""] = content(file).split("\n")
    expect(first).toBe(String(shell.world.pid))
    expect(JSON.parse(second)).toEqual({
      mark: `boot/${shell.world.pid}`,
      config: "/tmp/flow.yaml",
      log,
      stopTimeoutMs: 1000,
      state: "/tmp/.wishbone",
    })
    shell.events.emit("SIGTERM", "SIGTERM")
    expect(await shell.world.complete(status)).toBe(0)
    expect(content(file)).toBe("")
    expect(JSON.parse(content(`${file}.ended`))).toMatchObject({ pid: shell.world.pid, status: 0, lost: 0 })
  })

  test("says in the pid file that it is stopping", async () => {
    shell.world.disk.put("/tmp/flow.yaml", flow({ endless: true }, { hangs: true }))
    const { status } = await shell.start("background")
    await shell.world.runUntil(() => told.length > 0)
    shell.events.emit("SIGTERM", "SIGTERM")
    await shell.world.advance(100)
    expect(JSON.parse(content(file).split("\n")[1] ?? "")).toMatchObject({ stopping: true })
    expect(await shell.world.complete(status)).toBe(1)
    expect(JSON.parse(content(`${file}.ended`))).toMatchObject({ status: 1 })
  })

  test("a second signal removes the pid file before the end at once", async () => {
    shell.world.disk.put("/tmp/flow.yaml", flow({ endless: true }, { hangs: true }))
    const { status } = await shell.start("background")
    await shell.world.runUntil(() => told.length > 0)
    shell.events.emit("SIGTERM", "SIGTERM")
    shell.events.emit("SIGTERM", "SIGTERM")
    expect(await shell.world.complete(status)).toBe(130)
    await shell.world.settle()
    expect(shell.exits).toContain(130)
    expect(content(file)).toBe("")
    expect(JSON.parse(content(`${file}.ended`))).toMatchObject({ status: 130 })
  })

  test.each([
    ["a bad file", "modules: {}", 2],
    ["a graph that cannot start", flow({ broken: true }), 1],
  ])("%s ends it, and leaves no pid file", async (_, text, expected) => {
    shell.world.disk.put("/tmp/flow.yaml", text)
    expect(await shell.finish("background")).toBe(expected)
    expect(content(file)).toBe("")
    expect(told).toEqual([])
  })

  test("a pid file that another graph holds ends it before it opens anything", async () => {
    shell.table.add(500)
    shell.world.disk.put(file, `500\n${JSON.stringify({ mark: "boot/500" })}\n`)
    shell.world.disk.put("/tmp/flow.yaml", flow({ endless: true }))
    expect(await shell.finish("background")).toBe(1)
    expect(shell.stderr).toContain("belongs to a graph that runs: process 500")
    expect(content(file)).toContain("boot/500")
  })

  test("what the last graph left behind about its end is removed", async () => {
    shell.world.disk.put(`${file}.ended`, "{}")
    shell.world.disk.put("/tmp/flow.yaml", flow({ endless: true }))
    await shell.start("background")
    await shell.world.runUntil(() => told.length > 0)
    expect(content(`${file}.ended`)).toBe("")
  })

  test("without the time of its own start it makes no pid file", async () => {
    shell.table.add(shell.world.pid, { mark: "" })
    expect(await shell.finish("background")).toBe(1)
    expect(shell.stderr).toContain("the system does not tell when this process began")
  })
})
