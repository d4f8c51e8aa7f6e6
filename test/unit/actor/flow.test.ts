// Where a flow module may submit to is part of its type.

import { expect, test } from "vitest"
import { defineModule, type Event, FlowModule } from "../../../src/index.ts"
import { startModule } from "../../../src/testing/index.ts"

const inbox = { direction: "in", summary: "Events." } as const
const out = { direction: "out", summary: "Events." } as const

const namedSpec = defineModule({ name: "test.flow.named", summary: "Names.", arguments: {}, queues: { inbox, outbox: out, odd: out } })

class Named extends FlowModule<typeof namedSpec> {
  static readonly spec = namedSpec
  override readonly consumers = { inbox: (event: Event) => this.submit(event, event.data === "odd" ? "odd" : "failed") }

  misspelt(event: Event): void {
    // @ts-expect-error no such queue is declared
    this.submit(event, "ood")
    // @ts-expect-error an in queue is no place to submit to
    this.submit(event, "inbox")
  }
}

const anySpec = defineModule({ name: "test.flow.any", summary: "Any.", arguments: {}, queues: { inbox, "*": out } })

class Any extends FlowModule<typeof anySpec> {
  static readonly spec = anySpec
  override readonly consumers = { inbox: (event: Event) => this.submit(event, String(event.data)) }
}

test("declared queues, `successful` and `failed` can be named; others do not compile", async () => {
  const run = await startModule(Named)
  await run.send("inbox", "odd", "even")
  expect(run.sent).toEqual({ odd: ["odd"], failed: ["even"] })
  await run.stop()
})

test("any name will do where the routes name the queues", async () => {
  const run = await startModule(Any, {}, { outQueues: ["left", "right"] })
  await run.send("inbox", "left", "right")
  expect(run.sent).toEqual({ left: ["left"], right: ["right"] })
  await run.stop()
})
