// What a value must be to stand in a template, and how it reads as text.

import { isUtf8 } from "node:buffer"
import { Invalid } from "../errors.ts"

/** Gives the value back. @throws Invalid when it is missing; `what` is how the template names it. */
export function required(value: unknown, what: string): unknown {
  if (value === undefined) throw new Invalid(`\`${what}\` is missing`, { code: "template_missing" })
  return value
}

/** A value as text: text and numbers as they are, maps and lists as JSON. @throws Invalid when it has no text of its own. */
export function textOf(value: unknown, what: string): string {
  switch (typeof required(value, what)) {
    case "string":
      return value as string
    case "number":
      if (Number.isFinite(value)) return String(value)
      throw new Invalid(`\`${what}\` is not a number that can be written down`, { code: "template_text" })
    case "object":
      return textOfObject(value, what)
    case "function":
    case "symbol":
      throw new Invalid(`\`${what}\` has no text`, { code: "template_text" })
    default:
      return String(value)
  }
}

function textOfObject(value: unknown, what: string): string {
  if (value === null)
    throw new Invalid(`\`${what}\` is null, which has no text (\`| default("…", true)\` gives it one)`, { code: "template_text" })
  if (!Buffer.isBuffer(value)) return JSON.stringify(value)
  if (isUtf8(value)) return value.toString("utf8")
  throw new Invalid(`\`${what}\` holds bytes that are not text`, { code: "template_text" })
}
