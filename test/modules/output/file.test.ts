import { describe, expect, test } from "vitest"
import FileOutput from "../../../modules/output/file.ts"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { type ModuleRun, type SimulatedPlatform, simulatedPlatform, startModule } from "../../../src/testing/index.ts"

type Run = ModuleRun<FileOutput>

const base = "/tmp/out"
const log = `${base}/log`

async function started(args: Record<string, unknown> = {}, platform: SimulatedPlatform = simulatedPlatform()): Promise<Run> {
  return startModule(FileOutput, { base_dir: base, path: "log", ...args }, { platform })
}

/** The files, with what is certain to survive a power cut when `durable`. */
function files(run: Run, durable = false): Record<string, string> {
  const found = Object.entries(run.platform.disk.snapshot({ durable }))
  return Object.fromEntries(found.map(([path, content]) => [path.replace(`${base}/`, ""), content.toString()]))
}

const failures = (run: Run): string[] =>
  (run.events["failed"] ?? []).map((event) => `${event.meta.history.at(-1)?.kind} ${event.meta.history.at(-1)?.message}`)

describe("appending", () => {
  test("one line an event, synced before it is delivered", async () => {
    const run = await started()
    await run.send("inbox", "one", { two: 2 }, Buffer.from("three"), ["a", "b"], "")
    expect(files(run, true)).toEqual({ log: 'one\n{"two":2}\nthree\na\nb\n\n' })
    expect(run.sent["successful"]).toHaveLength(5)
    await run.send("inbox", "last")
    expect(files(run)["log"]).toMatch(/b\n\nlast\n$/)
    await run.stop()
  })

  test("goes on behind what is there, after the end of a line that its writer did not finish", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(log, "whole\nhal")
    const run = await started({}, platform)
    await run.send("inbox", "new")
    expect(files(run)).toEqual({ log: "whole\nhal\nnew\n" })
    await run.stop()
  })

  test("takes what leaves from `payload`, and ends it as told", async () => {
    const run = await started({ payload: "{{ data.a }}!", delimiter: "--" })
    await run.send("inbox", { a: 1 }, { a: 2 })
    expect(files(run)).toEqual({ log: "1!--2!--" })
    await run.stop()
  })

  test("data that holds the delimiter fails, or is allowed", async () => {
    const strict = await started()
    await strict.send("inbox", "a\nb", "c")
    expect(files(strict)).toEqual({ log: "c\n" })
    expect(failures(strict)[0]).toMatch(/^invalid /)
    await strict.stop()
    const loose = await started({ delimiter_in_data: "allow" })
    await loose.send("inbox", "a\nb")
    expect(files(loose)).toEqual({ log: "a\nb\n" })
    await loose.stop()
  })

  test("many events in one batch are one write and one sync", async () => {
    const run = await started()
    const { disk } = run.platform
    await run.send("inbox", "first")
    const before = [disk.count("write"), disk.count("sync")]
    await run.send("inbox", ...Array.from({ length: 1000 }, (_, number) => `line ${number}`))
    expect([disk.count("write"), disk.count("sync")].map((count, index) => count - (before[index] ?? 0))).toEqual([1, 1])
    await run.stop()
  })
})

describe("syncing", () => {
  test("within a time: delivered when written, on the disk a moment later", async () => {
    const run = await started({ sync: "500ms" })
    await run.send("inbox", "one")
    expect(run.sent["successful"]).toEqual(["one"])
    expect(files(run, true)["log"]).toBe("")
    await run.platform.advance(500)
    expect(files(run, true)["log"]).toBe("one\n")
    await run.send("inbox", "two")
    await run.stop()
    expect(files(run, true)["log"]).toBe("one\ntwo\n")
  })

  test("never", async () => {
    const run = await started({ sync: "never" })
    await run.send("inbox", "one")
    await run.stop()
    expect(run.platform.disk.count("sync")).toBe(0)
    expect(files(run)).toEqual({ log: "one\n" })
  })

  test("a sync that fails fails its events, and cuts their lines off", async () => {
    const run = await started()
    await run.send("inbox", "one")
    run.platform.disk.fail({ operation: "sync", code: "EIO" })
    await run.send("inbox", "two")
    expect(failures(run)).toEqual([expect.stringMatching(/^transient EIO/)])
    expect(files(run)).toEqual({ log: "one\n" })
    await run.send("inbox", "three")
    expect(files(run)).toEqual({ log: "one\nthree\n" })
    await run.stop()
  })

  test("what is delivered survives a power cut", async () => {
    let total = 0
    for (let seed = 1; seed <= 20; seed += 1) {
      const platform = simulatedPlatform({ seed })
      platform.disk.setLatency({ minMs: 1, maxMs: 3 })
      const run = await started({ rotate_bytes: 1024, rotate_keep: 100 }, platform)
      for (let number = 0; number < 40; number += 1) {
        run.put("inbox", `line ${number} ${"x".repeat(100)}`)
        if (number % 4 === 3) await platform.advance(60)
      }
      run.put("inbox", "one more")
      await platform.advance(seed)
      const delivered = run.sent["successful"] ?? []
      total += delivered.length
      const next = platform.restart({ powerCut: true })
      const kept = Object.values(next.disk.snapshot()).join("").split("\n")
      expect(delivered.filter((line) => !kept.includes(String(line)))).toEqual([])
    }
    expect(total).toBeGreaterThan(400)
  })
})

describe("when the disk refuses", () => {
  test("full: the part of a line is cut off, and the events fail as transient so that they may go elsewhere", async () => {
    const run = await started()
    await run.send("inbox", "one")
    run.platform.disk.setCapacity(20)
    await run.send("inbox", "a line that is longer than what is left")
    expect(failures(run)).toEqual([expect.stringMatching(/^transient .*ENOSPC/)])
    expect(files(run)).toEqual({ log: "one\n" })
    await run.send("inbox", "short")
    run.platform.disk.setCapacity(1000)
    await run.send("inbox", "and it goes on")
    expect(files(run)).toEqual({ log: "one\nshort\nand it goes on\n" })
    expect(run.lines.filter((line) => line.includes("events could not be written"))).toHaveLength(1)
    await run.stop()
  })

  test("also to be cut off: that is made up for before the next line", async () => {
    const run = await started()
    await run.send("inbox", "one")
    const { disk } = run.platform
    disk.fail({ operation: "write", code: "EIO" })
    disk.fail({ operation: "truncate", code: "EIO" })
    await run.send("inbox", "lost in the middle of it all")
    await run.send("inbox", "two")
    expect(files(run)).toEqual({ log: "one\ntwo\n" })
    await run.stop()
  })

  test("in the middle of a batch over several rotations: what was written is delivered, the rest fails", async () => {
    const run = await started({ rotate_bytes: 1024, rotate_keep: 10 })
    const lines = Array.from({ length: 30 }, (_, number) => `${number} ${"x".repeat(97)}`)
    run.platform.disk.setCapacity(2500)
    await run.send("inbox", ...lines)
    const delivered = run.sent["successful"] ?? []
    expect(delivered.length).toBeGreaterThan(9)
    expect([...delivered, ...(run.sent["failed"] ?? [])]).toEqual(lines)
    const kept = [files(run)["log.2"], files(run)["log.1"], files(run)["log"]]
      .join("")
      .split("\n")
      .filter((line) => line !== "")
    expect(kept).toEqual(delivered)
    await run.stop()
  })

  test("to open: transient; a directory in the place of the file: invalid", async () => {
    const platform = simulatedPlatform()
    platform.disk.put(`${base}/folder/x`, "")
    const run = await started({ path: "{{ data }}" }, platform)
    platform.disk.fail({ operation: "open", code: "EMFILE" })
    await run.send("inbox", "a", "folder")
    expect(
      failures(run)
        .map((failure) => String(failure.split(" ")[0]))
        .toSorted(),
    ).toEqual(["invalid", "transient"])
    await run.send("inbox", "a")
    expect(files(run)["a"]).toBe("a\n")
    await run.stop()
  })
})

describe("rotation", () => {
  test("by size, before the line that would be too much; so many old files are kept", async () => {
    const run = await started({ rotate_bytes: 1024, rotate_keep: 2 })
    const line = (number: number): string => `${number} ${"x".repeat(509)}`
    await run.send("inbox", line(1), line(2), line(3))
    expect(files(run)).toEqual({ log: `${line(3)}\n`, "log.1": `${line(1)}\n${line(2)}\n` })
    await run.send("inbox", ...[4, 5, 6, 7, 8].map(line))
    expect(Object.keys(files(run)).sort()).toEqual(["log", "log.1", "log.2"])
    expect(files(run)["log.2"]).toBe(`${line(3)}\n${line(4)}\n`)
    await run.stop()
  })

  test("a line larger than a file has one for itself", async () => {
    const run = await started({ rotate_bytes: 1024 })
    await run.send("inbox", "a", "x".repeat(3000), "b")
    expect(files(run)).toEqual({ log: "b\n", "log.1": `${"x".repeat(3000)}\n`, "log.2": "a\n" })
    await run.stop()
  })

  test("without old files the file begins anew", async () => {
    const run = await started({ rotate_bytes: 1024, rotate_keep: 0 })
    await run.send("inbox", "x".repeat(1000), "y".repeat(1000))
    expect(files(run)).toEqual({ log: `${"y".repeat(1000)}\n` })
    await run.stop()
  })

  test("by time, with the first line of a new interval, over a restart too", async () => {
    const platform = simulatedPlatform({ startMs: Date.UTC(2026, 0, 1, 22) })
    const run = await started({ rotate_interval: "1d" }, platform)
    await run.send("inbox", "first of January")
    await platform.advance(3 * 3_600_000)
    expect(files(run)).toEqual({ log: "first of January\n" })
    await run.send("inbox", "second")
    expect(files(run)).toEqual({ log: "second\n", "log.1": "first of January\n" })
    await run.stop()
    await platform.advance(24 * 3_600_000)
    const again = await started({ rotate_interval: "1d" }, platform.restart())
    await again.send("inbox", "third")
    expect(files(again)).toEqual({ log: "third\n", "log.1": "second\n", "log.2": "first of January\n" })
    await again.stop()
  })

  test("that fails is told, and does not keep events from being written", async () => {
    const run = await started({ rotate_bytes: 1024 })
    run.platform.disk.fail({ operation: "rename", code: "EACCES" })
    await run.send("inbox", "x".repeat(1000), "y".repeat(1000), "z")
    expect(files(run)).toEqual({ log: `${"x".repeat(1000)}\n${"y".repeat(1000)}\nz\n` })
    expect(run.lines.join()).toContain("could not be rotated")
    await run.platform.advance(61_000)
    await run.send("inbox", "later")
    expect(Object.keys(files(run)).sort()).toEqual(["log", "log.1"])
    await run.stop()
  })

  test("by somebody else: the file is made anew within a second", async () => {
    const run = await started()
    await run.send("inbox", "one")
    await run.platform.files.rename(log, `${log}.old`)
    await run.platform.advance(1000)
    await run.send("inbox", "two")
    expect(files(run)).toEqual({ log: "two\n", "log.old": "one\n" })
    await run.platform.files.unlink(log)
    await run.platform.advance(1000)
    await run.send("inbox", "three")
    expect(files(run)["log"]).toBe("three\n")
    await run.stop()
  })
})

describe("a path from the event", () => {
  test("makes a file for each name, and the folders below `base_dir`", async () => {
    const run = await started({ path: "{{ data.host }}/{{ data.kind }}.log", payload: "{{ data.n }}" })
    await run.send("inbox", { host: "a", kind: "x", n: 1 }, { host: "b", kind: "x", n: 2 }, { host: "a", kind: "x", n: 3 })
    expect(files(run)).toEqual({ "a/x.log": "1\n3\n", "b/x.log": "2\n" })
    await run.stop()
  })

  test.each([
    ["../escape", "holds `..`"],
    ["a/../../escape", "holds `..`"],
    ["/etc/passwd", "is not below /tmp/out"],
    ["/tmp/outside", "is not below /tmp/out"],
    ["a\u0000b", "control characters"],
    ["a\nb", "control characters"],
    ["", "text that is not empty"],
    [".", "names no file"],
    ["a/", "names no file"],
    ["/tmp/out", "is not below /tmp/out"],
    ["x".repeat(256), "is too long"],
    [Array.from({ length: 50 }, () => "y".repeat(100)).join("/"), "is too long"],
  ])("cannot be %j", async (name, problem) => {
    const run = await started({ path: "{{ data }}" })
    await run.send("inbox", name, "fine")
    expect(files(run)).toEqual({ fine: "fine\n" })
    expect(failures(run)).toEqual([expect.stringContaining("invalid ")])
    expect(failures(run)[0]).toContain(problem)
    await run.stop()
  })

  test("keeps to `open_files_max`, and what was written is there", async () => {
    const run = await started({ path: "{{ data.f }}", payload: "{{ data.n }}", open_files_max: 4 })
    const events = Array.from({ length: 200 }, (_, n) => ({ f: `f${n % 25}`, n }))
    await run.send("inbox", ...events)
    await run.send("inbox", ...events)
    const { disk } = run.platform
    expect(disk.count("open") - disk.count("close")).toBeLessThanOrEqual(4)
    const expected = (f: number): string =>
      [0, 1]
        .flatMap(() => events.filter((event) => event.f === `f${f}`))
        .map(({ n }) => `${n}\n`)
        .join("")
    for (let f = 0; f < 25; f += 1) expect(files(run)[`f${f}`]).toBe(expected(f))
    await run.stop()
    expect(disk.count("open") - disk.count("close")).toBe(0)
  })

  test("an absolute path without template has its own folder", async () => {
    const run = await started({ path: "/tmp/elsewhere/log" })
    await run.send("inbox", "x")
    expect(files(run)).toEqual({ "/tmp/elsewhere/log": "x\n" })
    await run.stop()
  })
})

describe("overwriting", () => {
  test("the file holds the last event, whole at any time", async () => {
    const run = await started({ mode: "overwrite" })
    await run.send("inbox", "one", "two, which is longer")
    expect(files(run, true)).toEqual({ log: "two, which is longer\n" })
    await run.send("inbox", "three")
    expect(files(run, true)).toEqual({ log: "three\n" })
    expect(run.sent["successful"]).toHaveLength(3)
    run.platform.disk.setCapacity(8)
    await run.send("inbox", "four is too much for the disk")
    expect(files(run)["log"]).toBe("three\n")
    expect(failures(run)).toEqual([expect.stringMatching(/^transient .*ENOSPC/)])
    await run.stop()
  })

  test("does not go with rotation", async () => {
    await expect(started({ mode: "overwrite", rotate_bytes: 2000 })).rejects.toMatchObject({ code: "WB_ARGUMENT_INVALID" })
  })
})

test("refuses a folder that cannot be had, and a path that leads out of it", async () => {
  await expect(started({ base_dir: "/none/of/these" })).rejects.toMatchObject({ code: "WB_OUTPUT_FILE_BASE" })
  const platform = simulatedPlatform()
  platform.disk.put("/tmp/file", "")
  await expect(started({ base_dir: "/tmp/file" }, platform)).rejects.toMatchObject({ code: "WB_OUTPUT_FILE_BASE" })
  await expect(started({ path: "../x" })).rejects.toThrow("holds `..`")
})

test("takes the names that Wishbone had", () => {
  const { values, problems } = checkArguments(FileOutput.spec, { location: "./x.out" })
  expect([values["path"], problems]).toEqual(["./x.out", []])
  const contrib = checkArguments(FileOutput.spec, { directory: "/var/log", filename: "{{ data.f }}" })
  expect([contrib.values["base_dir"], contrib.values["path"], contrib.problems]).toEqual(["/var/log", "{{ data.f }}", []])
})
