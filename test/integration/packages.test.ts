// Components from outside as a bootstrap file brings them: real packages in real folders, imported for real. They import the built
// `wishbone-ts`, which is another copy than the one under test, so that nothing here may be known by `instanceof`.

import { symlink } from "node:fs/promises"
import { createRequire } from "node:module"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { type CheckedBootstrap, checkBootstrap } from "../../src/bootstrap/check.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { createComponentLoader, type LoaderParts } from "../../src/router/packages.ts"
import { install, moduleText, repository, writeTree } from "../support/package-files.ts"
import { temporaryDirectory } from "../support/programs.ts"
import { registry } from "../unit/bootstrap/fakes.ts"

const version = "0.1.0"
const importFile = createRequire(import.meta.url)("../fixtures/native-import.cjs") as NonNullable<LoaderParts["importFile"]>
const manifest = { name: "wishbone-acme", version: "1.2.3", type: "module", wishbone: "./index.js" }
const list = (...ids: string[]): string =>
  `${ids
    .map((id, at) =>
      moduleText(id, `class Made${at}`)
        .replace(/^import.*\n/, "")
        .replaceAll("spec", `spec${at}`)
        .replace(`static spec${at}`, "static spec"),
    )
    .join("\n")}
export const components = [${ids.map((_, at) => `Made${at}`).join(", ")}]\n`.replace(
    /^/,
    'import { defineModule, FlowModule } from "wishbone-ts"\n',
  )

/** A file that routes standard events through one instance of `module`. */
function flow(module: string, packages = ""): string {
  return `${packages}modules:
  source: { module: wishbone.input.tcp }
  made: { module: ${module} }
  out: { module: wishbone.output.disk, arguments: { directory: ./spool } }
routingtable:
  - source.outbox -> made.inbox
  - made.outbox -> out.inbox
  - made.failed -> out.inbox
`
}

let folder = ""

/** A new folder with these files, in which \`wishbone-ts\` is installed. */
async function folderWith(files: Readonly<Record<string, unknown>>): Promise<void> {
  folder = await temporaryDirectory(onTestFinished)
  await install(folder, "wishbone-ts")
  await writeTree(folder, files)
}

function check(text: string, parts: Partial<LoaderParts> = {}): Promise<CheckedBootstrap> {
  const { files, timers } = realPlatform()
  const loader = createComponentLoader({ files, timers, folder, program: repository, version, typescript: true, importFile, ...parts })
  return checkBootstrap({ bytes: text, file: "flow.yaml", folder, registry, environment: {}, loader })
}

/** `line:column code message`, with the folder left out, and the hint, of every error. */
async function errors(text: string, parts: Partial<LoaderParts> = {}): Promise<string[]> {
  const { problems } = await check(text, parts)
  return problems
    .filter(({ severity }) => severity === "error")
    .flatMap(({ line, column, code, message, hint }) => [`${line}:${column} ${code} ${message}`, hint])
    .map((said) => said.replaceAll(folder, "DIR"))
}

test("a package beside the file brings its modules, and its classes are known by their brand", async () => {
  await folderWith({
    "node_modules/wishbone-acme/package.json": manifest,
    "node_modules/wishbone-acme/index.js": list("acme.flow.a", "acme.flow.b"),
  })
  const { plan, problems, registry: all, loaded } = await check(flow("acme.flow.b", "packages: [wishbone-acme]\n"))
  expect(problems).toEqual([])
  expect(plan?.instances[1]).toMatchObject({ name: "made", module: "acme.flow.b" })
  expect(all.list().map(({ spec }) => spec.name)).toEqual(expect.arrayContaining(["acme.flow.a", "acme.flow.b", "wishbone.flow.funnel"]))
  expect(loaded).toMatchObject([{ name: "wishbone-acme", place: join(folder, "node_modules/wishbone-acme") }])
  expect(registry.list().some(({ spec }) => spec.name === "acme.flow.a")).toBe(false)
})

test("a package is looked for in the folders above the file's, then where the program is installed", async () => {
  await folderWith({
    "node_modules/wishbone-above/package.json": manifest,
    "node_modules/wishbone-above/index.js": list("acme.flow.a"),
    "program/node_modules/wishbone-beside/package.json": manifest,
    "program/node_modules/wishbone-beside/index.js": list("acme.flow.b"),
    "program/node_modules/wishbone-above/package.json": { ...manifest, wishbone: "./gone.js" },
    "flows/deep/.keep": "",
  })
  const { problems } = await check(flow("acme.flow.b", "packages: [wishbone-above, wishbone-beside]\n"), {
    folder: join(folder, "flows/deep"),
    program: join(folder, "program"),
  })
  expect(problems).toEqual([])
})

test("a package may be a folder, or scoped, or linked; listed twice it does no harm", async () => {
  await folderWith({ "made/package.json": manifest, "made/index.js": list("acme.flow.a"), "node_modules/@acme/.keep": "" })
  await symlink(join(folder, "made"), join(folder, "node_modules/@acme/flows"))
  const { problems, registry: all } = await check(flow("acme.flow.a", 'packages: [./made, "@acme/flows", ./made/]\n'))
  expect(problems).toEqual([])
  expect(all.lookup("acme.flow.a").component.spec.summary).toBe("Passes events on.")
})

test.each([
  ["a default list", "export default [Made0]"],
  ["CommonJS", undefined],
])("a package may export %s", async (_, exported) => {
  const cjs = "module.exports = { components: [] }"
  const text = exported === undefined ? cjs : list("acme.flow.a").replace("export const components = [Made0]", exported)
  await folderWith({ "p/package.json": { ...manifest, ...(exported === undefined && { type: "commonjs" }) }, "p/index.js": text })
  const found = await errors(flow("acme.flow.a", "packages: [./p]\n"))
  // The CommonJS one shows that its exports are seen: its list is empty.
  expect(found[0]).toBe(
    exported === undefined ? "1:12 WB_COMPONENT_EXPORT `./p` exports no list of components: its list is empty" : undefined,
  )
})

test("a file is a module where an instance names it; one file serves many instances", async () => {
  await folderWith({ "mod.js": moduleText("acme.flow.a"), "named.mjs": moduleText("acme.flow.b", "export class Named") })
  const text = flow("./mod.js").replace("routingtable:", "  again: { module: ./mod.js }\n  named: { module: ./named.mjs }\nroutingtable:")
  const { plan, problems } = await check(text)
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([])
  expect(plan?.instances.map(({ module }) => module)).toEqual([
    "wishbone.input.tcp",
    "acme.flow.a",
    "wishbone.output.disk",
    "acme.flow.a",
    "acme.flow.b",
  ])
})

test("TypeScript is a module too, run by jiti", async () => {
  await folderWith({ "mod.ts": moduleText("acme.flow.a").replace("(event)", "(event: { data: unknown }): unknown") })
  await install(folder, "jiti")
  const { problems, plan } = await check(flow("./mod.ts"))
  expect(problems).toEqual([])
  expect(plan?.instances[1]?.module).toBe("acme.flow.a")
})

test("where TypeScript may not run, it is said why", async () => {
  await folderWith({ "mod.ts": moduleText("acme.flow.a") })
  expect(await errors(flow("./mod.ts"), { typescript: "which runs in `debug` and `lint` only" })).toEqual([
    "3:19 WB_COMPONENT_TYPESCRIPT `DIR/mod.ts` is TypeScript, which runs in `debug` and `lint` only",
    "Compile it (`npx tsc`) and name the file that comes out, `DIR/mod.js` for example.",
  ])
})

test("all mistakes of packages and files are told at their lines, with those of the rest of the file", async () => {
  await folderWith({ "p/package.json": { ...manifest, wishbone: undefined }, "twice.js": moduleText("wishbone.flow.funnel") })
  const text = flow("./twice.js", "packages:\n  - wishbone-gone\n  - ./p\n").replace("made.outbox ->", "made.outbix ->")
  expect((await errors(text)).filter((_, at) => at % 2 === 0)).toEqual([
    "2:5 WB_PACKAGE_NOT_FOUND There is no package `wishbone-gone`: neither in `DIR` and the folders above it, nor where wishbone-ts is installed",
    '3:5 WB_PACKAGE_MANIFEST The package `./p` cannot be used: `DIR/p/package.json` has no key `"wishbone"`, so it is no package of modules',
    "6:19 WB_MODULE_DUPLICATE Two modules are called `wishbone.flow.funnel`: one of `wishbone-ts`, one of `./twice.js`",
  ])
})

test("what a package that cannot be loaded may have brought is not missed; what comes with the program is", async () => {
  await folderWith({})
  const text = flow("acme.flow.a", "packages: [wishbone-gone]\n").replace("wishbone.input.tcp", "wishbone.input.tpc")
  expect((await errors(text)).map((said) => said.split(" ")[1])).toEqual([
    "WB_PACKAGE_NOT_FOUND",
    expect.anything(),
    "WB_MODULE_UNKNOWN",
    expect.anything(),
  ])
  expect(await errors(flow("acme.flow.a"))).toEqual([
    "3:19 WB_MODULE_UNKNOWN There is no module `acme.flow.a`",
    "If it comes from a package, list that at the top of the file, for example `packages: [wishbone-acme]`.",
  ])
})

test.each([
  [
    "a name that npm would not take",
    "packages: [acme/flows]",
    "1:12 WB_PACKAGE_NAME `acme/flows` is no name of a package",
    "A folder is named as `./acme/flows`.",
  ],
  [
    "a version",
    "packages: [wishbone-acme@1.0.0]",
    "1:12 WB_PACKAGE_NAME `wishbone-acme@1.0.0` is no name of a package: it holds a version",
    "Write `wishbone-acme`",
  ],
  ["a path upwards in a name", "packages: ['x/../../etc']", "1:12 WB_PACKAGE_NAME `x/../../etc` is no name", "A folder is named as"],
  ["no list", "packages: wishbone-acme", "1:11 WB_VALUE_INVALID", "List the packages by name"],
  ["a number", "packages: [5]", "1:12 WB_VALUE_INVALID", "List the packages by name"],
  [
    "a folder that is not there",
    "packages: [./gone]",
    "1:12 WB_PACKAGE_NOT_FOUND There is no package `./gone`: `DIR/gone` does not exist",
    "A relative path counts from",
  ],
  [
    "a file",
    "packages: [./mod.js]",
    "1:12 WB_PACKAGE_NOT_FOUND There is no package `./mod.js`: `DIR/mod.js` is a file",
    "`module: ./mod.js`",
  ],
  [
    "a folder without package.json",
    "packages: [./empty]",
    "1:12 WB_PACKAGE_NOT_FOUND There is no package `./empty`: `DIR/empty` holds no `package.json`",
    "new module",
  ],
  [
    "a package.json that is no JSON",
    "packages: [./nojson]",
    "1:12 WB_PACKAGE_MANIFEST The package `./nojson` cannot be used: `DIR/nojson/package.json` is no JSON",
    "",
  ],
  [
    "a package.json that is a list",
    "packages: [./listed]",
    "1:12 WB_PACKAGE_MANIFEST The package `./listed` cannot be used: `DIR/listed/package.json` holds no JSON object",
    "",
  ],
  [
    "a key that is no text",
    "packages: [./odd]",
    '1:12 WB_PACKAGE_MANIFEST The package `./odd` cannot be used: `DIR/odd/package.json` has a key `"wishbone"` that holds a list',
    "It names the file",
  ],
  ["a key that leads out", "packages: [./out]", "1:12 WB_PACKAGE_MANIFEST", "It names the file"],
  [
    "a package that is not built",
    "packages: [./unbuilt]",
    "1:12 WB_COMPONENT_FILE_MISSING There is no file `DIR/unbuilt/dist/index.js`, which the package `./unbuilt` names as its components",
    "cd DIR/unbuilt && npm run build",
  ],
  [
    "another version",
    "packages: [./old]",
    "1:12 WB_PACKAGE_VERSION The package `./old` 1.2.3 wants wishbone-ts ^7.0.0, and this is 0.1.0",
    "Install a version",
  ],
  ["a version that is no range", "packages: [./norange]", "1:12 WB_PACKAGE_MANIFEST", '`"wishbone-ts": "^0.1.0"`'],
])("%s is told", async (_, top, message, hint) => {
  await folderWith({
    "mod.js": "",
    "empty/.keep": "",
    "nojson/package.json": "{ name: x }",
    "listed/package.json": [],
    "odd/package.json": { ...manifest, wishbone: ["./index.js"] },
    "out/package.json": { ...manifest, wishbone: "../mod.js" },
    "unbuilt/package.json": { ...manifest, wishbone: "./dist/index.js", scripts: { build: "tsc" } },
    "old/package.json": { ...manifest, peerDependencies: { "wishbone-ts": "^7.0.0" } },
    "norange/package.json": { ...manifest, peerDependencies: { "wishbone-ts": "next please" } },
  })
  const [said = "", advice = "", ...more] = await errors(flow("acme.flow.a", `${top}\n`))
  expect(said.slice(0, message.length)).toBe(message)
  expect(advice).toContain(hint)
  expect(more).toEqual([])
})

test.each([
  ["throws", 'const a = 1\nthrow new TypeError("no a")', "WB_COMPONENT_IMPORT `./m.js` cannot be loaded: TypeError: no a (line 2)", ""],
  ["throws no error", 'throw "tantrum"', "WB_COMPONENT_IMPORT `./m.js` cannot be loaded: it threw tantrum", ""],
  ["throws nothing", "throw undefined", "WB_COMPONENT_IMPORT `./m.js` cannot be loaded: it threw undefined", ""],
  ["is no JavaScript", "const a =\n}", "WB_COMPONENT_IMPORT `./m.js` cannot be loaded: SyntaxError: Unexpected token '}' (line 2)", ""],
  [
    "wants a package that is not there",
    'import "left-pad-of-nobody"',
    "WB_COMPONENT_IMPORT `./m.js` cannot be loaded: Cannot find package 'left-pad-of-nobody'",
    "cd DIR && npm install",
  ],
  ["wants a file that is not there", 'import "./codec"', "WB_COMPONENT_IMPORT `./m.js` cannot be loaded: Cannot find module", "./codec.js"],
  [
    "wants an export that is not there",
    'import { Flow } from "wishbone-ts"',
    "WB_COMPONENT_IMPORT `./m.js` cannot be loaded: SyntaxError: The requested module 'wishbone-ts' does not provide an export named 'Flow' (line 1)",
    "",
  ],
  [
    "declares what is refused",
    moduleText("acme.fow.a"),
    "WB_COMPONENT_IMPORT `./m.js` cannot be loaded: `acme.fow.a`: there is no kind of module called `fow` (line 3)",
    "Did you mean `flow`?",
  ],
  ["exports nothing", "", "WB_COMPONENT_EXPORT `./m.js` exports no module: it exports nothing", "A module is a class"],
  [
    "exports something else",
    "export const a = 1, b = 2\nexport default { c: 3 }",
    "WB_COMPONENT_EXPORT `./m.js` exports no module: it exports `a`, `b`, `default`",
    "A module is a class",
  ],
  [
    "exports two modules",
    `${moduleText("acme.flow.a", "export class A")}export class B extends A { static spec = spec }`,
    "WB_COMPONENT_EXPORT `./m.js` exports no module: it exports 2 of them",
    "Export the one",
  ],
  [
    "extends nothing",
    moduleText("acme.flow.a").replace("extends FlowModule", ""),
    "WB_COMPONENT_EXPORT `./m.js` exports no module: its `acme.flow.a` does not extend the class of its kind",
    "A module is a class",
  ],
  [
    "is an input that does not extend one",
    moduleText("acme.input.a"),
    "WB_COMPONENT_EXPORT `./m.js` exports no module: its `acme.input.a` does not extend `InputModule`",
    "A module is a class",
  ],
])("a file that %s is told", async (_, text, message, hint) => {
  await folderWith({ "m.js": text })
  const [said = "", advice = "", ...more] = await errors(flow("./m.js"))
  expect(said.slice(0, message.length + 5)).toBe(`3:19 ${message}`)
  expect(advice).toContain(hint)
  expect(more).toEqual([])
})

test.each([
  ["no list", "export const components = 5", "its `components` is a number"],
  ["a class in place of a list", "export default class Enrich { static spec = {} }", "its `default` is `Enrich`"],
  ["something without a spec", "export default [class Enrich {}, 7]", "number 1 of its list, `Enrich`, has no `spec`"],
  [
    "a spec of its own make",
    "export default [class Enrich { static spec = { name: 'acme.flow.a' } }]",
    "number 1 of its list, `Enrich`, has a `spec` that `defineModule` did not make",
  ],
  ["nothing that is known", "export const enrich = 1", "it exports `enrich`"],
])("a package that exports %s is told", async (_, text, problem) => {
  await folderWith({ "p/package.json": manifest, "p/index.js": text })
  const [said] = await errors(flow("acme.flow.a", "packages: [./p]\n"))
  expect(said).toBe(`1:12 WB_COMPONENT_EXPORT \`./p\` exports no list of components: ${problem}`)
})

test("a module file that is not there is told", async () => {
  await folderWith({})
  expect(await errors(flow("./gone.js"))).toEqual([
    "3:19 WB_COMPONENT_FILE_MISSING There is no file `DIR/gone.js`",
    "A relative path counts from the folder of the bootstrap file.",
  ])
})

test("two packages with one id: the second is told, what else it brings is there", async () => {
  await folderWith({
    "a/package.json": manifest,
    "a/index.js": list("acme.flow.a"),
    "b/package.json": manifest,
    "b/index.js": list("acme.flow.a", "acme.flow.b"),
  })
  expect((await errors(flow("acme.flow.b", "packages:\n  - ./a\n  - ./b\n")))[0]).toBe(
    "3:5 WB_MODULE_DUPLICATE Two modules are called `acme.flow.a`: one of `./a`, one of `./b`",
  )
  expect(await errors(flow("acme.flow.b", "packages:\n  - ./a\n  - ./b\n"))).toHaveLength(2)
})

test("an import that does not end is given up after ten seconds", async () => {
  await folderWith({ "m.js": "await new Promise(() => undefined)" })
  const { timers } = realPlatform()
  const delays: number[] = []
  const atOnce = { ...timers, after: (ms: number, callback: () => void) => (delays.push(ms), timers.after(1, callback)) }
  expect(await errors(flow("./m.js"), { timers: atOnce })).toEqual([
    "3:19 WB_COMPONENT_IMPORT_ENDLESS `./m.js` cannot be loaded: its import had not ended after 10 s",
    "A top-level `await` in it waits for something that does not come: open what is needed in `preHook`.",
  ])
  expect(delays).toEqual([10_000])
})

test("nothing is loaded that the file does not name", async () => {
  const boom = "globalThis.loadedUnasked = true"
  await folderWith({ "node_modules/wishbone-acme/package.json": manifest, "node_modules/wishbone-acme/index.js": boom, "mod.js": boom })
  await errors(flow("acme.flow.a"))
  expect(globalThis).not.toHaveProperty("loadedUnasked")
})

test("without a loader every package and module file is a mistake", async () => {
  const { problems } = await checkBootstrap({
    bytes: flow("./mod.js", "packages: [wishbone-acme]\n"),
    file: "flow.yaml",
    folder: "/etc",
    registry,
    environment: {},
  })
  expect(problems.map(({ line, code }) => `${line} ${code}`)).toEqual(["1 WB_PACKAGE_NOT_FOUND", "4 WB_PACKAGE_NOT_FOUND"])
})
