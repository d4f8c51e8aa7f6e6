// Finding one's way through a schema beside a value: what a schema is under its wrappers (defaults, optional, templated), which branch of
// a union a value means, and which schema judges the value at a path. The only file that reads zod's inside.

import { isTemplate, type Mark, markOf, type z } from "./schema.ts"

/** One step into a list (index) or a map (key). */
export type Step = string | number

/** Where an argument lies below `arguments:`. */
export type ArgumentPath = readonly Step[]

/** What a value looks like in YAML. */
export type Shape = "text" | "number" | "boolean" | "nothing" | "list" | "map"

/** What is left of a schema when its wrappers are taken off. */
export interface Peeled {
  readonly schema: z.ZodType
  /** All marks found on the way, outermost first. */
  readonly marks: readonly Mark[]
  readonly hasDefault: boolean
  readonly default: unknown
  readonly optional: boolean
  readonly nullable: boolean
}

type Def = z.core.$ZodTypes["_zod"]["def"]

/** The definition of a schema; `def.type` tells which kind it is. */
export function definitionOf(schema: z.ZodType): Def {
  return schema.def as unknown as Def
}

/** One bound or format that a schema checks beside the type. */
export interface Check {
  readonly check: string
  readonly value?: number
  readonly inclusive?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly length?: number
  readonly format?: string
  readonly pattern?: RegExp
}

/** The bounds and formats of a schema, its own format (whole number, URL) included. */
export function checksOf(schema: z.ZodType): readonly Check[] {
  const def = definitionOf(schema) as { checks?: readonly { _zod: { def: Check } }[]; format?: string }
  const own = def.format === undefined ? [] : [{ check: "format", format: def.format }]
  return [...own, ...(def.checks ?? []).map((check) => check._zod.def)]
}

/** Takes defaults, optional, nullable, readonly, pipes and `templated()` off a schema, and tells what they said. */
export function peel(schema: z.ZodType): Peeled {
  const marks: Mark[] = []
  let current = schema
  let hasDefault = false
  let fallback: unknown
  let optional = false
  let nullable = false
  for (;;) {
    const mark = markOf(current)
    if (mark !== undefined) marks.push(mark)
    const def = definitionOf(current)
    if (def.type === "default" || def.type === "prefault") {
      hasDefault = true
      fallback = def.defaultValue
    }
    optional ||= def.type === "optional"
    nullable ||= def.type === "nullable"
    const inner = mark === "templated" ? alternatives(current)[1] : wrapped(current)
    if (inner === undefined || mark === "duration" || mark === "size") {
      return { schema: current, marks, hasDefault, default: fallback, optional: optional || hasDefault, nullable }
    }
    current = inner
  }
}

function wrapped(schema: z.ZodType): z.ZodType | undefined {
  const def = definitionOf(schema)
  switch (def.type) {
    case "default":
    case "prefault":
    case "optional":
    case "nullable":
    case "nonoptional":
    case "readonly":
    case "catch":
      return def.innerType as z.ZodType
    case "pipe":
      // A preprocessing step tells nothing about what it takes; what it hands on does.
      return definitionOf(def.in as z.ZodType).type === "transform" ? (def.out as z.ZodType) : (def.in as z.ZodType)
    case "lazy":
      return def.getter() as z.ZodType
    default:
      return undefined
  }
}

/** The branches of a union; empty for any other schema. */
export function alternatives(schema: z.ZodType): readonly z.ZodType[] {
  const def = definitionOf(schema)
  return def.type === "union" ? (def.options as readonly z.ZodType[]) : []
}

/** What `value` looks like in YAML. */
export function shapeOf(value: unknown): Shape {
  if (value === null || value === undefined) return "nothing"
  if (Array.isArray(value)) return "list"
  if (typeof value === "object") return "map"
  return typeof value === "string" ? "text" : typeof value === "boolean" ? "boolean" : "number"
}

/** Whether a schema takes values of that look at all. */
function takes(schema: z.ZodType, shape: Shape): boolean {
  const peeled = peel(schema)
  if (shape === "nothing" && (peeled.nullable || peeled.optional)) return true
  const def = definitionOf(peeled.schema)
  switch (def.type) {
    case "string":
    case "template_literal":
      return shape === "text"
    case "number":
      return shape === "number"
    case "boolean":
      return shape === "boolean"
    case "null":
    case "undefined":
      return shape === "nothing"
    case "array":
    case "tuple":
      return shape === "list"
    case "object":
    case "record":
      return shape === "map"
    case "literal":
      return def.values.some((value) => shapeOf(value) === shape)
    case "enum":
      return Object.values(def.entries).some((value) => shapeOf(value) === shape)
    case "union":
      return alternatives(peeled.schema).some((branch) => takes(branch, shape))
    default:
      return true
  }
}

/** The schema that judges `value`: wrappers off and, of a union, the branch the value most likely means; undefined when none fits its look. */
export function narrow(schema: z.ZodType, value: unknown): Peeled | undefined {
  const peeled = peel(schema)
  const branches = alternatives(peeled.schema)
  if (branches.length === 0 || peeled.marks.includes("duration") || peeled.marks.includes("size")) return peeled
  const fitting = branches.filter((branch) => takes(branch, shapeOf(value)))
  const [first] = fitting.length < 2 ? fitting : fitting.toSorted((a, b) => issueCount(a, value) - issueCount(b, value))
  if (first === undefined) return undefined
  const branch = narrow(first, value)
  return branch && { ...branch, marks: [...peeled.marks, ...branch.marks] }
}

function issueCount(schema: z.ZodType, value: unknown): number {
  return schema.safeParse(value).error?.issues.length ?? 0
}

/** The schema of one entry of a list or map schema, wrappers still on; undefined when that schema says nothing about it. */
function entrySchema(schema: z.ZodType, step: Step): z.ZodType | undefined {
  const def = definitionOf(schema)
  switch (def.type) {
    case "object": {
      const shape = def.shape as Readonly<Record<string, z.ZodType>>
      return Object.hasOwn(shape, step) ? shape[step] : (def.catchall as z.ZodType | undefined)
    }
    case "record":
      return def.valueType as z.ZodType
    case "array":
      return def.element as z.ZodType
    case "tuple":
      return (def.items[Number(step)] ?? def.rest ?? undefined) as z.ZodType | undefined
    default:
      return undefined
  }
}

/** The schema that judges what lies at `path` below `value`, wrappers still on; undefined when none does. */
export function schemaAt(schema: z.ZodType, value: unknown, path: ArgumentPath): z.ZodType | undefined {
  let current: z.ZodType | undefined = schema
  let inside: unknown = value
  for (const step of path) {
    const judge: Peeled | undefined = current && narrow(current, inside)
    current = judge && entrySchema(judge.schema, step)
    inside = entryOf(inside, step)
  }
  return current
}

/** What lies at `path` below `value`. */
export function valueAt(value: unknown, path: ArgumentPath): unknown {
  return path.reduce(entryOf, value)
}

function entryOf(value: unknown, step: Step): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, step) ? (value as Record<Step, unknown>)[step] : undefined
}

/** What {@link walk} meets: a value, where it lies, and the schema that judges it. */
export interface Visit {
  readonly path: ArgumentPath
  readonly value: unknown
  /** As declared, wrappers still on. */
  readonly schema: z.ZodType | undefined
  /** Undefined where no schema says anything: below `z.unknown()`, for an unknown key, or where no branch of a union fits. */
  readonly judge: Peeled | undefined
  /** Whether text here may be a template. */
  readonly templated: boolean
}

/** Visits `value` and all that is in it, parents first. What lies below a name that a map does not know is left out. */
export function walk(
  schema: z.ZodType | undefined,
  value: unknown,
  visit: (visit: Visit) => void,
  path: ArgumentPath = [],
  above = false,
): void {
  const peeled = schema && peel(schema)
  const ownMark = above || (peeled?.marks.includes("templated") ?? false)
  // A template may stand for anything, so it does not choose between branches by being text.
  const judge = schema && (ownMark && isTemplate(value) ? peeled : narrow(schema, value))
  const templated = ownMark || (judge?.marks.includes("templated") ?? false)
  visit({ path, value, schema, judge, templated })
  if (typeof value !== "object" || value === null) return
  const steps: Step[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
  for (const step of steps) {
    const inner = judge && entrySchema(judge.schema, step)
    if (inner === undefined && judge !== undefined && definitionOf(judge.schema).type === "object") continue
    walk(inner, entryOf(value, step), visit, [...path, step], templated)
  }
}

/** What judges the value a template renders to: the schema inside `templated()`, which may still be nothing where the outside says so. */
export function renderedSchema(schema: z.ZodType): z.ZodType {
  let current = schema
  let nullable = false
  while (markOf(current) !== "templated") {
    const def = definitionOf(current)
    if (def.type !== "default" && def.type !== "prefault" && def.type !== "optional" && def.type !== "nullable") break
    nullable ||= def.type === "nullable"
    current = def.innerType as z.ZodType
  }
  const inner = markOf(current) === "templated" ? (alternatives(current)[1] ?? current) : current
  return nullable ? inner.nullable() : inner
}
