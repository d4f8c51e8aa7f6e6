// Keeps docs/commands.md: what each command says under `--help`. `npm run docs` writes it; a test fails when it is stale.

import { readFile, writeFile } from "node:fs/promises"
import { pathToFileURL } from "node:url"
import { components } from "../modules/index.ts"
import { main } from "../src/cli/main.ts"
import { processShell } from "../src/cli/shell.ts"

const file = new URL("commands.md", import.meta.url)

/** In the order in which one meets them. */
const commands: readonly string[] = [
  "demo failover",
  "debug",
  "start",
  "stop",
  "kill",
  "lint",
  "graph",
  "list",
  "show",
  "schema",
  "new module",
  "events",
  "events list",
  "events show",
  "events replay",
  "events move",
  "events purge",
]

const head = `# Commands

Written by \`npm run docs\` from what the program itself says.

Every command that reads a bootstrap file takes \`--config FILE\`; \`-\` is standard input. Logs, status and ledger go to standard error; standard
output belongs to \`wishbone.output.stdout\` and to answers that were asked for.

| exit status | means |
|---|---|
| 0 | nothing was lost |
| 1 | the run failed |
| 2 | the bootstrap file or the usage is wrong; nothing was started |
| 3 | something was lost, and the ledger says how much |
| 130 | ended at once by a second signal |
`

/** What the program prints. */
async function helpOf(argv: readonly string[]): Promise<string> {
  let text = ""
  const out = (part: string): void => {
    text += part
  }
  const shell = Object.create(processShell(), { out: { value: out }, err: { value: out } }) as ReturnType<typeof processShell>
  await main([...argv, "--help"], { components, shell })
  return text.trimEnd()
}

/** docs/commands.md as it is and as it should be. */
export async function commandsPage(): Promise<{ now: string; wanted: string }> {
  const sections = [`## wishbone-ts\n\n\`\`\`text\n${await helpOf([])}\n\`\`\`\n`]
  for (const command of commands) sections.push(`## ${command}\n\n\`\`\`text\n${await helpOf(command.split(" "))}\n\`\`\`\n`)
  return { now: await readFile(file, "utf8").catch(() => ""), wanted: [head, ...sections].join("\n") }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { wanted } = await commandsPage()
  await writeFile(file, wanted)
}
