// Argument types for paths into an event: a misspelt path is a mistake of the bootstrap file, found before anything starts.

import { nearest } from "./error-text.ts"
import { isInvalid } from "./errors.ts"
import { parsePath } from "./event-path.ts"
import { z } from "./spec/schema.ts"

/** What every event has, and what of it may be set or deleted below. */
const roots = {
  readable: ["data", "uuid", "timestamp", "ttl", "tags", "errors", "tmp", "meta", "bulk"],
  writable: ["data", "tmp", "tags"],
  deletable: ["data", "tmp", "tags", "errors"],
} as const

/** What a path is for. */
export type PathUse = keyof typeof roots

const stepsMax = 64

/** What is wrong with a path, in words; `undefined` when nothing is. */
function pathProblem(path: string, use: PathUse = "readable"): string | undefined {
  let steps: (string | number)[]
  try {
    steps = parsePath(path)
  } catch (thrown) {
    if (isInvalid(thrown)) return thrown.message
    throw thrown
  }
  if (steps.length > stepsMax) return `a path has at most ${stepsMax} steps`
  const root = String(steps[0])
  const known: readonly string[] = roots[use]
  if (known.includes(root))
    return use === "deletable" && steps.length === 1 ? `\`${path}\` is part of every event and cannot be deleted` : undefined
  if ((roots.readable as readonly string[]).includes(root)) {
    const verb = use === "writable" ? "set" : "deleted"
    return `\`${root}\` of an event cannot be ${verb}, only what lies below ${known.map((name) => `\`${name}\``).join(", ")}`
  }
  return `no event has \`${root}\`: did you mean \`${nearest(root, known) ?? `data.${path}`}\`?`
}

/**
 * An argument that is a dotted path into an event, such as `data.items[0].name`.
 *
 * @param use `readable`: any part of an event; `writable`: what may be set; `deletable`: what may be deleted.
 */
export function eventPath(use: PathUse = "readable"): z.ZodString {
  return z
    .string()
    .min(1)
    .superRefine((path, context) => {
      const message = path === "" ? undefined : pathProblem(path, use)
      if (message !== undefined) context.addIssue({ code: "custom", message, input: path })
    })
}

/** An argument that maps dotted paths into an event to values. */
export function mapByPath<Value extends z.ZodType>(value: Value, use: PathUse = "readable"): z.ZodRecord<z.ZodString, Value> {
  return z.record(z.string(), value).superRefine((map, context) => {
    for (const path of Object.keys(map)) {
      const message = path === "" ? "a path is not empty" : pathProblem(path, use)
      if (message !== undefined) context.addIssue({ code: "custom", message, input: map, path: [path] })
    }
  })
}
