// Ends circles: counts how often each event comes through this instance, and sends those that came more than `ttl` times to
// `ttl_exceeded`. The count travels with the event, in `tmp.<instance>.passages`; clones carry on with the count they were made with.
// What is read from a disk keeps it as well, unlike the `ttl` every event has, which counts hops through the whole graph.

import { defineModule, type Event, FlowModule, z } from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.flow.ttl",
  summary: "Lets each event pass a set number of times.",
  arguments: {
    ttl: z.int().min(1).default(1).describe("How often an event may come through this instance."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events to let pass." },
    outbox: { direction: "out", summary: "Events that came no more than `ttl` times." },
    ttl_exceeded: { direction: "out", summary: "Events that came once too often." },
  },
  contract: { acknowledges: "none", waits: { inbox: ["outbox", "ttl_exceeded"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [{ title: "Three attempts round a loop", arguments: { ttl: 3 } }],
})

export default class Ttl extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event) => this.#count(event) }

  #count(event: Event): undefined {
    const passages = passagesOf(event.tmp[this.name]) + 1
    if (passages > this.args.ttl) return this.submit(event, "ttl_exceeded")
    event.tmp[this.name] = { passages }
    return this.submit(event, "outbox")
  }
}

/** What an earlier passage wrote; anything else that lies there counts as none. */
function passagesOf(written: unknown): number {
  const { passages } = (written ?? {}) as { passages?: unknown }
  return typeof passages === "number" && Number.isInteger(passages) && passages > 0 ? passages : 0
}
