// Keeps docs/bootstrap.md (the keys of a bootstrap file, from the table the check reads) and docs/modules.md (every module, protocol and
// function, from its spec). `npm run docs` writes them; a test fails when one is stale.

import { readFile, writeFile } from "node:fs/promises"
import { pathToFileURL } from "node:url"
import { components } from "../modules/index.ts"
import {
  consumersKeys,
  functionKeys,
  inflightKeys,
  instanceKeys,
  type Keys,
  metricsKeys,
  protocolKeys,
  queueKeys,
  topLevelKeys,
} from "../src/bootstrap/keys.ts"
import { main } from "../src/cli/main.ts"
import { processShell } from "../src/cli/shell.ts"

const bootstrapFile = new URL("bootstrap.md", import.meta.url)
const modulesFile = new URL("modules.md", import.meta.url)
const marks = /(<!-- keys:(\S+)[^>]*-->\n)[\s\S]*?(<!-- \/keys -->)/g

const tables: Readonly<Record<string, Keys>> = {
  top: topLevelKeys,
  metrics: metricsKeys,
  instance: instanceKeys,
  queue: queueKeys,
  consumers: consumersKeys,
  inflight: inflightKeys,
  protocol: protocolKeys,
  function: functionKeys,
}

function tableOf(keys: Keys): string {
  const rows = Object.entries(keys).map(
    ([name, { summary, required }]) => `| \`${name}\`${required === true ? " (required)" : ""} | ${summary.replaceAll("|", "\\|")} |`,
  )
  return ["| key | meaning |", "|---|---|", ...rows, ""].join("\n")
}

/** docs/bootstrap.md with its tables as they should be. */
export async function bootstrapPage(): Promise<{ now: string; wanted: string }> {
  const now = await readFile(bootstrapFile, "utf8")
  const found = new Set<string>()
  const wanted = now.replace(marks, (_all, before: string, name: string, after: string) => {
    found.add(name)
    return `${before}\n${tableOf(tables[name] ?? {})}\n${after}`
  })
  const missing = Object.keys(tables).filter((name) => !found.has(name))
  if (missing.length > 0) throw new Error(`docs/bootstrap.md lacks the tables ${missing.join(", ")}`)
  return { now, wanted }
}

async function shown(id: string): Promise<string> {
  let text = ""
  const out = (part: string): void => {
    text += part
  }
  const shell = Object.create(processShell(), { out: { value: out }, err: { value: out } }) as ReturnType<typeof processShell>
  await main(["show", "--module", id], { components, shell })
  return text.trimEnd()
}

/** docs/modules.md as it is and as it should be. */
export async function modulesPage(): Promise<{ now: string; wanted: string }> {
  const ids = components.map(({ spec }) => spec.name).toSorted()
  const sections = [
    "# Modules, protocols and functions\n",
    "Written by `npm run docs`: what `wishbone-ts show --module ID` says of each.\n",
  ]
  for (const id of ids) sections.push(`## ${id}\n\n\`\`\`text\n${await shown(id)}\n\`\`\`\n`)
  return { now: await readFile(modulesFile, "utf8").catch(() => ""), wanted: sections.join("\n") }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await writeFile(bootstrapFile, (await bootstrapPage()).wanted)
  await writeFile(modulesFile, (await modulesPage()).wanted)
}
