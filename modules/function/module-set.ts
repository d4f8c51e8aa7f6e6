// Puts a value into each event.

import { deepCopy, defineFunction, type Event, eventPath, ModuleFunction, templated, z } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.module.set",
  summary: "Sets a value, which may be a template.",
  arguments: {
    data: templated(z.unknown()).describe(
      "The value: text, a number, a list, a map. Templates anywhere in it are filled in for each event.",
    ),
    destination: eventPath("writable").default("data").describe("Where in the event it is placed, as a dotted path."),
  },
  examples: [
    { title: "A mark", arguments: { data: "paris", destination: "tmp.site" } },
    { title: "Data in an envelope", arguments: { data: { at: "{{ timestamp }}", line: "{{ data }}" } } },
  ],
})

export default class SetValue extends ModuleFunction<typeof spec> {
  static readonly spec = spec

  apply(event: Event, { data, destination }: SetValue["args"]): void {
    // A copy: arguments are frozen and shared, and what an event holds belongs to whoever has the event.
    event.set(destination, deepCopy(data))
  }
}
