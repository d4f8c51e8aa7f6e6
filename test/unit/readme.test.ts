import { expect, test } from "vitest"
import { readmeWithTable } from "../../docs/readme.ts"

test("README's table of modules is what the specs say (`npm run docs` writes it)", async () => {
  const { now, wanted } = await readmeWithTable()
  expect(now).toBe(wanted)
})

test("README's first two lines of code are the two commands", async () => {
  const { now } = await readmeWithTable()
  const code = /```sh\n([\s\S]*?)```/.exec(now)?.[1]?.trim().split("\n") ?? []
  expect(code).toHaveLength(2)
  expect(code[0]).toContain("bootstrap/failover.yaml")
  expect(code[1]).toMatch(/^npm ci && npm test( |$)/)
})
