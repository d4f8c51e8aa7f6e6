// One of several values at random.

import { defineFunction, TemplateFunction, z } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.template.choice",
  summary: "`choice()`: one of several values at random.",
  arguments: {
    values: z.array(z.unknown()).min(1).describe("The values to choose from."),
  },
  aliases: { array: "values" },
  examples: [{ title: "One of three sites", arguments: { values: ["paris", "london", "rome"] } }],
})

export default class Choice extends TemplateFunction<typeof spec> {
  static readonly spec = spec

  call(): unknown {
    const { values } = this.args
    return values[Math.floor(this.platform.random.float() * values.length)]
  }
}
