// bootstrap/custom-package as a stranger finds it: its file checked and run where it lies, its own tests and types with what
// `npm install` would put beside it.

import { execFile } from "node:child_process"
import { cp } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, onTestFinished, test } from "vitest"
import { install, repository } from "../support/package-files.ts"
import { eventually, temporaryDirectory, wishbone } from "../support/programs.ts"

const call = promisify(execFile)
const home = join(repository, "bootstrap/custom-package")

test("its example is clean and runs from where it lies, without anything installed", async () => {
  const lint = wishbone(["lint", "--config", "example.yaml"], { cwd: home })
  onTestFinished(() => lint.kill())
  expect(await lint.exit()).toBe(0)

  const state = await temporaryDirectory(onTestFinished)
  const fast = ["--set", "made.interval=0.05", "--set", "counts.interval=0.2", "--set", `state=${state}`]
  const program = wishbone(["debug", "--config", "example.yaml", ...fast], { cwd: home })
  onTestFinished(() => program.kill())
  await eventually(() => /"card":"\*+[a-z]{2}"/.test(program.stdout), `a masked card\n${program.stdout}${program.stderr}`)
  await eventually(() => / info counts: counted/.test(program.stderr), `counts\n${program.stderr}`)
  program.signal("SIGTERM")
  expect(await program.exit()).toBe(0)
  expect(program.stderr).toContain("Nothing was lost.")
  expect(program.stdout).not.toMatch(/"card":"[a-z]{3}/)
})

test("its tests pass and its types fit", async () => {
  const folder = join(await temporaryDirectory(onTestFinished), "custom-package")
  await cp(home, folder, { recursive: true })
  await install(folder, "wishbone-ts", "typescript", "@types")
  const env = { ...process.env, PATH: `${join(repository, "node_modules/.bin")}:${process.env["PATH"]}` }
  const { stdout } = await call("npm", ["test", "--silent"], { cwd: folder, env })
  expect(stdout).toMatch(/^# pass 8\n# fail 0$/m)
  const types = await call("npm", ["run", "--silent", "types"], { cwd: folder, env })
  expect(types.stdout).toBe("")
}, 180_000)
