// Many queues into one. Events keep their order within each in queue; the in queues are served in turn.

import { defineModule, type Event, FlowModule } from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.flow.funnel",
  summary: "Joins any number of queues into one.",
  arguments: {},
  queues: {
    "*": { direction: "in", summary: "Events to join; the routes name these queues." },
    outbox: { direction: "out", summary: "All events." },
  },
  contract: { acknowledges: "none", waits: { "*": ["outbox"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  memory: () => 0,
  examples: [{ title: "Two sources, one destination", arguments: {} }],
})

export default class Funnel extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { "*": (event: Event) => this.submit(event, "outbox") }
}
