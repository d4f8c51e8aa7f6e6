// Keeps the generated part of docs/metrics.md: the table of metrics, from the code. `npm run docs` writes it; a test fails when it is stale.

import { readFile, writeFile } from "node:fs/promises"
import { pathToFileURL } from "node:url"
import { metricFamilies } from "../src/control/metrics.ts"

const file = new URL("metrics.md", import.meta.url)
const marks = /(<!-- metrics:[^>]*-->\n)[\s\S]*?(<!-- \/metrics -->)/

/** One row a metric, in the order in which they are served. */
export function metricTable(): string {
  const rows = metricFamilies.map(({ name, type, labels, help }) => {
    const named = labels.map((label) => `\`${label}\``).join(", ")
    return `| \`${name}\` | ${type} | ${named} | ${help.replaceAll("|", "\\|")} |`
  })
  return ["| metric | type | labels | what it is |", "|---|---|---|---|", ...rows, ""].join("\n")
}

/** docs/metrics.md with the table as it should be. */
export async function metricsPage(): Promise<{ now: string; wanted: string }> {
  const now = await readFile(file, "utf8")
  if (!marks.test(now)) throw new Error("docs/metrics.md has lost the marks around its table of metrics")
  return { now, wanted: now.replace(marks, (_all, before: string, after: string) => `${before}\n${metricTable()}\n${after}`) }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { wanted } = await metricsPage()
  await writeFile(file, wanted)
}
