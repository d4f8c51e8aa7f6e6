// A uuid at random.

import { defineFunction, TemplateFunction } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.template.random_uuid",
  summary: "`random_uuid()`: a random uuid (version 4), a new one each time; `{{ uuid }}` is the one of the event.",
  arguments: {},
  examples: [{ title: "No arguments", arguments: {} }],
})

export default class RandomUuid extends TemplateFunction<typeof spec> {
  static readonly spec = spec

  call(): string {
    return this.platform.random.uuid()
  }
}
