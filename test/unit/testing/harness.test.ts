// What the test kit does for authors of modules, seen with a small input that acknowledges.

import { expect, test } from "vitest"
import { defineModule, type FailedSlot, FlowModule, InputModule, Invalid, type Ticket, TransientError } from "../../../src/index.ts"
import { startModule } from "../../../src/testing/index.ts"

const inputSpec = defineModule({
  name: "test.input.asker",
  summary: "Makes events on request and remembers how they ended.",
  arguments: {},
  queues: { outbox: { direction: "out", summary: "Events." } },
})

class Asker extends InputModule<typeof inputSpec> {
  static readonly spec = inputSpec
  readonly ends: (string | undefined)[] = []

  ask(data: unknown): void {
    const event = this.event(data)
    this.track([event], {
      ticketSettled: ({ failed }: Ticket) => void this.ends.push((failed?.get(0) as FailedSlot | undefined)?.kind ?? "well"),
    })
    void this.submit(event)
  }
}

test("what comes out ends well, unless the queue is told to refuse, and then with the kind of its error", async () => {
  const run = await startModule(Asker)
  const ask = async (): Promise<void> => {
    run.module.ask("a")
    await run.settle()
  }
  await ask()
  run.refuse("outbox", new TransientError("no room"))
  await ask()
  run.refuse("outbox", new Invalid("not this one"))
  await ask()
  run.refuse("outbox", undefined)
  await ask()
  run.accept("outbox")
  await ask()
  expect(run.module.ends).toEqual(["well", "transient", "invalid", "error", "well"])
  await run.stop()
})

test("a blocked queue leaves the end of an event open", async () => {
  const run = await startModule(Asker)
  run.block("outbox")
  run.module.ask("a")
  await run.settle()
  expect([run.module.ends, run.sent]).toEqual([[], {}])
  await run.unblock("outbox")
  expect([run.module.ends, run.sent]).toEqual([["well"], { outbox: ["a"] }])
  await run.stop()
})

test("a queue that is not there is told by name", async () => {
  const run = await startModule(Asker)
  expect(() => run.refuse("outbix", new Error())).toThrow("there is no out queue `outbix`, only failed, outbox")
  await run.stop()
})

const leakySpec = defineModule({
  name: "test.flow.leaky",
  summary: "Forgets what it holds.",
  arguments: {},
  queues: { inbox: { direction: "in", summary: "Events." } },
})

class Leaky extends FlowModule<typeof leakySpec> {
  static readonly spec = leakySpec
  override readonly consumers = { inbox: (event: Parameters<FlowModule["hold"]>[0]) => this.hold(event) }
}

test("an event that a module holds and never lets go is lost at the stop, and seen in its books", async () => {
  const run = await startModule(Leaky)
  await run.send("inbox", "a")
  await run.stop({ timeoutMs: 100 })
  expect(run.books).toMatchObject({ held: 0, lost: 1 })
})
