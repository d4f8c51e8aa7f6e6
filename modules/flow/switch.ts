// Sends all events to one of its queues until it is told another: an event on `switch`, with the name of a queue as its data, changes the
// target. Only queues that a route starts from can be targets; a name that is none fails that event (kind `invalid`) and changes nothing.
//
// Both in queues have their own order: an event that came to `inbox` before a change may still be handled after it. The target is
// kept in memory: a restart begins with `outgoing` again.

import { defineModule, type Event, eventPath, FlowModule, Invalid, WishboneError, z } from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.flow.switch",
  summary: "Sends events to one queue, and to another when told so.",
  arguments: {
    outgoing: z
      .string()
      .min(1)
      .refine(
        (queue) => queue !== "inbox" && queue !== "switch",
        "`inbox` and `switch` are where events come in: name a queue that a route starts from",
      )
      .default("outbox")
      .describe("Where events go at first: a queue that a route starts from."),
    path: eventPath().default("data").describe("Where an event on `switch` holds the name of the new target."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events to pass on." },
    switch: { direction: "in", summary: "Changes the target: the data is the name of a queue." },
    outbox: { direction: "out", summary: "The first target, unless `outgoing` names another." },
    "*": { direction: "out", summary: "Further targets; the routes name these queues." },
  },
  contract: { acknowledges: "none", waits: { inbox: ["*"], switch: [] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [
    { title: "Begins with `outbox`", arguments: {} },
    { title: "Begins with the queue `amsterdam`", arguments: { outgoing: "amsterdam" } },
  ],
})

const shownCharacters = 60

export default class Switch extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event) => this.submit(event, this.#target), switch: (event: Event) => this.#turn(event) }
  #target = this.args.outgoing

  override preHook(): void {
    const known = this.outQueues
    if (known.includes(this.#target)) return
    throw new WishboneError("WB_TARGET_UNCONNECTED", { instance: this.name, argument: "outgoing", queue: this.#target, known })
  }

  #turn(event: Event): void {
    const name = event.get(this.args.path)
    const target = typeof name === "string" ? name.trim() : ""
    const known = this.outQueues
    if (!known.includes(target))
      throw new Invalid(`${shown(name)} is no queue to switch to: ${known.join(", ")}`, { code: "switch_target" })
    if (target !== this.#target) this.log.info(`switched from ${this.#target} to ${target}`)
    this.#target = target
  }
}

function shown(name: unknown): string {
  if (typeof name !== "string") return `what is no text (${name === null ? "null" : typeof name})`
  return `\`${name.length > shownCharacters ? `${name.slice(0, shownCharacters)}…` : name}\``
}
