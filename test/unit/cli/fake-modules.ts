// Small modules for tests of the command line, which knows no concrete ones.

import type { Batch } from "../../../src/actor/batch.ts"
import { FlowModule } from "../../../src/actor/flow.ts"
import { InputModule } from "../../../src/actor/input.ts"
import { OutputModule } from "../../../src/actor/output.ts"
import type { Event } from "../../../src/event.ts"
import type { ModuleClass } from "../../../src/router/registry.ts"
import { defineModule } from "../../../src/spec/define.ts"
import { z } from "../../../src/spec/schema.ts"

const counterSpec = defineModule({
  name: "test.input.counter",
  summary: "Makes a number of events, then ends or waits.",
  arguments: {
    count: z.int().min(0).default(3).describe("How many."),
    endless: z.boolean().default(false).describe("Whether more might come."),
    broken: z.boolean().default(false).describe("Whether it cannot start."),
  },
  queues: { outbox: { direction: "out", summary: "The events." } },
  contract: { acknowledges: "none", failsWithinMs: 0, reorders: false, holds: "nothing" },
  aliases: { number: "count" },
  examples: [{ title: "Three events", arguments: {} }],
})

class Counter extends InputModule<typeof counterSpec> {
  static readonly spec = counterSpec

  override preHook(): void {
    const { broken, count, endless } = this.args
    if (broken) throw new Error("no power")
    this.background(async (submit) => {
      for (let number = 1; number <= count; number++) await submit(this.event(number))
      if (!endless) this.ended()
    })
  }
}

const strictSpec = defineModule({
  name: "test.input.strict",
  summary: "Takes as its own what is a former name to another.",
  arguments: { number: z.int().default(3).describe("A number.") },
  queues: { outbox: { direction: "out", summary: "Nothing." } },
})

class Strict extends InputModule<typeof strictSpec> {
  static readonly spec = strictSpec
}

const delaySpec = defineModule({
  name: "test.flow.delay",
  summary: "Passes events on after a while.",
  arguments: { ms: z.int().default(5000).describe("How long.") },
  queues: { inbox: { direction: "in", summary: "Events." }, outbox: { direction: "out", summary: "The same, later." } },
})

class Delay extends FlowModule<typeof delaySpec> {
  static readonly spec = delaySpec
  override readonly consumers = { inbox: (event: Event) => this.#pass(event) }

  async #pass(event: Event): Promise<void> {
    await this.platform.timers.sleep(this.args.ms)
    this.submit(event, "outbox")
  }
}

const sinkSpec = defineModule({
  name: "test.output.sink",
  summary: "Takes every event.",
  arguments: { hangs: z.boolean().default(false).describe("Whether it never ends.") },
  queues: { inbox: { direction: "in", summary: "Events." } },
  contract: { acknowledges: "none", waits: { inbox: [] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  memory: ({ hangs }, { inflightBytes }) => (hangs ? 1024 : 0) + inflightBytes,
})

class Sink extends OutputModule<typeof sinkSpec> {
  static readonly spec = sinkSpec
  override readonly batches = { inbox: (batch: Batch) => batch.delivered() }

  override postHook(): Promise<void> | void {
    if (this.args.hangs) return new Promise(() => undefined)
  }
}

export const fakeModules: readonly ModuleClass[] = [Sink, Counter, Strict, Delay]
