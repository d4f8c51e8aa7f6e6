import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Files, Watcher } from "../../../src/platform/platform.ts"
import { realPlatform } from "../../../src/platform/real.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { turn, until } from "./recorder.ts"

const made: string[] = []
const watchers: Watcher[] = []

afterEach(async () => {
  for (const watcher of watchers.splice(0)) await watcher.close()
})
afterAll(() => {
  for (const root of made) rmSync(root, { recursive: true, force: true })
})

function realDirectory(): { files: Files; root: string } {
  const root = mkdtempSync(join(tmpdir(), "wishbone-watch-"))
  made.push(root)
  return { files: realPlatform().files, root }
}

async function watched(files: Files, path: string, depth?: number): Promise<{ told: string[]; failures: string[]; watcher: Watcher }> {
  const told: string[] = []
  const failures: string[] = []
  const events = {
    changed: (changed: string, what: string) => void told.push(`${what} ${changed}`),
    failed: (error: Error) => void failures.push(error.message),
  }
  const watcher = files.watch(path, events, depth === undefined ? {} : { depth })
  watchers.push(watcher)
  await watcher.ready
  return { told, failures, watcher }
}

describe.each<[string, () => { files: Files; root: string }]>([
  ["real", realDirectory],
  ["simulated", () => ({ files: simulatedPlatform().files, root: "/tmp" })],
])("watching on the %s platform", (_name, make) => {
  let files: Files
  let root: string
  const at = (...names: string[]): string => join(root, ...names)

  beforeEach(() => {
    ;({ files, root } = make())
  })

  test("tells of a file that appears, changes and goes, and of no other", async () => {
    const { told } = await watched(files, at("a"))
    await files.writeFile(at("other"), "x")
    await files.writeFile(at("a"), "1")
    await until(() => told.includes(`added ${at("a")}`))
    const file = await files.open(at("a"), "append")
    await file.write([Buffer.from("2")], 0)
    await file.close()
    await until(() => told.includes(`changed ${at("a")}`))
    await files.unlink(at("a"))
    await until(() => told.includes(`removed ${at("a")}`))
    expect(told.filter((one) => one.includes("other"))).toEqual([])
  })

  test("does not tell what is there already", async () => {
    await files.writeFile(at("old"), "x")
    const { told } = await watched(files, root)
    await files.writeFile(at("new"), "x")
    await until(() => told.length > 0)
    expect(told).toContain(`added ${at("new")}`)
    expect(told).not.toContain(`added ${at("old")}`)
  })

  test("stays with the name of a file that is renamed away and made again, and renamed over", async () => {
    await files.writeFile(at("log"), "one")
    const { told } = await watched(files, at("log"))
    await files.rename(at("log"), at("log.1"))
    await until(() => told.includes(`removed ${at("log")}`) || told.includes(`changed ${at("log")}`))
    await files.writeFile(at("log"), "two")
    await until(() => told.includes(`added ${at("log")}`) || told.filter((one) => one === `changed ${at("log")}`).length > 1)
    for (const round of ["three", "four"]) {
      told.length = 0
      await files.writeFile(at("log.new"), round)
      await files.rename(at("log.new"), at("log"))
      await until(() => told.length > 0)
    }
    expect(told.every((one) => one.endsWith(at("log")))).toBe(true)
  })

  test("tells of the entries of a folder, and deeper only when asked", async () => {
    await files.makeDirectory(at("folder"))
    await files.makeDirectory(at("folder", "deep"))
    const flat = await watched(files, at("folder"))
    const deep = await watched(files, at("folder"), 1)
    await files.writeFile(at("folder", "deep", "far"), "x")
    await files.writeFile(at("folder", "near"), "x")
    await until(() => deep.told.length >= 2 && flat.told.length >= 1)
    expect([...deep.told].sort()).toEqual([`added ${at("folder", "deep", "far")}`, `added ${at("folder", "near")}`])
    expect(flat.told).toEqual([`added ${at("folder", "near")}`])
  })

  test("awaits a folder that does not exist, and one that is removed and made again", async () => {
    const { told } = await watched(files, at("folder"))
    await files.makeDirectory(at("folder"))
    await until(() => told.includes(`added ${at("folder")}`))
    await files.writeFile(at("folder", "a"), "x")
    await until(() => told.includes(`added ${at("folder", "a")}`))
    await files.rename(at("folder"), at("elsewhere"))
    await until(() => told.includes(`removed ${at("folder")}`))
    told.length = 0
    await files.makeDirectory(at("folder"))
    await files.writeFile(at("folder", "b"), "x")
    await until(() => told.includes(`added ${at("folder", "b")}`))
  })

  test("awaits a path whose folders are all missing", async () => {
    const { told } = await watched(files, at("x", "y", "log"))
    await files.makeDirectory(at("x"))
    await files.makeDirectory(at("x", "y"))
    await files.writeFile(at("x", "y", "log"), "x")
    await until(() => told.includes(`added ${at("x", "y", "log")}`))
  })

  test("calls nothing within the call, and nothing once it was closed", async () => {
    await files.writeFile(at("a"), "x")
    const { told, watcher } = await watched(files, at("a"))
    const closing = watcher.close()
    await files.writeFile(at("a"), "changed")
    await closing
    await watcher.close()
    for (let count = 0; count < 50; count += 1) await turn()
    expect(told).toEqual([])
  })

  test("is closed while it begins", async () => {
    const watcher = files.watch(at("a"), { changed: () => undefined, failed: () => undefined })
    await watcher.close()
    await watcher.ready
  })

  test("appends wherever the end is by then", async () => {
    const one = await files.open(at("log"), "append")
    const other = await files.open(at("log"), "append")
    await one.write([Buffer.from("one ")], 0)
    await other.write([Buffer.from("two ")], 0)
    await one.truncate(4)
    await one.write([Buffer.from("three")], 999)
    expect((await one.stat()).size).toBe(9)
    expect((await one.stat()).inode).toBe((await files.stat(at("log")))?.inode)
    await Promise.all([one.close(), other.close()])
    expect((await files.readFile(at("log"))).toString()).toBe("one three")
  })

  test("knows the real path of what is there", async () => {
    await files.writeFile(at("log"), "x")
    expect(await files.realPath(at("log"))).toBe(at("log"))
    await expect(files.realPath(at("none"))).rejects.toMatchObject({ code: "ENOENT", syscall: expect.stringMatching(/^(realpath|lstat)$/) })
  })
})

test("the real platform tells of the last of many changes that follow closely", async () => {
  const { files, root } = realDirectory()
  const path = join(root, "log")
  writeFileSync(path, "")
  const { told } = await watched(files, path)
  appendFileSync(path, "one")
  await until(() => told.length === 1)
  appendFileSync(path, "two")
  await until(() => told.length === 2)
  expect(told).toEqual([`changed ${path}`, `changed ${path}`])
})

test("the real platform notices that the folder above was replaced", async () => {
  const { files, root } = realDirectory()
  mkdirSync(join(root, "logs"))
  const path = join(root, "logs", "log")
  writeFileSync(path, "old")
  const { told } = await watched(files, path)
  renameSync(join(root, "logs"), join(root, "gone"))
  mkdirSync(join(root, "logs"))
  writeFileSync(path, "new")
  await until(() => told.includes(`added ${path}`))
})

test("a simulated disk fails a watch by script, and can be deaf", async () => {
  const platform: SimulatedPlatform = simulatedPlatform()
  platform.disk.fail({ operation: "watch", code: "ENOSPC" })
  const failing = await watched(platform.files, "/tmp/a")
  expect(failing.failures).toEqual(["ENOSPC: no space left on device, watch '/tmp/a'"])
  const { told } = await watched(platform.files, "/tmp/a")
  platform.disk.setDeaf(true)
  platform.disk.put("/tmp/a", "1")
  await platform.settle()
  expect(told).toEqual([])
  platform.disk.setDeaf(false)
  platform.disk.put("/tmp/b", "1")
  await platform.settle()
  expect(told).toEqual(["added /tmp/a"])
  expect(failing.told).toEqual([])
})
