// Rate limit by fixed window. A window opens with the first event after the previous one closed, so an idle throttle holds no timer.
//
// `mode: divert` passes the set number of events and sends the rest of the window to `throttled`. `mode: delay` sends nothing there: it
// takes no more events until the window is over, so that they wait in its in queue, and once that is full their producers wait. What
// still waits in memory when the graph has to stop is lost like in any other queue: where that matters, give the in queue
// `store: disk`.

import { type Contract, defineModule, type Event, FlowModule, type Timer, z } from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.flow.throttle",
  summary: "Passes a set number of events per window and diverts, or delays, the rest.",
  arguments: {
    events_max: z.int().min(1).describe("Events passed in one window."),
    window_seconds: z.number().positive().max(31_536_000).default(1).describe("Length of a window, in seconds."),
    mode: z
      .enum(["divert", "delay"])
      .default("divert")
      .describe("What happens to events over the limit: `divert` sends them to `throttled`, `delay` lets them wait in the in queue."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events to count." },
    outbox: { direction: "out", summary: "Events within the limit." },
    throttled: { direction: "out", summary: "Events over the limit, unchanged; none with `mode: delay`." },
  },
  contract: ({ mode }): Contract => ({
    acknowledges: "none",
    waits: { inbox: mode === "delay" ? ["outbox"] : ["outbox", "throttled"] },
    failsWithinMs: 0,
    reorders: false,
    holds: "nothing",
    delays: mode === "delay",
  }),
  examples: [
    { title: "Ten mails a minute", arguments: { events_max: 10, window_seconds: 60 } },
    { title: "A hundred requests a second, the rest a little later", arguments: { events_max: 100, mode: "delay" } },
  ],
})

export default class Throttle extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event) => this.#count(event) }
  #windowEndMs = Number.NEGATIVE_INFINITY
  #passed = 0
  /** Runs while events are delayed. */
  #timer: Timer | undefined

  override postHook(): void {
    this.#timer?.cancel()
  }

  #count(event: Event): undefined {
    // The monotonic clock: a wall clock that is set back would close the window for as long.
    const nowMs = this.platform.clock.monotonic()
    if (nowMs >= this.#windowEndMs) {
      this.#windowEndMs = nowMs + this.args.window_seconds * 1000
      this.#passed = 0
    }
    if (this.#passed >= this.args.events_max) return this.submit(event, "throttled")
    this.#passed += 1
    if (this.#passed >= this.args.events_max && this.args.mode === "delay") this.#delay(this.#windowEndMs - nowMs)
    return this.submit(event, "outbox")
  }

  /** Takes nothing for the rest of the window. */
  #delay(restMs: number): void {
    this.pauseTaking()
    this.#timer = this.platform.timers.after(restMs, () => {
      // A timer may come a little early; whatever is taken now belongs to the next window.
      this.#windowEndMs = Number.NEGATIVE_INFINITY
      this.resumeTaking()
    })
  }
}
