// Makes the same event over and over: for tests, demonstrations and load.

import { defineModule, duration, type Event, InputModule, templated, textOrBytes, z } from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.input.testevent",
  summary: "Makes test events at an interval, or as fast as they are taken.",
  arguments: {
    interval: duration().default(1000).describe("Time between two events; 0 makes them as fast as the graph takes them."),
    message: templated(z.unknown()).default("test").describe("What each event holds."),
    numbered: z.boolean().default(false).describe("Appends `_1`, `_2`, `_3` and so on to the message."),
    additional_values: z
      .record(z.string(), templated(z.unknown()))
      .default({})
      .describe("Further values by the dotted path at which they are placed, such as `tmp.origin`."),
  },
  queues: { outbox: { direction: "out", summary: "The events." } },
  contract: { acknowledges: "none", waits: {}, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [
    { title: "One event a second", arguments: { message: "hello" } },
    { title: "Numbered events, as fast as they are taken", arguments: { interval: 0, numbered: true } },
  ],
})

export default class Testevent extends InputModule<typeof spec> {
  static readonly spec = spec
  readonly #stopping = new AbortController()
  #count = 0

  override preHook(): void {
    // One that goes nowhere: what cannot be placed shows now, not two seconds apart for ever.
    this.#make(0)
    this.generate(this.args.interval, this.#stopping.signal, () => this.#make(++this.#count))
  }

  override stopTaking(): void {
    this.#stopping.abort()
  }

  #make(number: number): Event {
    // Templates may ask for the uuid of the event that is only being made: it gets the one they saw.
    const blank = this.event(undefined)
    const { message, numbered, additional_values } = this.argsOf(blank)
    // Copies: arguments are frozen and shared, and what an event holds belongs to whoever has the event.
    const event = this.incoming(numbered ? `${textOrBytes(message)}_${number}` : structuredClone(message))
    if (blank.hasUuid) event.uuid = blank.uuid
    for (const [path, value] of Object.entries(additional_values)) event.set(path, structuredClone(value))
    return event
  }
}
