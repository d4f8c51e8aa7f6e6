// A small judge of JSON Schema (draft 2020-12), for tests of the schemas that we make: it knows the words that they use and throws at any
// other, so that no part of a schema goes unread.

type Schema = Readonly<Record<string, unknown>>

// `then` is read with its `if`; the others say nothing about what is right.
const annotations = new Set(["then", "$schema", "$defs", "title", "description", "default", "deprecated", "examples", "x-wishbone"])

/** Everything that is wrong with `value`, each as `path: word`; empty when it is valid. */
export function schemaProblems(root: Schema, value: unknown): string[] {
  return problemsOf(root, value, "", root)
}

type Judge = (at: { schema: Schema; value: unknown; path: string; root: Schema }) => string[]

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value)
const say = (holds: boolean, path: string, word: string): string[] => (holds ? [] : [`${path || "."}: ${word}`])
const schemasOf = (schema: Schema, word: string): Schema[] => schema[word] as Schema[]

const judges: Readonly<Record<string, Judge>> = {
  $ref: ({ schema, value, path, root }) => {
    const name = /^#\/\$defs\/(\w+)$/.exec(String(schema["$ref"]))?.[1] ?? ""
    const target = (root["$defs"] as Record<string, Schema>)[name]
    if (target === undefined) throw new Error(`$ref leads nowhere: ${String(schema["$ref"])}`)
    return problemsOf(target, value, path, root)
  },
  type: ({ schema, value, path }) =>
    say(
      [schema["type"]].flat().some((type) => isOfType(value, String(type))),
      path,
      `type ${String(schema["type"])}`,
    ),
  enum: ({ schema, value, path }) => say((schema["enum"] as unknown[]).includes(value), path, "enum"),
  const: ({ schema, value, path }) => say(schema["const"] === value, path, "const"),
  pattern: ({ schema, value, path }) =>
    say(typeof value !== "string" || new RegExp(String(schema["pattern"]), "u").test(value), path, "pattern"),
  minLength: ({ schema, value, path }) =>
    say(typeof value !== "string" || Array.from(value).length >= Number(schema["minLength"]), path, "minLength"),
  maxLength: ({ schema, value, path }) =>
    say(typeof value !== "string" || Array.from(value).length <= Number(schema["maxLength"]), path, "maxLength"),
  minimum: ({ schema, value, path }) => say(typeof value !== "number" || value >= Number(schema["minimum"]), path, "minimum"),
  maximum: ({ schema, value, path }) => say(typeof value !== "number" || value <= Number(schema["maximum"]), path, "maximum"),
  exclusiveMinimum: ({ schema, value, path }) =>
    say(typeof value !== "number" || value > Number(schema["exclusiveMinimum"]), path, "exclusiveMinimum"),
  multipleOf: ({ schema, value, path }) => say(typeof value !== "number" || value % Number(schema["multipleOf"]) === 0, path, "multipleOf"),
  minItems: ({ schema, value, path }) => say(!Array.isArray(value) || value.length >= Number(schema["minItems"]), path, "minItems"),
  maxItems: ({ schema, value, path }) => say(!Array.isArray(value) || value.length <= Number(schema["maxItems"]), path, "maxItems"),
  minProperties: ({ schema, value, path }) =>
    say(!isMap(value) || Object.keys(value).length >= Number(schema["minProperties"]), path, "minProperties"),
  format: () => [],
  items: ({ schema, value, path, root }) =>
    Array.isArray(value) ? value.flatMap((item, index) => problemsOf(schema["items"] as Schema, item, `${path}[${index}]`, root)) : [],
  prefixItems: ({ schema, value, path, root }) =>
    Array.isArray(value)
      ? schemasOf(schema, "prefixItems").flatMap((inner, index) =>
          index < value.length ? problemsOf(inner, value[index], `${path}[${index}]`, root) : [],
        )
      : [],
  required: ({ schema, value, path }) =>
    isMap(value)
      ? (schema["required"] as string[]).filter((name) => !Object.hasOwn(value, name)).map((name) => `${path}.${name}: required`)
      : [],
  properties: ({ schema, value, path, root }) => {
    const properties = schema["properties"] as Record<string, Schema>
    return isMap(value)
      ? Object.entries(value).flatMap(([name, inner]) =>
          Object.hasOwn(properties, name) ? problemsOf(properties[name] as Schema, inner, `${path}.${name}`, root) : [],
        )
      : []
  },
  additionalProperties: ({ schema, value, path, root }) => {
    const known = (schema["properties"] ?? {}) as object
    const rest = schema["additionalProperties"] as Schema | boolean
    return isMap(value)
      ? Object.entries(value)
          .filter(([name]) => !Object.hasOwn(known, name))
          .flatMap(([name, inner]) =>
            typeof rest === "boolean"
              ? say(rest, `${path}.${name}`, "additionalProperties")
              : problemsOf(rest, inner, `${path}.${name}`, root),
          )
      : []
  },
  propertyNames: ({ schema, value, path, root }) =>
    isMap(value) ? Object.keys(value).flatMap((name) => problemsOf(schema["propertyNames"] as Schema, name, `${path}.${name}`, root)) : [],
  allOf: ({ schema, value, path, root }) => schemasOf(schema, "allOf").flatMap((inner) => problemsOf(inner, value, path, root)),
  anyOf: ({ schema, value, path, root }) =>
    say(
      schemasOf(schema, "anyOf").some((inner) => problemsOf(inner, value, path, root).length === 0),
      path,
      "anyOf",
    ),
  oneOf: ({ schema, value, path, root }) =>
    say(schemasOf(schema, "oneOf").filter((inner) => problemsOf(inner, value, path, root).length === 0).length === 1, path, "oneOf"),
  not: ({ schema, value, path, root }) => say(problemsOf(schema["not"] as Schema, value, path, root).length > 0, path, "not"),
  if: ({ schema, value, path, root }) =>
    problemsOf(schema["if"] as Schema, value, path, root).length > 0 ? [] : problemsOf((schema["then"] ?? {}) as Schema, value, path, root),
}

function problemsOf(schema: Schema, value: unknown, path: string, root: Schema): string[] {
  return Object.keys(schema).flatMap((word) => {
    if (annotations.has(word)) return []
    const judge = judges[word]
    if (judge === undefined) throw new Error(`the schema uses a word that is not known here: ${word}`)
    return judge({ schema, value, path, root })
  })
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null
    case "array":
      return Array.isArray(value)
    case "object":
      return isMap(value)
    case "integer":
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}
