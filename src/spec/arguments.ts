// Checks the arguments of one instance against its module's spec and reports every problem at once, in plain words. What it hands
// on is ready for the module, but for its templates, which it lists with the schema that judges what they render to.

import { catalogue, type ErrorCode, type ErrorDetails } from "../error-catalogue.ts"
import { Invalid } from "../errors.ts"
import { type ArgumentPath, definitionOf, narrow, renderedSchema, type Step, schemaAt, valueAt, walk } from "./inspect.ts"
import { isTemplate, type z } from "./schema.ts"
import type { ComponentSpec } from "./spec.ts"
import { expectation, found, pathText } from "./words.ts"

/** One mistake in the arguments of an instance. `path` is as the file has it, counted from `arguments:`. */
export interface ArgumentProblem {
  readonly path: ArgumentPath
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
}

/** A former argument name that was read as the one of today. */
export interface AliasNote {
  readonly path: ArgumentPath
  readonly alias: string
  readonly canonical: string
}

/** A template among the arguments. */
export interface ArgumentTemplate {
  /** Where it lies in the checked values. */
  readonly path: ArgumentPath
  /** Where it lies in the file, which may use a former argument name. */
  readonly written: ArgumentPath
  readonly source: string
  /** Judges what the template renders to. */
  readonly schema: z.ZodType | undefined
}

/** What {@link checkArguments} finds. `values` holds only when there is no problem. */
export interface CheckedArguments {
  readonly values: Readonly<Record<string, unknown>>
  readonly templates: readonly ArgumentTemplate[]
  readonly problems: readonly ArgumentProblem[]
  readonly notes: readonly AliasNote[]
}

/**
 * Checks raw arguments (as YAML gave them; nothing at all counts as none) against a spec: fills in defaults, turns durations into
 * milliseconds and sizes into bytes, reads aliases, finds templates. Never throws for what somebody wrote.
 */
export function checkArguments(spec: ComponentSpec, raw: unknown): CheckedArguments {
  const report = new Report(spec)
  if (raw !== undefined && raw !== null && (typeof raw !== "object" || Array.isArray(raw))) {
    report.add("WB_ARGUMENTS_NOT_A_MAP", [], { problem: `expected a map of argument names to values, found ${found(raw)}` })
    return report.result({})
  }
  const given = report.canonical({ ...raw })
  const settled = findMisplaced(spec, given, report)
  report.zodIssues(spec.schema, given, [], settled)
  const parsed = report.problems.length === 0 ? spec.schema.safeParse(given).data : undefined
  return report.result(parsed ?? {})
}

/** The templates among values that `checkArguments` passed. */
export function findTemplates(spec: ComponentSpec, values: Readonly<Record<string, unknown>>): readonly ArgumentTemplate[] {
  const templates: ArgumentTemplate[] = []
  walk(spec.schema, values, ({ path, value, schema, templated }) => {
    if (templated && isTemplate(value)) templates.push({ path, written: path, source: value, schema: schema && renderedSchema(schema) })
  })
  return templates
}

/**
 * Gives back what a template rendered to, once the argument's schema agrees.
 *
 * @throws Invalid when the value is not what the argument may be; `what` says in its message which argument that is.
 */
export function checkRendered(schema: z.ZodType | undefined, value: unknown, what: string): unknown {
  if (schema === undefined) return value
  const { type, checks } = definitionOf(schema)
  // Most templates make plain text or stand where anything may; neither is worth a parser's run for each event.
  if (type === "unknown" || (type === "string" && typeof value === "string" && checks === undefined)) return value
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new Invalid(`${what}: expected ${expectation(schema)}, the template gave ${found(value)}`, { code: "template_type" })
}

/** Reports unknown names and templates where none may be; returns the paths it spoke about. */
function findMisplaced(spec: ComponentSpec, given: Readonly<Record<string, unknown>>, report: Report): ReadonlySet<string> {
  const settled = new Set<string>()
  walk(spec.schema, given, ({ path, value, judge, templated }) => {
    if (isTemplate(value) && !templated) {
      settled.add(pathText(path))
      report.add("WB_ARGUMENT_TEMPLATE", path, { template: value, environment: /^\{\{\s*env\b[^\w]*(\w+)/.exec(value)?.[1] })
    }
    const def = judge && definitionOf(judge.schema)
    if (def?.type !== "object" || def.catchall !== undefined || typeof value !== "object" || value === null) return
    const known = Object.keys(def.shape)
    for (const name of Object.keys(value).filter((key) => !Object.hasOwn(def.shape, key))) {
      const aliases = path.length === 0 ? Object.keys(spec.aliases) : []
      report.add("WB_ARGUMENT_UNKNOWN", [...path, name], { name, known: [...known, ...aliases] })
    }
  })
  return settled
}

/** Gathers problems and notes of one instance, and knows under which name the file has an argument. */
class Report {
  readonly problems: ArgumentProblem[] = []
  readonly #spec: ComponentSpec
  readonly #notes: AliasNote[] = []
  readonly #aliasOf = new Map<Step, string>()

  constructor(spec: ComponentSpec) {
    this.#spec = spec
  }

  add(code: ErrorCode, path: ArgumentPath, details: ErrorDetails): void {
    const written = this.#written(path)
    const all = { module: this.#spec.name, argument: pathText(written), ...details }
    this.problems.push({ path: written, code, message: catalogue[code].message(all), hint: catalogue[code].hint(all) })
  }

  #written([first, ...rest]: ArgumentPath): ArgumentPath {
    return first === undefined ? [] : [this.#aliasOf.get(first) ?? first, ...rest]
  }

  /** The given arguments under the names of today. */
  canonical(given: Record<string, unknown>): Record<string, unknown> {
    for (const [alias, canonical] of Object.entries(this.#spec.aliases)) {
      if (!Object.hasOwn(given, alias)) continue
      if (Object.hasOwn(given, canonical)) this.add("WB_ARGUMENT_TWICE", [alias], { alias, canonical })
      else {
        given[canonical] = given[alias]
        this.#aliasOf.set(canonical, alias)
        this.#notes.push({ path: [alias], alias, canonical })
      }
      delete given[alias]
    }
    return given
  }

  /** What zod finds wrong, told anew: its own words know neither YAML nor the rest of the schema. */
  zodIssues(schema: z.ZodType, value: unknown, at: ArgumentPath, settled: ReadonlySet<string>): void {
    for (const issue of schema.safeParse(value).error?.issues ?? []) {
      const below = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))
      const path = [...at, ...below]
      if (issue.code === "unrecognized_keys" || settled.has(pathText(path))) continue
      const culprit = valueAt(value, below)
      const judge = schemaAt(schema, value, below)
      const branch = issue.code === "invalid_union" && judge !== undefined ? narrow(judge, culprit)?.schema : undefined
      // A union only says that nothing fitted; the branch that was meant can say what is wrong.
      if (branch !== undefined && branch !== schema && !branch.safeParse(culprit).success) this.zodIssues(branch, culprit, path, settled)
      else this.#one(issue, judge, culprit, path)
    }
  }

  #one(issue: z.core.$ZodIssue, judge: z.ZodType | undefined, culprit: unknown, path: ArgumentPath): void {
    const expected = judge === undefined ? undefined : expectation(judge)
    if (culprit === undefined && (issue.code === "invalid_type" || issue.code === "invalid_union"))
      return this.add("WB_ARGUMENT_MISSING", path, { expected })
    if (issue.code === "invalid_key")
      return this.add("WB_ARGUMENT_INVALID", path, { problem: `\`${String(path.at(-1))}\` is not a name that may be used here` })
    const own = issue.code === "custom" && issue.message !== "" && issue.message !== "Invalid input" ? issue.message : undefined
    const seen = judge !== undefined && isSecret(judge) ? "something else (a secret, so it is not shown)" : found(culprit)
    this.add("WB_ARGUMENT_INVALID", path, { problem: own ?? `expected ${expected ?? "something else"}, found ${seen}` })
  }

  result(values: Readonly<Record<string, unknown>>): CheckedArguments {
    const found = this.problems.length === 0 ? findTemplates(this.#spec, values) : []
    const templates = found.map((template) => ({ ...template, written: this.#written(template.path) }))
    return { values, templates, problems: this.problems, notes: this.#notes }
  }
}

function isSecret(schema: z.ZodType): boolean {
  return narrow(schema, "")?.marks.includes("secret") ?? false
}
