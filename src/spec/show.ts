// What a module is and takes, told to a person (`describeModule`) or to a program (`moduleFacts`). Both come from its spec alone.

import { checkArguments } from "./arguments.ts"
import { contractOf, contractText, type ResolvedContract } from "./contract.ts"
import { peel } from "./inspect.ts"
import { hidden, redactArguments } from "./marked.ts"
import { systemQueues } from "./plan.ts"
import type { z } from "./schema.ts"
import type { ComponentSpec, ModuleKind, ModuleSpec } from "./spec.ts"
import { formatDuration, formatSize } from "./units.ts"
import { expectationWithTemplates } from "./words.ts"
import { yamlInline, yamlText } from "./yaml-text.ts"

/** One argument of a module. */
export interface ArgumentFacts {
  readonly name: string
  /** In words: "a whole number between 0 and 65535", "text or a template". */
  readonly type: string
  readonly required: boolean
  /** As a file would write it; absent when there is none. */
  readonly default?: string
  readonly description: string
  /** Whether it may be a template. */
  readonly template: boolean
  readonly secret: boolean
  /** Former names. */
  readonly aliases: readonly string[]
}

/** A module as plain data. */
export interface ModuleFacts {
  readonly name: string
  readonly kind: ModuleKind
  readonly summary: string
  readonly arguments: readonly ArgumentFacts[]
  readonly queues: readonly { readonly name: string; readonly direction: "in" | "out"; readonly summary: string }[]
  /** Absent when it cannot be told without arguments. */
  readonly contract?: ResolvedContract
  readonly examples: readonly { readonly title: string; readonly arguments: unknown }[]
}

/** A protocol or function as plain data. */
export type PartFacts = Pick<ModuleFacts, "name" | "summary" | "arguments" | "examples"> & {
  /** `decoder`, `module function` and so on. */
  readonly kind: string
}

/** A module as plain data, for programs. */
export function moduleFacts(spec: ModuleSpec): ModuleFacts {
  const contract = usualContract(spec)
  return {
    name: spec.name,
    kind: spec.kind,
    summary: spec.summary,
    arguments: argumentsOf(spec),
    queues: Object.entries(spec.queues).map(([name, { direction, summary }]) => ({ name, direction, summary })),
    ...(contract && { contract }),
    examples: examplesOf(spec),
  }
}

/** A protocol or function as plain data, for programs. */
export function partFacts(spec: ComponentSpec, sort: string): PartFacts {
  return { name: spec.name, kind: sort, summary: spec.summary, arguments: argumentsOf(spec), examples: examplesOf(spec) }
}

function argumentsOf(spec: ComponentSpec): ArgumentFacts[] {
  // What must be given comes first.
  return Object.entries(spec.arguments)
    .map(([name, schema]) => argumentFacts(spec, name, schema))
    .toSorted((a, b) => Number(b.required) - Number(a.required))
}

function examplesOf(spec: ComponentSpec): ModuleFacts["examples"] {
  return spec.examples.map((example) => ({ title: example.title, arguments: redactArguments(spec, example.arguments) }))
}

function argumentFacts(spec: ComponentSpec, name: string, schema: z.ZodType): ArgumentFacts {
  const peeled = peel(schema)
  const secret = peeled.marks.includes("secret")
  return {
    name,
    type: expectationWithTemplates(schema),
    required: !peeled.optional,
    ...(peeled.hasDefault && { default: secret ? hidden : defaultText(peeled.default, peeled.marks) }),
    description: descriptionOf(schema),
    template: peeled.marks.includes("templated"),
    secret,
    aliases: Object.keys(spec.aliases).filter((alias) => spec.aliases[alias] === name),
  }
}

function defaultText(value: unknown, marks: readonly string[]): string {
  if (typeof value === "number" && marks.includes("duration")) return formatDuration(value)
  if (typeof value === "number" && marks.includes("size")) return formatSize(value)
  return yamlInline(value)
}

function descriptionOf(schema: z.ZodType): string {
  const inner = (schema.def as { innerType?: z.ZodType }).innerType
  return schema.description ?? (inner === undefined ? "" : descriptionOf(inner))
}

/** The contract as it is in the usual case: under the first example, or with nothing but defaults. */
function usualContract(spec: ModuleSpec): ResolvedContract | undefined {
  const { values, problems } = checkArguments(spec, spec.examples[0]?.arguments ?? {})
  const settled = problems.length === 0 || (typeof spec.contract !== "function" && spec.contract?.failsWithinMs !== "arguments.timeout")
  return settled ? contractOf(spec, values) : undefined
}

/** A module in plain text: what it is, its arguments, queues, contract and examples. Ends without a newline. */
export function describeModule(spec: ModuleSpec): string {
  const facts = moduleFacts(spec)
  const parts = [
    `${facts.name}\n  ${facts.summary}`,
    argumentsText(facts),
    queuesText(facts),
    contractPart(spec, facts),
    examplesText(facts),
  ]
  return parts.filter((part) => part !== "").join("\n\n")
}

/** How a file declares and uses a protocol or function, by its sort. */
const uses: Readonly<Record<string, { section: string; key: string; use: string }>> = {
  decoder: {
    section: "protocols",
    key: "protocol",
    use: "Used as the `protocol:` of an input, by its last word or the name it is declared by.",
  },
  encoder: {
    section: "protocols",
    key: "protocol",
    use: "Used as the `protocol:` of an output, by its last word or the name it is declared by.",
  },
  "module function": {
    section: "module_functions",
    key: "function",
    use: "Used below the `functions:` of an instance, by its last word or the name it is declared by.",
  },
  "template function": {
    section: "template_functions",
    key: "function",
    use: "Called in templates, by its last word or the name it is declared by.",
  },
}

/** A protocol or function in plain text. Ends without a newline. */
export function describePart(spec: ComponentSpec, sort: string): string {
  const facts = partFacts(spec, sort)
  const { section = "", key = "", use = "" } = uses[sort] ?? {}
  const examples = facts.examples.map(({ title, arguments: args }) => {
    const isBare = Object.keys(args as object).length === 0
    const declaration = { [key]: facts.name, ...(isBare ? {} : { arguments: args }) }
    return `  ${title}\n${yamlText({ [section]: { [facts.name.split(".").at(-1) ?? ""]: declaration } }, 4)}`
  })
  const parts = [
    `${facts.name}\n  ${facts.summary}\n  ${use}`,
    argumentsText(facts),
    examples.length === 0 ? "" : ["Examples", ...examples].join("\n"),
  ]
  return parts.filter((part) => part !== "").join("\n\n")
}

function argumentsText(facts: Pick<ModuleFacts, "arguments">): string {
  const lines = facts.arguments.flatMap((argument) => {
    const named = argument.aliases.length > 0 ? `formerly ${argument.aliases.join(", ")}` : ""
    const need = argument.required ? "required" : argument.default === undefined ? "optional" : `default ${argument.default}`
    const notes = [argument.type, need, argument.secret ? "secret" : "", named]
    const description = argument.description === "" ? [] : [`      ${argument.description}`]
    return [`  ${argument.name}: ${notes.filter((note) => note !== "").join("; ")}`, ...description]
  })
  return lines.length === 0 ? "" : ["Arguments", ...lines].join("\n")
}

function queuesText(facts: ModuleFacts): string {
  const names = facts.queues.map(({ name }) => (name === "*" ? "any name" : name))
  const width = Math.max(0, ...names.map((name) => name.length))
  const lines = facts.queues.map(
    (queue, index) => `  ${(names[index] ?? "").padEnd(width)}  ${queue.direction.padEnd(3)}  ${queue.summary}`,
  )
  return ["Queues", ...lines, `  Every instance also has ${systemQueues.join(", ")}.`].join("\n")
}

function contractPart(spec: ModuleSpec, facts: ModuleFacts): string {
  if (facts.contract === undefined) return "Contract\n  Depends on its arguments."
  return [contractTitle(spec), ...contractText(facts.contract, formatDuration).map((line) => `  ${line}`)].join("\n")
}

function contractTitle(spec: ModuleSpec): string {
  if (spec.contract === undefined) return "Contract (none declared, so nothing is promised)"
  if (typeof spec.contract !== "function") return "Contract"
  return spec.examples.length > 0 ? "Contract (of the first example)" : "Contract (by default)"
}

function examplesText(facts: ModuleFacts): string {
  const lines = facts.examples.map((example) => {
    const instance = { module: facts.name, arguments: example.arguments }
    return `  ${example.title}\n${yamlText({ modules: { [facts.name.split(".").at(-1) ?? "instance"]: instance } }, 4)}`
  })
  return lines.length === 0 ? "" : ["Examples", ...lines].join("\n")
}
