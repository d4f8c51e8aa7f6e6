// Files as they are in the world: bootstrap/tail.yaml collects logs that are written and rotated while it runs and is killed; and what an
// event must not reach by a symbolic link.

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import FileInput from "../../modules/input/file.ts"
import FileOutput from "../../modules/output/file.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { startModule } from "../../src/testing/index.ts"
import { eventually, type Program, temporaryDirectory, wishbone } from "../support/programs.ts"

/** A folder with tail.yaml and `logs/`, and how to start the graph in it. */
async function tailing(): Promise<{ folder: string; start: () => Promise<Program>; collected: () => string[] }> {
  const folder = await temporaryDirectory(onTestFinished)
  const file = join(folder, "tail.yaml")
  await writeFile(file, await readFile(new URL("../../bootstrap/tail.yaml", import.meta.url), "utf8"))
  mkdirSync(join(folder, "logs"))
  const start = async (): Promise<Program> => {
    const program = wishbone(["debug", "--config", file, "--report", join(folder, "report.json")])
    onTestFinished(() => program.kill())
    await eventually(() => program.stderr.includes("running"), `the graph to run\n${program.stderr}`)
    return program
  }
  const collected = (): string[] => {
    const path = join(folder, "collected.log")
    return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : []
  }
  return { folder, start, collected }
}

test("lines of logs that are rotated by rename and by truncation are collected, each once and in order", async () => {
  const { folder, start, collected } = await tailing()
  const program = await start()
  const renamed = join(folder, "logs", "renamed.log")
  const truncated = join(folder, "logs", "truncated.log")
  const written: string[] = []
  const write = (path: string, name: string, from: number): void => {
    const lines = Array.from({ length: 100 }, (_, number) => `${name} ${from + number}`)
    written.push(...lines)
    appendFileSync(path, `${lines.join("\n")}\n`)
  }
  for (let round = 0; round < 5; round += 1) {
    write(renamed, "renamed", round * 300)
    const isSeen = (): boolean => collected().includes(`renamed ${round * 300}`)
    await eventually(isSeen, `the first lines of round ${round}\n${program.stderr}`)
    // Rotated with what was not read yet in it; its writer goes on for a moment.
    write(renamed, "renamed", round * 300 + 100)
    renameSync(renamed, `${renamed}.${round}`)
    write(`${renamed}.${round}`, "renamed", round * 300 + 200)
    write(truncated, "truncated", round * 100)
    await eventually(
      () => collected().length === written.length,
      `round ${round}: ${collected().length} of ${written.length}\n${program.stderr}`,
    )
    truncateSync(truncated)
  }
  program.signal("SIGTERM")
  expect(await program.exit()).toBe(0)
  for (const name of ["renamed", "truncated"]) {
    const own = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith(name))
    expect(own(collected())).toEqual(own(written))
  }
  const report = JSON.parse(await readFile(join(folder, "report.json"), "utf8")) as { in: number; delivered: number; lost: number }
  expect(report).toMatchObject({ in: written.length, delivered: written.length, lost: 0 })
})

test("killed again and again while logs are written and rotated: every line is collected, few of them twice", async () => {
  const { folder, start, collected } = await tailing()
  const log = join(folder, "logs", "app.log")
  const rounds = 5
  let count = 0
  const write = (lines: number): void => {
    appendFileSync(log, Array.from({ length: lines }, () => `line ${++count}\n`).join(""))
  }
  const lastIsThere = async (program: Program): Promise<void> => {
    const last = `line ${count}`
    await eventually(() => collected().includes(last), `${last}\n${program.stderr}`)
  }
  for (let round = 0; round < rounds; round += 1) {
    const program = await start()
    write(300)
    await lastIsThere(program)
    write(300)
    renameSync(log, `${log}.${round}`)
    write(300)
    await lastIsThere(program)
    // Some of these are collected, some are on their way, some not read.
    write(5000)
    await eventually(() => collected().length > count - 5000, "the first of many lines")
    await program.kill()
    // Written and rotated while nobody looks.
    write(300)
    renameSync(log, `${log}.${round}.down`)
    write(300)
  }
  const program = await start()
  const all = Array.from({ length: count }, (_, number) => `line ${number + 1}`)
  const missing = (): string[] => {
    const there = new Set(collected())
    return all.filter((line) => !there.has(line))
  }
  await eventually(() => missing().length === 0, "the last lines", 20_000).catch(() => undefined)
  expect(missing()).toEqual([])
  program.signal("SIGTERM")
  expect(await program.exit()).toBe(0)
  // Of each kill: what was collected since the position was kept last, and the line that was cut in two.
  const again = collected().length - count
  expect(again).toBeLessThanOrEqual(rounds * (300 * 3 + 5000 + 1))
  expect(collected().filter((line) => !/^line \d+$/.test(line)).length).toBeLessThanOrEqual(rounds)
})

test("an event cannot reach out of the folder by a symbolic link", async () => {
  const folder = await temporaryDirectory(onTestFinished)
  const base = join(folder, "base")
  mkdirSync(base)
  mkdirSync(join(folder, "outside"))
  writeFileSync(join(folder, "secret"), "secret\n")
  symlinkSync(join(folder, "outside"), join(base, "link"))
  symlinkSync(join(folder, "secret"), join(base, "file"))
  symlinkSync(join(base, "inside"), join(base, "inner"))
  mkdirSync(join(base, "inside"))
  const run = await startModule(FileOutput, { base_dir: base, path: "{{ data }}" }, { platform: realPlatform() })
  for (const name of ["link/x", "file", "inner/y", "z"]) run.put("inbox", name)
  await eventually(() => (run.events["successful"]?.length ?? 0) + (run.events["failed"]?.length ?? 0) === 4, "four events")
  expect(run.sent["failed"]?.toSorted()).toEqual(["file", "link/x"])
  expect(run.events["failed"]?.map((event) => event.meta.history.at(-1)?.kind)).toEqual(["invalid", "invalid"])
  expect(readFileSync(join(folder, "secret"), "utf8")).toBe("secret\n")
  expect(readdirSync(join(folder, "outside"))).toEqual([])
  expect(readFileSync(join(base, "inside/y"), "utf8")).toBe("inner/y\n")
  await run.stop()
})

test("whole files are taken from a folder as they are moved into it", async () => {
  const folder = await temporaryDirectory(onTestFinished)
  for (const name of ["in", "done", "elsewhere"]) mkdirSync(join(folder, name))
  const args = { path: join(folder, "in"), mode: "whole", after: "move", done_dir: join(folder, "done"), settle_time: "100ms" }
  const shared = (): Map<string, unknown> => new Map([["state", join(folder, "state")]])
  const run = await startModule(FileInput, args, { platform: realPlatform(), shared })
  for (let number = 0; number < 20; number += 1) {
    writeFileSync(join(folder, "elsewhere", `file ${number}`), `content ${number}\nof two lines`)
    renameSync(join(folder, "elsewhere", `file ${number}`), join(folder, "in", `file ${number}`))
  }
  await eventually(() => readdirSync(join(folder, "done")).length === 20, `all files to be moved\n${run.lines.join("\n")}`)
  expect(run.sent["outbox"]?.map(String).toSorted()).toEqual(
    Array.from({ length: 20 }, (_, number) => `content ${number}\nof two lines`).toSorted(),
  )
  expect(readdirSync(join(folder, "in"))).toEqual([])
  await run.stop()
})
