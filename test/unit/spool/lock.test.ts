import { spawnSync } from "node:child_process"
import { readdirSync, statSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { realPlatform } from "../../../src/platform/real.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { acquireLock, tryLock } from "../../../src/spool/lock.ts"
import { Spools } from "../../../src/spool/spools.ts"
import { append, openReader, openWriter, RecordingLog, record, temporaryDirectory } from "./setup.ts"

describe.each([
  ["simulated", () => ({ platform: simulatedPlatform(), directory: "/tmp" })],
  ["real", () => ({ platform: realPlatform(), directory: temporaryDirectory() })],
  ["real, without abstract sockets,", () => ({ platform: { ...realPlatform(), abstractSockets: false }, directory: temporaryDirectory() })],
])("on the %s platform", (_, make) => {
  test("a directory has one writer and one reader, and a second one learns who it is", async () => {
    const { platform, directory } = make()
    const first = await openWriter(platform, directory)
    await expect(openWriter(platform, directory)).rejects.toMatchObject({
      code: "WB_SPOOL_LOCKED",
      details: { role: "writer", pid: platform.pid },
      message: expect.stringContaining(`process ${platform.pid}`) as string,
    })
    const reader = await openReader(platform, directory)
    await expect(openReader(platform, directory)).rejects.toMatchObject({ code: "WB_SPOOL_LOCKED", details: { role: "reader" } })
    await reader.close()
    await first.close()
    expect(await platform.files.list(directory)).toEqual([])
    await (await openWriter(platform, directory)).close()
  })

  test("another directory is another spool", async () => {
    const { platform, directory } = make()
    const opened = [await openWriter(platform, `${directory}/a`), await openWriter(platform, `${directory}/b`)]
    for (const one of opened) await one.close()
  })
})

test("a socket file that a killed owner left behind is no lock", async () => {
  const platform = { ...realPlatform(), abstractSockets: false }
  const directory = temporaryDirectory()
  const script = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`
  spawnSync(process.execPath, ["-e", script, `${directory}/writer.sock`])
  expect(await platform.files.list(directory)).toEqual(["writer.sock"])
  const lock = await acquireLock(platform, { directory, role: "writer", purpose: "owner" })
  expect(await tryLock(platform, { directory, role: "writer", purpose: "owner" })).toBeUndefined()
  await lock.release()
})

test("a killed owner leaves no lock, only its file", async () => {
  const platform = simulatedPlatform()
  await openWriter(platform, "/spool")
  const next = platform.restart()
  expect(await next.files.list("/spool")).toEqual(["writer.lock"])
  await openWriter(next, "/spool")
  expect(JSON.parse((await next.files.readFile("/spool/writer.lock")).toString())).toEqual({
    pid: next.pid,
    host: "simulated",
    purpose: "owner",
  })
})

test("a writer waits for a reader that seals, instead of refusing to start", async () => {
  const platform = simulatedPlatform()
  const sealing = await tryLock(platform, { directory: "/tmp", role: "writer", purpose: "sealing" })
  const lock = acquireLock(platform, { directory: "/tmp", role: "writer", purpose: "owner" })
  await platform.advance(200)
  await sealing?.release()
  await (await platform.complete(lock)).release()
})

test("the lock file is only a message: a full disk does not keep anyone from starting", async () => {
  const platform = simulatedPlatform()
  await platform.files.makeDirectory("/spool")
  platform.disk.fail({ operation: "writeFile", code: "ENOSPC" })
  await (await openWriter(platform, "/spool")).close()
})

describe("directories", () => {
  test("a missing one is made, below an existing one", async () => {
    const platform = simulatedPlatform()
    const spools = new Spools(platform, new RecordingLog())
    await spools.open("/spool/")
    expect((await platform.files.stat("/spool"))?.isDirectory).toBe(true)
    await expect(spools.open("/a/b/spool")).rejects.toMatchObject({
      code: "WB_SPOOL_DIRECTORY_MISSING",
      details: { directory: "/a/b/spool", parent: "/a/b" },
    })
  })

  test("a file, or one that cannot be written, is refused", async () => {
    const platform = simulatedPlatform()
    const spools = new Spools(platform, new RecordingLog())
    platform.disk.put("/file", "x")
    await expect(spools.open("/file")).rejects.toMatchObject({ code: "WB_SPOOL_DIRECTORY_INVALID" })
    platform.disk.setReadOnly(true)
    await expect(spools.open("/tmp")).rejects.toMatchObject({ code: "WB_SPOOL_DIRECTORY_INVALID" })
  })

  test("everyone in a process who opens one gets the same spool, until the last has closed it", async () => {
    const platform = simulatedPlatform()
    const spools = new Spools(platform, new RecordingLog())
    const one = await spools.open("/spool")
    const two = await spools.open("//spool/")
    expect(two).toBe(one)
    await one.close()
    expect(await spools.open("/spool")).toBe(one)
    await one.close()
    await one.close()
    expect(await spools.open("/spool")).not.toBe(one)
  })

  test("closing all ends what was left open, and gives the roles back", async () => {
    const platform = simulatedPlatform()
    const spools = new Spools(platform, new RecordingLog())
    const spool = await spools.open("/spool")
    const writer = await spool.openWriter({ name: "out" })
    await spool.openReader()
    await append(writer, [record(1)])
    await platform.advance(5000)
    expect([spools.oldestMs, spool.oldestMs]).toEqual([5000, 5000])
    await platform.complete(spools.close())
    expect(spools.oldestMs).toBeUndefined()
    const { spool: again } = await openReader(platform, "/spool")
    expect(again.waiting).toBe(1)
  })

  test("files and folders are the owner's alone", async () => {
    const directory = `${temporaryDirectory()}/spool`
    const { writer, close } = await openWriter(realPlatform(), directory)
    await append(writer, [record(1)])
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(directory)) expect(statSync(`${directory}/${name}`).mode & 0o777).toBe(0o600)
    await close()
  })
})
