import { describe, expect, test } from "vitest"
import Append from "../../../modules/function/module-append.ts"
import Lowercase from "../../../modules/function/module-lowercase.ts"
import SetValue from "../../../modules/function/module-set.ts"
import Uppercase from "../../../modules/function/module-uppercase.ts"
import type { Event } from "../../../src/event.ts"
import { defineModule, FlowModule } from "../../../src/index.ts"
import { type ModuleRun, type StartOptions, startModule } from "../../../src/testing/harness.ts"

const spec = defineModule({
  name: "test.flow.pass",
  summary: "Passes events on.",
  arguments: {},
  queues: { inbox: { direction: "in", summary: "Events." }, outbox: { direction: "out", summary: "The same." } },
})

class Pass extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event) => this.submit(event) }
}

type Functions = NonNullable<StartOptions["functions"]>[string]

/** Events that went through functions, and those that failed. */
async function through(functions: Functions, ...data: readonly unknown[]): Promise<ModuleRun<Pass>> {
  const run = await startModule(Pass, {}, { functions: { inbox: functions } })
  await run.send("inbox", ...data)
  run.checkBooks()
  return run
}

function failuresOf(run: ModuleRun<Pass>): unknown[] {
  return (run.events["failed"] ?? []).map(({ meta }) => [meta.history[0]?.kind, meta.history[0]?.message])
}

describe("set", () => {
  test("places a value, a copy of its own for each event", async () => {
    const run = await through([[SetValue, { data: { a: [1] }, destination: "data.made" }]], {}, {})
    const [first, second] = run.sent["outbox"] as { made: { a: number[] } }[]
    first?.made.a.push(2)
    expect([first, second]).toEqual([{ made: { a: [1, 2] } }, { made: { a: [1] } }])
  })

  test("fills templates in for each event, anywhere in the value", async () => {
    const run = await through([[SetValue, { data: { line: "{{ data }}", both: ["{{ data }}!", 1] } }]], "a", "b")
    expect(run.sent["outbox"]).toEqual([
      { line: "a", both: ["a!", 1] },
      { line: "b", both: ["b!", 1] },
    ])
  })

  test("a template that cannot be filled in fails the event", async () => {
    const run = await through([[SetValue, { data: "{{ data.name }}", destination: "tmp.name" }]], { name: "x" }, {})
    expect(run.sent["outbox"]).toEqual([{ name: "x" }])
    expect(failuresOf(run)).toEqual([["invalid", expect.stringContaining("`data.name` is missing")]])
  })

  test("a destination that cannot be set is found before anything starts", async () => {
    await expect(through([[SetValue, { data: 1, destination: "uuid" }]])).rejects.toThrow("`uuid` of an event cannot be set")
  })
})

describe("append", () => {
  test("adds to the tags, in order of the functions", async () => {
    const run = await through(
      [
        [Append, { data: "a" }],
        [Append, { data: "{{ data }}" }],
      ],
      "b",
    )
    expect(run.events["outbox"]?.[0]?.tags).toEqual(["a", "b"])
  })

  test("adds to a list, makes one where there is none, and refuses anything else", async () => {
    const run = await through([[Append, { data: 1, destination: "data.list" }]], { list: [0] }, {}, { list: "text" })
    expect(run.sent["outbox"]).toEqual([{ list: [0, 1] }, { list: [1] }])
    expect(failuresOf(run)).toEqual([["invalid", "`data.list` is no list, so nothing can be appended to it"]])
  })
})

describe("lowercase and uppercase", () => {
  test("change text, in place or to another place", async () => {
    expect((await through([Uppercase], "Straße é")).sent["outbox"]).toEqual(["STRASSE É"])
    const run = await through([[Lowercase, { source: "data.a", destination: "data.b" }]], { a: "ABC" })
    expect(run.sent["outbox"]).toEqual([{ a: "ABC", b: "abc" }])
  })

  test("fail an event that holds no text there: it is not passed on half done", async () => {
    const run = await through([[SetValue, { data: 1, destination: "tmp.seen" }], Uppercase], "a", 5, undefined)
    expect(run.sent["outbox"]).toEqual(["A"])
    expect(failuresOf(run)).toEqual([
      ["invalid", "`data` is no text"],
      ["invalid", "`data` is no text"],
    ])
    expect(run.events["failed"]?.map(({ tmp }) => tmp)).toEqual([{ seen: 1 }, { seen: 1 }])
  })
})
