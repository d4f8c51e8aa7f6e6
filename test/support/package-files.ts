// Packages and bootstrap files for tests of components from outside: written to real folders, as they are imported for real.

import { mkdir, symlink, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

export const repository = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "")

/** Writes files into a folder, by path; what is not text is written as JSON. */
export async function writeTree(folder: string, files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, typeof content === "string" ? content : `${JSON.stringify(content, undefined, 2)}\n`)
  }
}

/** Makes packages of the repository (`wishbone-ts` is the repository itself) known below a folder, as `npm install` would. */
export async function install(folder: string, ...names: string[]): Promise<void> {
  for (const name of names) {
    const target = join(folder, "node_modules", name)
    await mkdir(dirname(target), { recursive: true })
    await symlink(name === "wishbone-ts" ? repository : join(repository, "node_modules", name), target)
  }
}

/** The text of a module file: a flow module that passes events on, exported as `exported` says. */
export function moduleText(id: string, exported = "export default class Made"): string {
  return `import { defineModule, FlowModule } from "wishbone-ts"

const spec = defineModule({
  name: "${id}",
  summary: "Passes events on.",
  arguments: {},
  queues: { inbox: { direction: "in", summary: "Events." }, outbox: { direction: "out", summary: "The same." } },
  contract: { acknowledges: "none", waits: { inbox: ["outbox"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
})

${exported} extends FlowModule {
  static spec = spec
  consumers = { inbox: (event) => this.submit(event) }
}
`
}
