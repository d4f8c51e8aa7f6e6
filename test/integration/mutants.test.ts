// Bugs planted on purpose must be found: each patch of test/mutants goes into a copy of the source, and random graphs are played until
// one of them fails. How to make a patch again when the code has moved on: test/mutants/remake.md.

import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..")
const patches = readdirSync(join(root, "test/mutants"))
  .filter((name) => name.endsWith(".patch"))
  .toSorted()
const graphsMax = 1000

let copy = ""

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "wishbone-ts-mutants-"))
  for (const part of ["package.json", "tsconfig.json", "test/property"]) cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
})

afterAll(() => {
  rmSync(copy, { recursive: true, force: true })
})

function run(command: string, args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: copy, encoding: "utf8", env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() } })
  return { status, output: `${error?.message ?? ""}${stdout}${stderr}` }
}

/** The source as it is, fresh. */
function restoreSource(): void {
  rmSync(join(copy, "src"), { recursive: true, force: true })
  cpSync(join(root, "src"), join(copy, "src"), { recursive: true })
}

function play(graphs: number): { status: number | null; output: string } {
  return run(process.execPath, ["--import", "tsx", "test/property/play.ts", "1", `${graphs}`])
}

describe("planted bugs", () => {
  test("without one the random graphs pass in the copy", () => {
    restoreSource()
    expect(play(50)).toEqual({ status: 0, output: "50 random graphs, none failed\n" })
  })

  test("there are at least ten of them", () => {
    expect(patches.length).toBeGreaterThanOrEqual(10)
  })

  test.each(patches)("%s is found", (patch) => {
    restoreSource()
    const applied = run("git", ["apply", "--unidiff-zero", join(root, "test/mutants", patch)])
    expect(applied, "it must apply: see test/mutants/remake.md").toEqual({ status: 0, output: "" })
    const { status, output } = play(graphsMax)
    expect(output).toMatch(/^random graph \d+: /)
    expect(status).toBe(1)
  })
})
