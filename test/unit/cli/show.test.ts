import { describe, expect, test } from "vitest"
import { components } from "../../../modules/index.ts"
import { main } from "../../../src/cli/main.ts"
import { RecordedShell } from "./recorded-shell.ts"

describe("list", () => {
  test("is a table of ids, kinds and summaries, sorted by id", async () => {
    const shell = new RecordedShell()
    expect(await shell.call("list")).toBe(0)
    const rows = shell.stdout.split("\n").map((line) => line.split("│").map((cell) => cell.trim()))
    expect(rows.filter((cells) => cells.length === 5).map((cells) => cells.slice(1, 4))).toEqual([
      ["id", "kind", "summary"],
      ["test.flow.delay", "flow", "Passes events on after a while."],
      ["test.input.counter", "input", "Makes a number of events, then ends or waits."],
      ["test.input.strict", "input", "Takes as its own what is a former name to another."],
      ["test.output.sink", "output", "Takes every event."],
    ])
    expect(shell.stdout).not.toContain("\u001b")
  })

  test("--json is a list of objects", async () => {
    const shell = new RecordedShell()
    expect(await shell.call("list", "--json")).toBe(0)
    expect((JSON.parse(shell.stdout) as unknown[])[1]).toEqual({
      id: "test.input.counter",
      kind: "input",
      summary: "Makes a number of events, then ends or waits.",
    })
  })
})

describe("list --namespace", () => {
  test("lists only what is in it", async () => {
    const shell = new RecordedShell()
    expect(await shell.call("list", "--namespace", "test", "--json")).toBe(0)
    expect((JSON.parse(shell.stdout) as { id: string }[]).every(({ id }) => id.startsWith("test."))).toBe(true)
    expect(JSON.parse(shell.stdout)).not.toEqual([])
  })

  test.each(["tset", "test,acme", "", "test.input"])("%j, which holds nothing, is told", async (names) => {
    const shell = new RecordedShell()
    expect(await shell.call("list", "--namespace", names)).toBe(2)
    expect(shell.stderr).toContain("Nothing is known of a namespace")
    expect(shell.stderr).toContain("`--config FILE` lists what the packages of a bootstrap file bring.")
  })
})

describe("show", () => {
  test("describes a module", async () => {
    const shell = new RecordedShell()
    expect(await shell.call("show", "--module", "test.input.counter")).toBe(0)
    expect(shell.stdout).toMatch(/^test\.input\.counter\n {2}Makes a number/)
    expect(shell.stdout).toContain("count: a whole number")
    expect(shell.stderr).toBe("")
  })

  test("--json holds the facts and the schema of the arguments", async () => {
    const shell = new RecordedShell()
    expect(await shell.call("show", "--module", "test.input.counter", "--json")).toBe(0)
    const shown = JSON.parse(shell.stdout) as Record<string, unknown>
    expect(shown).toMatchObject({ name: "test.input.counter", kind: "input", schema: { type: "object" } })
    expect(Object.keys((shown["schema"] as { properties: object }).properties)).toContain("endless")
  })

  test("a former name is understood, and noted", async () => {
    const shell = new RecordedShell()
    expect(await shell.call("show", "--module", "test.module.input.counter", "--json")).toBe(0)
    expect(JSON.parse(shell.stdout)).toMatchObject({ name: "test.input.counter" })
    expect(shell.stderr).toBe("note: `test.module.input.counter` is a former name of `test.input.counter`\n")
  })

  test("an unknown module ends with 2 and a guess", async () => {
    const shell = new RecordedShell()
    expect(await shell.call("show", "--module", "test.input.conter")).toBe(2)
    expect(shell.stderr).toContain("There is no module `test.input.conter`")
    expect(shell.stderr).toContain("Did you mean `test.input.counter`?")
    expect(shell.stdout).toBe("")
  })
})

describe("protocols and functions", () => {
  test("are listed behind the modules, and shown like them", async () => {
    const shell = new RecordedShell()
    const call = (...argv: string[]): Promise<number> => main(argv, { components, shell })
    expect(await call("list", "--json")).toBe(0)
    const rows = JSON.parse(shell.stdout) as { id: string; kind: string }[]
    expect(rows.find(({ id }) => id === "wishbone.protocol.encode.json")?.kind).toBe("encoder")
    expect(rows.at(-1)?.kind).not.toBe("flow")
    shell.stdout = ""
    expect(await call("show", "--module", "wishbone.function.module.set")).toBe(0)
    expect(shell.stdout).toMatch(/^wishbone\.function\.module\.set\n {2}Sets a value/)
    expect(shell.stdout).toContain("data: anything or a template; required")
    shell.stdout = ""
    expect(await call("show", "--module", "wishbone.protocol.decode.json", "--json")).toBe(0)
    expect(JSON.parse(shell.stdout)).toMatchObject({ kind: "decoder", schema: { properties: { buffer_size: { default: 1_048_576 } } } })
  })
})
