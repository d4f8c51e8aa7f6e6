// JSON Schema of a component's arguments, as an editor needs it to complete and check a bootstrap file. It describes what may be written,
// so durations are numbers or text with a unit, and former names are there, marked deprecated.

import { peel } from "./inspect.ts"
import { expectedKey, z } from "./schema.ts"
import type { ComponentSpec } from "./spec.ts"
import { durationPattern, formatDuration, sizePattern } from "./units.ts"

/** A JSON Schema (draft 2020-12) as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** The JSON Schema of `arguments:` of a module, protocol or function. */
export function argumentsJsonSchema(spec: ComponentSpec): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(spec.schema, {
    io: "input",
    unrepresentable: "any",
    reused: "inline",
    override: ({ zodSchema, jsonSchema }) => tidy(zodSchema as unknown as z.ZodType, jsonSchema as Record<string, unknown>),
  }) as Record<string, unknown>
  const properties = schema["properties"] as Record<string, object>
  const renamed = new Set(Object.values(spec.aliases))
  // An argument with a former name may be given under either, which `required` cannot say.
  const required = ((schema["required"] ?? []) as string[]).filter((name) => !renamed.has(name))
  return {
    ...schema,
    properties: { ...properties, ...formerNames(spec, properties) },
    ...(schema["required"] !== undefined && { required }),
  }
}

function formerNames(spec: ComponentSpec, properties: Readonly<Record<string, object>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(spec.aliases).map(([alias, name]) => {
      const { default: _, ...same } = properties[name] as Record<string, unknown>
      return [alias, { ...same, deprecated: true, description: `Former name of \`${name}\`.` }]
    }),
  )
}

function tidy(schema: z.ZodType, json: Record<string, unknown>): void {
  delete json[expectedKey]
  if (json["type"] === "object" && json["properties"] !== undefined) json["additionalProperties"] ??= false
  // zod's own bounds on whole numbers say nothing to somebody who writes a file.
  if (json["maximum"] === Number.MAX_SAFE_INTEGER) delete json["maximum"]
  if (json["minimum"] === Number.MIN_SAFE_INTEGER) delete json["minimum"]
  const { hasDefault, default: fallback, marks } = peel(schema)
  const isDuration = marks.includes("duration")
  if (!isDuration && !marks.includes("size")) return
  json["pattern"] = isDuration ? durationPattern : sizePattern
  // A default is kept as the module sees it; a file would give a duration's milliseconds as text.
  if (hasDefault && typeof fallback === "number") json["default"] = isDuration ? formatDuration(fallback) : fallback
}
