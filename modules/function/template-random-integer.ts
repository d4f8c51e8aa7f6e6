// A whole number at random.

import { defineFunction, TemplateFunction, WishboneError, z } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.template.random_integer",
  summary: "`random_integer()`: a whole number between two bounds at random.",
  arguments: {
    minimum: z.int().default(0).describe("The smallest number."),
    maximum: z.int().default(0).describe("The largest number."),
  },
  examples: [{ title: "A die", arguments: { minimum: 1, maximum: 6 } }],
})

export default class RandomInteger extends TemplateFunction<typeof spec> {
  static readonly spec = spec

  override prepare(): void {
    const { minimum, maximum } = this.args
    if (minimum <= maximum) return
    const problem = `is ${maximum}, below \`minimum\`, which is ${minimum}`
    throw new WishboneError("WB_ARGUMENT_INVALID", { module: spec.name, argument: "maximum", problem })
  }

  call(): number {
    const { minimum, maximum } = this.args
    return minimum + Math.floor(this.platform.random.float() * (maximum - minimum + 1))
  }
}
