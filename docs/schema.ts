// Keeps bootstrap/schema.json, which the examples beside it name in their first line so that editors complete and check them.
// `npm run docs` writes it; a test fails when it is stale.

import { readFile, writeFile } from "node:fs/promises"
import { pathToFileURL } from "node:url"
import { components } from "../modules/index.ts"
import { bootstrapJsonSchema } from "../src/bootstrap/json-schema.ts"
import { createRegistry } from "../src/router/registry.ts"

const file = new URL("../bootstrap/schema.json", import.meta.url)

/** The schema as it is and as it should be. */
export async function schemaFile(): Promise<{ now: string; wanted: string }> {
  const schema = bootstrapJsonSchema({ registry: createRegistry(components), complete: false })
  const now = await readFile(file, "utf8").catch(() => "")
  return { now, wanted: `${JSON.stringify(schema, undefined, 1)}\n` }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { wanted } = await schemaFile()
  await writeFile(file, wanted)
}
