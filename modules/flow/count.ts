// Passes or drops events by how often they came: the first condition whose field exists and equals its value counts the event.
//
// `action: pass` holds the first ones back (they go to `dropped`) and passes from the n-th on: "only when it happens ten times".
// `action: drop` passes the first ones and drops from the n-th on: "tell me nine times, then be quiet". The count begins anew `window`
// after the first event counted; without a window it never does. Each condition has one count, in memory. Events that no condition
// counts go to `outbox`, and nowhere else.

import { isDeepStrictEqual } from "node:util"
import { defineModule, duration, type Event, FlowModule, mapByPath, z } from "../../src/index.ts"

const condition = z.object({
  value: z
    .unknown()
    .refine((value) => value !== undefined, "it is missing: write what the field must equal")
    .describe("What the field must equal, type included."),
  occurrence: z.int().min(1).describe("The n-th event is the first that `action` is about."),
  window: duration().default(0).describe("How long events are counted after the first; 0 for ever."),
  action: z.enum(["pass", "drop"]).describe("`pass` or `drop` from the n-th event on."),
})

const spec = defineModule({
  name: "wishbone.flow.count",
  summary: "Passes or drops events from the n-th of their sort on.",
  arguments: {
    conditions: mapByPath(condition).default({}).describe("Field (a dotted path) to condition; the first that fits an event counts it."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events to count." },
    outbox: { direction: "out", summary: "Events that pass, and those that no condition counts." },
    dropped: { direction: "out", summary: "Events that do not pass, unchanged." },
  },
  contract: { acknowledges: "none", waits: { inbox: ["outbox", "dropped"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [
    {
      title: "Alerts only from the tenth failure within a minute on",
      arguments: { conditions: { "data.state": { value: "critical", occurrence: 10, window: 60, action: "pass" } } },
    },
    {
      title: "At most nine of a sort an hour",
      arguments: { conditions: { "data.type": { value: "login", occurrence: 10, window: "1h", action: "drop" } } },
    },
  ],
})

interface Counter {
  readonly path: string
  readonly value: unknown
  readonly occurrence: number
  readonly windowMs: number
  readonly passesFirst: boolean
  count: number
  endsMs: number
}

export default class Count extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event) => this.#pass(event) }
  readonly #counters = Object.entries(this.args.conditions).map(
    ([path, { value, occurrence, window, action }]): Counter => ({
      path,
      value,
      occurrence,
      windowMs: window > 0 ? window : Number.POSITIVE_INFINITY,
      passesFirst: action === "drop",
      count: 0,
      endsMs: Number.NEGATIVE_INFINITY,
    }),
  )

  #pass(event: Event): undefined {
    const counter = this.#counters.find(({ path, value }) => isDeepStrictEqual(event.get(path), value))
    if (counter === undefined) return this.submit(event, "outbox")
    const reached = this.#counted(counter) >= counter.occurrence
    return this.submit(event, reached === counter.passesFirst ? "dropped" : "outbox")
  }

  /** Counts one more; gives the count, which stops where it makes no difference any more. */
  #counted(counter: Counter): number {
    const nowMs = this.platform.clock.monotonic()
    if (nowMs >= counter.endsMs) {
      counter.count = 0
      counter.endsMs = nowMs + counter.windowMs
    }
    counter.count = Math.min(counter.count + 1, counter.occurrence)
    return counter.count
  }
}
