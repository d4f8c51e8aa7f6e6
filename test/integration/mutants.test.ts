// Bugs planted on purpose must be found: each patch of test/mutants goes into a copy of the source, and random graphs are played until
// one of them fails; each of test/mutants/power-cuts, and histories of power cuts are. When the code has moved on and a patch no longer
// applies, make the same change again in a copy of the tree and write `git diff -U1` over it.

import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

/** A kind of planted bugs, and what finds them. */
interface Hunt {
  readonly folder: string
  readonly player: string
  readonly seedsMax: number
  readonly found: RegExp
}

const hunts: readonly Hunt[] = [
  { folder: "test/mutants", player: "play.ts", seedsMax: 1000, found: /^random graph \d+: / },
  { folder: "test/mutants/power-cuts", player: "play-power-cuts.ts", seedsMax: 200, found: /^power cuts \d+: / },
]

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..")
/** Patches of a folder, sorted. */
function patchesIn(folder: string): string[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(".patch"))
  return names.toSorted()
}

let copy = ""

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "wishbone-ts-mutants-"))
  for (const part of ["package.json", "tsconfig.json", "modules", "test/property", "test/support"])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
})

afterAll(() => {
  rmSync(copy, { recursive: true, force: true })
})

function run(command: string, args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: copy,
    encoding: "utf8",
    env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
  })
  return { status, output: `${error?.message ?? ""}${stdout}${stderr}` }
}

/** The source as it is, fresh. */
function restoreSource(): void {
  rmSync(join(copy, "src"), { recursive: true, force: true })
  cpSync(join(root, "src"), join(copy, "src"), { recursive: true })
}

function play(player: string, seeds: number): { status: number | null; output: string } {
  return run(process.execPath, ["--import", "tsx", `test/property/${player}`, "1", `${seeds}`])
}

describe.each(hunts)("planted bugs of $folder", ({ folder, player, seedsMax, found }) => {
  const patches = patchesIn(folder)

  test("without one all is well in the copy", () => {
    restoreSource()
    expect(play(player, 20)).toMatchObject({ status: 0 })
  })

  test.each(patches)("%s is found", (patch) => {
    restoreSource()
    const applied = run("git", ["apply", "--unidiff-zero", join(root, folder, patch)])
    expect(applied, "it must apply: see the head of this file").toEqual({ status: 0, output: "" })
    const { status, output } = play(player, seedsMax)
    expect(output).toMatch(found)
    expect(status).toBe(1)
  })
})

test("there are enough of them", () => {
  expect(hunts.map(({ folder }) => patchesIn(folder).length)).toEqual([expect.toSatisfy((count: number) => count >= 10), 4])
})
