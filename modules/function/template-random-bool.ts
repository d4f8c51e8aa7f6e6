// True or false at random.

import { defineFunction, TemplateFunction } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.template.random_bool",
  summary: "`random_bool()`: true or false at random.",
  arguments: {},
  examples: [{ title: "No arguments", arguments: {} }],
})

export default class RandomBool extends TemplateFunction<typeof spec> {
  static readonly spec = spec

  call(): boolean {
    return this.platform.random.float() < 0.5
  }
}
