// Changes events by a list of expressions, one after the other: each sees what those before it did. An expression is a map of one key,
// its name, with its arguments as a list in Wishbone's order or as a map of names: `copy: [data.id, tmp.id]` is
// `copy: { source: data.id, destination: tmp.id }`.
//
// All or nothing: when an expression fails, the event fails (kind `invalid`) and leaves on `failed` as it came, whatever the expressions
// before it did. (Wishbone skipped the expression and sent on what the others made of the event.) Templates are filled in when their
// expression has its turn. Mistakes in paths, regular expressions and formats are found before anything starts.
//
// Regular expressions are RE2's. Text made by an expression has at most a million characters (2^20), lists at most a million items.

import { isDeepStrictEqual } from "node:util"
import {
  compilePattern,
  deepCopy,
  defineModule,
  type Event,
  EventDraft,
  eventPath,
  formatTime,
  Invalid,
  isInvalid,
  LateTemplate,
  type PathSteps,
  type Pattern,
  type Platform,
  ProcessModule,
  parsePath,
  pattern,
  templated,
  textOrBytes,
  WishboneError,
  z,
} from "../../src/index.ts"

const oneName = "an expression is a map of one name, such as `- set: [5, data.level]`"
const itemsMax = 1_000_000
const textMax = 1024 * 1024

/** What an expression does to an event. */
type Change = (draft: EventDraft) => void

/** Makes the change from the arguments of one expression. */
type Maker<Values> = (values: Values, platform: Platform) => Change

type Parameters = Record<string, z.ZodType>

interface Expression {
  /** In Wishbone's order. */
  readonly parameters: Parameters
  readonly make: Maker<Readonly<Record<string, unknown>>>
}

function expression<Shape extends Parameters>(parameters: Shape, make: Maker<z.output<z.ZodObject<Shape>>>): Expression {
  // The arguments have been checked against just these parameters.
  return { parameters, make: make as unknown as Expression["make"] }
}

const source = eventPath()
const destination = eventPath("writable")
const anything = templated(z.unknown().refine((value) => value !== undefined, "it is missing"))

const expressions = {
  add_item: expression({ item: anything, key: destination }, ({ item, key }) => {
    const steps = parsePath(key)
    return (draft) => draft.set(steps, bounded([...listAt(draft, steps, key), filledIn(item, draft)], key))
  }),
  copy: expression({ source, destination, default: anything.optional() }, ({ source: from, destination: to, default: fallback }) => {
    const [fromSteps, toSteps] = [parsePath(from), parsePath(to)]
    return (draft) => {
      const value = draft.get(fromSteps)
      if (value === undefined && fallback === undefined) throw missing(from)
      draft.set(toSteps, value === undefined ? filledIn(fallback, draft) : deepCopy(value))
    }
  }),
  del_item: expression({ item: anything, key: destination }, ({ item, key }) => {
    const steps = parsePath(key)
    return (draft) => {
      const list = listAt(draft, steps, key)
      const wanted = filledIn(item, draft)
      const at = list.findIndex((candidate) => isDeepStrictEqual(candidate, wanted))
      if (at < 0) throw new Invalid(`the list at \`${key}\` has no such item`)
      draft.set(steps, list.toSpliced(at, 1))
    }
  }),
  delete: expression({ key: eventPath("deletable") }, ({ key }) => {
    const steps = parsePath(key)
    return (draft) => {
      if (!draft.delete(steps)) throw missing(key)
    }
  }),
  extract: expression({ destination, regex: pattern(), source }, ({ destination: to, regex, source: from }) => {
    const [fromSteps, toSteps] = [parsePath(from), parsePath(to)]
    const compiled = compilePattern(regex)
    return (draft) => {
      const groups = compiled.matchStart(textAt(draft, fromSteps, from))
      if (groups === undefined) throw new Invalid(`\`${regex}\` does not match at the beginning of \`${from}\``)
      draft.set(toSteps, groups)
    }
  }),
  join: expression({ key: source, separator: z.string(), destination }, ({ key, separator, destination: to }) => {
    const [steps, toSteps] = [parsePath(key), parsePath(to)]
    return (draft) => {
      const list = listAt(draft, steps, key)
      if (list.some((item) => typeof item !== "string")) throw new Invalid(`the list at \`${key}\` holds something else than text`)
      draft.set(toSteps, boundedText(list.join(separator), to))
    }
  }),
  lowercase: expression({ key: destination }, ({ key }) => changeText(key, (text) => text.toLowerCase())),
  uppercase: expression({ key: destination }, ({ key }) => changeText(key, (text) => text.toUpperCase())),
  merge: expression({ key_one: source, key_two: source, destination }, ({ key_one, key_two, destination: to }) => {
    const [one, two, toSteps] = [parsePath(key_one), parsePath(key_two), parsePath(to)]
    return (draft) => {
      const [first, second] = [listAt(draft, one, key_one), listAt(draft, two, key_two)]
      checkItems(first.length + second.length, to)
      draft.set(toSteps, deepCopy([...first, ...second]))
    }
  }),
  replace: expression({ regex: pattern(), value: z.string(), key: destination }, ({ regex, value, key }, { clock }) => {
    const steps = parsePath(key)
    const compiled = compilePattern(regex)
    const make = replacement(value, compiled)
    return (draft) => draft.set(steps, compiled.replaceAll(textAt(draft, steps, key), make, clock))
  }),
  set: expression({ value: anything, key: destination }, ({ value, key }) => {
    const steps = parsePath(key)
    return (draft) => draft.set(steps, filledIn(value, draft))
  }),
  template: expression({ destination, format: z.string().superRefine(checkFormat), key: source }, ({ destination: to, format, key }) => {
    const [steps, toSteps, parts] = [parsePath(key), parsePath(to), formatParts(format)]
    return (draft) => draft.set(toSteps, boundedText(parts.map((part) => textOfPart(part, draft, steps, key)).join(""), to))
  }),
  time: expression({ destination, format: z.string() }, ({ destination: to, format }) => {
    const steps = parsePath(to)
    return (draft) => draft.set(steps, formatTime(Number(draft.read("timestamp")), format))
  }),
} as const satisfies Record<string, Expression>

type Name = keyof typeof expressions

const spec = defineModule({
  name: "wishbone.process.modify",
  summary: "Changes events by a list of expressions.",
  arguments: {
    expressions: z
      .array(expressionSchema())
      .default([])
      .describe("Applied in order, all or none; each is a map of one name to its arguments."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events to change." },
    outbox: { direction: "out", summary: "Changed events." },
  },
  contract: { acknowledges: "none", waits: { inbox: ["outbox"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  lateTemplates: true,
  examples: [
    {
      title: "From a line of text to fields",
      arguments: {
        expressions: [
          { extract: ["tmp.line", "(?P<host>\\S+) (?P<text>.*)", "data"] },
          { copy: ["tmp.line", "data"] },
          { uppercase: ["data.host"] },
          { time: ["data.day", "YYYY-MM-DD"] },
          { set: ["{{ data.host }}/{{ data.day }}", "data.id"] },
        ],
      },
    },
    { title: "Arguments by name", arguments: { expressions: [{ copy: { source: "data.id", destination: "tmp.id", default: "none" } }] } },
  ],
})

export default class Modify extends ProcessModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event) => this.#change(event) }
  readonly #changes = this.args.expressions.map((written) => this.#made(written))

  #change(event: Event): undefined {
    const draft = new EventDraft(event)
    for (const change of this.#changes) change(draft)
    draft.commit()
    return this.submit(event)
  }

  /** The change an expression stands for; what it says when it fails begins with its name and place. */
  #made(written: Readonly<Record<string, unknown>>): Change {
    const argument = `expressions[${this.args.expressions.indexOf(written)}]`
    const [name, given] = Object.entries(written)[0] ?? []
    if (name === undefined) throw new WishboneError("WB_ARGUMENT_INVALID", { module: spec.name, argument, problem: oneName })
    const place = `${argument} (${name})`
    const { parameters, make } = expressions[name as Name] as Expression
    const names = Object.keys(parameters)
    const list = Array.isArray(given) ? (given as unknown[]) : typeof given === "string" ? [given] : undefined
    const values =
      list === undefined ? (given as Readonly<Record<string, unknown>>) : Object.fromEntries(names.map((key, at) => [key, list[at]]))
    const change = make(values, this.platform)
    return (draft) => {
      try {
        change(draft)
      } catch (thrown) {
        throw isInvalid(thrown) ? new Invalid(`${place}: ${thrown.message}`, { code: thrown.code, cause: thrown }) : thrown
      }
    }
  }
}

// Arguments

/** One expression: a map of one name to a list, a map, or, for a name that takes one text, that text. */
function expressionSchema(): z.ZodType<Readonly<Record<string, unknown>>> {
  const shape = Object.entries(expressions).map(([name, { parameters }]) => [name, argumentsSchema(name, parameters).optional()] as const)
  return z.object(Object.fromEntries(shape)).superRefine((written, context) => {
    const names = Object.keys(written)
    // A name that is not known has been left out here, and is reported by itself.
    if (names.length < 2) return
    const message = `${oneName}; here are ${names.map((name) => `\`${name}\``).join(", ")}`
    context.addIssue({ code: "custom", message, input: written })
  })
}

function argumentsSchema(name: string, parameters: Parameters): z.ZodType {
  const names = Object.keys(parameters)
  const required = names.filter((key) => parameters[key]?.safeParse(undefined).success === false)
  const items = Object.values(parameters).map((schema): z.ZodType => schema.optional()) as [z.ZodType, ...z.ZodType[]]
  const list = z
    .tuple(items)
    .rest(z.unknown())
    .superRefine((given, context) => {
      if (given.length >= required.length && given.length <= names.length) return
      const missed = required.slice(given.length).map((key) => `\`${key}\``)
      const problem =
        missed.length > 0 ? `${missed.join(" and ")} ${missed.length > 1 ? "are" : "is"} missing` : `it has ${given.length} items`
      context.addIssue({ code: "custom", message: `\`${name}\` takes the list \`[${names.join(", ")}]\`: ${problem}`, input: given })
    })
  const [only] = Object.values(parameters)
  return z.union(names.length === 1 && only !== undefined ? [list, z.object(parameters), only] : [list, z.object(parameters)])
}

// Values

function missing(path: string): Invalid {
  return new Invalid(`there is nothing at \`${path}\``)
}

function listAt(draft: EventDraft, steps: PathSteps, path: string): readonly unknown[] {
  const value = draft.get(steps)
  if (value === undefined) throw missing(path)
  if (!Array.isArray(value)) throw new Invalid(`what lies at \`${path}\` is no list`)
  return value
}

/** Text at a path; numbers and true or false count as their text. */
function textAt(draft: EventDraft, steps: PathSteps, path: string): string {
  const value = draft.get(steps)
  if (value === undefined) throw missing(path)
  if (typeof value === "string") return value
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  throw new Invalid(`what lies at \`${path}\` is no text`)
}

function changeText(path: string, change: (text: string) => string): Change {
  const steps = parsePath(path)
  return (draft) => {
    const text = draft.get(steps)
    if (text === undefined) throw missing(path)
    if (typeof text !== "string") throw new Invalid(`what lies at \`${path}\` is no text`)
    draft.set(steps, change(text))
  }
}

/** A copy of a value from the arguments, its templates filled in. */
function filledIn(value: unknown, draft: EventDraft): unknown {
  if (value instanceof LateTemplate) return deepCopy(value.render(draft))
  if (Array.isArray(value)) return value.map((item) => filledIn(item, draft))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filledIn(inner, draft)]))
}

function bounded(list: unknown[], path: string): unknown[] {
  checkItems(list.length, path)
  return list
}

function checkItems(count: number, path: string): void {
  if (count > itemsMax) throw new Invalid(`the list for \`${path}\` would have ${count} items, more than ${itemsMax}`)
}

function boundedText(text: string, path: string): string {
  if (text.length > textMax) throw new Invalid(`the text for \`${path}\` would have ${text.length} characters, more than ${textMax}`)
  return text
}

// Replacements, as in Python: `\1` and `\g<name>` stand for groups

const escapes: Readonly<Record<string, string>> = { "\\": "\\", n: "\n", r: "\r", t: "\t" }

function replacement(value: string, { groupCount, names, source: regex }: Pattern): (group: (number: number) => string) => string {
  const parts = [...value.matchAll(/\\g<(\w+)>|\\(\d{1,2})|\\([\\nrt])|[^\\]+|\\/g)].map(
    ([text, name, digits, escape]): string | number => {
      if (escape !== undefined) return escapes[escape] ?? escape
      const reference = name ?? digits
      if (reference === undefined) return text
      const number = /^\d+$/.test(reference) ? Number(reference) : Object.hasOwn(names, reference) ? names[reference] : undefined
      if (number !== undefined && number <= groupCount) return number
      const problem = `\`${text}\` in \`${value}\` names a group that \`${regex}\` does not have`
      throw new WishboneError("WB_ARGUMENT_INVALID", { module: spec.name, argument: "expressions", problem })
    },
  )
  return (group) => parts.map((part) => (typeof part === "number" ? group(part) : part)).join("")
}

// Formats: `{name}` stands for what the map holds under it

function formatParts(format: string): (string | PathSteps)[] {
  return [...format.matchAll(/\{([^{}]*)\}|[^{}]+/g)].map(([text, name]) => (name === undefined ? text : parsePath(name)))
}

function checkFormat(format: string, context: z.core.$RefinementCtx<string>): void {
  const rest = format.replace(/\{[^{}]*\}/g, "")
  const odd = [...format.matchAll(/\{([^{}]*)\}/g)].find(([, name = ""]) => !isPath(name))
  const problem = /[{}]/.test(rest) ? "a brace in it has no other" : odd === undefined ? undefined : `\`${odd[0]}\` is no name in braces`
  if (problem !== undefined)
    context.addIssue({ code: "custom", message: `${problem}: write \`{name}\` or \`{name.inner}\``, input: format })
}

function isPath(name: string): boolean {
  try {
    return /^[^:!]+$/.test(name) && parsePath(name).length > 0
  } catch (thrown) {
    if (isInvalid(thrown)) return false
    throw thrown
  }
}

function textOfPart(part: string | PathSteps, draft: EventDraft, steps: PathSteps, path: string): string {
  if (typeof part === "string") return part
  const value = draft.get([...steps, ...part])
  if (value === undefined || value === null) throw missing(`${path}.${part.join(".")}`)
  if (typeof value === "object") return textOrBytes(value).toString()
  return String(value as string | number | boolean)
}
