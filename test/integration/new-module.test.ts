// A package as `new module` makes it, taken as it is: it builds, its test passes, its example runs.

import { execFile } from "node:child_process"
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, onTestFinished, test } from "vitest"
import { install, repository } from "../support/package-files.ts"
import { eventually, type Program, temporaryDirectory, wishbone } from "../support/programs.ts"

const call = promisify(execFile)

async function finish(args: readonly string[], cwd: string): Promise<Program> {
  const program = wishbone(args, { cwd })
  onTestFinished(() => program.kill())
  await program.exit()
  return program
}

/** Makes a package and gives it what `npm install` would. */
async function made(id: string): Promise<{ folder: string; said: Program }> {
  const parent = await temporaryDirectory(onTestFinished)
  const said = await finish(["new", "module", id, "--dir", "made"], parent)
  expect(said.stderr).toBe("")
  expect(said.status).toBe(0)
  const folder = join(parent, "made")
  await install(folder, "wishbone-ts", "typescript", "@types")
  return { folder, said }
}

/** The `node --test` of a script, as npm runs it. */
async function script(folder: string, name: string): Promise<string> {
  const { stdout } = await call("npm", ["run", "--silent", name], {
    cwd: folder,
    env: { ...process.env, PATH: `${join(repository, "node_modules/.bin")}:${process.env["PATH"]}` },
  })
  return stdout
}

// The compiler takes its time on a busy machine.
const slow = 180_000

const firstWords = { input: "hello", flow: "hello", process: '"note":"from ', output: "got: " } as const

test.each(["input", "flow", "process", "output"] as const)(
  "%s: it builds, its test passes, its example runs",
  async (kind) => {
    const { folder, said } = await made(`acme.${kind}.enrich`)
    expect(said.stdout).toMatch(/^wishbone-acme-enrich is in made:\n/)
    expect(said.stdout).toContain("  cd made\n  npm install\n  npm test\n  npm start\n")
    expect(await script(folder, "test")).toMatch(/^# pass [12]\n# fail 0$/m)

    const lint = await finish(["lint", "--config", "example.yaml"], folder)
    expect(lint.stdout).toMatch(/^example\.yaml: 1 warning$/m)
    expect(lint.status).toBe(0)

    const program = wishbone(["debug", "--config", "example.yaml"], { cwd: folder })
    onTestFinished(() => program.kill())
    const word = firstWords[kind]
    await eventually(() => (kind === "output" ? program.stderr : program.stdout).includes(word), `\`${word}\`\n${program.stderr}`)
    program.signal("SIGTERM")
    expect(await program.exit()).toBe(0)
    expect(program.stderr).toContain("Nothing was lost.")
  },
  slow,
)

test(
  "`npm run build` makes what its package.json names",
  async () => {
    const { folder } = await made("acme.output.enrich")
    expect(await script(folder, "build")).toBe("")
    const listed = await finish(["list", "--config", "example.yaml", "--json"], folder)
    expect(listed.stdout).toContain('"id": "acme.output.enrich"')
  },
  slow,
)

test("before it is built the example says what to do", async () => {
  const { folder } = await made("acme.flow.enrich")
  const { status, stderr } = await finish(["debug", "--config", "example.yaml"], folder)
  expect(status).toBe(2)
  expect(stderr).toContain("example.yaml:4:12: error: There is no file")
  expect(stderr).toMatch(/Build the package: `cd \S+ && npm run build`\./)
})

test("its package.json finds the program it was made by, and the schema knows the modules there are", async () => {
  const { folder } = await made("acme.flow.enrich")
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<string, Record<string, string>>
  const { version } = JSON.parse(await readFile(join(repository, "package.json"), "utf8")) as { version: string }
  expect(manifest["peerDependencies"]).toEqual({ "wishbone-ts": `^${version}` })
  const file = manifest["devDependencies"]?.["wishbone-ts"] ?? ""
  expect(file).toMatch(/^file:/)
  expect(await readFile(join(folder, file.slice("file:".length), "package.json"), "utf8")).toContain('"name": "wishbone-ts"')
  expect(await readFile(join(folder, "wishbone.schema.json"), "utf8")).toContain("wishbone.output.tcp")
  expect(await readFile(join(folder, "example.yaml"), "utf8")).toMatch(/^# yaml-language-server: \$schema=\.\/wishbone\.schema\.json\n/)
})

test(
  "names that would clash with what a file has are changed: it still builds and runs",
  async () => {
    const { folder } = await made("acme.process.event")
    expect(await readFile(join(folder, "src/event.ts"), "utf8")).toContain("class EventModule extends")
    expect(await script(folder, "test")).toMatch(/^# fail 0$/m)
    const index = await made("acme.flow.index")
    expect((await readdir(join(index.folder, "src"))).toSorted()).toEqual(["index-flow.ts", "index.ts"])
    expect(await script(index.folder, "test")).toMatch(/^# fail 0$/m)
  },
  slow,
)

test("a file that is there already is never touched, and then nothing is written", async () => {
  const parent = await temporaryDirectory(onTestFinished)
  await mkdir(join(parent, "made"))
  await writeFile(join(parent, "made/README.md"), "mine")
  const { status, stderr } = await finish(["new", "module", "acme.flow.enrich", "--dir", "made"], parent)
  expect(status).toBe(2)
  expect(stderr).toContain(`The package cannot be made in \`${join(parent, "made")}\`: \`README.md\` is there already`)
  expect(await readdir(join(parent, "made"))).toEqual(["README.md"])
  expect(await readFile(join(parent, "made/README.md"), "utf8")).toBe("mine")
})

test.each([
  [["enrich"], "A module is named `namespace.kind.name` in lowercase, found `enrich`", "acme.process.translate"],
  [["acme.fow.enrich"], "there is no kind of module called `fow`", "Did you mean `flow`?"],
  [["Acme.flow.enrich"], "found `Acme.flow.enrich`", "acme.process.translate"],
  [["wishbone.flow.enrich"], "the namespace `wishbone` belongs to the modules that come with the program", "acme.flow.enrich"],
  [["acme.flow.enrich", "--dir", "a/b"], "does not exist", "Make it first"],
  [["acme.flow.enrich", "--dir", "file"], "it is a file", "`--dir`"],
])("new module %j is refused, and said why", async (args, message, hint) => {
  const parent = await temporaryDirectory(onTestFinished)
  await writeFile(join(parent, "file"), "")
  const { status, stderr } = await finish(["new", "module", ...args], parent)
  expect(status).toBe(2)
  expect(stderr).toContain(message)
  expect(stderr).toContain(hint)
  expect(await readdir(parent)).toEqual(["file"])
})
