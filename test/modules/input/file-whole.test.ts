import { describe, expect, test } from "vitest"
import FileInput from "../../../modules/input/file.ts"
import { type ModuleRun, type SimulatedPlatform, simulatedPlatform, startModule } from "../../../src/testing/index.ts"

type Run = ModuleRun<FileInput>

const folder = "/tmp/in"

async function started(platform: SimulatedPlatform, args: Record<string, unknown> = {}, options: object = {}): Promise<Run> {
  const shared = () => new Map([["state", "/tmp/state"]])
  return startModule(FileInput, { path: folder, mode: "whole", ...args }, { platform, shared, ...options })
}

const contents = (run: Run): unknown[] => run.sent["outbox"] ?? []

/** Files on the disk but those of the state folder. */
function files(platform: SimulatedPlatform): Record<string, string> {
  const found = Object.entries(platform.disk.snapshot()).filter(([path]) => !path.startsWith("/tmp/state/"))
  return Object.fromEntries(found.map(([path, content]) => [path, content.toString()]))
}

/** A platform with files that have been there for an hour. */
async function withFiles(given: Record<string, string>): Promise<SimulatedPlatform> {
  const platform = simulatedPlatform()
  for (const [path, content] of Object.entries(given)) platform.disk.put(path, content)
  await platform.advance(3_600_000)
  return platform
}

test("each file of a folder becomes one event, in the order of names, and those that appear", async () => {
  const platform = await withFiles({ "/tmp/in/b": "second\nfile", "/tmp/in/a": "first", "/tmp/in/.hidden": "x", "/tmp/in/deep/c": "x" })
  const run = await started(platform)
  await run.settle()
  expect(contents(run)).toEqual(["first", "second\nfile"])
  expect(run.events["outbox"]?.[0]?.get("tmp.module")).toEqual({ path: "/tmp/in/a" })
  platform.disk.put("/tmp/in/0", "")
  await platform.advance(2000)
  expect(contents(run)).toEqual(["first", "second\nfile", ""])
  await platform.advance(60_000)
  expect(contents(run)).toHaveLength(3)
  await run.stop()
})

test("a file is complete when it has not changed for a while", async () => {
  const platform = await withFiles({ "/tmp/in/x": "" })
  const run = await started(platform, { settle_time: "5s", path: "/tmp/in/*.csv" })
  platform.disk.put("/tmp/in/a.csv", "one ")
  for (let round = 0; round < 4; round += 1) {
    await platform.advance(3000)
    const file = await platform.files.open("/tmp/in/a.csv", "append")
    await file.write([Buffer.from("more ")], 0)
    await file.close()
  }
  expect(contents(run)).toEqual([])
  await platform.advance(6000)
  expect(contents(run)).toEqual(["one more more more more "])
  await run.stop()
})

test("a file that is kept comes once, also after a start, and again when it changes", async () => {
  const platform = await withFiles({ "/tmp/in/a": "one" })
  const run = await started(platform)
  await platform.advance(2000)
  await run.stop()
  const next = platform.restart()
  const again = await started(next)
  await next.advance(10_000)
  expect(contents(again)).toEqual([])
  await next.files.writeFile("/tmp/in/a", "two")
  await next.advance(10_000)
  expect(contents(again)).toEqual(["two"])
  await again.stop()
})

test("a file is removed when its event is safe, not before", async () => {
  const platform = await withFiles({ "/tmp/in/a": "one" })
  const run = await started(platform, { after: "delete" })
  run.block("outbox")
  await platform.advance(10_000)
  expect(files(platform)).toEqual({ "/tmp/in/a": "one" })
  await run.unblock("outbox")
  expect(files(platform)).toEqual({})
  await run.stop()
})

test("a crash before the event is safe brings it again", async () => {
  const platform = await withFiles({ "/tmp/in/a": "one" })
  const run = await started(platform, { after: "delete" })
  run.block("outbox")
  await platform.advance(10_000)
  const again = await started(platform.restart({ powerCut: true }), { after: "delete" })
  await again.settle()
  expect(contents(again)).toEqual(["one"])
  expect(files(again.platform)).toEqual({})
  await again.stop()
})

test("a file is moved, never over another one", async () => {
  const platform = await withFiles({ "/tmp/in/a": "new", "/tmp/done/a": "old", "/tmp/done/a.1": "older" })
  const run = await started(platform, { after: "move", done_dir: "/tmp/done" })
  await run.settle()
  expect(files(platform)).toEqual({ "/tmp/done/a": "old", "/tmp/done/a.1": "older", "/tmp/done/a.2": "new" })
  await run.stop()
})

test("a file that was replaced meanwhile is not removed, but taken in its turn", async () => {
  const platform = await withFiles({ "/tmp/in/a": "one" })
  const run = await started(platform, { after: "delete" })
  run.block("outbox")
  await run.settle()
  await platform.files.writeFile("/tmp/in/a", "the second")
  await run.unblock("outbox")
  expect(files(platform)).toEqual({ "/tmp/in/a": "the second" })
  await platform.advance(10_000)
  expect(contents(run)).toEqual(["one", "the second"])
  expect(files(platform)).toEqual({})
  await run.stop()
})

test("what cannot be removed is told once and tried again, without another event", async () => {
  const platform = await withFiles({ "/tmp/in/a": "one" })
  platform.disk.fail({ operation: "unlink", code: "EACCES", times: 2 })
  const run = await started(platform, { after: "delete", poll_interval: "1s" })
  await platform.advance(500)
  expect(files(platform)).toEqual({ "/tmp/in/a": "one" })
  await platform.advance(5000)
  expect(files(platform)).toEqual({})
  expect(contents(run)).toEqual(["one"])
  expect(run.lines.filter((line) => line.includes("cannot be removed"))).toHaveLength(1)
  await run.stop()
})

describe("a file that cannot be delivered", () => {
  test("because it is too large, or no event, is put aside", async () => {
    const platform = await withFiles({ "/tmp/in/large": "x".repeat(101), "/tmp/in/wrong": "no event", "/tmp/in/z": '{"data":"fine"}' })
    const run = await started(platform, { native_events: true, after: "delete", failed_dir: "/tmp/failed", file_bytes_max: 100 })
    await platform.advance(10_000)
    expect(contents(run)).toEqual(["fine"])
    expect(files(platform)).toEqual({ "/tmp/failed/large": "x".repeat(101), "/tmp/failed/wrong": "no event" })
    expect(run.lines.filter((line) => line.startsWith("error"))).toHaveLength(2)
    await run.stop()
  })

  test("stays without `failed_dir`, and comes again when it changes", async () => {
    const platform = await withFiles({ "/tmp/in/wrong": "no event" })
    const run = await started(platform, { native_events: true, after: "delete" })
    await platform.advance(60_000)
    expect(run.lines.filter((line) => line.startsWith("error"))).toHaveLength(1)
    await platform.files.writeFile("/tmp/in/wrong", '{"data":"right"}')
    await platform.advance(10_000)
    expect(contents(run)).toEqual(["right"])
    expect(files(platform)).toEqual({})
    await run.stop()
  })

  test("for a reason that passes is offered again for as long as it takes", async () => {
    const platform = await withFiles({ "/tmp/in/a": "one", "/tmp/in/b": "two" })
    const queues = { outbox: { size: 1, whenFull: "drop_new" as const } }
    const run = await started(platform, { after: "delete" }, { queues })
    run.block("outbox")
    await platform.advance(30 * 60_000)
    expect(files(platform)).toEqual({ "/tmp/in/a": "one", "/tmp/in/b": "two" })
    await run.unblock("outbox")
    await platform.advance(120_000)
    expect(contents(run).map(String).toSorted()).toEqual(["one", "two"])
    expect(files(platform)).toEqual({})
    await run.stop()
  })
})

test("files beyond the bytes that may be on their way wait", async () => {
  const platform = await withFiles(Object.fromEntries(Array.from({ length: 10 }, (_, number) => [`/tmp/in/${number}`, "x".repeat(100)])))
  const run = await started(platform, { inflight_bytes: 250 })
  run.block("outbox")
  await platform.advance(10_000)
  expect(run.books.in).toBe(3)
  await run.unblock("outbox")
  await platform.advance(20_000)
  expect(contents(run)).toHaveLength(10)
  await run.stop()
})

test("one file that cannot be read is told, and the others come", async () => {
  const platform = await withFiles({ "/tmp/in/a": "one", "/tmp/in/b": "two" })
  platform.disk.fail({ operation: "open", path: "/tmp/in/a", code: "EACCES", times: 2 })
  const run = await started(platform, { poll_interval: "1s" })
  await platform.advance(5000)
  expect(contents(run)).toEqual(["two", "one"])
  expect(run.lines.filter((line) => line.includes("EACCES"))).toHaveLength(1)
  await run.stop()
})

test("folders into which files cannot be moved, or from which they would come again, are refused", async () => {
  const platform = await withFiles({ "/tmp/in/a": "one", "/tmp/file": "" })
  for (const done_dir of [folder, "/tmp/file", "/none/of/these"]) {
    await expect(started(platform, { after: "move", done_dir })).rejects.toMatchObject({ code: "WB_INPUT_FILE_PATH" })
  }
  const below = { path: "/tmp/*/*", after: "move", done_dir: "/tmp/done" }
  await expect(started(platform, below)).rejects.toMatchObject({ code: "WB_INPUT_FILE_PATH" })
})
