// The version of this program.

import { defineFunction, Invalid, TemplateFunction } from "../../src/index.ts"

const names = new Set<unknown>([undefined, "wishbone", "wishbone-ts"])

const spec = defineFunction({
  name: "wishbone.function.template.version",
  summary: "`version()`: the version of this program.",
  arguments: {},
  constant: true,
  examples: [{ title: "No arguments", arguments: {} }],
})

export default class Version extends TemplateFunction<typeof spec> {
  static readonly spec = spec

  call(distribution?: unknown): string {
    if (!names.has(distribution)) throw new Invalid(`the version of \`${String(distribution)}\` is not known, only that of this program`)
    return this.context.version
  }
}
