// Several values one after the other, over and over.

import { defineFunction, TemplateFunction, z } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.template.cycle",
  summary: "`cycle()`: the next of several values, beginning anew after the last. Each instance counts by itself.",
  arguments: {
    values: z.array(z.unknown()).min(1).describe("The values, in order."),
  },
  aliases: { array: "values" },
  examples: [{ title: "Left and right in turn", arguments: { values: ["left", "right"] } }],
})

export default class Cycle extends TemplateFunction<typeof spec> {
  static readonly spec = spec
  #next = 0

  call(): unknown {
    const { values } = this.args
    const value = values[this.#next]
    this.#next = (this.#next + 1) % values.length
    return value
  }
}
