// The package as npm would publish it, installed into an empty folder: it runs, its types are seen, and its entry points are in order.

import { execFile } from "node:child_process"
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { beforeAll, expect, test } from "vitest"
import { temporaryDirectory, wishbone } from "../support/programs.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const run = promisify(execFile)
const bin = (name: string): string => join(root, "node_modules/.bin", name)
const cleanups: (() => Promise<void>)[] = []

let folder = ""
let tarball = ""

// Nothing is downloaded: the dependencies are those of this checkout.
beforeAll(async () => {
  folder = await temporaryDirectory((clean) => cleanups.push(clean))
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: root,
    maxBuffer: 2 ** 26,
  })
  const [packed] = JSON.parse(stdout) as { filename: string }[]
  tarball = join(folder, packed?.filename ?? "")
  const installed = join(folder, "node_modules/wishbone-ts")
  await mkdir(installed, { recursive: true })
  await run("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"])
  const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { dependencies: Record<string, string> }
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    const link = join(folder, "node_modules", name)
    await mkdir(join(link, ".."), { recursive: true })
    await symlink(join(root, "node_modules", name), link)
  }
  return async () => {
    for (const clean of cleanups) await clean()
  }
}, 60_000)

test("`debug` runs from an empty folder", async () => {
  const file =
    "modules:\n  in:  { module: wishbone.input.stdin }\n  out: { module: wishbone.output.stdout }\nroutingtable: [in.outbox -> out.inbox]\n"
  await writeFile(join(folder, "flow.yaml"), file)
  const program = wishbone(["debug", "--config", "flow.yaml"], { cwd: folder, home: join(folder, "node_modules/wishbone-ts") })
  program.child.stdin?.end("one\ntwo\n")
  expect(await program.exit()).toBe(0)
  expect(program.stdout).toBe("one\ntwo\n")
})

test("a package sees the types of `wishbone-ts` and `wishbone-ts/testing`, and runs with both", async () => {
  await writeFile(
    join(folder, "sample.ts"),
    `import { defineModule, type Event, FlowModule, z } from "wishbone-ts"
import { startModule } from "wishbone-ts/testing"

const spec = defineModule({
  name: "acme.flow.sample",
  summary: "Passes one event in so many.",
  arguments: { every: z.int().min(1).default(2).describe("Passes one event in this many.") },
  queues: { inbox: { direction: "in", summary: "Events." }, outbox: { direction: "out", summary: "The sample." } },
})

export default class Sample extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event) => this.#sample(event) }
  #seen = 0

  #sample(event: Event): void {
    this.#seen += 1
    const every: number = this.args.every
    // @ts-expect-error: arguments are typed
    const wrong: string = this.args.every
    if (this.#seen % every === 0 && wrong !== undefined) this.submit(event, "outbox")
  }
}

const started = await startModule(Sample, { every: 2 })
await started.send("inbox", "a", "b", "c", "d")
console.log(JSON.stringify(started.sent))
`,
  )
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: { target: "es2022", module: "nodenext", strict: true, noImplicitOverride: true, types: ["node"] },
      files: ["sample.ts"],
    }),
  )
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "acme", private: true, type: "module" }))
  await run(bin("tsc"), ["-p", folder], { cwd: folder })
  const { stdout } = await run(process.execPath, ["sample.js"], { cwd: folder })
  expect(JSON.parse(stdout)).toEqual({ outbox: ["b", "d"] })
})

test("publint and attw find nothing wrong with it", async () => {
  await run(bin("publint"), ["--strict", "--pack", "false"], { cwd: join(folder, "node_modules/wishbone-ts") })
  await run(bin("attw"), [tarball, "--profile", "esm-only"], { cwd: folder })
})
