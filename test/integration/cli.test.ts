// The program as people start it: bin/wishbone-ts.cjs, its streams, its signals and its exit status.

import { readFile, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, onTestFinished, test } from "vitest"
import type { Report } from "../../src/ledger.ts"
import { eventually, freePorts, Program, temporaryDirectory, wishbone } from "../support/programs.ts"

const pipe = `modules:
  lines: { module: wishbone.input.stdin }
  printed: { module: wishbone.output.stdout }
routingtable:
  - lines.outbox -> printed.inbox
`

const listening = (port: number): string => `modules:
  lines: { module: wishbone.input.tcp, arguments: { port: ${port} } }
  printed: { module: wishbone.output.stdout }
routingtable:
  - lines.outbox -> printed.inbox
`

const misspelt = pipe.replace("printed.inbox", "prnted.inbox")

/** A bootstrap file in a folder that is removed when the test ends. */
async function fileOf(text: string): Promise<string> {
  const file = join(await temporaryDirectory(onTestFinished), "flow.yaml")
  await writeFile(file, text)
  return file
}

/** Starts the program; it is gone when the test ends. */
function start(...argv: string[]): Program {
  const program = wishbone(argv)
  onTestFinished(() => program.kill())
  return program
}

/** Runs the program with something on its standard input, to its end. */
async function finish(input: string, ...argv: string[]): Promise<Program> {
  const program = start(...argv)
  program.child.stdin?.end(input)
  await program.exit()
  return program
}

describe("debug", () => {
  test("prints what comes on standard input, and the ledger on standard error", async () => {
    const { status, stdout, stderr } = await finish("a\nb\n", "debug", "--config", await fileOf(pipe))
    expect(stdout).toBe("a\nb\n")
    expect(stderr).toMatch(/^total +2 +2 +0 +0$/m)
    expect(stderr).toContain("Nothing was lost.")
    expect(status).toBe(0)
  })

  test("100,000 lines come out in order, and the report counts each", async () => {
    const lines = Array.from({ length: 100_000 }, (_, number) => `line ${number}\n`).join("")
    const file = await fileOf(pipe)
    const { status, stdout } = await finish(lines, "debug", "--config", file, "--report", `${file}.json`)
    expect(status).toBe(0)
    expect(stdout === lines).toBe(true)
    const report = JSON.parse(await readFile(`${file}.json`, "utf8")) as Report
    expect(report).toMatchObject({ in: 100_000, delivered: 100_000, lost: 0, in_flight: 0 })
  })

  test("`--config -` reads standard input", async () => {
    const generator = `modules:
  made: { module: wishbone.input.testevent, arguments: { interval: 0.01, message: hello } }
  printed: { module: wishbone.output.stdout }
routingtable:
  - made.outbox -> printed.inbox
`
    const program = start("debug", "--config", "-")
    program.child.stdin?.end(generator)
    await eventually(() => program.stdout.includes("hello\n"), `events\n${program.stderr}`)
    program.signal("SIGTERM")
    expect(await program.exit()).toBe(0)
  })

  test.each(["SIGTERM", "SIGINT"] as const)("%s stops in order, with the ledger", async (signal) => {
    const [port = 0] = await freePorts(1)
    const program = start("debug", "--config", await fileOf(listening(port)))
    await eventually(() => program.stderr.includes("running"), `the graph to run\n${program.stderr}`)
    program.signal(signal)
    expect(await program.exit()).toBe(0)
    expect(program.stderr).toContain(`${signal}: stopping`)
    expect(program.stderr).toMatch(/^total /m)
  })

  test("a port in use ends the run with 1 and says so", async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    const { status, stderr } = await finish("", "debug", "--config", await fileOf(listening(port)))
    expect(status).toBe(1)
    expect(stderr).toMatch(/fatal debug: .*the port is in use/)
  })

  test("an open standard input does not keep a stopped graph alive", async () => {
    const program = start("debug", "--config", await fileOf(pipe))
    await eventually(() => program.stderr.includes("running"), `the graph to run\n${program.stderr}`)
    program.child.stdin?.write("a\n")
    await eventually(() => program.stdout === "a\n", `the line\n${program.stderr}`)
    program.signal("SIGTERM")
    expect(await program.exit()).toBe(0)
  })

  test("a reader that goes away ends neither the program nor its ledger", async () => {
    const program = start("debug", "--config", await fileOf(pipe))
    await eventually(() => program.stderr.includes("running"), `the graph to run\n${program.stderr}`)
    program.child.stdout?.destroy()
    program.child.stdin?.end("a\nb\n")
    await program.exit()
    expect(program.stderr).toMatch(/^total +2 /m)
    expect(program.stderr).not.toContain("uncaught")
  })

  test("nobody reads standard error: the data still goes its way", async () => {
    const program = start("debug", "--config", await fileOf(pipe))
    program.child.stderr?.destroy()
    program.child.stdin?.end("a\nb\n")
    expect(await program.exit()).toBe(0)
    expect(program.stdout).toBe("a\nb\n")
  })

  test("a bad file ends with 2, with each mistake in its place", async () => {
    const { status, stdout, stderr } = await finish("", "debug", "--config", await fileOf(misspelt))
    expect(status).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toContain("flow.yaml:5:")
    expect(stderr).toContain("Did you mean `printed")
  })

  test("an unknown option ends with 2", async () => {
    const { status, stderr } = await finish("", "debug", "--config", await fileOf(pipe), "--nonsense")
    expect(status).toBe(2)
    expect(stderr).toContain("unknown option '--nonsense'")
  })
})

describe("debug with a module that misbehaves", () => {
  const unruly = pipe.replace("wishbone.output.stdout", "test.output.unruly")

  /** Runs the fixture program and gives it a line; it is gone when the test ends. */
  async function startUnruly(line: string, ...options: string[]): Promise<Program> {
    const fixture = fileURLToPath(new URL("../fixtures/unruly.mjs", import.meta.url))
    const program = new Program(process.execPath, [fixture, "debug", "--config", await fileOf(unruly), ...options])
    onTestFinished(() => program.kill())
    await eventually(() => program.stderr.includes("running"), `the graph to run\n${program.stderr}`)
    program.child.stdin?.write(`${line}\n`)
    await eventually(() => program.stdout === `took ${line}\n`, `the event to be taken\n${program.stderr}`)
    return program
  }

  test.each(["throw", "reject"])("%s where nobody catches: FATAL with the stack, an orderly stop, 1", async (how) => {
    const program = await startUnruly(how)
    expect(await program.exit()).toBe(1)
    expect(program.stderr).toMatch(/ fatal debug: uncaught error\n {4}Error: (thrown|rejected) by nobody's handler\n {4}at /)
    expect(program.stderr).toMatch(/^total +1 +1 +0 +0$/m)
  })

  test("what it left open does not keep the process", async () => {
    const program = await startUnruly("fine")
    program.child.stdin?.end()
    expect(await program.exit()).toBe(0)
    expect(program.stderr).toContain("Nothing was lost.")
  })

  test("an event that does not end in time is lost, and the exit status is 3", async () => {
    const program = await startUnruly("stuck", "--stop-timeout", "100ms")
    program.signal("SIGTERM")
    expect(await program.exit()).toBe(3)
    expect(program.stderr).toContain("1 event was lost.")
  })

  test("a second signal ends at once with the ledger and 130", async () => {
    const program = await startUnruly("stuck", "--stop-timeout", "10m")
    program.signal("SIGINT")
    await eventually(() => program.stderr.includes("SIGINT: stopping"), `the stop\n${program.stderr}`)
    program.signal("SIGINT")
    expect(await program.exit()).toBe(130)
    expect(program.stderr).toContain("1 event was lost.")
  })
})

describe("lint", () => {
  test.each([
    [
      "a good file",
      `${pipe}  - printed.failed -> rejected.inbox\n`.replace("modules:", "modules:\n  rejected: { module: wishbone.flow.funnel }"),
      ["--strict"],
      0,
    ],
    ["a doubtful file", pipe, [], 0],
    ["a doubtful file, strictly", pipe, ["--strict"], 2],
    ["a wrong file", misspelt, [], 2],
    ["no YAML", "modules: [", [], 2],
  ])("%s", async (_, text, options, expected) => {
    const { status } = await finish("", "lint", "--config", await fileOf(text), ...options)
    expect(status).toBe(expected)
  })

  test("--json prints nothing but problems and memory", async () => {
    const { status, stdout, stderr } = await finish(misspelt, "lint", "--config", "-", "--json")
    expect(status).toBe(2)
    expect(stderr).toBe("")
    const { problems, memory } = JSON.parse(stdout) as { problems: Record<string, unknown>[]; memory: null }
    expect(memory).toBeNull()
    expect(problems[0]).toMatchObject({ line: 5, severity: "error" })
    expect(Object.keys(problems[0] ?? {}).toSorted()).toEqual(["code", "column", "file", "hint", "line", "message", "severity"])
  })
})

describe("list and show", () => {
  test("every listed module can be shown", async () => {
    const { stdout } = await finish("", "list", "--json")
    const listed = JSON.parse(stdout) as { id: string }[]
    expect(listed.length).toBeGreaterThan(5)
    const shown = await finish("", "show", "--module", listed[0]?.id ?? "")
    expect(shown.status).toBe(0)
    expect(shown.stdout).toContain(listed[0]?.id)
  })

  test("a reader that goes away early does no harm", async () => {
    const program = start("list")
    program.child.stdout?.destroy()
    expect(await program.exit()).toBe(0)
    expect(program.stderr).toBe("")
  })
})
