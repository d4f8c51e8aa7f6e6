// The one door to zod, and the argument types of our own that stand beside it.
//
// A type of our own carries a mark in its metadata (`x-wishbone`), so that JSON Schema, `show`, redaction and the bootstrap check can
// tell what it is. Marks live in zod's own registry rather than in one of ours: a custom package may bring its own copy of this file.

import { z } from "zod"
import { formatDuration, formatSize, parseDuration, parseSize } from "./units.ts"

export { z }

/** What a schema of ours stands for beside its shape. */
export type Mark = "duration" | "size" | "secret" | "path" | "store" | "templated"

/** Key of the mark in a schema's metadata, and in its JSON Schema. */
export const markKey = "x-wishbone"

/** Key under which a schema of ours keeps in words what it expects. */
export const expectedKey = "x-wishbone-expected"

/** Bounds of a {@link duration}, in milliseconds, both included. */
export interface DurationBounds {
  readonly minMs?: number
  readonly maxMs?: number
}

/** Bounds of a {@link size}, in bytes, both included. */
export interface SizeBounds {
  readonly minBytes?: number
  readonly maxBytes?: number
}

/** A schema that reads a number or text and gives a number of milliseconds or bytes. */
export type MeasureSchema = z.ZodType<number, number | string>

/** A schema whose argument may be a template; the handler sees the inner type. */
export type TemplatedSchema<Inner extends z.ZodType> = z.ZodType<z.output<Inner>, z.input<Inner> | string>

/**
 * A duration: in YAML a number is seconds and text has a unit (`250ms`, `10s`, `5m`, `2h`, `1d`); the module sees milliseconds.
 *
 * A `.default()` is given in milliseconds, as the module will see it; `.prefault("10s")` takes it as the file would write it.
 *
 * @example
 * const timeout = duration({ minMs: 1 }).default(10_000)
 */
export function duration(bounds: DurationBounds = {}): MeasureSchema {
  const { minMs = 0, maxMs = Number.MAX_SAFE_INTEGER } = bounds
  return measured(
    "duration",
    parseDuration,
    [minMs, maxMs],
    `a duration${within(minMs, maxMs, formatDuration)}, such as \`10s\` or \`250ms\``,
  )
}

/** A size: in YAML a number is bytes and text has a unit (`64 KiB`, `16 MiB`, `10 MB`, `1g`); the module sees bytes. */
export function size(bounds: SizeBounds = {}): MeasureSchema {
  const { minBytes = 0, maxBytes = Number.MAX_SAFE_INTEGER } = bounds
  return measured(
    "size",
    parseSize,
    [minBytes, maxBytes],
    `a size${within(minBytes, maxBytes, formatSize)}, such as \`64 KiB\` or \`16 MiB\``,
  )
}

function measured(mark: Mark, read: (value: unknown) => number | undefined, bounds: [number, number], expected: string): MeasureSchema {
  const schema = z.union([z.number(), z.string()]).transform((value, context) => {
    const amount = read(value)
    if (amount !== undefined && amount >= bounds[0] && amount <= bounds[1]) return amount
    context.issues.push({ code: "custom", message: "", input: value })
    return z.NEVER
  })
  return schema.meta({ [markKey]: mark, [expectedKey]: expected })
}

function within(low: number, high: number, format: (value: number) => string): string {
  const least = low > 0 ? ` of at least ${format(low)}` : ""
  const most = high < Number.MAX_SAFE_INTEGER ? `${least === "" ? " of" : " and"} at most ${format(high)}` : ""
  return least + most
}

/** Text that nobody may read over a shoulder: `show`, logs and printed plans give `***`. */
export function secret(): z.ZodString {
  return z.string().meta({ [markKey]: "secret" })
}

/** A path in the file system. A relative one counts from the folder of the bootstrap file; the module sees it absolute. */
export function path(): z.ZodString {
  return z
    .string()
    .min(1)
    .meta({ [markKey]: "path" })
}

/** The name of a store, as `stores:` of the bootstrap file has it, or `default`. */
export function storeName(): z.ZodString {
  return z
    .string()
    .min(1)
    .meta({ [markKey]: "store" })
}

/** A port number, 0 to 65535; 0 lets a listener take any free one. */
export function port(): z.ZodInt {
  return z.int().min(0).max(65_535)
}

/**
 * An argument that may be a template. Text with `{{` passes as it stands and is rendered later (once at start, or for each event);
 * anything else is checked by `schema` now, as is every rendered value then. Inside `templated()` lists and maps, text may be a
 * template wherever `schema` allows text.
 *
 * @example
 * const headers = z.record(z.string(), templated(z.string())).default({})
 */
export function templated<Inner extends z.ZodType>(schema: Inner): TemplatedSchema<Inner> {
  const either = z.union([z.string().regex(/\{\{/), schema]).meta({ [markKey]: "templated" })
  // The handler never sees the template's text, so the first branch does not count in the type.
  return either as unknown as TemplatedSchema<Inner>
}

/** Whether `value` is text that holds a template. */
export function isTemplate(value: unknown): value is string {
  return typeof value === "string" && value.includes("{{")
}

/** The mark on this very schema, not on what it wraps. */
export function markOf(schema: z.ZodType): Mark | undefined {
  return schema.meta()?.[markKey] as Mark | undefined
}

/** In words what a marked schema expects, where its maker wrote it down. */
export function expectedBy(schema: z.ZodType): string | undefined {
  return schema.meta()?.[expectedKey] as string | undefined
}
