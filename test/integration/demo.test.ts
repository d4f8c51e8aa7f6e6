// `demo failover` as a newcomer starts it, in a pipe; and that it tells when something is lost.

import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { brokenBuild, eventually, type Program, temporaryDirectory, wishbone } from "../support/programs.ts"

/** The demo, with a folder of its own for what is temporary. */
async function demo(...args: string[]): Promise<{ program: Program; temporary: string }> {
  return demoOf(undefined, ...args)
}

async function demoOf(home: string | undefined, ...args: string[]): Promise<{ program: Program; temporary: string }> {
  const temporary = await temporaryDirectory(onTestFinished)
  const program = wishbone(["demo", "failover", ...args], { env: { TMPDIR: temporary }, ...(home !== undefined && { home }) })
  onTestFinished(() => program.kill())
  return { program, temporary }
}

/** State and parent of a process; without it, nobody has the number. */
async function processOf(pid: number | string): Promise<{ state: string; parent: number } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")
  // What follows the name, which stands in brackets.
  const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return stat === "" || state === undefined ? undefined : { state, parent: Number(parent) }
}

/** Processes of the listeners that the demo has started. */
async function listenersOf(program: Program): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map(async (pid) => ((await processOf(pid))?.parent === program.child.pid ? [Number(pid)] : [])))
  return found.flat()
}

/** How many of them still run. One that has ended and that nobody has taken note of does not. */
async function running(pids: readonly number[]): Promise<number> {
  const states = await Promise.all(pids.map(async (pid) => (await processOf(pid))?.state ?? "Z"))
  return states.filter((state) => state !== "Z").length
}

test("ends with every event counted at the other end, within a minute, and leaves nothing behind", async () => {
  const started = performance.now()
  const { program, temporary } = await demo("--seconds", "10")
  expect(await program.exit(60_000)).toBe(0)
  expect(performance.now() - started).toBeLessThan(60_000)
  const lines = program.stdout.trimEnd().split("\n")
  const [, sent = "", delivered] = /^sent (\d+) = delivered (\d+), lost 0, duplicated \d+$/.exec(lines.at(-1) ?? "") ?? []
  expect(delivered).toBe(sent)
  expect(Number(sent)).toBeGreaterThanOrEqual(1000)
  expect(program.stdout).toMatch(new RegExp(`^total +${sent} +${sent} +0 +0 `, "m"))
  expect(program.stdout).toMatch(/output_2 takes over (after \d+ ms|at once)\./)
  expect(program.stdout).toContain("All three are down. Events go to disk")
  expect(program.stdout).toContain("The disk has fed back all it had")
  expect(program.stdout).not.toContain("disagree")
  expect(program.stdout).not.toContain("\u001b")
  expect(program.stderr).toBe("")
  expect(await readdir(temporary)).toEqual([])
})

test("an event that an output swallows is missed: it is named, its traces are kept, and the exit status is 3", async () => {
  const home = await brokenBuild(await temporaryDirectory(onTestFinished), {
    file: "modules/output/tcp.js",
    find: "const before = lines.lines;",
    put: 'const before = lines.lines; if (String(event.data) === "event_500") { if (replies !== undefined) replies[at] = 0; continue; }',
  })
  const { program, temporary } = await demoOf(home, "--seconds", "8")
  expect(await program.exit(60_000)).toBe(3)
  expect(program.stdout.trimEnd().split("\n").at(-1)).toMatch(/^sent \d+, delivered \d+, lost 1, duplicated \d+$/)
  expect(program.stdout).toMatch(/^The graph's own numbers disagree: the graph counts \d+ delivered, the listeners \d+\.$/m)
  const [folder = ""] = await readdir(temporary)
  expect(program.stdout).toContain(`Kept for a look: ${join(temporary, folder)} `)
  expect(await readFile(join(temporary, folder, "missing.txt"), "utf8")).toBe("500\n")
  expect((await readdir(join(temporary, folder))).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    "buffer",
    "failover.yaml",
    "graph.log",
    "ledger.json",
    "missing.txt",
  ])
})

test("an interrupt ends it in order: no process and no folder is left", async () => {
  const { program, temporary } = await demo()
  await eventually(() => program.stdout.includes("output_1 takes every event"), `the story to begin\n${program.stderr}`)
  const listeners = await listenersOf(program)
  expect(listeners).toHaveLength(3)
  program.signal("SIGINT")
  expect(await program.exit()).toBe(130)
  expect(program.stdout).toContain("Interrupted.")
  expect(await running(listeners)).toBe(0)
  expect(await readdir(temporary)).toEqual([])
})

test("the listeners end with it even when it is killed", async () => {
  const { program } = await demo()
  await eventually(() => program.stdout.includes("output_1 takes every event"), `the story to begin\n${program.stderr}`)
  const listeners = await listenersOf(program)
  expect(listeners).toHaveLength(3)
  if (program.child.pid !== undefined) process.kill(program.child.pid, "SIGKILL")
  await program.exit()
  await eventually(async () => (await running(listeners)) === 0, "the end of the listeners")
})

test("the graph can be looked at, and is one that `debug` runs", async () => {
  const { program } = await demo("--show-config")
  expect(await program.exit()).toBe(0)
  const lint = wishbone(["lint", "--config", "-"])
  lint.child.stdin?.end(program.stdout)
  expect(await lint.exit()).toBe(0)
  expect(lint.stdout).not.toContain("error")
})

test("what it does not know is bad usage", async () => {
  const { program } = await demo("--seconds", "5")
  expect(await program.exit()).toBe(2)
  expect(program.stderr).toContain("Expected a whole number from 8 to 50.")
  const other = wishbone(["demo", "constructor"])
  expect(await other.exit()).toBe(2)
  expect(other.stderr).toContain("There is: failover.")
})
