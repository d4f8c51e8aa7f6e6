// The time as a number.

import { defineFunction, TemplateFunction } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.template.epoch",
  summary: "`epoch()`: seconds since 1970, with fractions.",
  arguments: {},
  examples: [{ title: "No arguments", arguments: {} }],
})

export default class Epoch extends TemplateFunction<typeof spec> {
  static readonly spec = spec

  call(): number {
    return this.platform.clock.now() / 1000
  }
}
