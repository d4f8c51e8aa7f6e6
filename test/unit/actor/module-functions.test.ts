// When functions run, and what becomes of an event that one of them refuses, for handlers of one event and of batches.
import { describe, expect, test } from "vitest"
import type { Batch } from "../../../src/actor/batch.ts"
import { FlowModule } from "../../../src/actor/flow.ts"
import { ModuleFunction } from "../../../src/actor/module-function.ts"
import { OutputModule } from "../../../src/actor/output.ts"
import { Invalid, TransientError } from "../../../src/errors.ts"
import type { Event } from "../../../src/event.ts"
import { defineModule } from "../../../src/spec/define.ts"
import { defineFunction } from "../../../src/spec/function.ts"
import { templated, z } from "../../../src/spec/schema.ts"
import { startModule } from "../../../src/testing/harness.ts"

const addSpec = defineFunction({
  name: "test.function.module.add",
  summary: "Adds to a text.",
  arguments: { what: templated(z.string()).describe("What.") },
})

class Add extends ModuleFunction<typeof addSpec> {
  static readonly spec = addSpec
  #count = 0

  apply(event: Event, { what }: Add["args"]): void {
    if (event.data === "invalid") throw new Invalid("refused")
    if (event.data === "busy") throw new TransientError("later")
    if (event.data === "bug") throw new TypeError("oops")
    this.#count += 1
    event.data = `${String(event.data)}${what}${this.#count}`
  }
}

class Later extends ModuleFunction<typeof addSpec> {
  static readonly spec = addSpec

  // As plain JavaScript has it: the types would not let it pass.
  apply(): void {
    return Promise.reject(new Error("nobody waits for this")) as unknown as undefined
  }
}

const flowSpec = defineModule({
  name: "test.flow.show",
  summary: "Shows its argument.",
  arguments: { text: templated(z.string()).default("").describe("Text.") },
  queues: {
    inbox: { direction: "in", summary: "Events." },
    other: { direction: "in", summary: "Events." },
    outbox: { direction: "out", summary: "Events." },
  },
})

class Show extends FlowModule<typeof flowSpec> {
  static readonly spec = flowSpec
  override readonly consumers = { inbox: this.#handle.bind(this), other: this.#handle.bind(this) }

  #handle(event: Event, args: Show["args"]): void {
    event.data = [event.data, args.text]
    this.submit(event)
  }
}

const outputSpec = defineModule({
  name: "test.output.collect",
  summary: "Collects.",
  arguments: {},
  queues: { inbox: { direction: "in", summary: "Events." } },
})

class Collect extends OutputModule<typeof outputSpec> {
  static readonly spec = outputSpec
  readonly got: unknown[][] = []
  override readonly batches = {
    inbox: (batch: Batch) => {
      this.got.push(batch.events.map(({ data }) => data))
      batch.delivered()
    },
  }
}

const kinds = (events: readonly Event[] | undefined): unknown[] => (events ?? []).map(({ meta }) => meta.history[0]?.kind)

describe("of a handler that takes one event", () => {
  test("functions run in order, each use with a state of its own, before templated arguments are made", async () => {
    const functions = {
      inbox: [
        [Add, { what: "x" }],
        [Add, { what: "{{ data }}" }],
      ] as const,
      other: [[Add, { what: "o" }]] as const,
    }
    const run = await startModule(Show, { text: "<{{ data }}>" }, { functions })
    await run.send("inbox", "a", "b")
    await run.send("other", "c")
    expect(run.sent["outbox"]).toEqual([
      ["ax1ax11", "<ax1ax11>"],
      ["bx2bx22", "<bx2bx22>"],
      ["co1", "<co1>"],
    ])
    await run.stop()
  })

  test("one that throws fails the event with its kind, and the handler never sees it", async () => {
    const run = await startModule(Show, {}, { functions: { inbox: [[Add, { what: "" }]] } })
    await run.send("inbox", "invalid", "a", "busy", "bug")
    expect(run.sent).toEqual({ outbox: [["a1", ""]], failed: ["invalid", "busy", "bug"] })
    expect(kinds(run.events["failed"])).toEqual(["invalid", "transient", "error"])
    await run.stop()
  })

  test("an event whose hops are spent does not reach them", async () => {
    const run = await startModule(Show, {}, { functions: { inbox: [[Add, { what: "" }]] } })
    const event = run.module.event("a")
    event.ttl = 1
    await run.send("inbox", event)
    expect(run.sent).toEqual({ failed: ["a"] })
    expect(kinds(run.events["failed"])).toEqual(["ttl"])
    await run.stop()
  })

  test("one that answers with a promise fails the event: nobody would wait for it", async () => {
    const run = await startModule(Show, {}, { functions: { inbox: [[Later, { what: "" }]] } })
    await run.send("inbox", "a")
    expect(run.events["failed"]?.[0]?.meta.history[0]?.message).toBe("a module function answered with a promise: functions cannot wait")
    await run.stop()
  })
})

describe("of a handler that takes batches", () => {
  test("what functions refuse leaves the batch, and the rest keeps its order", async () => {
    const run = await startModule(Collect, {}, { functions: { inbox: [[Add, { what: "x".repeat(1000) }]] } })
    await run.send("inbox", "invalid", "a", "bug", "b", "invalid")
    expect(run.module.got.map((batch) => batch.map((data) => String(data).length))).toEqual([[1002, 1002]])
    expect(kinds(run.events["failed"])).toEqual(["invalid", "error", "invalid"])
    expect(run.sent["successful"]).toHaveLength(2)
    await run.stop()
  })

  test("a batch of which nothing is left is never handed over", async () => {
    const run = await startModule(Collect, {}, { functions: { inbox: [[Add, { what: "" }]] } })
    await run.send("inbox", "invalid", "invalid")
    expect(run.module.got).toEqual([])
    expect(run.sent["failed"]).toHaveLength(2)
    await run.send("inbox", "a")
    expect(run.module.got).toEqual([["a1"]])
    await run.stop()
  })
})
