// Which component an id of the bootstrap file means. Canonical ids are `namespace.kind.name`; what Wishbone's files wrote instead is
// understood and reported as an alias, so that `lint` can note it.

import { nearest } from "../error-text.ts"
import { WishboneError } from "../errors.ts"
import type { ModuleSpec } from "../spec/spec.ts"
import { isStoreDriver, type StoreDriver } from "../store/driver.ts"
import { type ComponentClass, type PartComponent, PartIndex, partOf } from "./parts.ts"

export type { ComponentClass, PartComponent, PartSort } from "./parts.ts"

/** A module class as the registry sees it; the actor room knows what its constructor takes. */
export interface ModuleClass {
  readonly spec: ModuleSpec
  new (context: never): unknown
}

/** A module that can be named in a bootstrap file. */
export interface Component {
  readonly spec: ModuleSpec
  readonly create: ModuleClass
}

/** What an id turned out to mean. */
export interface Found {
  readonly component: Component
  /** Present when the id is a former spelling. */
  readonly alias?: { readonly from: string; readonly to: string }
}

/** All components of a run, by id. Read-only once made. */
export interface Registry {
  /** The module of an id in the file. @throws WishboneError `WB_MODULE_UNKNOWN`, with the nearest known id in its hint. */
  lookup(id: string): Found
  /** All modules, sorted by id. */
  list(): readonly Component[]
  /** Protocols and functions. */
  readonly parts: PartIndex
  /** Store drivers by name, beside those that are built in. */
  readonly stores: ReadonlyMap<string, StoreDriver>
  /** A registry that knows `components` as well. @throws WishboneError `WB_MODULE_DUPLICATE` when two share an id. */
  with(components: Iterable<Component | ComponentClass | StoreDriver>): Registry
}

/**
 * Whether `value` is a component that a package may bring: something with a `spec` that one of the `define…` functions made, of this or
 * of another copy of this package.
 */
export function isComponentClass(value: unknown): value is ModuleClass {
  if ((typeof value !== "function" && typeof value !== "object") || value === null) return false
  const { spec } = value as { spec?: unknown }
  if (typeof spec !== "object" || spec === null) return false
  return Object.getOwnPropertySymbols(spec).some((brand) => /^wishbone-ts\..*-spec$/.test(Symbol.keyFor(brand) ?? ""))
}

/** Whether text that could be an id or the name of a package stands for a path: `./x`, `../x`, `/x`, `.` or `..`. */
export function isPathLike(text: string): boolean {
  return /^(\.{1,2}(\/|$)|\/)/.test(text)
}

/** The component of a module class. */
export function componentOf(create: ModuleClass): Component {
  return { spec: create.spec, create }
}

/** Makes a registry of components or their classes. @throws WishboneError `WB_MODULE_DUPLICATE` when two of them share an id. */
export function createRegistry(components: Iterable<Component | PartComponent | ComponentClass | StoreDriver>): Registry {
  const byId = new Map<string, Component>()
  const parts: PartComponent[] = []
  const stores = new Map<string, StoreDriver>()
  for (const entry of components) {
    if (isStoreDriver(entry)) {
      addStore(stores, entry)
      continue
    }
    const create = "create" in entry ? entry.create : entry
    const part = partOf(create)
    if (part !== undefined) {
      parts.push(part)
      continue
    }
    const component = "create" in entry ? (entry as Component) : componentOf(entry as ModuleClass)
    const known = byId.get(component.spec.name)
    // A package listed twice brings the very same class twice, which harms nobody.
    if (known !== undefined && known.create !== component.create)
      throw new WishboneError("WB_MODULE_DUPLICATE", { name: component.spec.name })
    byId.set(component.spec.name, component)
  }
  const ids = [...byId.keys()].toSorted()
  const index = new PartIndex(parts)
  return {
    lookup: (id) => lookup(byId, ids, id),
    list: () => ids.flatMap((id) => byId.get(id) ?? []),
    parts: index,
    stores,
    with: (more) => createRegistry([...byId.values(), ...index.all, ...stores.values(), ...more]),
  }
}

function addStore(stores: Map<string, StoreDriver>, driver: StoreDriver): void {
  const { name } = driver.spec
  const known = stores.get(name)
  if (known !== undefined && known !== driver) throw new WishboneError("WB_MODULE_DUPLICATE", { name, what: "store drivers" })
  stores.set(name, driver)
}

function lookup(byId: ReadonlyMap<string, Component>, ids: readonly string[], id: string): Found {
  const exact = byId.get(id)
  if (exact !== undefined) return { component: exact }
  const canonical = canonicalId(id)
  const component = byId.get(canonical)
  if (component !== undefined) return { component, alias: { from: id, to: canonical } }
  throw new WishboneError("WB_MODULE_UNKNOWN", {
    name: canonical === id ? id : canonical,
    written: id,
    known: ids,
    hint: hintFor(canonical, ids),
  })
}

/**
 * The canonical spelling of an id of Wishbone 1.0 to 3.x: `.module.` is dropped, `wishbone_contrib.` and `wishbone.contrib.` become
 * `wishbone.`, and the kind `function` becomes `process`. Gives any other id back as it is.
 *
 * @see Wishbone's component names: 1.0 `wishbone.<group>.<name>`, 3.x `<namespace>.module.<category>.<name>`
 */
export function canonicalId(id: string): string {
  const [namespace = "", ...rest] = id.split(".")
  const contrib = namespace === "wishbone_contrib" || (namespace === "wishbone" && rest[0] === "contrib")
  const inside = namespace === "wishbone" && contrib ? rest.slice(1) : rest
  const parts = inside[0] === "module" ? inside.slice(1) : inside
  const [kind, ...name] = parts
  return [contrib ? "wishbone" : namespace, kind === "function" ? "process" : kind, ...name].filter((part) => part !== undefined).join(".")
}

function hintFor(id: string, ids: readonly string[]): string | undefined {
  const kind = id.split(".")[1]
  if (kind === "encode" || kind === "decode")
    return "There are no modules that only encode or decode; the input or output does that itself."
  if (/\.[cm]?[jt]s$/.test(id)) return `A file is named with its folder: \`module: ./${id}\`.`
  // A slip in the namespace or kind is far in letters yet plain to see: the same last name elsewhere is the better guess.
  const namesake = ids.filter((known) => known.split(".").at(-1) === id.split(".").at(-1))
  if (namesake.length === 1) return `Did you mean \`${namesake[0]}\`?`
  const [namespace = ""] = id.split(".")
  if (!id.includes(".") || namespace === "wishbone" || nearest(id, ids) !== undefined) return undefined
  return `If it comes from a package, list that at the top of the file, for example \`packages: [wishbone-${namespace}]\`.`
}
