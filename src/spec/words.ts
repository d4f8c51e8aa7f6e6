// What a schema expects and what was found instead, in plain words.

import { listed } from "../error-text.ts"
import { alternatives, type Check, checksOf, definitionOf, peel, shapeOf } from "./inspect.ts"
import { expectedBy, type z } from "./schema.ts"

/** What a schema expects: "a whole number between 0 and 65535", "one of `a` and `b`", "a list (each: text)". */
export function expectation(schema: z.ZodType): string {
  return described(schema, false)
}

/** The same with the places named where a template may stand: "a map (each value: text or a template)". */
export function expectationWithTemplates(schema: z.ZodType): string {
  return described(schema, true)
}

function described(schema: z.ZodType, templates: boolean): string {
  const peeled = peel(schema)
  const words = peeled.marks.includes("path") ? "a path" : (expectedBy(peeled.schema) ?? bare(peeled.schema, templates))
  const alone = templates && peeled.marks.includes("templated") ? `${words} or a template` : words
  return peeled.nullable && words !== "anything" ? `${alone}, or nothing` : alone
}

function bare(schema: z.ZodType, templates: boolean): string {
  const def = definitionOf(schema)
  const inner = (each: unknown): string => described(each as z.ZodType, templates)
  switch (def.type) {
    case "string":
      return text(schema)
    case "number":
      return number(schema)
    case "boolean":
      return "true or false"
    case "null":
    case "undefined":
      return "nothing"
    case "literal":
      return oneOf(def.values)
    case "enum":
      return oneOf(Object.values(def.entries))
    case "array":
      return `a list${length(checksOf(schema), "item")} (each: ${inner(def.element)})`
    case "tuple":
      return `a list (${def.items.map(inner).join("; ")})`
    case "record":
      return `a map (each value: ${inner(def.valueType)})`
    case "object":
      return map(Object.keys(def.shape))
    case "union":
      return [...new Set(alternatives(schema).map(inner))].join(", or ")
    default:
      return "anything"
  }
}

function map(keys: readonly string[]): string {
  return keys.length === 0 ? "a map" : `a map of ${listed(keys)}`
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? `\`${String(values[0])}\`` : `one of ${listed(values)}`
}

const formats: Readonly<Record<string, string>> = {
  url: "a URL such as `https://example.test/in`",
  email: "an email address",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  uuid: "a UUID",
}

function text(schema: z.ZodType): string {
  const checks = checksOf(schema)
  const format = checks.map((check) => formats[check.format ?? ""]).find((words) => words !== undefined)
  if (format !== undefined) return format
  const pattern = checks.find((check) => check.pattern !== undefined)?.pattern
  return `text${length(checks, "character")}${pattern === undefined ? "" : ` that matches \`${pattern.source}\``}`
}

function number(schema: z.ZodType): string {
  const checks = checksOf(schema)
  const noun = checks.some((check) => check.format?.includes("int")) ? "a whole number" : "a number"
  const least = checks.findLast((check) => check.check === "greater_than")
  const most = checks.findLast((check) => check.check === "less_than")
  if (least?.inclusive && most?.inclusive) return `${noun} between ${least.value} and ${most.value}`
  const words = [
    least && `${least.inclusive ? "of at least" : "above"} ${least.value}`,
    most && `${most.inclusive ? "of at most" : "below"} ${most.value}`,
  ]
  return [noun, words.filter((part) => part !== undefined).join(" and ")].filter((part) => part !== "").join(" ")
}

function length(checks: readonly Check[], unit: string): string {
  const exact = checks.findLast((check) => check.length !== undefined)?.length
  if (exact !== undefined) return ` of exactly ${counted(exact, unit)}`
  const least = checks.findLast((check) => check.minimum !== undefined)?.minimum
  const most = checks.findLast((check) => check.maximum !== undefined)?.maximum
  if (least === 1 && most === undefined) return " that is not empty"
  if (least !== undefined && most !== undefined) return ` of ${least} to ${counted(most, unit)}`
  if (least !== undefined) return ` of at least ${counted(least, unit)}`
  return most === undefined ? "" : ` of at most ${counted(most, unit)}`
}

function counted(count: number, unit: string): string {
  return `${count} ${count === 1 ? unit : `${unit}s`}`
}

const shownCharacters = 40

/** What was found: "text `abc`", "the number 5", "a list". */
export function found(value: unknown): string {
  switch (shapeOf(value)) {
    case "text": {
      const content = String(value)
      if (content === "") return "empty text"
      return `text \`${content.length > shownCharacters ? `${content.slice(0, shownCharacters)}…` : content}\``
    }
    case "number":
      return `the number ${String(value)}`
    case "boolean":
      return String(value)
    case "nothing":
      return "nothing"
    case "list":
      return "a list"
    case "map":
      return "a map"
  }
}

/** A path as one would write it: `headers.accept`, `items[0].name`. */
export function pathText(path: readonly (string | number)[]): string {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${step}`)).join("")
}
