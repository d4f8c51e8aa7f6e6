import { describe, expect, test } from "vitest"
import { main } from "../../../src/cli/main.ts"
import { RecordedShell } from "./recorded-shell.ts"

const commands = ["debug", "events", "graph", "kill", "lint", "list", "schema", "show", "start", "stop"]

describe("help", () => {
  test("names every command on standard output and ends well", async () => {
    const shell = new RecordedShell()
    expect(await shell.call("--help")).toBe(0)
    for (const name of commands) expect(shell.stdout).toMatch(new RegExp(`^  ${name} `, "m"))
    expect(shell.stderr).toBe("")
  })

  test("keeps quiet about what only the program itself calls", async () => {
    const shell = new RecordedShell()
    await shell.call("--help")
    expect(shell.stdout).not.toMatch(/^ {2}background/m)
  })

  test("needs no module", async () => {
    const components = (): never => {
      throw new Error("loaded")
    }
    expect(await main(["--help"], { components, shell: new RecordedShell() })).toBe(0)
    expect(await main(["debug", "--help"], { components, shell: new RecordedShell() })).toBe(0)
  })

  test.each(commands)("%s explains its options and gives an example", async (name) => {
    const shell = new RecordedShell()
    expect(await shell.call(name, "--help")).toBe(0)
    expect(shell.stdout).toContain(`Usage: wishbone-ts ${name} [options]`)
    expect(shell.stdout).toMatch(new RegExp(`^ {2}\\$ wishbone-ts ${name}`, "m"))
    expect(shell.stdout).toContain("--help")
  })

  test("`help COMMAND` is the same as `COMMAND --help`", async () => {
    const [one, other] = [new RecordedShell(), new RecordedShell()]
    expect(await one.call("help", "debug")).toBe(0)
    await other.call("debug", "--help")
    expect(one.stdout).toBe(other.stdout)
  })

  test("--version is the package's", async () => {
    const shell = new RecordedShell()
    expect(await shell.call("--version")).toBe(0)
    expect(shell.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe("usage errors end with 2 and say why on standard error", () => {
  test.each([
    [["lst"], "unknown command 'lst'"],
    [["--nonsense"], "unknown option '--nonsense'"],
    [["debug", "--config", "x", "--nonsense"], "unknown option '--nonsense'"],
    [["debug"], "required option '--config <file>' not specified"],
    [["debug", "--config"], "argument missing"],
    [["debug", "--config", "x", "more"], "too many arguments"],
    [["debug", "--config", "x", "--queue-size", "0"], "a whole number of at least 1"],
    [["debug", "--config", "x", "--queue-size", "1.5"], "a whole number of at least 1"],
    [["debug", "--config", "x", "--stop-timeout", "soon"], "a duration such as"],
    [["debug", "--config", "x", "--loglevel", "loud"], "Allowed choices are debug, info, warn, error, fatal"],
    [["debug", "--config", "x", "--log-format", "xml"], "Allowed choices are text, json"],
    [["start"], "required option '--config <file>' not specified"],
    [["start", "--config", "x", "--start-timeout", "soon"], "a duration such as"],
    [["graph", "--config", "x", "--format", "png"], "Allowed choices are terminal, dot, mermaid, svg"],
    [["stop", "now"], "too many arguments"],
    [["lint"], "required option '--config <file>' not specified"],
    [["show"], "required option '--module <id>' not specified"],
  ])("%j", async (argv, why) => {
    const shell = new RecordedShell()
    expect(await shell.call(...argv)).toBe(2)
    expect(shell.stderr).toContain(why)
    expect(shell.stdout).toBe("")
  })

  test("no command at all shows the help", async () => {
    const shell = new RecordedShell()
    expect(await shell.call()).toBe(2)
    expect(shell.stderr).toContain("Usage: wishbone-ts")
  })

  test("a slip of the pen gets a guess", async () => {
    const shell = new RecordedShell()
    await shell.call("lst")
    expect(shell.stderr).toContain("Did you mean list?")
  })
})

test("an error nobody foresaw ends with 1 and its stack", async () => {
  const shell = new RecordedShell()
  const components = (): never => {
    throw new Error("no such thing", { cause: new Error("the root of it") })
  }
  expect(await main(["list"], { components, shell })).toBe(1)
  expect(shell.stderr).toMatch(/^error: Error: no such thing\n +at /)
  expect(shell.stderr).toContain("caused by Error: the root of it")
})

test("modules may be given as a list or as a function that loads them", async () => {
  const shell = new RecordedShell()
  expect(await main(["list", "--json"], { components: async () => [], shell })).toBe(0)
  expect(JSON.parse(shell.stdout)).toEqual([])
})
