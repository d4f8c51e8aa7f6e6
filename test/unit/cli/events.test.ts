import { beforeEach, describe, expect, test } from "vitest"
// Loaded here, since the simulated world does not wait for files of the program.
import "../../../src/cli/failure.ts"
import { Event } from "../../../src/event.ts"
import { encodeEvent } from "../../../src/event-codec.ts"
import { append, openWriter } from "../spool/setup.ts"
import { RecordedShell } from "./recorded-shell.ts"

let shell: RecordedShell

/** A spool with an event for each of these. */
async function filled(...data: unknown[]): Promise<void> {
  const { world } = shell
  const { writer, close } = await world.complete(openWriter(world, "/spool"))
  const events = data.map((value) => encodeEvent(new Event(world.random, 1_700_000_000, value)))
  await world.complete(append(writer, events))
  await world.complete(close())
}

async function left(): Promise<number[]> {
  const before = shell.stdout
  shell.stdout = ""
  await shell.finish("events", "list", "--directory", "/spool", "--json")
  const sequences = shell.stdout.split("\n").flatMap((line) => (line === "" ? [] : [(JSON.parse(line) as { sequence: number }).sequence]))
  shell.stdout = before
  return sequences
}

beforeEach(() => {
  shell = new RecordedShell()
})

describe("list", () => {
  test("a row an event, with what it begins with", async () => {
    await filled("hello", { a: 1 }, Buffer.from([0xff, 0x00]), "x".repeat(500))
    expect(await shell.finish("events", "list", "--directory", "/spool")).toBe(0)
    const rows = shell.stdout.trimEnd().split("\n")
    expect(rows[0]).toMatch(/^where +sequence +time +uuid +bytes +codec +data$/)
    expect(rows[1]).toMatch(/^waiting +1 +2023-11-14T22:13:20\.000Z +[0-9a-f-]{36} +5 +text +hello$/)
    expect(rows[2]).toMatch(/ json +\{"a":1\}$/)
    expect(rows[3]).toMatch(/ 2 +bytes +ÿ\\u0000$/)
    expect(rows[4]).toMatch(/ 500 +text +x{80}…$/)
  })

  test("what could steer a terminal is shown, not done", async () => {
    await filled("\u001b[2J\u009b2J\u202e")
    await shell.finish("events", "list", "--directory", "/spool")
    expect(shell.stdout).toContain("\\u001b[2J\\u009b2J\\u202e")
    shell.stdout = ""
    await shell.finish("events", "show", "--directory", "/spool", "--sequence", "1")
    expect(JSON.parse(shell.stdout)).toMatchObject({ event: { data: "\u001b[2J\u009b2J\u202e" } })
    expect(shell.stdout).not.toContain("\u009b")
  })

  test("says when there is more", async () => {
    await filled("a", "b", "c")
    await shell.finish("events", "list", "--directory", "/spool", "--limit", "2", "--json")
    expect(shell.stdout.trimEnd().split("\n")).toHaveLength(2)
    expect(shell.stderr).toContain("there are more")
  })
})

test("show prints the whole event; bytes in base64", async () => {
  await filled({ text: "a", raw: Buffer.from("bytes") })
  expect(await shell.finish("events", "show", "--directory", "/spool", "--sequence", "1")).toBe(0)
  const shown = JSON.parse(shell.stdout) as Record<string, unknown>
  expect(shown).toMatchObject({ where: "waiting", sequence: 1, codec: "json", event: { data: { text: "a", raw: { $bytes: "Ynl0ZXM=" } } } })
  expect(await shell.finish("events", "show", "--directory", "/spool", "--sequence", "2")).toBe(1)
})

describe("purge", () => {
  test("in a pipe without --yes says how many, removes nothing and ends with 2", async () => {
    await filled("a", "b", "c")
    expect(await shell.finish("events", "purge", "--directory", "/spool", "--sequence", "2-3")).toBe(2)
    expect(shell.stderr).toContain("Nothing was removed: 2 events would be")
    expect(await left()).toEqual([1, 2, 3])
  })

  test("asks a person, and takes anything but yes for no", async () => {
    await filled("a", "b", "c")
    shell.answer = ""
    expect(await shell.finish("events", "purge", "--directory", "/spool", "--all")).toBe(1)
    expect(shell.asked).toEqual(["Remove 3 events from /spool for good? [y/N] "])
    expect(await left()).toEqual([1, 2, 3])
    shell.answer = "y"
    expect(await shell.finish("events", "purge", "--directory", "/spool", "--sequence", "1,3")).toBe(0)
    expect(await left()).toEqual([2])
  })

  test("with --yes says how many went", async () => {
    await filled("a", "b", "c")
    expect(await shell.finish("events", "purge", "--directory", "/spool", "--all", "--yes", "--json")).toBe(0)
    expect(JSON.parse(shell.stdout)).toEqual({ action: "purge", directory: "/spool", live: false, done: 3, in_flight: 0, skipped: 0 })
    expect(await left()).toEqual([])
  })
})

test("move takes events to another spool", async () => {
  await filled("a", "b", "c")
  expect(await shell.finish("events", "move", "--directory", "/spool", "--sequence", "2", "--to", "/aside")).toBe(0)
  expect(shell.stdout).toBe("1 event moved\n")
  expect(await left()).toEqual([1, 3])
  await shell.finish("events", "list", "--directory", "/aside")
  expect(shell.stdout).toMatch(/ text +b\n$/)
})

test("replay of what nobody reads says so", async () => {
  await filled("a", "b")
  expect(await shell.finish("events", "replay", "--directory", "/spool", "--all")).toBe(0)
  expect(shell.stdout).toBe("2 events will be offered again\n")
  expect(shell.stderr).toContain("No graph reads this spool now")
})

test("an instance of a bootstrap file stands for its directory", async () => {
  const { world } = shell
  const modules = {
    source: { module: "test.input.counter" },
    sink: { module: "test.output.sink", queues: { inbox: { store: "disk" } } },
  }
  await world.complete(world.files.makeDirectory("/flows"))
  const file = JSON.stringify({ modules, routingtable: ["source.outbox -> sink.inbox"] })
  await world.complete(world.files.writeFile("/flows/flow.yaml", file))
  expect(await shell.finish("events", "list", "--config", "/flows/flow.yaml", "--instance", "sink")).toBe(2)
  expect(shell.stderr).toContain("`/flows/.wishbone/queues/sink.inbox` of a spool does not exist")
  expect(await shell.finish("events", "list", "--config", "/flows/flow.yaml", "--instance", "snk")).toBe(2)
  expect(shell.stderr).toContain("Did you mean `sink`?")
})

describe("bad usage ends with 2", () => {
  test.each([
    [["events"], "missing required argument 'action'"],
    [["events", "delete", "--directory", "/spool"], "Allowed choices are"],
    [["events", "list"], "Say which spool is meant"],
    [["events", "list", "--directory", "/a", "--config", "b", "--instance", "c"], "Say which spool is meant"],
    [["events", "list", "--directory", "/nowhere"], "does not exist"],
    [["events", "show", "--directory", "/spool"], "Say which events to show"],
    [["events", "show", "--directory", "/spool", "--all"], "Say which events to show"],
    [["events", "purge", "--directory", "/spool", "--yes"], "Say which events to remove"],
    [["events", "move", "--directory", "/spool", "--all"], "Say where to move"],
    [["events", "purge", "--directory", "/spool", "--all", "--to", "/b"], "belongs to `move`"],
    [["events", "list", "--directory", "/spool", "--sequence", "5-1"], "Expected sequences such as"],
    [["events", "list", "--directory", "/spool", "--sequence", "1,,2"], "Expected sequences such as"],
    [["events", "list", "--directory", "/spool", "--limit", "-1"], "Expected a whole number"],
  ])("%j", async (argv, why) => {
    expect(await shell.finish(...argv)).toBe(2)
    expect(shell.stderr).toContain(why)
    expect(shell.stdout).toBe("")
  })
})
