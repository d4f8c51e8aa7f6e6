// The JSON Schema (2020-12) of a whole bootstrap file, for editors: they complete and explain keys, modules and arguments, and mark typical
// mistakes while one types. It is made of the tables of keys.ts and of what modules declare. It accepts all that the check accepts; what only
// the check can see (routes that lead nowhere, deadlocks, two keys that do not go together) it lets pass.

import type { PartComponent } from "../router/parts.ts"
import type { Registry } from "../router/registry.ts"
import { argumentsJsonSchema, type JsonSchema } from "../spec/json-schema.ts"
import { systemQueues } from "../spec/plan.ts"
import type { ModuleSpec } from "../spec/spec.ts"
import { functionKeys, instanceKeys, type Key, type Keys, mapOf, protocolKeys, queueKeys, topLevelKeys } from "./keys.ts"

export interface BootstrapSchemaOptions {
  /** The modules, protocols and functions there are. */
  readonly registry: Registry
  /** No others may be named; else also modules of packages that are not known here, outside the namespace `wishbone`. */
  readonly complete: boolean
}

type PartSection = "protocols" | "module_functions" | "template_functions"

const partKeys: Readonly<Record<PartSection, { readonly key: "protocol" | "function"; readonly keys: Keys }>> = {
  protocols: { key: "protocol", keys: protocolKeys },
  module_functions: { key: "function", keys: functionKeys },
  template_functions: { key: "function", keys: functionKeys },
}

const name = "[a-z0-9][a-z0-9_]{0,99}"
/** An end as Wishbone wrote it may begin with `_`; what comes out of `${…}` is for the check to see. */
const end = `\\s*_?${name}\\s*\\.\\s*_?${name}\\s*`

/** The schema of a bootstrap file. */
export function bootstrapJsonSchema({ registry, complete }: BootstrapSchemaOptions): JsonSchema {
  const modules = registry.list().map(({ spec }) => spec)
  const sections = {
    protocols: partSection("protocols", registry.parts.ofSort("decoder", "encoder")),
    module_functions: partSection("module_functions", registry.parts.ofSort("module function")),
    template_functions: partSection("template_functions", registry.parts.ofSort("template function")),
  }
  const root = lenient(mapOf({ ...topLevelKeys, ...sections }))
  const { routingtable, ...properties } = root["properties"] as Record<string, JsonSchema>
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Bootstrap file of wishbone-ts",
    ...root,
    // It must be there, and may be empty all the same.
    properties: { ...properties, routingtable: orEmpty(routingtable ?? {}) },
    $defs: {
      instance: lenient(instanceSchema(modules, complete)),
      queue: orEmpty(lenient(mapOf(queueKeys))),
      route: { type: "string", pattern: `^${end}->${end}$` },
      in_queue: { type: "string", pattern: `^${end}$` },
    },
  }
}

function instanceSchema(modules: readonly ModuleSpec[], complete: boolean): JsonSchema {
  const base = mapOf({ ...instanceKeys, module: moduleKey(modules, complete) })
  return { ...base, allOf: modules.map(moduleRules) }
}

function moduleKey(modules: readonly ModuleSpec[], complete: boolean): Key {
  const known = modules.map(({ name: id, summary }) => ({ const: id, description: summary }))
  const former = { pattern: modules.map((spec) => formerIds(spec.name)).join("|"), description: "A former name of a module." }
  const file = { pattern: "^\\.{0,2}/", description: "A file with a module." }
  const foreign = { pattern: "^(?!wishbone(_contrib)?\\.)[a-z][a-z0-9_]*\\.", description: "A module of a package." }
  const summary = instanceKeys["module"]?.summary ?? ""
  return { summary, value: { type: "string", anyOf: [...known, former, file, ...(complete ? [] : [foreign])] }, required: true }
}

/** Whatever Wishbone called a module, and its name of today: `wishbone.module.output.tcp`, `wishbone_contrib.module.output.tcp` … */
function formerIds(id: string): string {
  const [namespace = "", kind = "", last = ""] = id.split(".")
  const spaces = namespace === "wishbone" ? "wishbone(_contrib|\\.contrib)?" : namespace
  const kinds = kind === "process" ? "(process|function)" : kind
  return `^${spaces}\\.(module\\.)?${kinds}\\.${last}$`
}

/** What holds for instances of one module: its arguments and its queues. */
function moduleRules(spec: ModuleSpec): JsonSchema {
  const args = argumentsJsonSchema(spec)
  const required = Array.isArray(args["required"]) && args["required"].length > 0
  const inside = Object.keys(spec.queues).filter((queue) => spec.queues[queue]?.direction === "in")
  const named = inside
    .filter((queue) => queue !== "*")
    .map((queue) => [queue, { description: spec.queues[queue]?.summary, $ref: "#/$defs/queue" }])
  const queues = {
    type: "object",
    properties: Object.fromEntries(named),
    additionalProperties: inside.includes("*") ? { $ref: "#/$defs/queue" } : false,
    propertyNames: { not: { enum: systemQueues } },
  }
  return rule(
    { properties: { module: { pattern: formerIds(spec.name) } }, required: ["module"] },
    { properties: { arguments: args, queues }, ...(required && { required: ["arguments"] }) },
  )
}

/** What holds is judged only where the condition does, so that an editor speaks of one module alone. */
function rule(condition: JsonSchema, consequence: JsonSchema): JsonSchema {
  // Not as a literal: to the language, an object with `then` is a promise.
  return Object.fromEntries(new Map([["if", condition]]).set("then", consequence))
}

/** A section of the file that declares protocols or functions: their arguments, by what they are. */
function partSection(section: PartSection, parts: readonly PartComponent[]): Key {
  const { key, keys } = partKeys[section]
  const { summary, value } = topLevelKeys[section] as Key
  const known = parts.map(({ spec }) => ({ const: spec.name, description: spec.summary }))
  const named: Key = { summary: keys[key]?.summary ?? "", value: { anyOf: [...known, { type: "string" }] }, required: true }
  const rules = parts.map(({ spec }) => {
    const args = argumentsJsonSchema(spec)
    const required = Array.isArray(args["required"]) && args["required"].length > 0
    return rule(
      { properties: { [key]: { const: spec.name } }, required: [key] },
      { properties: { arguments: args }, ...(required && { required: ["arguments"] }) },
    )
  })
  return {
    summary,
    value: { ...value, additionalProperties: { ...mapOf({ ...keys, [key]: named }), ...(rules.length > 0 && { allOf: rules }) } },
  }
}

/** Words that say nothing about what is right: they stay outside when a schema gets an alternative. */
const annotations = ["description", "default", "deprecated", "title", "examples", "x-wishbone"]
const namedSchemas = ["properties", "patternProperties"]
const singleSchemas = ["items", "additionalProperties"]
const listedSchemas = ["anyOf", "oneOf", "allOf"]

/**
 * The same schema, but for two liberties that a file has: any scalar may be `${NAME}`, and what is a setting may be left empty (`timeout:`).
 * `settings`: it describes settings; an argument that is named has a value.
 */
function lenient(schema: JsonSchema, settings = true): JsonSchema {
  const required = (schema["required"] ?? []) as readonly string[]
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) {
    if (namedSchemas.includes(key)) {
      const entries = Object.entries(value as Readonly<Record<string, JsonSchema>>).map(([name, inner]) => {
        const judged = lenientValue(inner, settings && name !== "arguments")
        return [name, settings && !required.includes(name) ? orEmpty(judged) : judged]
      })
      copy[key] = Object.fromEntries(entries)
    } else if (singleSchemas.includes(key) && typeof value === "object") copy[key] = lenientValue(value as JsonSchema, settings)
    else if (listedSchemas.includes(key)) copy[key] = (value as JsonSchema[]).map((inner) => lenient(inner, settings))
    else if (key === "then") copy[key] = lenient(value as JsonSchema, settings)
    else copy[key] = value
  }
  return copy
}

/** A schema of something that stands in the file as a value. */
function lenientValue(schema: JsonSchema, settings: boolean): JsonSchema {
  const inner = lenient(schema, settings)
  return isPickyScalar(schema) ? alternative(inner, { type: "string", pattern: "\\$\\{" }) : inner
}

/** Whether it takes scalars, and not just any text. */
function isPickyScalar(schema: JsonSchema): boolean {
  const types = [schema["type"]].flat()
  if (schema["$ref"] === "#/$defs/route" || schema["$ref"] === "#/$defs/in_queue") return true
  if (schema["$ref"] !== undefined || types.includes("object") || types.includes("array")) return false
  if (types.includes("string"))
    return ["pattern", "enum", "const", "minLength", "maxLength", "format", "anyOf"].some((key) => schema[key] !== undefined)
  return types.some((type) => type !== undefined) || ["enum", "const", "anyOf", "oneOf"].some((key) => schema[key] !== undefined)
}

function orEmpty(schema: JsonSchema): JsonSchema {
  const judges = Object.keys(schema).some((key) => !annotations.includes(key))
  return judges ? alternative(schema, { type: "null" }) : schema
}

function alternative(schema: JsonSchema, other: JsonSchema): JsonSchema {
  const entries = Object.entries(schema)
  const outside = entries.filter(([key]) => annotations.includes(key))
  const inside = entries.filter(([key]) => !annotations.includes(key))
  const [only] = inside
  const branches = inside.length === 1 && only?.[0] === "anyOf" ? (only[1] as JsonSchema[]) : [Object.fromEntries(inside)]
  return { ...Object.fromEntries(outside), anyOf: [...branches, other] }
}
