// Brings the code of a component into the process: JavaScript through Node, TypeScript through jiti where that is installed. What goes
// wrong in it is told with the place in the file. An import that does not end is given up after ten seconds.
//
// Node keeps what it has loaded, and what failed to load, until the process ends: a file that was changed takes a new start.

import { createRequire } from "node:module"
import { dirname } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { isWishboneError, WishboneError } from "../errors.ts"
import type { Timers } from "../platform/platform.ts"

/** What importing needs of the world. */
export interface ImportParts {
  readonly timers: Timers
  /** Whether TypeScript may be run, or why not. */
  readonly typescript: true | string
  /** Finds what a file outside imports as `wishbone-ts` in this program; called when it has none of its own. */
  readonly lend: () => void
  /** Whether a file finds a `wishbone-ts` of its own. */
  readonly hasOwn: (file: string) => Promise<boolean>
  readonly importFile: (url: string) => Promise<unknown>
}

const importMs = 10_000

/**
 * The exports of a file; `name` is what the bootstrap file calls it.
 *
 * @throws WishboneError `WB_COMPONENT_IMPORT`, `WB_COMPONENT_IMPORT_ENDLESS`, `WB_COMPONENT_TYPESCRIPT`
 */
export async function importComponents(name: string, file: string, parts: ImportParts): Promise<unknown> {
  const typescript = /\.[cm]?ts$/.test(file)
  if (typescript && parts.typescript !== true) throw refusedTypeScript(file, parts.typescript)
  const own = await parts.hasOwn(file)
  if (!own && !typescript) parts.lend()
  const loading = typescript ? importTypeScript(file, own) : parts.importFile(pathToFileURL(file).href)
  try {
    return await withinTime(name, loading, parts.timers)
  } catch (thrown) {
    throw isWishboneError(thrown) && "endless" in thrown.details ? thrown : importFailed(name, file, thrown)
  }
}

async function withinTime(name: string, loading: Promise<unknown>, timers: Timers): Promise<unknown> {
  let cut: { cancel(): void } | undefined
  const endless = new Promise<never>((_, reject) => {
    const details = { name, seconds: importMs / 1000, endless: true }
    cut = timers.after(importMs, () => reject(new WishboneError("WB_COMPONENT_IMPORT_ENDLESS", details)))
  })
  try {
    return await Promise.race([loading, endless])
  } finally {
    cut?.cancel()
  }
}

interface Jiti {
  import(file: string): Promise<unknown>
}

/** The way jiti is loaded, which is not a dependency: from beside the file, else from beside this program. */
async function importTypeScript(file: string, own: boolean): Promise<unknown> {
  const { createJiti } = await loadJiti(file)
  const alias = own ? {} : Object.fromEntries(["wishbone-ts/testing", "wishbone-ts"].map((name) => [name, ownFile(name)]))
  // No cache on disk: nothing is written that nobody asked for.
  const jiti = createJiti(pathToFileURL(file).href, { fsCache: false, alias })
  return jiti.import(file)
}

async function loadJiti(file: string): Promise<{ createJiti: (id: string, options: Readonly<Record<string, unknown>>) => Jiti }> {
  for (const from of [file, fileURLToPath(import.meta.url)]) {
    let found: string
    try {
      found = createRequire(from).resolve("jiti")
    } catch {
      // Not from there; the next may have it.
      continue
    }
    return (await import(/* @vite-ignore */ pathToFileURL(found).href)) as Awaited<ReturnType<typeof loadJiti>>
  }
  const hint = `Install it where the file lies (\`cd ${dirname(file)} && npm install --save-dev jiti\`), or compile the file and name the \`.js\`.`
  throw new WishboneError("WB_COMPONENT_TYPESCRIPT", { file, problem: "and jiti, which runs it, is not installed", hint })
}

/** The file of an entry of this package. */
function ownFile(name: string): string {
  return createRequire(import.meta.url).resolve(name)
}

function refusedTypeScript(file: string, problem: string): WishboneError {
  const hint = `Compile it (\`npx tsc\`) and name the file that comes out, \`${file.replace(/ts$/, "js")}\` for example.`
  return new WishboneError("WB_COMPONENT_TYPESCRIPT", { file, problem, hint })
}

function importFailed(name: string, file: string, thrown: unknown): WishboneError {
  if (isWishboneError(thrown) && thrown.code === "WB_COMPONENT_TYPESCRIPT") return thrown
  const { code, message, name: type, hint } = (thrown ?? {}) as { code?: unknown; message?: unknown; name?: unknown; hint?: unknown }
  const said = typeof message === "string" ? firstLine(message) : `it threw ${String(thrown)}`
  const plain = type === undefined || type === "Error" || type === "WishboneError" || typeof type !== "string"
  return new WishboneError(
    "WB_COMPONENT_IMPORT",
    {
      name,
      reason: plain || typeof message !== "string" ? said : `${type}: ${said}`,
      at: placeOf(thrown, file),
      hint: typeof hint === "string" && hint !== "" ? hint : code === "ERR_MODULE_NOT_FOUND" ? missingHint(said, file) : "",
    },
    { cause: thrown },
  )
}

function missingHint(message: string, file: string): string {
  const wanted = /^Cannot find package '([^']+)'/.exec(message)?.[1]
  return wanted === undefined
    ? "Imports name files in full, with their ending: `./codec.js`."
    : `Install what it needs: \`cd ${dirname(file)} && npm install\`.`
}

/** The place in the file, or in one below its folder, that the stack names: where it was thrown, or where a text breaks off. */
function placeOf(thrown: unknown, file: string): string | undefined {
  const stack = (thrown as { stack?: unknown } | null | undefined)?.stack
  if (typeof stack !== "string") return undefined
  const places = [...stack.matchAll(/(?:file:\/\/)?(\/[^\s():]+\.[cm]?[jt]s):(\d+)/g)].map(([, path = "", line]) => ({
    path: decoded(path),
    line,
  }))
  const inside = places.find(({ path }) => path === file)
  if (inside !== undefined) return `line ${inside.line}`
  const below = places.find(({ path }) => path.startsWith(`${dirname(file)}/`))
  return below === undefined ? undefined : `${below.path}:${below.line}`
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? ""
}
