import { beforeEach, describe, expect, test } from "vitest"
import { RecordedShell } from "./recorded-shell.ts"

let shell: RecordedShell

beforeEach(() => {
  shell = new RecordedShell()
})

const wrong = `modules:
  source: { module: test.input.counter, arguments: { cuont: 3 } }
  sink: { module: test.output.sink }
routingtable:
  - source.outbox -> sink.inbox
`
const doubtful = wrong.replace(", arguments: { cuont: 3 }", "")
const clean = doubtful.replace("test.output.sink", "test.flow.delay")

async function lint(text: string, ...options: string[]): Promise<number> {
  await shell.world.files.writeFile("/flow.yaml", text)
  return shell.finish("lint", "--config", "/flow.yaml", ...options)
}

interface Report {
  readonly problems: Record<string, unknown>[]
  readonly memory: { readonly totalBytes: number; readonly instances: readonly Record<string, unknown>[] } | null
  readonly fixed?: readonly Record<string, unknown>[]
}

const reported = (): Report => JSON.parse(shell.stdout) as Report
const listed = (): Record<string, unknown>[] => reported().problems

test("a file without problems ends with 0", async () => {
  expect(await lint(clean)).toBe(0)
  expect(shell.stdout).toMatch(/^\/flow\.yaml: no problems\nmemory at worst: .*\n$/)
  expect(await lint(clean, "--strict")).toBe(0)
})

test("mistakes are shown in the text of the file, and end with 2", async () => {
  expect(await lint(wrong)).toBe(2)
  expect(shell.stdout).toContain("/flow.yaml:2:")
  expect(shell.stdout).toContain("> 2 |   source:")
  expect(shell.stdout).toContain("Did you mean `count`?")
  expect(shell.stdout).toMatch(/^\/flow\.yaml: 1 error/m)
  expect(shell.stderr).toBe("")
})

test("warnings alone end with 0, and with --strict with 2", async () => {
  expect(await lint(doubtful)).toBe(0)
  expect(shell.stdout).toMatch(/^\/flow\.yaml: \d warnings?$/m)
  expect(await lint(doubtful, "--strict")).toBe(2)
})

test("--json prints one object and nothing else", async () => {
  expect(await lint(wrong, "--json")).toBe(2)
  expect(listed().find(({ severity }) => severity === "error")).toMatchObject({
    file: "/flow.yaml",
    line: 2,
    code: "WB_ARGUMENT_UNKNOWN",
    hint: "Did you mean `count`?",
  })
  expect(shell.stderr).toBe("")
})

test("--json of a clean file is an empty list", async () => {
  expect(await lint(clean, "--json")).toBe(0)
  expect(listed()).toEqual([])
})

test("--json --strict tells warnings as errors", async () => {
  expect(await lint(doubtful, "--json", "--strict")).toBe(2)
  expect(new Set(listed().map(({ severity }) => severity))).toEqual(new Set(["error"]))
})

test("a file that is not there is a problem like any other", async () => {
  expect(await shell.finish("lint", "--config", "/none.yaml", "--json")).toBe(2)
  expect(listed()).toMatchObject([{ file: "/none.yaml", severity: "error", code: "WB_FILE_UNREADABLE" }])
})

test("`-` reads standard input", async () => {
  shell.world.streams.feed(wrong)
  shell.world.streams.endInput()
  expect(await shell.finish("lint", "--config", "-", "--json")).toBe(2)
  expect(listed()[0]).toMatchObject({ line: 2 })
})

describe("what is read has limits", () => {
  const comment = `# ${"x".repeat(1024 * 1024)}\n`

  test("a file over 1 MiB is refused", async () => {
    expect(await lint(comment + clean, "--json")).toBe(2)
    expect(listed()).toMatchObject([{ file: "/flow.yaml", code: "WB_FILE_TOO_BIG" }])
  })

  test("standard input over 1 MiB is refused", async () => {
    shell.world.streams.feed(comment)
    expect(await shell.finish("lint", "--config", "-", "--json")).toBe(2)
    expect(listed()).toMatchObject([{ file: "-", code: "WB_FILE_TOO_BIG" }])
  })

  test("a secret is read from the file's folder, and not printed", async () => {
    await shell.world.files.writeFile("/token", "hunter2\n")
    expect(await lint(wrong.replace("cuont: 3", 'count: "${file:token}"'), "--json")).toBe(2)
    expect(listed()).toMatchObject([{ code: "WB_ARGUMENT_INVALID" }, {}])
    expect(shell.stdout).not.toContain("hunter2")
  })

  test("a secret over 64 KiB is refused", async () => {
    await shell.world.files.writeFile("/token", "x".repeat(64 * 1024 + 1))
    expect(await lint(wrong.replace("cuont: 3", 'count: "${file:token}"'), "--json")).toBe(2)
    expect(listed()[0]).toMatchObject({ code: "WB_SECRET_UNREADABLE" })
  })
})
