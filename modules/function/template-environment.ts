// Environment variables.

import { defineFunction, Invalid, TemplateFunction } from "../../src/index.ts"

const spec = defineFunction({
  name: "wishbone.function.template.environment",
  summary: '`environment("NAME")`: a variable of the environment, the same as `env("NAME")`; one that is missing is a mistake.',
  arguments: {},
  constant: true,
  examples: [{ title: "No arguments", arguments: {} }],
})

export default class Environment extends TemplateFunction<typeof spec> {
  static readonly spec = spec

  call(name: unknown): string {
    const { environment } = this.platform
    const value = Object.hasOwn(environment, String(name)) ? environment[String(name)] : undefined
    if (value === undefined) throw new Invalid(`the environment has no variable \`${String(name)}\``)
    return value
  }
}
