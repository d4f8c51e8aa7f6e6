import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { realPlatform } from "../../../src/platform/real.ts"

const root = mkdtempSync(join(tmpdir(), "wishbone-real-files-"))
const { files } = realPlatform()

afterAll(() => rmSync(root, { recursive: true, force: true }))

const modeOf = (name: string): string => (statSync(join(root, name)).mode & 0o777).toString(8)

test("files are ours alone: 0600, and directories 0700", async () => {
  const created = await files.open(join(root, "created"), "create")
  await created.close()
  const updated = await files.open(join(root, "updated"), "update")
  await updated.close()
  await files.writeFile(join(root, "written"), "x")
  await files.makeDirectory(join(root, "folder"))
  expect([modeOf("created"), modeOf("updated"), modeOf("written"), modeOf("folder")]).toEqual(["600", "600", "600", "700"])
})

test("the stat is that of the file", async () => {
  await files.writeFile(join(root, "dated"), "x")
  const real = statSync(join(root, "dated"))
  expect(await files.stat(join(root, "dated"))).toEqual({
    size: 1,
    modifiedMs: real.mtimeMs,
    isFile: true,
    isDirectory: false,
    device: real.dev,
    inode: real.ino,
  })
})

test.skipIf(process.platform !== "linux")("a write to a full disk fails with ENOSPC", async () => {
  const full = await files.open("/dev/full", "update")
  await expect(full.write([Buffer.from("x")], 0)).rejects.toMatchObject({ code: "ENOSPC" })
  await full.close()
})
