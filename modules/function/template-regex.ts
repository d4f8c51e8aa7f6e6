// Whether text matches a regular expression. Expressions run in time that grows with the text, whatever they are.

import { compilePattern, defineFunction, Invalid, type Pattern, TemplateFunction } from "../../src/index.ts"

/** Expressions kept compiled. A template has one, as a rule. */
const patternsMax = 100

const spec = defineFunction({
  name: "wishbone.function.template.regex",
  summary: "`regex(pattern, text)`: whether the text begins with a match of the regular expression (RE2).",
  arguments: {},
  examples: [{ title: "No arguments", arguments: {} }],
})

export default class Regex extends TemplateFunction<typeof spec> {
  static readonly spec = spec
  readonly #patterns = new Map<string, Pattern>()

  call(pattern: unknown, text: unknown): boolean {
    if (typeof pattern !== "string" || typeof text !== "string") throw new Invalid("`regex` takes a pattern and a text")
    return this.#compiled(pattern).matchStart(text) !== undefined
  }

  #compiled(source: string): Pattern {
    let pattern = this.#patterns.get(source)
    if (pattern !== undefined) return pattern
    try {
      pattern = compilePattern(source)
    } catch (cause) {
      throw new Invalid((cause as Error).message, { cause })
    }
    if (this.#patterns.size >= patternsMax) this.#patterns.clear()
    this.#patterns.set(source, pattern)
    return pattern
  }
}
