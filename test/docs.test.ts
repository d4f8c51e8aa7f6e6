// The documents say what the program does: what is generated is fresh, every bootstrap file on a page passes the check, links lead somewhere.

import { readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { bootstrapPage, modulesPage } from "../docs/bootstrap.ts"
import { commandsPage } from "../docs/commands.ts"
import { errorsPage } from "../docs/errors.ts"
import { metricsPage } from "../docs/metrics.ts"
import { readmeWithTable } from "../docs/readme.ts"
import { schemaFile } from "../docs/schema.ts"
import { components } from "../modules/index.ts"
import { checkBootstrap } from "../src/bootstrap/check.ts"
import { createRegistry } from "../src/router/registry.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

describe("`npm run docs` would change nothing in", () => {
  test.each([
    ["README.md", readmeWithTable],
    ["docs/metrics.md", metricsPage],
    ["docs/bootstrap.md", bootstrapPage],
    ["docs/modules.md", modulesPage],
    ["docs/commands.md", commandsPage],
    ["docs/errors.md", errorsPage],
    ["bootstrap/schema.json", schemaFile],
  ])("%s", async (_name, page) => {
    const { now, wanted } = await page()
    expect(now).toBe(wanted)
  })
})

test("README's first two lines of code are the two commands", async () => {
  const { now } = await readmeWithTable()
  const code = /```sh\n([\s\S]*?)```/.exec(now)?.[1]?.trim().split("\n") ?? []
  expect(code).toHaveLength(2)
  expect(code[0]).toContain("bootstrap/failover.yaml")
  expect(code[1]).toMatch(/^npm ci && npm test( |$)/)
})

const pages = ["README.md", ...readdirSync(join(root, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : []))]
const textOf = (page: string): string => readFileSync(join(root, page), "utf8")

interface Block {
  readonly page: string
  readonly line: number
  readonly text: string
}

/** Whole bootstrap files, not pieces of them. */
const files: readonly Block[] = pages.flatMap((page) =>
  [...textOf(page).matchAll(/^```yaml\n([\s\S]*?)^```/gm)].flatMap((found) => {
    const text = found[1] ?? ""
    const whole = /^modules:/m.test(text) && /^routingtable:/m.test(text)
    return whole ? [{ page, line: textOf(page).slice(0, found.index).split("\n").length, text }] : []
  }),
)

test("there are bootstrap files on the pages", () => {
  expect(files.length).toBeGreaterThan(2)
})

test.each(files.map((block) => [`${block.page}:${block.line}`, block] as const))(
  "the bootstrap file at %s passes the check",
  async (file, { text }) => {
    // Modules of packages are checked where the package is.
    if (/^packages:|module: \.\//m.test(text) || /module: (?!wishbone\.)/.test(text)) return
    const { problems } = await checkBootstrap({ bytes: text, file, folder: root, registry: createRegistry(components), environment: {} })
    expect(problems.filter(({ severity }) => severity === "error").map(({ line, message }) => `${line}: ${message}`)).toEqual([])
  },
)

test.each(pages)("the links of %s lead somewhere", (page) => {
  const text = textOf(page).replaceAll(/^```[\s\S]*?^```/gm, "")
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((found) => found[1] ?? "")
  const inside = links.filter((link) => !/^[a-z]+:/.test(link))
  const broken = inside.filter((link) => statSync(resolve(root, dirname(page), link), { throwIfNoEntry: false }) === undefined)
  expect(broken).toEqual([])
})
