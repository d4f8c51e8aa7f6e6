// The process.

import { defineFunction, TemplateFunction } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.template.pid",
  summary: "`pid()`: the number of the process.",
  arguments: {},
  constant: true,
  examples: [{ title: "No arguments", arguments: {} }],
})

export default class Pid extends TemplateFunction<typeof spec> {
  static readonly spec = spec

  call(): number {
    return this.platform.pid
  }
}
