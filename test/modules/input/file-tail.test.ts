import { describe, expect, test } from "vitest"
import FileInput from "../../../modules/input/file.ts"
import { type ModuleRun, type SimulatedPlatform, simulatedPlatform, startModule } from "../../../src/testing/index.ts"

type Run = ModuleRun<FileInput>

const log = "/tmp/log"
const state = "/tmp/state"

async function started(platform: SimulatedPlatform, args: Record<string, unknown> = {}, options: object = {}): Promise<Run> {
  return startModule(FileInput, { path: log, from: "start", ...args }, { platform, shared: () => new Map([["state", state]]), ...options })
}

async function append(platform: SimulatedPlatform, text: string, path = log): Promise<void> {
  const file = await platform.files.open(path, "append")
  await file.write([Buffer.from(text)], 0)
  await file.close()
}

/** Every file's safe offset, as it is kept on the disk. */
function kept(platform: SimulatedPlatform): Record<string, number> {
  const file = platform.disk.snapshot({ durable: true })[`${state}/positions/module.json`]
  const { content } = JSON.parse(String(file)) as { content: { files: { path: string; offset: number }[] } }
  return Object.fromEntries(content.files.map(({ path, offset }) => [path, offset]))
}

const lines = (run: Run): unknown[] => run.sent["outbox"] ?? []

/** Lets everything happen that is due within a moment, and positions be kept. */
async function aWhile(run: Run): Promise<void> {
  await run.platform.advance(1100)
}

describe("lines", () => {
  test("come as they are written, with their path and offset, and the unfinished one waits", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "one\n\ntwo\r\nthr")
    const run = await started(platform)
    await run.settle()
    expect(lines(run)).toEqual(["one", "two"])
    await append(platform, "ee\nfour\n")
    await run.settle()
    expect(lines(run)).toEqual(["one", "two", "three", "four"])
    expect(run.events["outbox"]?.map((event) => event.get("tmp.module"))).toEqual([0, 5, 10, 16].map((offset) => ({ path: log, offset })))
    await run.stop()
    expect(kept(platform)).toEqual({ [log]: 21 })
  })

  test("are read from the end when they were there before the first start, whole lines only", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "old\nbeg")
    const run = await started(platform, { from: "end" })
    await append(platform, "un\nnew\n")
    await run.settle()
    expect(lines(run)).toEqual(["begun", "new"])
    await run.stop()
  })

  test("of files that appear later are read from their beginning", async () => {
    const platform = simulatedPlatform()
    const run = await started(platform, { from: "end" })
    await append(platform, "first\n")
    await run.settle()
    expect(lines(run)).toEqual(["first"])
    await run.stop()
  })

  test("that are too long are left out, with a warning, and the next one comes", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, `a\n${"x".repeat(200_000)}\nb\n`)
    const run = await started(platform, { line_bytes_max: 1000 })
    await run.settle()
    expect(lines(run)).toEqual(["a", "b"])
    expect(run.lines.join()).toContain("a line was left out")
    await aWhile(run)
    expect(kept(platform)).toEqual({ [log]: 200_005 })
    await run.stop()
  })

  test("a too long line that is unfinished is left out as a whole after a crash too", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, `a\n${"x".repeat(5000)}`)
    const run = await started(platform, { line_bytes_max: 1000 })
    await aWhile(run)
    expect(kept(platform)).toEqual({ [log]: 2 })
    const next = platform.restart()
    const again = await started(next, { line_bytes_max: 1000 })
    await append(next, "xx\nb\n")
    await again.settle()
    expect(lines(again)).toEqual(["b"])
    await again.stop()
  })

  test("span chunks, in any number", async () => {
    const platform = simulatedPlatform()
    const all = Array.from({ length: 30_000 }, (_, number) => `line ${number}${number % 5000 === 0 ? "x".repeat(70_000) : ""}`)
    platform.disk.put(log, `${all.join("\n")}\n`)
    const run = await started(platform)
    await run.platform.runUntil(() => lines(run).length === all.length)
    expect(lines(run)).toEqual(all)
    const offsets = run.events["outbox"]?.map((event) => Number(event.get("tmp.module.offset"))) ?? []
    expect(offsets[29_999]).toBe(all.join("\n").length - (all[29_999] ?? "").length)
    await run.stop()
  })

  test("may be bytes, be cut at another delimiter, go without their origin, and to another place", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "a--b--")
    const binary = await started(platform, { encoding: "binary", delimiter: "--", with_origin: false, destination: "tmp.raw" })
    await binary.settle()
    expect(binary.events["outbox"]?.map((event) => [event.data, event.get("tmp")])).toEqual([
      [undefined, { raw: Buffer.from("a") }],
      [undefined, { raw: Buffer.from("b") }],
    ])
    await binary.stop()
  })

  test("that cannot be read as whole events are told, and do not hold up the others", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, '{"data":1}\nnonsense\n{"data":2}\n')
    const run = await started(platform, { native_events: true })
    await aWhile(run)
    expect(lines(run)).toEqual([1, 2])
    expect(run.lines.join()).toContain("error: a line of /tmp/log cannot be delivered, the first at byte 11")
    expect(kept(platform)).toEqual({ [log]: 31 })
    await run.stop()
  })
})

describe("which files", () => {
  test("a pattern follows all files that fit, and those that appear, but neither folders nor hidden files", async () => {
    const platform = simulatedPlatform()
    for (const path of ["/tmp/a/x.log", "/tmp/a/y.log", "/tmp/a/.z.log", "/tmp/a/x.txt", "/tmp/a/folder.log/in", "/tmp/b/q.log"]) {
      platform.disk.put(path, `${path}\n`)
    }
    const run = await started(platform, { path: ["/tmp/?/*.log", "/tmp/missing/*"] })
    await run.settle()
    expect(lines(run)).toEqual(["/tmp/a/x.log", "/tmp/a/y.log", "/tmp/b/q.log"])
    platform.disk.put("/tmp/c/new.log", "new\n")
    platform.disk.put("/tmp/missing/file", "found\n")
    await run.settle()
    expect(lines(run).slice(3)).toEqual(["new", "found"])
    await run.stop()
  })

  test("a directory is refused", async () => {
    const platform = simulatedPlatform()
    platform.disk.put("/tmp/folder/x", "")
    await expect(started(platform, { path: "/tmp/folder" })).rejects.toMatchObject({
      code: "WB_INPUT_FILE_PATH",
      hint: "Write `/tmp/folder/*` to follow all files in it.",
    })
  })

  test("arguments of the other mode are refused", async () => {
    const platform = simulatedPlatform()
    for (const args of [
      { after: "delete" },
      { failed_dir: "/tmp/x" },
      { mode: "whole", after: "move" },
      { mode: "whole", done_dir: "/tmp/x" },
    ]) {
      await expect(started(platform, args)).rejects.toMatchObject({ code: "WB_ARGUMENT_INVALID" })
    }
  })

  test("one that cannot be read is told once, tried again, and does not hold up the others", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "a\n")
    platform.disk.put("/tmp/other", "b\n")
    platform.disk.fail({ operation: "open", path: log, code: "EACCES", times: 3 })
    const run = await started(platform, { path: [log, "/tmp/other"], poll_interval: "1s" })
    await run.settle()
    expect(lines(run)).toEqual(["b"])
    await platform.advance(10_000)
    expect(lines(run)).toEqual(["b", "a"])
    expect(run.lines.filter((line) => line.includes("EACCES"))).toHaveLength(1)
    expect(run.lines).toContain("info: /tmp/log can be read again")
    await run.stop()
  })

  test("no more are open than `open_files_max`, and none is missed", async () => {
    const platform = simulatedPlatform()
    for (let number = 0; number < 20; number += 1) platform.disk.put(`/tmp/logs/${number}`, `start ${number}\n`)
    const run = await started(platform, { path: "/tmp/logs/*", open_files_max: 3 })
    await run.settle()
    expect(run.module.counts).toEqual({ files: 20, open: 3 })
    for (let number = 0; number < 20; number += 1) await append(platform, `more ${number}\n`, `/tmp/logs/${number}`)
    await run.settle()
    expect(run.module.counts?.open).toBeLessThanOrEqual(3)
    const expected = Array.from({ length: 20 }, (_, number) => [`start ${number}`, `more ${number}`]).flat()
    expect(lines(run).map(String).toSorted()).toEqual(expected.toSorted())
    await run.stop()
  })

  test("more than `files_max` wait, with one warning", async () => {
    const platform = simulatedPlatform()
    for (const name of ["a", "b", "c"]) platform.disk.put(`/tmp/logs/${name}`, `${name}\n`)
    const run = await started(platform, { path: "/tmp/logs/*", files_max: 2, poll_interval: "1s" })
    await platform.advance(5000)
    expect(lines(run)).toEqual(["a", "b"])
    expect(run.lines.filter((line) => line.includes("files_max"))).toHaveLength(1)
    await run.stop()
  })

  test("changes are noticed by looking where nobody tells of them", async () => {
    const platform = simulatedPlatform()
    platform.disk.fail({ operation: "watch", code: "ENOSPC" })
    const run = await started(platform, { poll_interval: "2s" })
    expect(run.lines.join()).toContain("changes may be noticed late: /tmp/log cannot be watched: ENOSPC")
    await append(platform, "a\n")
    await platform.advance(1000)
    expect(lines(run)).toEqual([])
    await platform.advance(1100)
    expect(lines(run)).toEqual(["a"])
    await run.stop()
  })
})

describe("rotation", () => {
  test("by rename: the old file is read on, then the new one from its beginning, and in the end the old one is let go", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "one\n")
    const run = await started(platform)
    await run.settle()
    await platform.files.rename(log, "/tmp/log.1")
    await append(platform, "late\nunfin", "/tmp/log.1")
    await append(platform, "new\n")
    await platform.advance(2000)
    expect(lines(run)).toEqual(["one", "late", "new"])
    await append(platform, "ished", "/tmp/log.1")
    await platform.advance(10_000)
    expect(lines(run)).toEqual(["one", "late", "new", "unfinished"])
    expect(run.module.counts).toEqual({ files: 1, open: 1 })
    await run.stop()
    expect(kept(platform)).toEqual({ [log]: 4 })
  })

  test("a file that is renamed to a name that is followed too is not read again", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "one\n")
    const run = await started(platform, { path: "/tmp/log*" })
    await run.settle()
    await platform.files.rename(log, "/tmp/log.1")
    await append(platform, "two\n", "/tmp/log.1")
    await append(platform, "three\n")
    await platform.advance(20_000)
    expect(lines(run).map(String).toSorted()).toEqual(["one", "three", "two"])
    expect(run.module.counts?.files).toBe(2)
    await run.stop()
  })

  test("by copy and truncate: what comes after is read, even when it is longer than what was there", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "one\ntwo\n")
    const run = await started(platform)
    await run.settle()
    const file = await platform.files.open(log, "update")
    await file.truncate(0)
    await run.settle()
    await file.write([Buffer.from("a\n")], 0)
    await run.settle()
    await file.truncate(0)
    await file.write([Buffer.from("much longer than before\nand more\n")], 0)
    await file.close()
    await run.settle()
    expect(lines(run)).toEqual(["one", "two", "a", "much longer than before", "and more"])
    await run.stop()
  })

  test("written anew within one look, at the same length: read again from its beginning", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "one\n")
    const run = await started(platform, { poll_interval: "1s" })
    await run.settle()
    platform.disk.setDeaf(true)
    await platform.advance(10)
    await platform.files.writeFile(log, "two\n")
    await platform.advance(3000)
    expect(lines(run)).toEqual(["one", "two"])
    await run.stop()
  })

  test("a file that is replaced by another is followed under its name", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "one\n")
    const run = await started(platform)
    await run.settle()
    platform.disk.put("/tmp/log.new", "two\n")
    await platform.files.rename("/tmp/log.new", log)
    await run.settle()
    await append(platform, "three\n")
    await platform.advance(1000)
    expect(lines(run)).toEqual(["one", "two", "three"])
    await run.stop()
  })

  test("a file that is removed is read to its end, and its position forgotten", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "one\nlast words")
    const run = await started(platform)
    await run.settle()
    await platform.files.unlink(log)
    await platform.advance(20_000)
    expect(lines(run)).toEqual(["one", "last words"])
    expect(run.module.counts).toEqual({ files: 0, open: 0 })
    await run.stop()
    expect(kept(platform)).toEqual({})
  })
})

describe("after a crash", () => {
  test("nothing safe is read again but what was not kept yet, and nothing is left out", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "1\n2\n")
    const run = await started(platform)
    await aWhile(run)
    expect(kept(platform)).toEqual({ [log]: 4 })
    await append(platform, "3\n")
    await run.settle()
    const next = platform.restart({ powerCut: false })
    await append(next, "4\n")
    const again = await started(next)
    await again.settle()
    expect(lines(again)).toEqual(["3", "4"])
    await again.stop()
  })

  test("lines that were on their way come again", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "1\n2\n3\n")
    const run = await started(platform)
    run.block("outbox")
    await platform.advance(5000)
    expect(kept(platform)).toEqual({ [log]: 0 })
    const again = await started(platform.restart({ powerCut: true }))
    await again.settle()
    expect(lines(again)).toEqual(["1", "2", "3"])
    await again.stop()
  })

  test("with `from: end` the place of the first start counts, also when nothing had come", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "old\n")
    await started(platform, { from: "end" })
    const next = platform.restart()
    await append(next, "while it was down\n")
    const again = await started(next, { from: "end" })
    await again.settle()
    expect(lines(again)).toEqual(["while it was down"])
    await again.stop()
  })

  test("a file that was rotated meanwhile is read to its end, before the new one", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "1\n")
    await aWhile(await started(platform))
    const next = platform.restart()
    await append(next, "2\n")
    await next.files.rename(log, "/tmp/log.1")
    await append(next, "3\n")
    const again = await started(next)
    await next.advance(10_000)
    expect(lines(again).map(String).toSorted()).toEqual(["2", "3"])
    expect(again.module.counts?.files).toBe(1)
    await again.stop()
  })

  test("a file that had just appeared is found under its new name as well", async () => {
    const platform = simulatedPlatform()
    const run = await started(platform)
    run.block("outbox")
    await append(platform, "1\n")
    await run.settle()
    const next = platform.restart({ powerCut: false })
    await next.files.rename(log, "/tmp/log.1")
    const again = await started(next)
    await again.settle()
    expect(lines(again)).toEqual(["1"])
    await again.stop()
  })

  test("a file that is gone is told, and another one with its inode is read from its beginning", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "first file\n")
    await aWhile(await started(platform))
    const next = platform.restart()
    await next.files.writeFile(log, "other\nfile, longer\n")
    const again = await started(next, { from: "end" })
    await again.settle()
    expect(lines(again)).toEqual(["other", "file, longer"])
    expect(again.lines.join()).toContain("/tmp/log begins differently than before")
    await again.stop()
    await next.files.unlink(log)
    const last = await started(next.restart())
    await last.settle()
    expect(last.lines.join()).toContain("/tmp/log, which was read up to byte 19, is gone")
    await last.stop()
  })

  test("a damaged position file is put aside, and all is read from the beginning", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "1\n")
    platform.disk.put(`${state}/positions/module.json`, '{"version":1,"inst')
    const run = await started(platform, { from: "end" })
    await run.settle()
    expect(lines(run)).toEqual(["1"])
    expect(run.lines.join()).toContain("cannot be read: every file is read from its beginning")
    expect(Object.keys(platform.disk.snapshot())).toContain(`${state}/positions/module.json.damaged`)
    await run.stop()
  })

  test.each(["null", "[]", '{"paths":1}', '{"paths":[],"files":[{"path":"/x"}]}'])("so is one that holds %s", async (content) => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "1\n")
    platform.disk.put(`${state}/positions/module.json`, `{"version":1,"instance":"module","content":${content}}`)
    const run = await started(platform, { from: "end" })
    await run.settle()
    expect(lines(run)).toEqual(["1"])
    await run.stop()
  })

  test("a position file of another instance is refused", async () => {
    const platform = simulatedPlatform()
    platform.disk.put("/tmp/positions", '{"version":1,"instance":"other","content":{"paths":[],"files":[]}}')
    await expect(started(platform, { position_file: "/tmp/positions" })).rejects.toMatchObject({ code: "WB_STATE_FILE" })
    await expect(started(platform, { position_file: "/none/of/these/file" })).rejects.toMatchObject({ code: "WB_STATE_FILE" })
  })

  test("a position that cannot be kept is told, and kept when it can", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "1\n")
    const run = await started(platform)
    platform.disk.fail({ operation: "rename", code: "ENOSPC", times: 2 })
    await append(platform, "2\n")
    await platform.advance(5000)
    expect(run.lines.join()).toContain("the position could not be kept")
    expect(kept(platform)).toEqual({ [log]: 4 })
    await run.stop()
  })
})

describe("events that fail", () => {
  test("hold the position back, and are offered again with a back-off until they are safe", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "a\n")
    const run = await started(platform, {}, { queues: { outbox: { size: 1, whenFull: "drop_new" } } })
    await aWhile(run)
    run.block("outbox")
    await append(platform, "b\nc\nd\n")
    await platform.advance(1500)
    expect(kept(platform)).toEqual({ [log]: 2 })
    await run.unblock("outbox")
    await platform.advance(200_000)
    expect(new Set(lines(run))).toEqual(new Set(["a", "b", "c", "d"]))
    expect(kept(platform)).toEqual({ [log]: 8 })
    expect(run.events["outbox"]?.some((event) => event.meta.offers > 1)).toBe(true)
    await run.stop()
  })

  test("reading waits while too many bytes are on their way", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "0123456789\n".repeat(20_000))
    const run = await started(platform, { inflight_bytes: 1000 }, { queues: { outbox: { size: 1_000_000 } } })
    run.block("outbox")
    await platform.advance(10_000)
    expect(run.books.in).toBeLessThan(7000)
    await run.unblock("outbox")
    await platform.runUntil(() => lines(run).length === 20_000)
    await run.stop()
  })

  test("reading waits while the queue is full, and a stop in the middle leaves the rest for the next start", async () => {
    const platform = simulatedPlatform()
    const all = Array.from({ length: 20_000 }, (_, number) => `line ${number}`)
    platform.disk.put(log, `${all.join("\n")}\n`)
    const run = await started(platform)
    run.block("outbox")
    await platform.advance(5000)
    expect(run.books.in).toBeLessThanOrEqual(2048)
    await run.stop()
    const first = [...lines(run)]
    const again = await started(platform.restart())
    await again.platform.runUntil(() => first.length + lines(again).length >= all.length)
    await again.settle()
    expect([...first, ...lines(again)]).toEqual(all)
    await again.stop()
  })
})
