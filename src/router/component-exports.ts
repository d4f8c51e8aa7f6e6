// What a loaded file exports, judged: the list of components of a package, or the one module of a module file. Components are known by
// the brand on their `spec`, never by `instanceof`: a package may bring its own copy of this one.

import { WishboneError } from "../errors.ts"
import { isComponentClass, type ModuleClass } from "./registry.ts"

const listHint = "Export them as a list: `export const components = [Enrich, Parcel]`, each a class with `static spec = defineModule(…)`."
const classHint =
  "A module is a class with `static spec = defineModule(…)` that extends `InputModule`, `FlowModule`, `ProcessModule` or `OutputModule`."

/** The components of a package: its export `components`, or its default export. @throws WishboneError `WB_COMPONENT_EXPORT` */
export function packageComponents(name: string, exported: unknown): readonly ModuleClass[] {
  const { components, default: standard } = exported as { components?: unknown; default?: unknown }
  // What CommonJS exports comes as the default.
  const inner = typeof standard === "object" && standard !== null ? (standard as { components?: unknown }).components : undefined
  const list = components ?? inner ?? standard
  const refused = (problem: string, hint: string): WishboneError =>
    new WishboneError("WB_COMPONENT_EXPORT", { name, expected: "list of components", problem, hint })
  if (list === undefined) throw refused(`it exports ${namesIn(exported)}`, listHint)
  if (!Array.isArray(list)) throw refused(`its \`${components === undefined ? "default" : "components"}\` is ${kindOf(list)}`, listHint)
  if (list.length === 0) throw refused("its list is empty", listHint)
  list.forEach((item: unknown, at) => {
    const problem = mistakeIn(item)
    if (problem !== undefined) throw refused(`number ${at + 1} of its list, ${kindOf(item)}, ${problem}`, classHint)
  })
  return list as ModuleClass[]
}

/** The module of a module file: its default export, or its only export with a `spec`. @throws WishboneError `WB_COMPONENT_EXPORT` */
export function moduleOfFile(name: string, exported: unknown): ModuleClass {
  const refused = (problem: string, hint: string): WishboneError =>
    new WishboneError("WB_COMPONENT_EXPORT", { name, expected: "module", problem, hint })
  const { default: standard } = exported as { default?: unknown }
  const named = [...new Set(Object.values(exported as object))].filter(isComponentClass)
  const found = isComponentClass(standard) ? standard : named.length === 1 ? named[0] : undefined
  if (found === undefined && named.length > 1)
    throw refused(`it exports ${named.length} of them`, "Export the one that is meant as `default`.")
  if (found === undefined) throw refused(`it exports ${namesIn(exported)}`, classHint)
  const problem = mistakeIn(found) ?? (typeof found === "function" ? undefined : "is no class")
  if (problem !== undefined) throw refused(`its \`${found.spec.name}\` ${problem}`, classHint)
  return found
}

/** What keeps a value from being a component. */
function mistakeIn(item: unknown): string | undefined {
  if (!isComponentClass(item)) {
    const spec = typeof item === "function" || (typeof item === "object" && item !== null) ? (item as { spec?: unknown }).spec : undefined
    return spec === undefined ? "has no `spec`" : "has a `spec` that `defineModule` did not make"
  }
  if (typeof item !== "function" || !isModuleKind(item.spec.kind)) return undefined
  const prototype = (item as { prototype?: unknown }).prototype as Record<string, unknown> | undefined
  // Duck typing on purpose: the base classes may be those of another copy of this package.
  const needed = ["preHook", "postHook", ...(item.spec.kind === "input" ? ["stopTaking"] : [])]
  if (needed.every((method) => typeof prototype?.[method] === "function")) return undefined
  return item.spec.kind === "input" ? "does not extend `InputModule`" : "does not extend the class of its kind"
}

function isModuleKind(kind: unknown): boolean {
  return kind === "input" || kind === "flow" || kind === "process" || kind === "output"
}

function kindOf(value: unknown): string {
  if (typeof value === "function") return value.name === "" ? "a class or function without a name" : `\`${value.name}\``
  if (value === null || value === undefined) return String(value)
  return typeof value === "object" ? "an object" : `a ${typeof value}`
}

function namesIn(exported: unknown): string {
  // A CommonJS file that sets nothing still has its empty object as the default.
  const empty = (value: unknown): boolean => typeof value === "object" && value !== null && Object.keys(value).length === 0
  const names = Object.entries(exported as object).flatMap(([name, value]) => (name === "module.exports" || empty(value) ? [] : name))
  if (names.length === 0) return "nothing"
  const shown = names.slice(0, 6).map((name) => `\`${name}\``)
  return names.length > 6 ? `${shown.join(", ")} and ${names.length - 6} more` : shown.join(", ")
}
