import { beforeEach, describe, expect, test } from "vitest"
import type { Report } from "../../../src/ledger.ts"
import { RecordedShell } from "./recorded-shell.ts"

let shell: RecordedShell

beforeEach(() => {
  shell = new RecordedShell()
})

const folder = "/flows"
const config = `${folder}/flow.yaml`
const route = ["source.outbox -> sink.inbox"]

/** A bootstrap file with a source and a sink, and what else is asked for. */
function flow(extra: { source?: object; sink?: object; delay?: object; routes?: string[] } = {}): string {
  const { source = {}, sink = {}, delay, routes = delay ? ["source.outbox -> delay.inbox", "delay.outbox -> sink.inbox"] : route } = extra
  const modules = {
    source: { module: "test.input.counter", arguments: source },
    sink: { module: "test.output.sink", arguments: sink },
    ...(delay && { delay: { module: "test.flow.delay", arguments: delay } }),
  }
  return JSON.stringify({ modules, routingtable: routes })
}

async function writeConfig(text: string): Promise<void> {
  await shell.world.files.makeDirectory(folder)
  await shell.world.files.writeFile(config, text)
}

async function reportAt(path: string): Promise<Report> {
  return JSON.parse((await shell.world.files.readFile(path)).toString("utf8")) as Report
}

describe("a run that ends by itself", () => {
  test("delivers everything, tells the ledger and ends with 0", async () => {
    await writeConfig(flow({ source: { count: 3 } }))
    expect(await shell.finish("debug", "--config", config)).toBe(0)
    expect(shell.stdout).toBe("")
    expect(shell.stderr).toMatch(/^total +3 +3 +0 +0$/m)
    expect(shell.stderr).toContain("Nothing was lost.\n")
  })

  test("waits for what is under way however long it takes", async () => {
    await writeConfig(flow({ source: { count: 3 }, delay: { ms: 30_000 } }))
    const { status } = await shell.start("debug", "--config", config, "--stop-timeout", "1s")
    expect(await shell.world.complete(status, { limitMs: 100_000 })).toBe(0)
    expect(shell.stderr).toContain("Nothing was lost.\n")
  })

  test("writes the report", async () => {
    await writeConfig(flow({ source: { count: 5 } }))
    expect(await shell.finish("debug", "--config", config, "--report", `${folder}/ledger.json`)).toBe(0)
    const report = await reportAt(`${folder}/ledger.json`)
    expect(report).toMatchObject({ in: 5, delivered: 5, lost: 0, in_flight: 0 })
    expect(Object.keys(report.instances).toSorted()).toEqual(["sink", "source"])
    expect(report.instances["source"]).toMatchObject({ in: 5, forwarded: 5 })
  })

  test("a report that cannot be written is an error in the log, and changes nothing else", async () => {
    await writeConfig(flow())
    expect(await shell.finish("debug", "--config", config, "--report", "/nowhere/ledger.json")).toBe(0)
    expect(shell.stderr).toMatch(/error debug: the report could not be written: ENOENT/)
  })

  test("with --log-format json every line on standard error is an object, the ledger too", async () => {
    await writeConfig(flow({ source: { count: 2 } }))
    expect(await shell.finish("debug", "--config", config, "--log-format", "json", "--loglevel", "error")).toBe(0)
    const lines = shell.stderr.trimEnd().split("\n")
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(entries.at(-1)).toMatchObject({ module: "debug", message: "Nothing was lost.", ledger: { in: 2, delivered: 2 } })
  })

  test("--set changes an argument", async () => {
    await writeConfig(flow({ source: { count: 3 } }))
    expect(await shell.finish("debug", "--config", config, "--set", "source.count=7", "--report", "/r.json")).toBe(0)
    expect(await reportAt("/r.json")).toMatchObject({ in: 7 })
  })

  test("`--config -` reads standard input", async () => {
    shell.world.streams.feed(flow({ source: { count: 4 } }))
    shell.world.streams.endInput()
    expect(await shell.finish("debug", "--config", "-", "--report", "/r.json")).toBe(0)
    expect(await reportAt("/r.json")).toMatchObject({ in: 4, delivered: 4 })
  })

  test("the process is not kept by a module that left something open", async () => {
    await writeConfig(flow())
    await shell.finish("debug", "--config", config)
    expect(shell.exits).toEqual([])
    await shell.world.advance(5000)
    expect(shell.exits).toEqual([0])
  })
})

describe("signals", () => {
  test("the first one drains and ends with 0 when nothing is lost", async () => {
    await writeConfig(flow({ source: { count: 2, endless: true }, delay: { ms: 1000 } }))
    const { status } = await shell.start("debug", "--config", config)
    await shell.world.runUntil(() => shell.stderr.includes("running"))
    shell.events.emit("SIGTERM", "SIGTERM")
    expect(await shell.world.complete(status)).toBe(0)
    expect(shell.stderr).toContain("SIGTERM: stopping")
    expect(shell.events.eventNames()).toEqual([])
  })

  test("what cannot be drained in time is lost, counted, and ends with 3", async () => {
    await writeConfig(flow({ source: { count: 4, endless: true }, delay: { ms: 60_000 } }))
    const { status } = await shell.start("debug", "--config", config, "--stop-timeout", "2s", "--report", "/r.json")
    await shell.world.runUntil(() => shell.stderr.includes("running"))
    await shell.world.advance(100)
    shell.events.emit("SIGINT", "SIGINT")
    expect(await shell.world.complete(status)).toBe(3)
    expect(await reportAt("/r.json")).toMatchObject({ in: 4, lost: 4, in_flight: 0 })
    expect(shell.stderr).toContain("4 events were lost.\n")
  })

  test("the second one ends at once with the ledger and 130", async () => {
    await writeConfig(flow({ source: { count: 4, endless: true }, delay: { ms: 60_000 } }))
    const { status } = await shell.start("debug", "--config", config, "--report", "/r.json")
    await shell.world.runUntil(() => shell.stderr.includes("running"))
    await shell.world.advance(100)
    shell.events.emit("SIGINT", "SIGINT")
    await shell.world.advance(100)
    shell.events.emit("SIGINT", "SIGINT")
    const before = shell.world.clock.monotonic()
    expect(await shell.world.complete(status)).toBe(130)
    expect(shell.world.clock.monotonic() - before).toBeLessThan(1000)
    expect(shell.exits).toEqual([130])
    expect(await reportAt("/r.json")).toMatchObject({ in: 4, lost: 4, in_flight: 0 })
  })

  test("a signal while the end of a drained input is awaited starts the bounded stop", async () => {
    await writeConfig(flow({ source: { count: 1 }, delay: { ms: 600_000 } }))
    const { status } = await shell.start("debug", "--config", config, "--stop-timeout", "2s")
    await shell.world.runUntil(() => shell.stderr.includes("every input has ended"))
    await shell.world.advance(20_000)
    shell.events.emit("SIGINT", "SIGINT")
    expect(await shell.world.complete(status, { limitMs: 5000 })).toBe(3)
  })

  test("a hook that never returns does not hold the stop for ever", async () => {
    await writeConfig(flow({ sink: { hangs: true } }))
    expect(await shell.finish("debug", "--config", config, "--stop-timeout", "1s")).toBe(1)
    expect(shell.stderr).toContain("the graph did not stop in time")
    expect(shell.stderr).toContain("Nothing was lost.")
  })
})

describe("failed runs", () => {
  test("an error nobody caught is FATAL with its stack, stops in order and ends with 1", async () => {
    await writeConfig(flow({ source: { count: 2, endless: true } }))
    const { status } = await shell.start("debug", "--config", config)
    await shell.world.runUntil(() => shell.stderr.includes("running"))
    shell.events.emit("uncaughtException", new Error("nobody foresaw this"))
    expect(await shell.world.complete(status)).toBe(1)
    expect(shell.stderr).toMatch(/ fatal debug: uncaught error\n {4}Error: nobody foresaw this\n {4}at /)
    expect(shell.stderr).toContain("Nothing was lost.")
  })

  test("a graph that cannot start says which instance and why, and ends with 1", async () => {
    await writeConfig(flow({ source: { broken: true } }))
    expect(await shell.finish("debug", "--config", config)).toBe(1)
    expect(shell.stderr).toMatch(/ fatal debug: `source` could not start: no power {2}code=WB_START_FAILED/)
  })
})

describe("bad files end with 2 and start nothing", () => {
  test("a file that is not there", async () => {
    expect(await shell.finish("debug", "--config", "/none.yaml")).toBe(2)
    expect(shell.stderr).toContain("/none.yaml")
    expect(shell.stderr).toMatch(/no such file/)
  })

  test("mistakes are shown with their place", async () => {
    await writeConfig("modules:\n  source:\n    module: test.input.conter\nroutingtable:\n  - source.outbox -> sink.inbox\n")
    expect(await shell.finish("debug", "--config", config)).toBe(2)
    expect(shell.stderr).toContain(`${config}:3:`)
    expect(shell.stderr).toContain("Did you mean `test.input.counter`?")
    expect(shell.stderr).not.toContain("running")
  })
})

test("a status line comes every ten seconds", async () => {
  await writeConfig(flow({ source: { count: 20, endless: true } }))
  const { status } = await shell.start("debug", "--config", config)
  await shell.world.runUntil(() => shell.stderr.includes("running"))
  await shell.world.advance(25_000)
  expect(shell.stderr.match(/ info debug: \S+ events\/s, 0 waiting, spool 0, no circuit open$/gm)).toHaveLength(2)
  shell.events.emit("SIGTERM", "SIGTERM")
  expect(await shell.world.complete(status)).toBe(0)
})
