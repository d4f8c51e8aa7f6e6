// The file contract, held against the real and the simulated platform alike.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import type { Files } from "../../../src/platform/platform.ts"
import { realPlatform } from "../../../src/platform/real.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"

const made: string[] = []

function realDirectory(): { files: Files; root: string } {
  const root = mkdtempSync(join(tmpdir(), "wishbone-files-"))
  made.push(root)
  return { files: realPlatform().files, root }
}

afterAll(() => {
  for (const root of made) rmSync(root, { recursive: true, force: true })
})

describe.each<[string, () => { files: Files; root: string }]>([
  ["real", realDirectory],
  ["simulated", () => ({ files: simulatedPlatform().files, root: "/tmp" })],
])("files of the %s platform", (_name, make) => {
  let files: Files
  let root: string
  const at = (...names: string[]): string => join(root, ...names)

  beforeEach(() => {
    ;({ files, root } = make())
  })

  test("writes several buffers as one, reads them back, and stops at the end", async () => {
    const file = await files.open(at("a"), "create")
    await file.write([Buffer.from("one "), Buffer.alloc(0), Buffer.from("two")], 0)
    await file.write([Buffer.from("!")], 7)
    const target = Buffer.alloc(20, ".")
    expect(await file.read(target, 2, 18, 0)).toBe(8)
    expect(target.toString()).toBe("..one two!..........")
    expect(await file.read(target, 0, 20, 8)).toBe(0)
    expect(await file.read(target, 0, 20, 800)).toBe(0)
    expect(await file.read(target, 0, 3, 4)).toBe(3)
    expect(target.toString("utf8", 0, 3)).toBe("two")
    expect(await file.size()).toBe(8)
    await file.sync()
    await file.close()
    expect((await files.readFile(at("a"))).toString()).toBe("one two!")
  })

  test("writes more buffers than one system call takes", async () => {
    const file = await files.open(at("many"), "create")
    await file.write(
      Array.from({ length: 3000 }, (_, index) => Buffer.from(`${index % 10}`)),
      0,
    )
    await file.close()
    expect((await files.readFile(at("many"))).toString()).toBe("0123456789".repeat(300))
  })

  test("fills a gap with zeros, cuts and grows", async () => {
    const file = await files.open(at("gap"), "create")
    await file.write([Buffer.from("end")], 4)
    await file.truncate(5)
    await file.truncate(7)
    await file.close()
    expect([...(await files.readFile(at("gap")))]).toEqual([0, 0, 0, 0, 0x65, 0, 0])
  })

  test("opens for reading only what exists, and creates only what does not", async () => {
    await expect(files.open(at("none"), "read")).rejects.toMatchObject({ code: "ENOENT", syscall: "open", path: at("none") })
    const first = await files.open(at("some"), "create")
    await first.close()
    await expect(files.open(at("some"), "create")).rejects.toMatchObject({ code: "EEXIST" })
    const again = await files.open(at("some"), "update")
    await again.write([Buffer.from("x")], 0)
    await again.close()
    const reading = await files.open(at("some"), "read")
    await expect(reading.write([Buffer.from("y")], 0)).rejects.toMatchObject({ code: "EBADF" })
    await reading.close()
    expect((await files.stat(at("some")))?.size).toBe(1)
  })

  test("refuses a closed file, and closes twice without complaint", async () => {
    const file = await files.open(at("closed"), "create")
    await file.close()
    await file.close()
    await expect(file.read(Buffer.alloc(1), 0, 1, 0)).rejects.toMatchObject({ code: "EBADF" })
    await expect(file.sync()).rejects.toMatchObject({ code: "EBADF" })
  })

  test("closes after the operations under way", async () => {
    const file = await files.open(at("busy"), "create")
    const order: string[] = []
    const write = file.write([Buffer.alloc(1_000_000, "x")], 0).then(() => order.push("written"))
    const close = file.close().then(() => order.push("closed"))
    await Promise.all([write, close])
    expect(order).toEqual(["written", "closed"])
    expect((await files.stat(at("busy")))?.size).toBe(1_000_000)
  })

  test("answers undefined for the stat of nothing", async () => {
    await files.writeFile(at("file"), "x")
    expect(await files.stat(at("none"))).toBeUndefined()
    expect(await files.stat(at("none", "below"))).toBeUndefined()
    expect(await files.stat(at("file", "below"))).toBeUndefined()
  })

  test("tells files from directories, and one file from another", async () => {
    await files.makeDirectory(at("folder"))
    await files.writeFile(at("one"), "1")
    await files.writeFile(at("two"), "22")
    const [folder, one, two] = await Promise.all([files.stat(at("folder")), files.stat(at("one")), files.stat(at("two"))])
    expect(folder).toMatchObject({ isDirectory: true, isFile: false })
    expect(one).toMatchObject({ isDirectory: false, isFile: true, size: 1, device: two?.device })
    expect(one?.inode).not.toBe(two?.inode)
    await files.rename(at("one"), at("three"))
    expect((await files.stat(at("three")))?.inode).toBe(one?.inode)
  })

  test("lists names in order, and complains about a missing directory", async () => {
    for (const name of ["b", "a", "B", "10", "9"]) await files.writeFile(at(name), "")
    expect(await files.list(root)).toEqual(["10", "9", "B", "a", "b"])
    await expect(files.list(at("none"))).rejects.toMatchObject({ code: "ENOENT", syscall: "scandir" })
    await expect(files.list(at("a"))).rejects.toMatchObject({ code: "ENOTDIR" })
  })

  test("makes a directory once, and not where a file is or its parent is missing", async () => {
    await files.makeDirectory(at("folder"))
    await files.makeDirectory(at("folder"))
    await files.writeFile(at("file"), "")
    await expect(files.makeDirectory(at("file"))).rejects.toMatchObject({ code: "EEXIST" })
    await expect(files.makeDirectory(at("none", "below"))).rejects.toMatchObject({ code: "ENOENT" })
    await expect(files.makeDirectory(at("file", "below"))).rejects.toMatchObject({ code: "ENOTDIR" })
  })

  test("renames over a file, but not over a directory, nor from nothing", async () => {
    await files.writeFile(at("new"), "new")
    await files.writeFile(at("old"), "old")
    await files.rename(at("new"), at("old"))
    expect(await files.list(root)).toEqual(["old"])
    expect((await files.readFile(at("old"))).toString()).toBe("new")
    await files.makeDirectory(at("folder"))
    await files.rename(at("old"), at("folder", "moved"))
    await expect(files.rename(at("folder", "moved"), at("folder"))).rejects.toMatchObject({
      code: expect.stringMatching(/EISDIR|ENOTEMPTY/),
    })
    await expect(files.rename(at("folder"), at("folder", "itself"))).rejects.toMatchObject({ code: "EINVAL" })
    await expect(files.rename(at("none"), at("x"))).rejects.toMatchObject({ code: "ENOENT", path: at("none"), dest: at("x") })
  })

  test("removes names, not what an open file holds", async () => {
    const file = await files.open(at("a"), "create")
    await file.write([Buffer.from("held")], 0)
    await files.unlink(at("a"))
    expect(await files.list(root)).toEqual([])
    const target = Buffer.alloc(4)
    expect(await file.read(target, 0, 4, 0)).toBe(4)
    await file.close()
    await expect(files.unlink(at("a"))).rejects.toMatchObject({ code: "ENOENT", syscall: "unlink" })
    await files.makeDirectory(at("folder"))
    await expect(files.unlink(at("folder"))).rejects.toMatchObject({ code: "EISDIR" })
  })

  test("replaces a small file, longer by shorter", async () => {
    await files.writeFile(at("a"), "long content")
    await files.writeFile(at("a"), Buffer.from("short"))
    expect((await files.readFile(at("a"))).toString()).toBe("short")
    await expect(files.readFile(at("none"))).rejects.toMatchObject({ code: "ENOENT" })
    await expect(files.readFile(root)).rejects.toMatchObject({ code: "EISDIR" })
    await expect(files.writeFile(at("none", "a"), "x")).rejects.toMatchObject({ code: "ENOENT" })
  })

  test("syncs directories, and nothing else", async () => {
    await files.writeFile(at("a"), "")
    await files.syncDirectory(root)
    await expect(files.syncDirectory(at("none"))).rejects.toMatchObject({ code: "ENOENT" })
    await expect(files.syncDirectory(at("a"))).rejects.toMatchObject({ code: "ENOTDIR" })
  })

  test("knows the room left, and whether a directory can be written to", async () => {
    expect(await files.freeBytes(root)).toBeGreaterThan(0)
    await expect(files.freeBytes(at("none"))).rejects.toMatchObject({ code: "ENOENT" })
    await files.writeFile(at("a"), "")
    expect(await files.writable(root)).toBe(true)
    expect(await files.writable(at("none"))).toBe(false)
    expect(await files.writable(at("a"))).toBe(false)
  })
})
