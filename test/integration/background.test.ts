// `start`, `stop` and `kill` with real processes, pid files and signals.

import { spawn } from "node:child_process"
import { readdir, readFile, stat, writeFile } from "node:fs/promises"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import { identifyByProc } from "../../src/platform/real-processes.ts"
import { eventually, freePorts, type Program, temporaryDirectory, wishbone } from "../support/programs.ts"

interface Place {
  readonly folder: string
  readonly config: string
  readonly pidFile: string
  readonly log: string
  run(...argv: string[]): Promise<Program>
}

/** A folder with a bootstrap file; what was started in it is gone when the test ends. */
async function place(flow: string): Promise<Place> {
  const folder = await temporaryDirectory(onTestFinished)
  const pidFile = join(folder, "wishbone.pid")
  const config = join(folder, "flow.yaml")
  await writeFile(config, flow)
  onTestFinished(async () => {
    const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).split("\n")[0])
    if (pid > 1 && (await identifyByProc(pid))?.command.includes(pidFile) === true) process.kill(pid, "SIGKILL")
  })
  const run = async (...argv: string[]): Promise<Program> => {
    const program = wishbone(argv, { cwd: folder })
    onTestFinished(() => program.kill())
    program.child.stdin?.end()
    await program.exit(60_000)
    return program
  }
  return { folder, config, pidFile, log: join(folder, "wishbone.log"), run }
}

const listening = (port: number): string => `modules:
  lines: { module: wishbone.input.tcp, arguments: { port: ${port} } }
  spool: { module: wishbone.output.disk, arguments: { directory: ./spool } }
routingtable:
  - lines.outbox -> spool.inbox
`

async function pidIn({ pidFile }: Place): Promise<number> {
  return Number((await readFile(pidFile, "utf8")).split("\n")[0])
}

async function isGone(pid: number): Promise<boolean> {
  return (await identifyByProc(pid)) === undefined
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false))
    socket.on("connect", () => socket.destroy())
  })
}

describe("start and stop", () => {
  test("`start` returns when the graph runs, in a session of its own, and `stop` when it is gone", async () => {
    const [port = 0] = await freePorts(1)
    const here = await place(listening(port))
    const started = await here.run("start", "--config", "flow.yaml")
    expect(started.stderr).toBe("")
    expect(started.status).toBe(0)
    const pid = await pidIn(here)
    expect(started.stdout).toBe(`running: process ${pid}\n  pid file  ${here.pidFile}\n  log       ${here.log}\n`)
    // No waiting: it listens by now.
    expect(await accepts(port)).toBe(true)
    for (const file of [here.pidFile, here.log]) expect((await stat(file)).mode & 0o777).toBe(0o600)
    const session = Number((await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ")[3])
    expect(session).toBe(pid)

    const stopped = await here.run("stop")
    expect(stopped.stdout).toBe(`stopped: process ${pid} ended with exit status 0; nothing was lost\n`)
    expect(stopped.status).toBe(0)
    expect(await isGone(pid)).toBe(true)
    expect(await readFile(here.log, "utf8")).toContain("Nothing was lost.")
    expect((await readdir(here.folder)).filter((name) => name.includes(".pid"))).toEqual([])
  })

  test("a second `start` with the same pid file is refused, and the first goes on", async () => {
    const [port = 0] = await freePorts(1)
    const here = await place(listening(port))
    await here.run("start", "--config", "flow.yaml")
    const pid = await pidIn(here)
    const second = await here.run("start", "--config", "flow.yaml")
    expect(second.status).toBe(1)
    expect(second.stderr).toContain(`belongs to a graph that runs: process ${pid}, of \`flow.yaml\``)
    expect(await isGone(pid)).toBe(false)
    expect(await pidIn(here)).toBe(pid)
    expect((await here.run("stop")).status).toBe(0)
  })

  test("of several at once one runs, and the others say which", async () => {
    const here = await place("modules: { a: { module: wishbone.input.testevent, arguments: { interval: 5 } } }\nroutingtable: []\n")
    await writeFile(here.pidFile, '999999999\n{"mark":"long/ago"}\n')
    const all = await Promise.all([1, 2, 3].map(() => here.run("start", "--config", "flow.yaml")))
    const won = all.filter(({ status }) => status === 0)
    expect(won).toHaveLength(1)
    for (const { status, stderr } of all.filter((program) => program.status !== 0)) {
      expect(status).toBe(1)
      expect(stderr).toContain("belongs to a graph that runs")
    }
    expect(won[0]?.stdout).toContain(`process ${await pidIn(here)}\n`)
    expect((await here.run("stop")).status).toBe(0)
  })

  test("a file with mistakes ends with 2, with the mistakes and no pid file", async () => {
    const here = await place(listening(1).replace("spool.inbox", "spol.inbox"))
    const { status, stderr, stdout } = await here.run("start", "--config", "flow.yaml")
    expect(status).toBe(2)
    expect(stderr).toContain("flow.yaml:5:")
    expect(stderr).toContain("Did you mean `spool`?")
    expect(stdout).toBe("")
    expect(await readdir(here.folder)).not.toContain("wishbone.pid")
  })

  test("a graph that cannot start ends with 1 and its reason", async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void server.close())
    const here = await place(listening((server.address() as { port: number }).port))
    const { status, stderr } = await here.run("start", "--config", "flow.yaml")
    expect(status).toBe(1)
    expect(stderr).toContain("the port is in use")
    expect(stderr).toContain("The graph does not run: its process ended with exit status 1 before it was ready")
    const after = await here.run("stop")
    expect(after.status).toBe(1)
    expect(after.stderr).toMatch(/There is no pid file .* The last one ended at 20.* with exit status 1/)
  })

  test("a log that cannot be written ends with 1", async () => {
    const here = await place(listening(1))
    const { status, stderr } = await here.run("start", "--config", "flow.yaml", "--log", "none/flow.log")
    expect(status).toBe(1)
    expect(stderr).toContain("flow.log` cannot be written: ENOENT")
  })

  test("a start that hangs is ended when its time is over", async () => {
    const here = await place("modules: { a: { module: ./hangs.js } }\nroutingtable: []\n")
    await writeFile(join(here.folder, "package.json"), '{"type":"module"}')
    const api = new URL("../../dist/src/index.js", import.meta.url).href
    await writeFile(
      join(here.folder, "hangs.js"),
      `import { defineModule, InputModule } from ${JSON.stringify(api)}
const spec = defineModule({ name: "acme.input.hangs", summary: "Never starts.", arguments: {}, queues: {} })
export default class Hangs extends InputModule { static spec = spec; preHook() { return new Promise(() => setInterval(() => {}, 1000)) } }
`,
    )
    const { status, stderr } = await here.run("start", "--config", "flow.yaml", "--start-timeout", "2s")
    expect(stderr).toContain("The graph did not start within 2s; its process was ended")
    expect(status).toBe(1)
    expect(await readdir(here.folder)).not.toContain("wishbone.pid")
  })

  test("what waits on disk is kept over `stop` and `start`, and the settings of the call reach the graph", async () => {
    const [port = 0, other = 0] = await freePorts(2)
    const here = await place(listening(port))
    await here.run("start", "--config", "flow.yaml", "--set", `lines.port=${other}`, "--report", "ledger.json")
    expect(await accepts(other)).toBe(true)
    const socket = connect(other, "127.0.0.1")
    socket.end("one\ntwo\n")
    await new Promise((resolve) => socket.resume().on("close", resolve))
    const listed = async (): Promise<number> => {
      const { stdout } = await here.run("events", "list", "--directory", "spool", "--json")
      return stdout.trim() === "" ? 0 : stdout.trim().split("\n").length
    }
    await eventually(async () => (await listed()) === 2, "two events on disk", 20_000)
    expect((await here.run("stop")).status).toBe(0)
    expect(JSON.parse(await readFile(join(here.folder, "ledger.json"), "utf8"))).toMatchObject({ in: 2, waiting: 2, lost: 0 })
    expect(await listed()).toBe(2)
  })
})

describe("a process that is not ours is never signalled", () => {
  /** Somebody else's process. */
  async function stranger(): Promise<number> {
    const child = spawn("sleep", ["60"], { stdio: "ignore" })
    await new Promise((resolve) => child.once("spawn", resolve))
    onTestFinished(() => void child.kill("SIGKILL"))
    return child.pid ?? 0
  }

  test.each([["stop"], ["kill", "--yes"]])("%s: a number that was given away", async (...argv) => {
    const here = await place(listening(1))
    const pid = await stranger()
    await writeFile(here.pidFile, `${pid}\n{"mark":"another/1"}\n`)
    const { status, stderr } = await here.run(...argv)
    expect(status).toBe(1)
    expect(stderr).toContain(`Process ${pid} of \`${here.pidFile}\` is another program by now`)
    expect(await isGone(pid)).toBe(false)
    expect(await readdir(here.folder)).not.toContain("wishbone.pid")
  })

  test.each([["stop"], ["kill", "--yes"]])("%s: a process that somebody wrote into the file, with the right time", async (...argv) => {
    const here = await place(listening(1))
    const pid = await stranger()
    await writeFile(here.pidFile, `${pid}\n${JSON.stringify({ mark: (await identifyByProc(pid))?.mark })}\n`)
    const { status } = await here.run(...argv)
    expect(status).toBe(1)
    expect(await isGone(pid)).toBe(false)
  })

  test("a graph of another user", async () => {
    if (process.getuid?.() !== 0 || process.platform !== "linux") return
    const here = await place("modules: { a: { module: wishbone.input.testevent } }\nroutingtable: []\n")
    await here.run("start", "--config", "flow.yaml")
    const pid = await pidIn(here)
    // The same command as somebody who may read everything, this checkout and the pid file included, and not signal its process.
    const launcher = new URL("../../bin/wishbone-ts.cjs", import.meta.url).pathname
    const nobody = ["--reuid=65534", "--clear-groups", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    const child = spawn("setpriv", [...nobody, process.execPath, launcher, "stop"], { cwd: here.folder, stdio: ["ignore", "pipe", "pipe"] })
    let said = ""
    child.stderr.on("data", (text: Buffer) => {
      said += text.toString()
    })
    const status = await new Promise((resolve) => child.on("close", resolve))
    expect(said).toContain(`Process ${pid} belongs to another user, so it cannot be stopped`)
    expect(status).toBe(1)
    expect(await isGone(pid)).toBe(false)
    expect((await here.run("stop")).status).toBe(0)
  })

  test.each([
    ["nothing", ""],
    ["every process of the group", "0\n{}\n"],
    ["every process there is", "-1\n{}\n"],
    ["the first process of the machine", "1\n{}\n"],
    ["something else", "garbage"],
    ["too much", "x".repeat(100_000)],
  ])("a pid file that names %s", async (_, content) => {
    const here = await place(listening(1))
    await writeFile(here.pidFile, content)
    const { status, stderr } = await here.run("stop")
    expect(status).toBe(1)
    expect(stderr).toContain("is no pid file of `start`")
    expect(await readFile(here.pidFile, "utf8")).toBe(content)
  })
})

describe("a graph that dies", () => {
  test("leaves a pid file that `stop` and the next `start` know to be stale", async () => {
    const [port = 0] = await freePorts(1)
    const here = await place(listening(port))
    await here.run("start", "--config", "flow.yaml")
    const pid = await pidIn(here)
    process.kill(pid, "SIGKILL")
    await eventually(() => isGone(pid), "the process to die")
    const again = await here.run("start", "--config", "flow.yaml")
    expect(again.status).toBe(0)
    const second = await pidIn(here)
    expect(second).not.toBe(pid)
    process.kill(second, "SIGKILL")
    await eventually(() => isGone(second), "the process to die")
    const stopped = await here.run("stop")
    expect(stopped.status).toBe(1)
    expect(stopped.stderr).toContain(`Process ${second} of \`${here.pidFile}\` is gone`)
    expect(await readdir(here.folder)).not.toContain("wishbone.pid")
  })

  test("`kill --yes` ends it at once; without it, and nobody to ask, nothing happens", async () => {
    const here = await place("modules: { a: { module: wishbone.input.testevent } }\nroutingtable: []\n")
    await here.run("start", "--config", "flow.yaml")
    const pid = await pidIn(here)
    const asked = await here.run("kill")
    expect(asked.status).toBe(2)
    expect(await isGone(pid)).toBe(false)
    const killed = await here.run("kill", "--yes")
    expect(killed.stdout).toBe(`killed: process ${pid}\n`)
    expect(killed.status).toBe(0)
    expect(await isGone(pid)).toBe(true)
    expect(await readdir(here.folder)).not.toContain("wishbone.pid")
  })
})
