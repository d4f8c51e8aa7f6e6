// Adds a value to a list in each event.

import { defineFunction, type Event, eventPath, Invalid, ModuleFunction, templated, z } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.module.append",
  summary: "Adds a value to a list, by default to the tags.",
  arguments: {
    data: templated(z.union([z.string(), z.number()])).describe("What is added; a template is filled in for each event."),
    destination: eventPath("writable").default("tags").describe("The list, as a dotted path; where there is nothing, one is made."),
  },
  examples: [
    { title: "A tag", arguments: { data: "seen" } },
    { title: "The way it went", arguments: { data: "{{ uuid }}", destination: "tmp.way" } },
  ],
})

export default class Append extends ModuleFunction<typeof spec> {
  static readonly spec = spec

  apply(event: Event, { data, destination }: Append["args"]): void {
    const list = event.get(destination) ?? []
    if (!Array.isArray(list)) throw new Invalid(`\`${destination}\` is no list, so nothing can be appended to it`)
    event.set(destination, [...(list as unknown[]), data])
  }
}
