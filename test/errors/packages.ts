// Provocations of what is wrong with packages of modules and module files. They lie on a simulated disk; their code is run from there.

import { simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { createComponentLoader, type LoaderParts } from "../../src/router/packages.ts"
import { called, flow, inFile, type Provocation, type Provocations } from "./told.ts"

const manifest = { name: "wishbone-acme", version: "1.2.3", type: "module", wishbone: "./index.js" }

interface Setting extends Partial<Omit<LoaderParts, "files">> {
  /** Files below `/flow`. */
  readonly files?: Readonly<Record<string, unknown>>
}

/** Runs code of the simulated disk; it has no file of its own that a stack could name. */
async function importText(url: string, text: string): Promise<unknown> {
  const inline = `data:text/javascript,${encodeURIComponent(text)}`
  try {
    return await import(/* @vite-ignore */ inline)
  } catch (thrown) {
    if (thrown instanceof Error) thrown.stack = (thrown.stack ?? "").replaceAll(inline, url)
    throw thrown
  }
}

function packaged(text: string, { files = {}, ...more }: Setting = {}): Provocation {
  const platform = simulatedPlatform()
  const content = (path: string): string => {
    const value = files[path.replace("/flow/", "")]
    return typeof value === "string" ? value : JSON.stringify(value)
  }
  for (const path of Object.keys(files)) platform.disk.put(`/flow/${path}`, content(`/flow/${path}`))
  const loader = createComponentLoader({
    files: platform.files,
    timers: platform.timers,
    folder: "/flow",
    program: "/usr/lib/wishbone-ts",
    version: "0.1.0",
    typescript: true,
    lend: () => undefined,
    importFile: (url) => importText(url, content(new URL(url).pathname)),
    ...more,
  })
  const provoke = inFile(text, { loader })
  // Time stands still unless something waits for it alone.
  return more.importFile === undefined ? provoke : () => platform.complete(provoke())
}

const listed = (name: string): string => flow({ top: `packages: [${name}]\n` })
const own = (file: string): string =>
  flow({
    modules: `  enrich: { module: ${file} }\n`,
    routes: "  - source.outbox -> enrich.inbox\n  - enrich.outbox -> spool.inbox\n",
  })

export const packageProvocations: Provocations = {
  WB_PACKAGE_NAME: packaged(listed("wishbone-acme@1.2.3")),
  WB_PACKAGE_NOT_FOUND: packaged(listed("wishbone-acme")),
  WB_PACKAGE_MANIFEST: packaged(listed("./acme"), { files: { "acme/package.json": { ...manifest, wishbone: undefined } } }),
  WB_PACKAGE_VERSION: packaged(listed("./acme"), {
    files: { "acme/package.json": { ...manifest, peerDependencies: { "wishbone-ts": "^7.0.0" } } },
  }),
  WB_COMPONENT_FILE_MISSING: packaged(listed("./acme"), {
    files: { "acme/package.json": { ...manifest, wishbone: "./dist/index.js", scripts: { build: "tsc" } } },
  }),
  WB_COMPONENT_IMPORT: packaged(own("./enrich.js"), {
    files: { "enrich.js": 'const cities = {}\nthrow new TypeError("no key for the map service")\n' },
  }),
  WB_COMPONENT_IMPORT_ENDLESS: packaged(own("./enrich.js"), {
    files: { "enrich.js": "await new Promise(() => undefined)\n" },
    importFile: () => new Promise(() => undefined),
  }),
  WB_COMPONENT_EXPORT: packaged(own("./enrich.js"), { files: { "enrich.js": "export const enrich = (event) => event\n" } }),
  WB_COMPONENT_TYPESCRIPT: packaged(own("./enrich.ts"), {
    files: { "enrich.ts": "export default 5\n" },
    typescript: "which runs in `debug` and `lint` only",
  }),

  WB_NEW_NAMESPACE: called("new module wishbone.flow.enrich"),
  WB_NEW_FOLDER: called("new module acme.flow.enrich --dir /nowhere/acme"),
}
