// @ts-check
// Masks text at given paths, all but its last characters: enough to recognise a card or a token by, not enough to use it. An event in
// which something else than text or a number lies there fails; nothing of it has been changed then.

import { defineModule, eventPath, Invalid, ProcessModule, z } from "wishbone-ts"

/** @import { Event } from "wishbone-ts" */

const spec = defineModule({
  name: "acme.process.redact",
  summary: "Masks text at given paths.",
  arguments: {
    paths: z.array(eventPath("writable")).min(1).describe("Where the text lies, such as `data.user.card`."),
    keep: z.int().min(0).max(16).default(4).describe("Characters that stay, at the end; none of a text of less than twice as many."),
    mask: z.string().min(1).max(1).default("*").describe("What stands for each of the others."),
    missing: z.enum(["pass", "fail"]).default("pass").describe("What becomes of an event without anything at a path."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events as they are." },
    outbox: { direction: "out", summary: "Events that anybody may read." },
  },
  contract: { acknowledges: "none", waits: { inbox: ["outbox"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [{ title: "Cards and phone numbers", arguments: { paths: ["data.card", "data.phone"], keep: 2 } }],
})

/** @extends {ProcessModule<typeof spec>} */
export default class Redact extends ProcessModule {
  static spec = spec
  consumers = { inbox: (/** @type {Event} */ event) => this.#redact(event) }

  /** @param {Event} event */
  #redact(event) {
    // All are looked at before one is set, so that an event that fails is as it came.
    const masked = this.args.paths.map((path) => ({ path, text: this.#masked(event, path) }))
    for (const { path, text } of masked) if (text !== undefined) event.set(path, text)
    this.submit(event)
  }

  /**
   * @param {Event} event
   * @param {string} path
   */
  #masked(event, path) {
    const value = event.get(path)
    if (value === undefined) {
      if (this.args.missing === "fail") throw new Invalid(`there is nothing at \`${path}\``)
      return undefined
    }
    if (typeof value !== "string" && typeof value !== "number") throw new Invalid(`what lies at \`${path}\` is neither text nor a number`)
    // By code points: half of an emoji is no character.
    const characters = Array.from(String(value))
    const shown = characters.length >= 2 * this.args.keep ? this.args.keep : 0
    return characters.map((character, at) => (at < characters.length - shown ? this.args.mask : character)).join("")
  }
}
