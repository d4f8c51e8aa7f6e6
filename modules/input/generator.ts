// Makes events from a payload of any shape, its templates filled in for each event: for tests, load, and what has to happen regularly.

import { defineModule, duration, type Event, InputModule, type Submit, templated, z } from "../../src/index.ts"

/** Events submitted at once when there is no interval, so that everything else gets its turn between them. */
const flatOutEvents = 128

const spec = defineModule({
  name: "wishbone.input.generator",
  summary: "Makes events from a payload with templates, at an interval or as fast as they are taken.",
  arguments: {
    interval: duration().default(1000).describe("Time between two rounds; 0 makes events as fast as the graph takes them."),
    payload: templated(z.unknown())
      .default("test")
      .describe(
        "What each event holds: text, a number, a list, a map. Templates anywhere in it are filled in for each event; `{{ tmp.NAME.number }}`, with the instance's name, counts from 1.",
      ),
    burst: z.int().min(1).max(100_000).default(1).describe("Events made in one round; without an interval it does not matter."),
    count: z.int().min(1).optional().describe("Ends after so many events; without it, never."),
  },
  queues: { outbox: { direction: "out", summary: "The events." } },
  contract: { acknowledges: "none", waits: {}, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [
    { title: "One event a second", arguments: { payload: "hello" } },
    { title: "A thousand orders, ten every second", arguments: { payload: { id: "{{ uuid }}", lines: [1, 2] }, burst: 10, count: 1000 } },
    { title: "As fast as they are taken", arguments: { interval: 0 } },
  ],
})

export default class Generator extends InputModule<typeof spec> {
  static readonly spec = spec
  readonly #stopping = new AbortController()
  #made = 0

  override preHook(): void {
    // One that goes nowhere: a payload that cannot be made shows now, not every two seconds for ever.
    this.#make(1)
    this.background((submit) => this.#generate(submit))
  }

  override stopTaking(): void {
    this.#stopping.abort()
  }

  async #generate(submit: Submit): Promise<void> {
    const { interval, burst, count = Number.POSITIVE_INFINITY } = this.args
    const { signal } = this.#stopping
    const { clock, timers } = this.platform
    let dueMs = clock.monotonic()
    while (!signal.aborted && this.#made < count) {
      const full = submit(this.#round(Math.min(interval === 0 ? flatOutEvents : burst, count - this.#made)))
      await (full ?? new Promise<void>((resolve) => timers.immediate(resolve)))
      if (interval === 0 || this.#made >= count) continue
      // From when it was due, so that a thousand rounds take a thousand intervals; what the graph held up is not made up for.
      dueMs = Math.max(dueMs + interval, clock.monotonic())
      await timers.sleep(dueMs - clock.monotonic(), signal).catch(() => undefined)
    }
    if (this.#made >= count) this.ended()
  }

  #round(length: number): Event[] {
    return Array.from({ length }, () => {
      const event = this.#make(this.#made + 1)
      this.#made += 1
      return event
    })
  }

  #make(number: number): Event {
    const isTemplated = this.context.actor.args.perEvent !== null
    const blank = this.event(undefined)
    if (isTemplated) blank.tmp[this.name] = { number }
    const { payload } = this.argsOf(blank)
    // A copy: arguments are frozen and shared, and what an event holds belongs to whoever has the event.
    const event = this.incoming(typeof payload === "object" ? structuredClone(payload) : payload)
    if (!isTemplated) return event
    // Templates may have asked for them: the event gets what they saw.
    if (blank.hasUuid) event.uuid = blank.uuid
    if (!this.args.native_events) event.timestamp = blank.timestamp
    event.tmp[this.name] = { number }
    return event
  }
}
