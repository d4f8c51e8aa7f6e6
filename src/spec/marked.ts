// Arguments by their marks: secrets hidden before anything is printed, paths made absolute before a module sees them.

import { type ArgumentPath, walk } from "./inspect.ts"
import { isTemplate, type Mark } from "./schema.ts"
import type { ComponentSpec } from "./spec.ts"

type Values = Readonly<Record<string, unknown>>

/** What is printed in place of a secret. */
export const hidden = "***"

/** A copy of arguments, raw or checked, that may be printed: `secret()` arguments and passwords in URLs are `***`. */
export function redactArguments(spec: ComponentSpec, values: Values): Values {
  const copy = changed(spec, values, "secret", (value) => (value === undefined || value === null ? value : hidden))
  return redactUrls(copy) as Values
}

/** A copy of checked arguments in which every `path()` went through `resolve`. Templates stay as they are. */
export function resolvePaths(spec: ComponentSpec, values: Values, resolve: (path: string) => string): Values {
  return changed(spec, values, "path", (value) => (typeof value === "string" && !isTemplate(value) ? resolve(value) : value))
}

/** The stores that checked arguments name, with the places of the names. */
export function storesNamed(spec: ComponentSpec, values: Values): { path: ArgumentPath; name: string }[] {
  const found: { path: ArgumentPath; name: string }[] = []
  walk(spec.schema, values, ({ path, value, judge }) => {
    if (judge?.marks.includes("store") && typeof value === "string") found.push({ path, name: value })
  })
  return found
}

/** Text with the password of every URL in it hidden. */
export function redactUrlPasswords(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/?#@]*:)[^\s/?#]*@/gi, `$1${hidden}@`)
}

function redactUrls(value: unknown): unknown {
  if (typeof value === "string") return redactUrlPasswords(value)
  if (Array.isArray(value)) return value.map(redactUrls)
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactUrls(inner)]))
}

function changed(spec: ComponentSpec, values: Values, mark: Mark, change: (value: unknown) => unknown): Values {
  const places: { path: ArgumentPath; value: unknown }[] = []
  walk(spec.schema, canonicalNames(spec, values), ({ path, value, judge }) => {
    if (judge?.marks.includes(mark)) places.push({ path, value: change(value) })
  })
  // The walk knows today's names; what it found under one of them may stand under a former one.
  const written = new Map(
    Object.entries(spec.aliases)
      .filter(([alias]) => Object.hasOwn(values, alias))
      .map(([alias, name]) => [name, alias]),
  )
  return places.reduce<Values>((copy, { path: [first, ...rest], value }) => {
    return replaced(copy, [written.get(String(first)) ?? String(first), ...rest], value) as Values
  }, values)
}

function canonicalNames(spec: ComponentSpec, values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [(Object.hasOwn(spec.aliases, name) && spec.aliases[name]) || name, value]),
  )
}

function replaced(value: unknown, [step, ...rest]: ArgumentPath, inner: unknown): unknown {
  if (step === undefined) return inner
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>
  copy[step] = replaced(copy[step], rest, inner)
  return copy
}
