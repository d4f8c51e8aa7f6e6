import { readdir, readFile } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { schemaFile } from "../../docs/schema.ts"
import { schemaProblems } from "../support/json-schema-check.ts"

const root = new URL("../../", import.meta.url).pathname

async function examples(): Promise<string[]> {
  const names = await readdir(join(root, "bootstrap"), { recursive: true })
  return names.filter((name) => name.endsWith(".yaml") && !name.includes("node_modules")).map((name) => join("bootstrap", name))
}

describe("every example", () => {
  test("is accepted by the schema", async () => {
    const schema = JSON.parse((await schemaFile()).wanted) as Record<string, unknown>
    const found = await examples()
    expect(found.length).toBeGreaterThan(4)
    const problems = [...found, "test/fixtures/failover.yaml"].map(async (name) => {
      const document: unknown = parse(await readFile(join(root, name), "utf8"))
      return schemaProblems(schema, document).map((problem) => `${name}: ${problem}`)
    })
    expect((await Promise.all(problems)).flat()).toEqual([])
  })

  test("names the schema in its first line, for editors", async () => {
    const named = (await examples()).map(async (name) => {
      const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(await readFile(join(root, name), "utf8"))?.[1]
      return [name, schema && resolve(root, dirname(name), schema)] as const
    })
    const without = (await Promise.all(named)).filter(([, schema]) => schema !== join(root, "bootstrap/schema.json"))
    // This one is, byte for byte, what it always was.
    expect(without).toEqual([["bootstrap/failover.yaml", undefined]])
  })
})
