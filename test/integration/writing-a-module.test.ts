// docs/writing-a-module.md as a stranger walks it, and the code of docs/testing-modules.md with it: every marked block is run. In place of
// `npm install`, which needs a network, what it would bring is linked.

import { execFile } from "node:child_process"
import { mkdir, symlink } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { type DocBlock, docBlocks, docCommands, docFiles } from "../support/doc-blocks.ts"
import { install, repository, writeTree } from "../support/package-files.ts"
import { eventually, Program, temporaryDirectory } from "../support/programs.ts"

const call = promisify(execFile)
const slow = 240_000

let blocks: DocBlock[] = []
let folder = ""
const cleaning: (() => Promise<void>)[] = []

beforeAll(async () => {
  blocks = [...(await docBlocks("docs/writing-a-module.md")), ...(await docBlocks("docs/testing-modules.md"))]
  const parent = await temporaryDirectory((clean) => void cleaning.push(clean))
  const [made = ""] = docCommands(blocks, "new")
  const [, ...args] = made.split(" ")
  await call(process.execPath, [join(repository, "bin/wishbone-ts.cjs"), ...args], { cwd: parent })
  folder = join(parent, "wishbone-acme-enrich")
  await install(folder, "wishbone-ts", "typescript", "@types")
  await mkdir(join(folder, "node_modules/.bin"))
  await symlink(join(repository, "bin/wishbone-ts.cjs"), join(folder, "node_modules/.bin/wishbone-ts"))
  await symlink(join(repository, "node_modules/typescript/bin/tsc"), join(folder, "node_modules/.bin/tsc"))
})

afterAll(async () => {
  for (const clean of cleaning) await clean()
})

/** Runs a command line of the documents to its end, which must be a good one; answers what it printed. */
async function run(line: string, until: string): Promise<string> {
  if (line === "npm install") return ""
  const [command = "", ...args] = line.split(" ")
  const program = new Program(command, args, { cwd: folder, env: { NO_UPDATE_NOTIFIER: "1" } })
  onTestFinished(() => program.kill())
  const status = line === "npm start" ? await interrupted(program, until) : await program.exit(120_000)
  if (status !== 0) throw new Error(`\`${line}\` ended with ${status}\n${program.stdout}${program.stderr}`)
  return program.stdout
}

/** Interrupts a graph, as Ctrl-C does, once it has printed something; answers 0 when it lost nothing. */
async function interrupted(program: Program, until: string): Promise<number> {
  await eventually(() => program.stdout.includes(until), `\`${until}\`\n${program.stdout}${program.stderr}`, 120_000)
  // To all of the group: npm, its shell, and the program.
  process.kill(-(program.child.pid ?? 0), "SIGINT")
  await program.exit(30_000)
  return program.stderr.includes("Nothing was lost.") ? 0 : 1
}

test(
  "what `new module` made passes its test and runs",
  async () => {
    for (const line of docCommands(blocks, "first")) await run(line, "from ")
  },
  slow,
)

test(
  "with the module of the walk it does what the walk says",
  async () => {
    const { "src/enrich.ts": source = "", "test/enrich.test.ts": tests = "", "example.yaml": graph = "" } = docFiles(blocks)
    await writeTree(folder, { "src/enrich.ts": source, "test/enrich.test.ts": tests, "example.yaml": graph })
    const printed: Record<string, string> = {}
    for (const line of docCommands(blocks, "again")) printed[line] = await run(line, '{"city":"oslo","country":"Norway"}\n')
    expect(printed["npm test"]).toMatch(/^# pass 2\n# fail 0$/m)
    expect(printed["npx wishbone-ts show --config example.yaml --module acme.process.enrich"]).toContain("Countries by city.")
  },
  slow,
)

test(
  "all other modules of the documents build, and their tests pass",
  async () => {
    const files = docFiles(blocks)
    await writeTree(folder, files)
    // The compiler tells its errors on standard output.
    await call(join(folder, "node_modules/.bin/tsc"), ["-p", "."], { cwd: folder }).catch((thrown: { stdout?: string }) => {
      throw new Error(thrown.stdout, { cause: thrown })
    })
    const tests = Object.keys(files).filter((path) => path.startsWith("test/"))
    expect(tests).toHaveLength(4)
    const compiled = tests.map((path) => `dist/${path.replace(/ts$/, "js")}`)
    const { stdout } = await call(process.execPath, ["--test", ...compiled], { cwd: folder })
    expect(stdout).toMatch(/^# pass 9\n# fail 0$/m)
  },
  slow,
)
