import { beforeEach, describe, expect, test } from "vitest"
import { RecordedShell } from "./recorded-shell.ts"

let shell: RecordedShell

beforeEach(() => {
  shell = new RecordedShell()
})

async function fix(text: string | Buffer, ...options: string[]): Promise<number> {
  await shell.world.files.writeFile("/flow.yaml", text)
  return shell.finish("lint", "--config", "/flow.yaml", "--fix", ...options)
}

async function written(): Promise<string> {
  return (await shell.world.files.readFile("/flow.yaml")).toString("utf8")
}

const old = `---   # written by hand in 2019
modules:
  "source":   # the first one
    module:   test.module.input.counter     # old id
    arguments: {  number: 3,   endless:   false }
  delay: { module: 'test.module.flow.delay' }
  sink:
    module: "test.module.output.sink"
  log: { module: test.output.sink }

routingtable:
    - source.outbox   ->   delay.inbox # spaces stay
    - "delay.outbox -> sink.inbox"
    - delay._failed   ->   log.inbox
    - 'wishbone_logs.outbox -> log.inbox'
...
# the end`

const today = old
  .replace("test.module.input.counter", "test.input.counter")
  .replace("number: 3", "count: 3")
  .replace("test.module.flow.delay", "test.flow.delay")
  .replace("test.module.output.sink", "test.output.sink")
  .replace("_failed", "failed")
  .replace("wishbone_logs", "_logs")

describe("lint --fix", () => {
  test("rewrites former names and leaves every other character as it is", async () => {
    expect(await fix(old)).toBe(0)
    expect(await written()).toBe(today)
    expect(shell.stdout).toContain("/flow.yaml:4:15: fixed: `test.module.input.counter` is `test.input.counter` now\n")
    expect(shell.stdout.match(/ fixed: /g)).toHaveLength(6)
    expect(shell.stdout).not.toContain("WB_NAME_ALIAS")
  })

  test("has nothing to do the second time, and does not touch the file", async () => {
    await fix(old)
    const before = await shell.world.files.stat("/flow.yaml")
    shell.stdout = ""
    await shell.world.advance(5000)
    expect(await shell.finish("lint", "--config", "/flow.yaml", "--fix")).toBe(0)
    expect(shell.stdout).not.toContain("fixed:")
    expect(await shell.world.files.stat("/flow.yaml")).toEqual(before)
  })

  test.each([
    ["line ends of Windows", (text: string) => text.replaceAll("\n", "\r\n")],
    ["a byte order mark", (text: string) => `\uFEFF${text}`],
  ])("keeps %s", async (_, changed) => {
    await fix(changed(old))
    expect(await written()).toBe(changed(today))
  })

  test("counts columns as the file has them, whatever letters stand before", async () => {
    const flow = (id: string): string =>
      `modules: { "𝕏é": { module: ${id} }, sink: { description: 𝕏é, module: ${id.replace("flow.delay", "output.sink")} } }\nroutingtable: []\n`
    await fix(flow("test.module.flow.delay"))
    expect(await written()).toBe(flow("test.flow.delay"))
  })

  test("mends names in a file that has other mistakes, and tells those", async () => {
    expect(await fix(old.replace("endless:   false", "endles:   false"))).toBe(2)
    expect(await written()).toBe(today.replace("endless:   false", "endles:   false"))
    expect(shell.stdout).toContain("Did you mean `endless`?")
  })

  test("leaves a name alone that is spread over lines or comes from a variable, and says so", async () => {
    const text = old
      .replace("- source.outbox   ->   delay.inbox # spaces stay", "- >-\n      source.outbox ->\n      delay.inbox")
      .replace("- delay._failed   ->   log.inbox", "- >-\n      delay._failed\n      -> log.inbox")
    expect(await fix(text)).toBe(0)
    expect(await written()).toContain("delay._failed\n")
    expect(shell.stdout).toContain("left: this name has to be rewritten by hand")
    expect(shell.stdout).toContain("WB_NAME_ALIAS")
  })

  test("does nothing to a file that cannot be read as YAML", async () => {
    const broken = old.replace("{  number", "{  [number")
    expect(await fix(broken)).toBe(2)
    expect(await written()).toBe(broken)
    expect(shell.stderr).toContain("WB_YAML_SYNTAX")
    expect(shell.stderr).toContain("`/flow.yaml` was left as it is: it cannot be read as YAML")
  })

  test("does nothing when a shared value would mean something else to another module", async () => {
    const shared = `modules:
  a: { module: test.input.counter, arguments: &same { number: 3 } }
  b: { module: test.input.strict, arguments: *same }
  sink: { module: test.output.sink }
routingtable:
  - a.outbox -> sink.inbox
  - b.outbox -> sink.inbox
`
    expect(await fix(shared)).toBe(1)
    expect(await written()).toBe(shared)
    expect(shell.stderr).toContain("with today's names it would mean something else (line 2: ")
  })

  test("of standard input prints the text, and tells the rest on standard error", async () => {
    shell.world.streams.feed(old)
    shell.world.streams.endInput()
    expect(await shell.finish("lint", "--config", "-", "--fix")).toBe(0)
    expect(shell.stdout).toBe(today)
    expect(shell.stderr).toContain("standard input:4:15: fixed: ")
  })

  test("--json lists what was mended", async () => {
    await fix(old, "--json")
    const { fixed } = JSON.parse(shell.stdout) as { fixed: unknown[] }
    expect(fixed).toHaveLength(6)
    expect(fixed[0]).toEqual({ line: 4, column: 15, endColumn: 40, from: "test.module.input.counter", to: "test.input.counter" })
  })

  test("a file that somebody saves meanwhile is left to them", async () => {
    const { disk } = shell.world
    disk.put("/flow.yaml", old)
    disk.setLatency({ minMs: 10, maxMs: 10 })
    const { status } = await shell.start("lint", "--config", "/flow.yaml", "--fix")
    await shell.world.runUntil(() => disk.count("readFile") === 2)
    const theirs = `${old}\n# theirs`
    disk.put("/flow.yaml", theirs)
    expect(await shell.world.complete(status)).toBe(1)
    expect(shell.stderr).toContain("somebody changed it meanwhile")
    expect(await shell.world.complete(written())).toBe(theirs)
  })

  test("a disk that refuses leaves the file as it was", async () => {
    await shell.world.files.writeFile("/flow.yaml", old)
    shell.world.disk.setReadOnly(true)
    expect(await shell.finish("lint", "--config", "/flow.yaml", "--fix")).toBe(1)
    expect(shell.stderr).toContain("`/flow.yaml` cannot be written: EROFS")
    expect(await written()).toBe(old)
  })
})
