// Keeps the generated part of README.md: the table of modules, from their specs. `npm run docs` writes it; a test fails when it is stale.

import { readFile, writeFile } from "node:fs/promises"
import { pathToFileURL } from "node:url"
import { components } from "../modules/index.ts"
import { isModuleSpec } from "../src/spec/spec.ts"

const file = new URL("../README.md", import.meta.url)
const marks = /(<!-- modules:[^>]*-->\n)[\s\S]*?(<!-- \/modules -->)/

/** One row a module, sorted by id. */
export function moduleTable(): string {
  const rows = components
    .map(({ spec }) => spec)
    .filter(isModuleSpec)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, summary, queues }) => `| \`${name}\` | ${queueNames(queues)} | ${summary} |`)
  return ["| module | queues | what it does |", "|---|---|---|", ...rows, ""].join("\n")
}

/** README.md with the table as it should be. */
export async function readmeWithTable(): Promise<{ now: string; wanted: string }> {
  const now = await readFile(file, "utf8")
  if (!marks.test(now)) throw new Error("README.md has lost the marks around its table of modules")
  return { now, wanted: now.replace(marks, (_all, before: string, after: string) => `${before}\n${moduleTable()}\n${after}`) }
}

function queueNames(queues: Readonly<Record<string, { readonly direction: "in" | "out" }>>): string {
  const of = (direction: "in" | "out"): string =>
    Object.keys(queues)
      .filter((name) => queues[name]?.direction === direction)
      .map((name) => (name === "*" ? "any" : name))
      .join(", ")
  return [of("in"), of("out")].join(" → ").trim()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { wanted } = await readmeWithTable()
  await writeFile(file, wanted)
}
