// Text in upper case.

import { defineFunction, type Event, eventPath, Invalid, ModuleFunction } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.module.uppercase",
  summary: "Changes text to upper case.",
  arguments: {
    source: eventPath().default("data").describe("The text, as a dotted path."),
    destination: eventPath("writable").default("data").describe("Where the result is placed."),
  },
  examples: [{ title: "One key of a map", arguments: { source: "data.name", destination: "data.name" } }],
})

export default class Uppercase extends ModuleFunction<typeof spec> {
  static readonly spec = spec

  apply(event: Event, { source, destination }: Uppercase["args"]): void {
    const text = event.get(source)
    if (typeof text !== "string") throw new Invalid(`\`${source}\` is no text`)
    event.set(destination, text.toUpperCase())
  }
}
