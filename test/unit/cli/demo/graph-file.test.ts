import { readFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { graphText } from "../../../../src/cli/demo/graph-file.ts"

interface Graph {
  readonly modules: Readonly<Record<string, { readonly module: string; readonly arguments?: Readonly<Record<string, unknown>> }>>
  readonly routingtable: readonly string[]
}

const demo = parse(graphText({ ports: [1, 2, 3], intervalMs: 4 })) as Graph

test("the demo's graph has the modules and routes of bootstrap/failover.yaml, with another input", async () => {
  const example = parse(await readFile(new URL("../../../../bootstrap/failover.yaml", import.meta.url), "utf8")) as Graph
  const routes = ({ routingtable }: Graph): string[] => routingtable.map((route) => route.replace(/\s+/g, " "))
  expect(routes(demo)).toEqual(routes(example).map((route) => route.replace("dictgenerator.", "input.")))
  const modules = ({ modules: all }: Graph): string[] => Object.values(all).map(({ module }) => module)
  expect(modules(demo)).toEqual(modules(example).map((id) => id.replace("dictgenerator", "testevent")))
})

test("ports and interval are as chosen", () => {
  expect([1, 2, 3].map((number) => demo.modules[`output_${number}`]?.arguments?.["port"])).toEqual([1, 2, 3])
  expect(demo.modules["input"]?.arguments).toMatchObject({ interval: "4ms", numbered: true })
})
