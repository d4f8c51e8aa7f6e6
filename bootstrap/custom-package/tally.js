// @ts-check
// Counts events by a value in them and writes the counts to the log, now and then and at the end. What is counted is what leaves by any
// output: `selection` or `payload` say which value that is. The number of values is bounded; what comes beyond counts as `(other)`.

import { defineModule, duration, OutputModule, textOrBytes, z } from "wishbone-ts"

/** @import { Event } from "wishbone-ts" */

const spec = defineModule({
  name: "acme.output.tally",
  summary: "Counts events by a value in them.",
  arguments: {
    interval: duration({ minMs: 100 }).default(10_000).describe("Time between two entries of the log."),
    values_max: z.int().min(1).default(1000).describe("Values counted one by one; all others count together."),
  },
  queues: { inbox: { direction: "in", summary: "Events to count." } },
  contract: { acknowledges: "none", waits: { inbox: [] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [{ title: "By user, once a minute", arguments: { selection: "data.user", interval: "1m" } }],
})

const other = "(other)"

/** @extends {OutputModule<typeof spec>} */
export default class Tally extends OutputModule {
  static spec = spec
  consumers = {
    inbox: (/** @type {Event} */ event, /** @type {Tally["args"]} */ args) => this.#count(String(textOrBytes(this.payloadOf(event, args)))),
  }
  /** @type {Map<string, number>} */
  #counts = new Map()

  preHook() {
    this.background(async (_submit, signal) => {
      for (;;) {
        // Rejects when the instance ends, and the loop with it.
        await this.platform.timers.sleep(this.args.interval, signal)
        this.#tell()
      }
    })
  }

  postHook() {
    this.#tell()
    this.warnings.close()
  }

  /** @param {string} value */
  #count(value) {
    const known = this.#counts.has(value) || this.#counts.size < this.args.values_max
    const counted = known ? value : other
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1)
  }

  #tell() {
    if (this.#counts.size > 0) this.log.info("counted", { counts: Object.fromEntries(this.#counts) })
    this.#counts.clear()
  }
}
