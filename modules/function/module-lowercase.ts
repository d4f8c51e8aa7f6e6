// Text in lower case.

import { defineFunction, type Event, eventPath, Invalid, ModuleFunction } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.module.lowercase",
  summary: "Changes text to lower case.",
  arguments: {
    source: eventPath().default("data").describe("The text, as a dotted path."),
    destination: eventPath("writable").default("data").describe("Where the result is placed."),
  },
  examples: [{ title: "One key of a map", arguments: { source: "data.name", destination: "data.name" } }],
})

export default class Lowercase extends ModuleFunction<typeof spec> {
  static readonly spec = spec

  apply(event: Event, { source, destination }: Lowercase["args"]): void {
    const text = event.get(source)
    if (typeof text !== "string") throw new Invalid(`\`${source}\` is no text`)
    event.set(destination, text.toLowerCase())
  }
}
