// The files of a package with one module, as `new module` writes them: it builds, its test passes, and its example runs as it is.

import { relative, sep } from "node:path"
import { WishboneError } from "../errors.ts"
import { moduleKinds } from "../spec/kinds.ts"
import type { ModuleKind } from "../spec/spec.ts"
import { moduleTexts, type ScaffoldNames } from "./scaffold-modules.ts"

/** What a package is to be. */
export interface Wanted extends ScaffoldNames {
  readonly kind: ModuleKind
  /** `wishbone-acme-enrich` */
  readonly packageName: string
}

/** This program, as the package depends on it. */
export interface Program {
  readonly version: string
  /** Its folder, absolute. */
  readonly folder: string
}

/** What an id asks for. @throws WishboneError `WB_MODULE_NAME`, `WB_NEW_NAMESPACE` */
export function wantedBy(id: string): Wanted {
  const [, namespace = "", written, name = ""] = /^([a-z][a-z0-9_]*)\.([a-z]+)\.([a-z][a-z0-9_]*)$/.exec(id) ?? []
  const kind = moduleKinds.find((known) => known === written)
  if (kind === undefined) throw new WishboneError("WB_MODULE_NAME", { name: id, kind: written, known: moduleKinds })
  if (namespace === "wishbone") throw new WishboneError("WB_NEW_NAMESPACE", { name: id, suggested: `acme.${kind}.${name}` })
  const words = name.split("_").filter((word) => word !== "")
  const file = words.join("-")
  const className = words.map((word) => word.replace(/^./, (first) => first.toUpperCase())).join("")
  return {
    id,
    kind,
    // \`index.ts\` lists the components; a class must not hide what its file imports or what every file has.
    file: file === "index" ? `index-${kind}` : file,
    className: takenNames.has(className) || className in globalThis ? `${className}Module` : className,
    instance: name === "made" || name === "printed" || name === "rejected" ? `my_${name}` : name,
    packageName: `wishbone-${namespace}-${name}`.replaceAll(/_+/g, "-").replace(/-$/, ""),
  }
}

const takenNames: ReadonlySet<string> = new Set(["Event", "FlowModule", "InputModule", "Invalid", "OutputModule", "ProcessModule"])

/** Content by path, for a package in `folder`. */
export function packageFiles(wanted: Wanted, folder: string, program: Program): Readonly<Record<string, string>> {
  const texts = moduleTexts[wanted.kind]
  return {
    "package.json": `${JSON.stringify(manifest(wanted, folder, program), undefined, 2)}\n`,
    "tsconfig.json": tsconfig,
    ".gitignore": "node_modules\ndist\n.wishbone\n",
    "README.md": readme(wanted),
    "example.yaml": example(wanted, texts.arguments),
    "src/index.ts": index(wanted),
    [`src/${wanted.file}.ts`]: texts.source(wanted),
    [`test/${wanted.file}.test.ts`]: texts.test(wanted),
  }
}

function manifest({ id, file, packageName }: Wanted, folder: string, program: Program): unknown {
  return {
    name: packageName,
    version: "0.1.0",
    description: `The module ${id} for wishbone-ts.`,
    keywords: ["wishbone-ts"],
    type: "module",
    exports: { ".": "./dist/src/index.js", "./package.json": "./package.json" },
    wishbone: "./dist/src/index.js",
    files: ["dist/src", "example.yaml"],
    engines: { node: ">=20.19" },
    scripts: {
      build: "tsc -p .",
      test: `tsc -p . && node --test dist/test/${file}.test.js`,
      schema: "tsc -p . && wishbone-ts schema --config example.yaml --out wishbone.schema.json",
      start: "tsc -p . && wishbone-ts debug --config example.yaml",
      prepack: "tsc -p .",
    },
    peerDependencies: { "wishbone-ts": `^${program.version}` },
    devDependencies: { "@types/node": "^20.19.0", typescript: "^6.0.0", "wishbone-ts": installable(program, folder) },
  }
}

/** What `npm install` can get this program by: its version where it was installed itself, else the clone that it runs from. */
function installable({ version, folder: program }: Program, folder: string): string {
  return program.includes(`${sep}node_modules${sep}`) ? `^${version}` : `file:${relative(folder, program)}`
}

const tsconfig = `{
  "compilerOptions": {
    "target": "es2023",
    "module": "nodenext",
    "types": ["node"],
    "rootDir": ".",
    "outDir": "dist",
    "sourceMap": true,
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "noImplicitOverride": true,
    "verbatimModuleSyntax": true,
    // Imports end in \`.ts\`, as Node runs them; the compiler rewrites them.
    "rewriteRelativeImportExtensions": true,
    "skipLibCheck": true
  },
  "include": ["src", "test"]
}
`

function index({ className, file }: Wanted): string {
  return `// What the key "wishbone" of package.json names, once built: the list of components that bootstrap files get with \`packages:\`.

import ${className} from "./${file}.ts"

export const components = [${className}]
`
}

const made = `  made:
    module: wishbone.input.dictgenerator
    arguments: { keys: [user, city], interval: 1s }
`
const texts = `  made:
    module: wishbone.input.testevent
    arguments: { message: hello, interval: 1s }
`
const printed = `  printed:
    module: wishbone.output.stdout
`

function example({ id, instance, kind }: Wanted, args: string): string {
  const own = `  ${instance}:\n    module: ${id}\n    arguments: ${args}\n`
  const rejected = `  rejected:\n    module: wishbone.output.stdout\n    arguments: { prefix: "rejected: " }\n`
  const modules = {
    input: own + printed,
    flow: texts + own + printed,
    process: made + own + printed,
    output: made + own,
  }
  const routes = {
    input: [`${instance}.outbox -> printed.inbox`],
    flow: [`made.outbox -> ${instance}.inbox`, `${instance}.outbox -> printed.inbox`, `${instance}.long -> rejected.inbox`],
    process: [`made.outbox -> ${instance}.inbox`, `${instance}.outbox -> printed.inbox`],
    output: [`made.outbox -> ${instance}.inbox`],
  }
  return `# yaml-language-server: $schema=./wishbone.schema.json
# Runs the module of this package: \`npm start\`, or \`npx wishbone-ts debug --config example.yaml\` once it is built. Ctrl-C stops it.
---
packages: [.]
failed: rejected.inbox
modules:
${modules[kind]}${rejected}routingtable:
${routes[kind].map((route) => `  - ${route}\n`).join("")}...
`
}

function readme({ id, file, instance, packageName }: Wanted): string {
  return `# ${packageName}

The module \`${id}\` for wishbone-ts.

\`\`\`sh
npm install
npm test        # builds it and runs test/${file}.test.ts
npm start       # builds it and runs example.yaml; Ctrl-C stops it
\`\`\`

| file | what it is |
|---|---|
| \`src/${file}.ts\` | the module: its declaration and its class |
| \`src/index.ts\` | the list of components; built, it is what the key \`"wishbone"\` of \`package.json\` names |
| \`test/${file}.test.ts\` | the module alone, on a simulated clock |
| \`example.yaml\` | a graph that uses it |
| \`wishbone.schema.json\` | what editors complete and check bootstrap files by; \`npm run schema\` makes it anew, with this module in it |

Used from a bootstrap file elsewhere, after \`npm install ${packageName}\` (or by the path of this folder):

\`\`\`yaml
packages: [${packageName}]
modules:
  ${instance}: { module: ${id} }
\`\`\`
`
}
