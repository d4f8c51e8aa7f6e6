// Module files beside a bootstrap file, run by the real program: nothing is installed beside them, so that what they import as
// `wishbone-ts` is the program itself; and a package that has a copy of its own all the same.

import { cp, mkdir, readdir, symlink } from "node:fs/promises"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { install, moduleText, repository, writeTree } from "../support/package-files.ts"
import { type Program, temporaryDirectory, wishbone } from "../support/programs.ts"

const pipe = (module: string): string => `modules:
  lines: { module: wishbone.input.stdin }
  made: { module: ${module} }
  printed: { module: wishbone.output.stdout }
  rejected: { module: wishbone.output.stdout, arguments: { prefix: "{{ meta.history[0].kind }}: " } }
routingtable:
  - lines.outbox -> made.inbox
  - made.outbox -> printed.inbox
  - made.failed -> rejected.inbox
`

const shouting = moduleText("acme.flow.shout")
  .replace("{ defineModule, FlowModule }", "{ defineModule, FlowModule, Invalid, templated, z }")
  .replace("arguments: {}", 'arguments: { mark: templated(z.string()).default("!") }')
  .replace("(event) => this.submit(event)", "(event, args) => this.shout(event, args)")
  .replace(
    /\n}\n$/,
    `

  shout(event, { mark }) {
    if (event.data === "hush") throw new Invalid("not this one")
    event.data = event.data.toUpperCase() + mark
    this.submit(event)
  }
}
`,
  )
const typed = shouting
  .replace("(event, args) =>", "(event: Event, args: { mark: string }): void =>")
  .replace("(event, { mark })", "(event: Event, { mark }: { mark: string }): void")
  .replace("import {", "import { type Event,")

/** Runs \`debug\` on a file with these lines, to its end. */
async function finish(folder: string, lines: string, options: { home?: string; args?: readonly string[] } = {}): Promise<Program> {
  const args = options.args ?? ["debug", "--config", "flow.yaml"]
  const program = wishbone(args, { cwd: folder, ...(options.home !== undefined && { home: options.home }) })
  onTestFinished(() => program.kill())
  program.child.stdin?.end(lines)
  await program.exit()
  return program
}

/** The program in a folder of its own; of what it depends on, all but \`without\`. */
async function copyOfProgram(folder: string, without: string): Promise<string> {
  for (const part of ["bin", "dist", "package.json"]) await cp(join(repository, part), join(folder, part), { recursive: true })
  await mkdir(join(folder, "node_modules"))
  for (const name of await readdir(join(repository, "node_modules")))
    if (name !== without) await symlink(join(repository, "node_modules", name), join(folder, "node_modules", name))
  return folder
}

test.each([
  ["JavaScript", "shout.js", shouting],
  ["TypeScript", "shout.ts", typed],
])("%s: the program lends its own name, templates are filled in, errors have their kind", async (_, name, text) => {
  const folder = await temporaryDirectory(onTestFinished)
  await writeTree(folder, { [name]: text, "flow.yaml": pipe(`./${name}, arguments: { mark: " ({{ data }})" }`) })
  const { status, stderr, stdout } = await finish(folder, "hello\nhush\n")
  expect([stdout.split("\n").toSorted(), stderr]).toEqual([
    ["", "HELLO (hello)", "invalid: hush"],
    expect.stringContaining("Nothing was lost."),
  ])
  expect(status).toBe(0)
})

test("TypeScript without jiti is told, with what to install", async () => {
  const folder = await temporaryDirectory(onTestFinished)
  const home = await copyOfProgram(join(folder, "program"), "jiti")
  await writeTree(folder, { "flows/shout.ts": typed, "flows/flow.yaml": pipe("./shout.ts") })
  const { status, stderr } = await finish(join(folder, "flows"), "", { home })
  expect(stderr).toContain(`shout.ts\` is TypeScript, and jiti, which runs it, is not installed [WB_COMPONENT_TYPESCRIPT]`)
  expect(stderr).toContain("npm install --save-dev jiti")
  expect(status).toBe(2)
})

test("`start` runs no TypeScript", async () => {
  const folder = await temporaryDirectory(onTestFinished)
  await writeTree(folder, { "shout.ts": typed, "flow.yaml": pipe("./shout.ts").replace("stdin }", "tcp, arguments: { port: 0 } }") })
  const { status, stderr } = await finish(folder, "", { args: ["start", "--config", "flow.yaml"] })
  expect(stderr).toContain("is TypeScript, which runs in `debug` and `lint` only")
  expect(status).not.toBe(0)
})

test("a package that brings a copy of its own runs with it", async () => {
  const folder = await temporaryDirectory(onTestFinished)
  const listed = `${shouting.replace("export default ", "")}\nexport const components = [Made]\n`
  await writeTree(folder, {
    "node_modules/wishbone-acme/package.json": { name: "wishbone-acme", type: "module", wishbone: "./index.js" },
    "node_modules/wishbone-acme/index.js": `globalThis.copyOf = import.meta.resolve("wishbone-ts")\nprocess.stderr.write(globalThis.copyOf + "\\n")\n${listed}`,
    "flow.yaml": `packages: [wishbone-acme]\n${pipe("acme.flow.shout")}`,
  })
  const own = join(folder, "node_modules/wishbone-acme/node_modules/wishbone-ts")
  await mkdir(join(own, ".."), { recursive: true })
  await copyOfProgram(own, "jiti")
  const { status, stderr, stdout } = await finish(folder, "hello\nhush\n")
  expect(stderr).toContain("wishbone-acme/node_modules/wishbone-ts/dist/src/index.js")
  expect([stdout.split("\n").toSorted(), stderr]).toEqual([["", "HELLO!", "invalid: hush"], expect.stringContaining("Nothing was lost.")])
  expect(status).toBe(0)
})

test("a package that is linked finds the program where it really lies", async () => {
  const folder = await temporaryDirectory(onTestFinished)
  await writeTree(folder, {
    "elsewhere/package.json": { name: "wishbone-acme", type: "module", wishbone: "./index.js" },
    "elsewhere/index.js": `${shouting.replace("export default ", "")}\nexport const components = [Made]\n`,
    "flows/flow.yaml": `packages: [wishbone-acme]\n${pipe("acme.flow.shout")}`,
    "flows/node_modules/.keep": "",
  })
  await symlink(join(folder, "elsewhere"), join(folder, "flows/node_modules/wishbone-acme"))
  await install(join(folder, "flows"), "wishbone-ts")
  const { status, stdout } = await finish(join(folder, "flows"), "hello\n")
  expect(stdout).toBe("HELLO!\n")
  expect(status).toBe(0)
})
