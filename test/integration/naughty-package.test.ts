// A package that misbehaves in every way a handler can: each is seen, named with the instance, and survived or stopped in order. The
// package has no `wishbone-ts` of its own: it is given that of the program.

import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { repository } from "../support/package-files.ts"
import { eventually, type Program, temporaryDirectory, wishbone } from "../support/programs.ts"

const flow = `packages: [${join(repository, "test/fixtures/naughty-package")}]
modules:
  lines: { module: wishbone.input.stdin }
  strange: { module: naughty.flow.odd }
  printed: { module: wishbone.output.stdout }
  rejected: { module: wishbone.output.stdout, arguments: { prefix: "rejected: " } }
routingtable:
  - lines.outbox -> strange.inbox
  - strange.outbox -> printed.inbox
  - strange.failed -> rejected.inbox
`

/** Runs \`debug\` with these lines on standard input, and to its end. */
async function run(lines: string, options: { args?: readonly string[]; open?: boolean } = {}): Promise<Program> {
  const folder = await temporaryDirectory(onTestFinished)
  await writeFile(join(folder, "flow.yaml"), flow)
  const program = wishbone(["debug", "--config", "flow.yaml", ...(options.args ?? [])], { cwd: folder })
  onTestFinished(() => program.kill())
  if (options.open === true) program.child.stdin?.write(lines)
  else program.child.stdin?.end(lines)
  await program.exit()
  return program
}

test("what it logs has its instance's name", async () => {
  const { status, stderr, stdout } = await run("log\n")
  expect(stderr).toMatch(/ warning strange: odd says hello$/m)
  expect(stdout).toBe("log\n")
  expect(status).toBe(0)
})

test("what it throws fails the event alone", async () => {
  const { status, stderr, stdout } = await run("throw\nfine\n")
  expect(stdout.split("\n").toSorted()).toEqual(["", "fine", "rejected: throw"])
  expect(stderr).toMatch(/ warning strange: event failed: odd does not like this one/)
  expect(status).toBe(0)
})

test("what it throws after it has handed its event on is told, and the event goes its way once", async () => {
  const { status, stderr, stdout } = await run("late\n")
  expect(stdout).toBe("late\n")
  expect(stderr).toMatch(/ warning strange: a handler threw after it had handed its event on, which goes its way: odd was late/)
  expect(stderr).toMatch(/^total +1 +1 +0 +0$/m)
  expect(status).toBe(0)
})

test("a second in which nothing else could run is told", async () => {
  const { status, stderr, stdout } = await run("block\nfine\n")
  expect(stdout).toBe("block\nfine\n")
  expect(stderr).toMatch(/ warning strange: a handler blocked the event loop: nothing else ran for 1\d{3} ms$/m)
  expect(status).toBe(0)
})

test.each([
  ["reject", "odd rejects", / fatal debug: uncaught error in `\S*naughty-package` \(instance `strange`\)\n {4}Error: odd rejects\n {4}at /],
  ["timer", "odd bursts", / fatal debug: uncaught error in `\S*naughty-package` \(instance `strange`\)\n {4}Error: odd bursts\n {4}at /],
])(
  "%s: an error that nobody catches names the package and the instance, stops the graph in order and ends with 1",
  async (line, _, told) => {
    const { status, stderr, stdout } = await run(`${line}\n`, { open: true })
    expect(stderr).toMatch(told)
    expect(stderr).toMatch(/^total +1 +1 +0 +0$/m)
    expect(stdout).toBe(`${line}\n`)
    expect(status).toBe(1)
  },
)

test("a rejection that is no error has no stack to be led back by, and ends the run all the same", async () => {
  const { status, stderr } = await run("reject text\n", { open: true })
  expect(stderr).toMatch(/ fatal debug: uncaught error\n? /)
  expect(stderr).toContain("odd rejects a text")
  expect(status).toBe(1)
})

test.each([
  ["constructor", "odd to its bones"],
  ["preHook", "odd from the start"],
])("a throw in the %s ends the start, naming the instance", async (at, message) => {
  const { status, stderr } = await run("", { args: ["--set", `strange.at=${at}`] })
  expect(stderr).toContain(`\`strange\` could not start: ${message}`)
  expect(status).toBe(1)
})

test.each([
  ["lint", 0],
  ["list", 0],
])("a timer that it left open at its import does not keep `%s`", async (command, expected) => {
  const folder = await temporaryDirectory(onTestFinished)
  await writeFile(join(folder, "flow.yaml"), flow)
  const program = wishbone([command, "--config", "flow.yaml"], { cwd: folder })
  onTestFinished(() => program.kill())
  await eventually(() => program.stdout !== "", `an answer\n${program.stderr}`)
  expect(await program.exit()).toBe(expected)
})

test("`list` and `show` know its module by the file", async () => {
  const folder = await temporaryDirectory(onTestFinished)
  await writeFile(join(folder, "flow.yaml"), flow)
  const [listed, shown, unknown] = [["list"], ["show", "--module", "naughty.flow.odd"], []].map((args) =>
    wishbone(args.length === 0 ? ["show", "--module", "naughty.flow.odd"] : [...args, "--config", "flow.yaml"], { cwd: folder }),
  ) as [Program, Program, Program]
  onTestFinished(async () => void (await Promise.all([listed, shown, unknown].map((program) => program.kill()))))
  expect([await listed.exit(), await shown.exit(), await unknown.exit()]).toEqual([0, 0, 2])
  expect(listed.stdout).toContain("naughty.flow.odd")
  expect(shown.stdout).toContain("Where it throws by itself.")
  expect(unknown.stderr).toContain("packages: [wishbone-naughty]")
})
