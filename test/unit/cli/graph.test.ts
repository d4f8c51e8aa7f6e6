import { beforeEach, describe, expect, test } from "vitest"
import { RecordedShell } from "./recorded-shell.ts"

let shell: RecordedShell

beforeEach(() => {
  shell = new RecordedShell()
})

// `sink.failed` leads nowhere, which is a warning.
const flow = `modules:
  source: { module: test.input.counter }
  sink: { module: test.output.sink }
routingtable:
  - source.outbox -> sink.inbox
`

async function graph(...options: string[]): Promise<number> {
  await shell.world.files.writeFile("/tmp/flow.yaml", flow)
  return shell.finish("graph", "--config", "/tmp/flow.yaml", ...options)
}

describe("graph", () => {
  test("draws for a terminal, also a file with warnings", async () => {
    expect(await graph()).toBe(0)
    expect(shell.stdout).toContain("outbox ──▶ sink.inbox (2)")
    expect(shell.stderr).toBe("")
  })

  test.each([
    ["dot", "digraph {"],
    ["mermaid", "---\ntitle:"],
    ["svg", "<svg "],
  ])("--format %s", async (format, start) => {
    expect(await graph("--format", format)).toBe(0)
    expect(shell.stdout.startsWith(start)).toBe(true)
  })

  test.each([
    ["flow.svg", "<svg "],
    ["flow.dot", "digraph"],
    ["flow.gv", "digraph"],
    ["flow.MMD", "---\n"],
    ["flow.txt", "/tmp/flow.yaml: 2 instances"],
    ["constructor", "/tmp/flow.yaml: 2 instances"],
  ])("--out %s takes its form from the name", async (name, start) => {
    expect(await graph("--out", `/tmp/${name}`)).toBe(0)
    expect(shell.stdout).toBe("")
    expect((await shell.world.files.readFile(`/tmp/${name}`)).toString().startsWith(start)).toBe(true)
  })

  test("a file that cannot be written is told", async () => {
    expect(await graph("--out", "/nowhere/flow.svg")).toBe(1)
    expect(shell.stderr).toContain("`/nowhere/flow.svg` cannot be written: ENOENT")
  })

  test("a file with errors is not drawn, and they are told", async () => {
    await shell.world.files.writeFile("/tmp/flow.yaml", flow.replace("sink.inbox", "snk.inbox"))
    expect(await shell.finish("graph", "--config", "/tmp/flow.yaml")).toBe(2)
    expect(shell.stderr).toContain("Did you mean `sink`?")
    expect(shell.stdout).toBe("")
  })

  test("an unknown format is a usage error", async () => {
    expect(await graph("--format", "png")).toBe(2)
  })
})

describe("schema", () => {
  test("prints the schema of bootstrap files", async () => {
    expect(await shell.call("schema")).toBe(0)
    const schema = JSON.parse(shell.stdout) as Record<string, unknown>
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      required: ["modules", "routingtable"],
    })
    expect(shell.stdout).toContain('"const": "test.input.counter"')
  })

  test("--out writes it to a file", async () => {
    expect(await shell.finish("schema", "--out", "/tmp/schema.json")).toBe(0)
    expect(shell.stdout).toBe("")
    expect(JSON.parse((await shell.world.files.readFile("/tmp/schema.json")).toString())).toHaveProperty("$defs")
  })
})
