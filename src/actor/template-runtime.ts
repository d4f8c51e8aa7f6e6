// What compiled templates run on in place of nunjucks' own runtime: the parts through which one could get from a value to code.

import { Invalid } from "../errors.ts"
import type { EventNames } from "./template-names.ts"

/** Names that lead from a value to what made it. */
export const forbiddenNames: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"])

const rangeMax = 10_000

/** What compiled code reads names from and writes `{% set %}` to. */
export class RenderContext {
  readonly names: EventNames
  /** Filters that call tests look for them here. */
  readonly env: object
  readonly #own = new Map<string, unknown>()

  constructor(names: EventNames, env: object) {
    this.names = names
    this.env = env
  }

  lookup(name: string): unknown {
    return this.#own.has(name) ? this.#own.get(name) : this.names.value(name)
  }

  setVariable(name: string, value: unknown): void {
    this.#own.set(name, value)
  }

  addExport(): void {
    // Templates do not import one another, so there is nobody to export to.
  }
}

/** The member of a value: own properties only, and no functions. */
export function memberLookup(target: unknown, key: unknown): unknown {
  if (target === undefined || target === null) return undefined
  const name = typeof key === "number" ? key : String(key)
  if (forbiddenNames.has(String(name))) throw new Invalid(`\`${name}\` is a name that templates may not reach`)
  const holder = Object(target) as Record<string | number, unknown>
  if (!Object.hasOwn(holder, name)) return undefined
  const value = holder[name]
  return typeof value === "function" ? undefined : value
}

/** Calls a function by its plain name; what the template found under that name is never called. */
export function callWrap(_target: unknown, name: string, context: RenderContext, args: readonly unknown[]): unknown {
  return name === "range" ? range(args) : context.names.call(name, args)
}

function range(args: readonly unknown[]): number[] {
  const [from = 0, to, step = 1] = args.length < 2 ? [0, args[0]] : args
  const count = Math.ceil((Number(to) - Number(from)) / Number(step))
  if (!(count <= rangeMax)) throw new Invalid(`\`range\` makes at most ${rangeMax} numbers`)
  return Array.from({ length: Math.max(0, count) }, (_, index) => Number(from) + index * Number(step))
}

/** Filters that take the name of an attribute. */
export const attributeFilters = ["groupby", "join", "rejectattr", "selectattr", "sort", "sum"] as const

type Filter = (this: unknown, ...args: unknown[]) => unknown

/** A filter that takes names of attributes, kept from those that lead to a prototype. */
export function guarded(filter: Filter | undefined): Filter {
  return function (this: unknown, value, ...args) {
    const named = args.flatMap((arg) => (typeof arg === "object" && arg !== null ? Object.values(arg) : [arg])).map(String)
    const reaching = named.find((name) => name.split(".").some((step) => forbiddenNames.has(step)))
    if (reaching !== undefined) throw new Invalid(`\`${reaching}\` is a name that templates may not reach`)
    return filter?.call(this, value, ...args)
  }
}
