// The modules of the chain: a source, a funnel, five more that do small different things, and an end. Written as any module author would
// write them, against the public API alone.

import { defineModule, Event, FlowModule, InputModule, OutputModule, type Ticket } from "../../src/index.ts"
import { batchEvents, payload, type Reading } from "./load.ts"

const contract = { acknowledges: "none", failsWithinMs: 0, reorders: false, holds: "nothing" } as const
const through = {
  inbox: { direction: "in", summary: "Events." },
  outbox: { direction: "out", summary: "Events." },
} as const

const sourceSpec = defineModule({
  name: "bench.input.source",
  summary: "Makes events as fast as they are taken.",
  arguments: {},
  queues: { outbox: { direction: "out", summary: "Events." } },
})

export class Source extends InputModule<typeof sourceSpec> {
  static readonly spec = sourceSpec
  settled = 0
  #made = 0

  /** One batch, at once through the graph as far as it goes. */
  step(chain: number | "six", tickets: boolean): Promise<void> | undefined {
    const { clock, random } = this.platform
    const timestamp = clock.now() / 1000
    const events: Event[] = []
    for (let n = 0; n < batchEvents; n++) events.push(new Event(random, timestamp, payload(chain, this.#made++)))
    if (tickets) this.track(events, this)
    const pending = this.submit(events)
    this.runNow()
    return pending
  }

  ticketSettled(_ticket: Ticket): void {
    this.settled += 1
  }
}

const funnelSpec = defineModule({ name: "bench.flow.funnel", summary: "Hands on.", arguments: {}, queues: through, contract })

export class Funnel extends FlowModule<typeof funnelSpec> {
  static readonly spec = funnelSpec
  override readonly consumers = { inbox: (event: Event) => this.submit(event, "outbox") }
}

const countSpec = defineModule({ name: "bench.flow.count", summary: "Counts.", arguments: {}, queues: through, contract })

export class Count extends FlowModule<typeof countSpec> {
  static readonly spec = countSpec
  override readonly consumers = { inbox: (event: Event) => this.#count(event) }
  seen = 0
  #count(event: Event): void {
    this.seen += 1
    this.submit(event)
  }
}

const tagSpec = defineModule({ name: "bench.flow.tag", summary: "Keeps what is tagged out.", arguments: {}, queues: through, contract })

export class CheckTag extends FlowModule<typeof tagSpec> {
  static readonly spec = tagSpec
  override readonly consumers = {
    inbox: (event: Event) => {
      if (!event.tags.includes("debug")) this.submit(event, "outbox")
    },
  }
}

const modifySpec = defineModule({ name: "bench.process.modify", summary: "Counts up.", arguments: {}, queues: through, contract })

export class Modify extends FlowModule<typeof modifySpec> {
  static readonly spec = modifySpec
  override readonly consumers = {
    inbox: (event: Event) => {
      const reading = event.data as Reading
      reading.number += 1
      return this.submit(event, "outbox")
    },
  }
}

const filterSpec = defineModule({ name: "bench.flow.filter", summary: "Filters.", arguments: {}, queues: through, contract })

export class Filter extends FlowModule<typeof filterSpec> {
  static readonly spec = filterSpec
  override readonly consumers = { inbox: (event: Event) => (this.#passes(event) ? this.submit(event) : undefined) }
  #passes(event: Event): boolean {
    return (event.data as Reading).number > 0
  }
}

const routeSpec = defineModule({
  name: "bench.flow.route",
  summary: "Routes by a field.",
  arguments: {},
  queues: { ...through, errors: { direction: "out", summary: "Errors." } },
  contract,
})

export class Route extends FlowModule<typeof routeSpec> {
  static readonly spec = routeSpec
  override readonly consumers = { inbox: (event: Event) => this.submit(event, this.#routes.get((event.data as Reading).level) ?? "outbox") }
  readonly #routes = new Map([["error", "errors" as const]])
}

const endSpec = defineModule({
  name: "bench.output.end",
  summary: "Where events end, counted.",
  arguments: {},
  queues: { inbox: { direction: "in", summary: "Events." }, errors: { direction: "in", summary: "Events." } },
  contract,
})

export class End extends OutputModule<typeof endSpec> {
  static readonly spec = endSpec
  override readonly consumers = { inbox: (event: Event) => this.#end(event), errors: (event: Event) => this.#end(event) }
  ended = 0
  endedBytes = 0
  #end(event: Event): void {
    this.ended += 1
    this.endedBytes += event.weight
  }
}
