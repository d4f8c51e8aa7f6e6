import { beforeEach, describe, expect, test } from "vitest"
import { claimPidFile, type PidRecord, readPidFile, removePidFile, replacePidFile } from "../../../src/cli/pid-file.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { ProcessTable } from "./process-table.ts"

const file = "/tmp/wishbone.pid"

let platform: SimulatedPlatform
let processes: ProcessTable

beforeEach(() => {
  platform = simulatedPlatform()
  processes = new ProcessTable()
})

function record(pid: number): PidRecord {
  return { pid, mark: `boot/${pid}`, config: "flow.yaml", log: "/tmp/wishbone.log", stopTimeoutMs: 10_000 }
}

function claim(pid: number): Promise<void> {
  return platform.complete(claimPidFile(file, record(pid), { platform, processes }))
}

const files = (): string[] => Object.keys(platform.disk.snapshot())

describe("claiming a pid file", () => {
  test("makes it, with the number alone on the first line, and nothing beside it", async () => {
    await claim(500)
    expect(platform.disk.snapshot()[file]?.toString().split("\n")[0]).toBe("500")
    expect(await platform.complete(readPidFile(platform.files, file))).toEqual(record(500))
    expect(files()).toEqual([file])
  })

  test("is refused while the graph of the file runs", async () => {
    await claim(500)
    processes.add(500)
    await expect(claim(600)).rejects.toMatchObject({
      code: "WB_PID_FILE_HELD",
      message: expect.stringContaining("process 500, of `flow.yaml`"),
    })
    expect(await platform.complete(readPidFile(platform.files, file))).toEqual(record(500))
  })

  test("is refused while nobody can tell whether it runs", async () => {
    await claim(500)
    processes.add(500, { mark: "" })
    await expect(claim(600)).rejects.toMatchObject({ code: "WB_PID_FILE_HELD" })
  })

  test.each([
    ["whose process is gone", undefined],
    ["whose number was given away", { mark: "boot/other" }],
  ])("replaces a file %s", async (_, entry) => {
    await claim(500)
    if (entry !== undefined) processes.add(500, entry)
    await claim(600)
    expect(await platform.complete(readPidFile(platform.files, file))).toEqual(record(600))
  })

  test("replaces an empty file, as a claim leaves that was cut short", async () => {
    platform.disk.put(file, "")
    await claim(600)
    expect(await platform.complete(readPidFile(platform.files, file))).toEqual(record(600))
  })

  test("never overwrites a file that is something else", async () => {
    platform.disk.put(file, "modules: {}\n")
    await expect(claim(600)).rejects.toMatchObject({ code: "WB_PID_FILE_INVALID" })
    expect(platform.disk.snapshot()[file]?.toString()).toBe("modules: {}\n")
  })

  test("of two at once over a stale file one wins, whoever it is", async () => {
    await claim(500)
    platform.disk.setLatency({ minMs: 1, maxMs: 9 })
    processes.add(600)
    processes.add(700)
    const both = [600, 700].map((pid) => claimPidFile(file, record(pid), { platform, processes }))
    const outcomes = await platform.complete(Promise.allSettled(both))
    const won = outcomes.findIndex(({ status }) => status === "fulfilled")
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "WB_PID_FILE_HELD" } })
    expect(await platform.complete(readPidFile(platform.files, file))).toEqual(record([600, 700][won] ?? 0))
  })

  test.each([
    ["a folder that is missing", "/nowhere/wishbone.pid", () => undefined, "ENOENT"],
    ["a disk that refuses", file, (): void => platform.disk.setReadOnly(true), "EROFS"],
    ["a full disk", file, (): void => platform.disk.setCapacity(0), "ENOSPC"],
  ])("in %s says why it cannot", async (_, path, prepare, code) => {
    prepare()
    const claimed = platform.complete(claimPidFile(path, record(500), { platform, processes }))
    await expect(claimed).rejects.toMatchObject({ code: "WB_PID_FILE_WRITE", message: expect.stringContaining(code) })
  })
})

test("new content takes the place of the old in one step", async () => {
  await claim(500)
  await platform.complete(replacePidFile(platform.files, file, { ...record(500), state: "/state", stopping: true }))
  expect(await platform.complete(readPidFile(platform.files, file))).toEqual({ ...record(500), state: "/state", stopping: true })
  expect(files()).toEqual([file])
})

test("only the file of that very process is removed", async () => {
  await claim(500)
  await platform.complete(removePidFile(platform.files, file, { pid: 500, mark: "boot/other" }))
  await platform.complete(removePidFile(platform.files, file, { pid: 600, mark: "boot/500" }))
  expect(files()).toEqual([file])
  await platform.complete(removePidFile(platform.files, file, record(500)))
  expect(files()).toEqual([])
})
