import { chmod, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { realFiles } from "../../../src/platform/real-files.ts"
import { temporaryDirectory } from "../../support/programs.ts"

async function made(): Promise<{ folder: string; file: string }> {
  const folder = await temporaryDirectory(onTestFinished)
  const file = join(folder, "flow.yaml")
  await writeFile(file, "old")
  return { folder, file }
}

test.each([0o600, 0o640, 0o755, 0o444])("a file keeps its permissions %o when its content is replaced", async (mode) => {
  const { folder, file } = await made()
  await chmod(file, mode)
  await realFiles.replaceFile(file, "new")
  expect(await readFile(file, "utf8")).toBe("new")
  expect((await stat(file)).mode & 0o7777).toBe(mode)
  expect(await readdir(folder)).toEqual(["flow.yaml"])
})

test("it is another file in its place, so whoever reads the old one reads it whole", async () => {
  const { file } = await made()
  const reader = await realFiles.open(file, "read")
  await realFiles.replaceFile(file, "something longer")
  const bytes = Buffer.alloc(100)
  expect(bytes.toString("utf8", 0, await reader.read(bytes, 0, 100, 0))).toBe("old")
  await reader.close()
})

test("a symbolic link stays one, and what it leads to is replaced", async () => {
  const { folder, file } = await made()
  const link = join(folder, "link.yaml")
  await symlink("flow.yaml", link)
  await realFiles.replaceFile(link, "new")
  expect(await readFile(file, "utf8")).toBe("new")
  expect((await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isSymbolicLink()).map(({ name }) => name)).toEqual([
    "link.yaml",
  ])
})

test("a file that is not there is not made", async () => {
  const { folder } = await made()
  await expect(realFiles.replaceFile(join(folder, "none"), "new")).rejects.toMatchObject({ code: "ENOENT" })
  expect(await readdir(folder)).toEqual(["flow.yaml"])
})
