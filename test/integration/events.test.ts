// `events` as people use it, on the spool of a graph whose destination is down: while the graph runs, and after it stopped.

import { stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { eventually, freePorts, type Program, temporaryDirectory, wishbone } from "../support/programs.ts"

const flow = (port: number): string => `modules:
  made: { module: wishbone.input.testevent, arguments: { interval: 0.01, message: event, numbered: true } }
  out: { module: wishbone.output.tcp, arguments: { port: ${port} } }
  keep: { module: wishbone.output.disk, arguments: { directory: ./keep } }
  back: { module: wishbone.input.disk, arguments: { directory: ./keep, idle_trigger: true, idle_time: 600 } }
  join: { module: wishbone.flow.funnel }
routingtable:
  - made.outbox -> join.one
  - back.outbox -> join.two
  - join.outbox -> out.inbox
  - out.failed -> keep.inbox
`

interface Line {
  readonly sequence: number
  readonly where: string
  readonly preview: string
}

async function events(...argv: string[]): Promise<Program> {
  const program = wishbone(["events", ...argv])
  onTestFinished(() => program.kill())
  program.child.stdin?.end()
  await program.exit()
  return program
}

async function listed(directory: string, ...more: string[]): Promise<Line[]> {
  const { status, stdout, stderr } = await events("list", "--directory", directory, "--json", "--limit", "0", ...more)
  expect([status, stderr]).toEqual([0, ""])
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Line]))
}

/** A graph whose destination is down, in a folder of its own, with 20 events on disk at least. */
async function startGraph(): Promise<{ folder: string; file: string; keep: string; graph: Program }> {
  const folder = await temporaryDirectory(onTestFinished)
  const [port = 0] = await freePorts(1)
  const file = join(folder, "flow.yaml")
  const keep = join(folder, "keep")
  await writeFile(file, flow(port))
  const graph = wishbone(["debug", "--config", file])
  onTestFinished(() => graph.kill())
  await eventually(() => graph.stderr.includes("running"), `the graph to run\n${graph.stderr}`)
  await eventually(
    async () => (await stat(keep).catch(() => undefined)) !== undefined && (await listed(keep)).length >= 20,
    "events on disk",
  )
  return { folder, file, keep, graph }
}

test("a running graph is asked: list, show, purge and move; what it stops with is what is left", async () => {
  const { folder, file, keep, graph } = await startGraph()
  const socket = join(folder, ".wishbone", "control.sock")
  expect(((await stat(socket)).mode & 0o777).toString(8)).toBe("600")
  expect(((await stat(join(folder, ".wishbone"))).mode & 0o777).toString(8)).toBe("700")

  const shown = await events("show", "--config", file, "--instance", "keep", "--sequence", "3")
  expect(JSON.parse(shown.stdout)).toMatchObject({ sequence: 3, where: "waiting", event: { tags: [], meta: { failures: 1 } } })

  const refused = await events("purge", "--directory", keep, "--sequence", "2-4")
  expect(refused.status).toBe(2)
  expect(refused.stderr).toContain("Nothing was removed: 3 events would be")

  const purged = await events("purge", "--directory", keep, "--sequence", "2-4", "--yes", "--json")
  expect(purged.stderr).toBe("")
  expect(JSON.parse(purged.stdout)).toMatchObject({ live: true, done: 3, in_flight: 0, skipped: 0 })
  const aside = join(folder, "aside")
  const moved = await events("move", "--directory", keep, "--sequence", "6-8", "--to", aside)
  expect([moved.status, moved.stdout, moved.stderr]).toEqual([0, "3 events moved\n", ""])
  expect((await listed(aside)).map(({ preview }) => preview)).toHaveLength(3)
  expect((await listed(keep, "--sequence", "1-10")).map(({ sequence }) => sequence)).toEqual([1, 5, 9, 10])

  graph.signal("SIGTERM")
  expect(await graph.exit()).toBe(0)
  expect(graph.stderr).not.toContain("does not balance")
  await expect(stat(socket)).rejects.toMatchObject({ code: "ENOENT" })

  const left = await listed(keep)
  expect(left.slice(0, 4).map(({ sequence }) => sequence)).toEqual([1, 5, 9, 10])
  const offline = await events("purge", "--config", file, "--instance", "back", "--all", "--yes", "--json")
  expect(JSON.parse(offline.stdout)).toMatchObject({ live: false, done: left.length })
  expect(await listed(keep)).toEqual([])
})

test("a second graph with the same state folder says whose the socket is; a killed graph leaves nothing in the way", async () => {
  const { file, keep, graph } = await startGraph()
  const other = `${file}.other.yaml`
  await writeFile(
    other,
    "modules:\n  lines: { module: wishbone.input.stdin }\n  printed: { module: wishbone.output.stdout }\nroutingtable:\n  - lines.outbox -> printed.inbox\n",
  )
  const second = wishbone(["debug", "--config", other])
  onTestFinished(() => second.kill())
  await eventually(() => second.stderr.includes("admin socket"), `a warning\n${second.stderr}`)
  expect(second.stderr).toContain(`process ${graph.child.pid} has it`)
  second.child.stdin?.end()
  expect(await second.exit()).toBe(0)
  expect((await events("purge", "--directory", keep, "--sequence", "1", "--yes")).stdout).toBe("1 event removed\n")

  await graph.kill()
  expect((await listed(keep, "--sequence", "1-2")).map(({ sequence }) => sequence)).toEqual([2])
  const again = wishbone(["debug", "--config", file])
  onTestFinished(() => again.kill())
  await eventually(() => again.stderr.includes("running"), `the graph to run again\n${again.stderr}`)
  const live = async (): Promise<boolean> => {
    const { stdout } = await events("replay", "--directory", keep, "--sequence", "2", "--json")
    return stdout !== "" && (JSON.parse(stdout) as { live: boolean }).live
  }
  await eventually(live, "the socket of the graph that was started again")
  expect(again.stderr).not.toContain("admin socket")
}, 60_000)
