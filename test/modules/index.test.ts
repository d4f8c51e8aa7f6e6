import { describe, expect, test } from "vitest"
import { components } from "../../modules/index.ts"
import { checkArguments } from "../../src/spec/arguments.ts"
import { contractOf } from "../../src/spec/contract.ts"
import { isModuleSpec } from "../../src/spec/spec.ts"

test("every built-in component has a name of its own", () => {
  const names = components.map(({ spec }) => spec.name)
  expect(new Set(names).size).toBe(names.length)
})

describe.each(components.map((component) => [component.spec.name, component.spec] as const))("%s", (_name, spec) => {
  test("has examples, and they are what it takes", () => {
    expect(spec.examples.length).toBeGreaterThan(0)
    for (const example of spec.examples) expect(checkArguments(spec, example.arguments).problems).toEqual([])
  })

  test("says in a sentence what it does", () => {
    expect(spec.summary).toMatch(/\.$/)
  })

  test("says what each argument and queue is for", () => {
    for (const [name, schema] of Object.entries(spec.arguments)) {
      expect([name, schema.description ?? (schema as { meta(): { description?: string } | undefined }).meta()?.description]).toEqual([
        name,
        expect.stringMatching(/\.$/),
      ])
    }
    for (const queue of isModuleSpec(spec) ? Object.values(spec.queues) : []) expect(queue.summary).toMatch(/\.$/)
  })
})

const modules = components.flatMap(({ spec }) => (isModuleSpec(spec) ? [[spec.name, spec] as const] : []))

test.each(modules)("%s declares a contract that holds for its examples", (_name, spec) => {
  expect(spec.contract).toBeDefined()
  for (const example of spec.examples) contractOf(spec, checkArguments(spec, example.arguments).values)
})
