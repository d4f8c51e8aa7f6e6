// What a store driver is to the rest: a name, the settings it takes, and a factory. Built-in ones are in drivers.ts; packages and embedding
// programs bring theirs by `registerStore` among their components, and a bootstrap file may name a file of its own.

import { WishboneError } from "../errors.ts"
import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { z } from "../spec/schema.ts"
import type { ArgumentShape, ComponentSpec } from "../spec/spec.ts"
import { type Buffered, BufferStore } from "./buffer-adapter.ts"
import { ClientStore, type StoreClient } from "./client-adapter.ts"
import type { Store, StoreSettings } from "./store.ts"

/** What a factory gets besides the settings. */
export interface StoreContext {
  /** As `stores:` names it. */
  readonly name: string
  readonly platform: Platform
  readonly log: Log
  /** Folder for what belongs to the graph, absolute. It may not exist yet. */
  readonly state: string
}

/** What a factory may give: a whole store, a client with five methods, or a buffer with two. */
export type MadeStore = Store | StoreClient | Buffered

/** Makes a store from its settings, those of the file without `driver` and `startup`. Nothing is opened yet. */
export type StoreFactory = (settings: StoreSettings, context: StoreContext) => MadeStore | Promise<MadeStore>

/** Marks the declaration of a {@link StoreDriver} across copies of this package. */
export const storeSpecBrand: unique symbol = Symbol.for("wishbone-ts.store-spec")

const driverBrand = Symbol.for("wishbone-ts.store-driver")

/** What a driver declares. */
export interface StoreSpec extends ComponentSpec {
  readonly [storeSpecBrand]: true
  readonly kind: "store"
  /** Settings without a declaration are handed over as they are. */
  readonly open: boolean
}

/** A driver as it is registered: a component like any other. */
export interface StoreDriver {
  readonly [driverBrand]: true
  readonly spec: StoreSpec
  readonly factory: StoreFactory
}

/** Names that belong to the runtime. */
const builtinStores = ["memory", "file", "postgres", "redis"] as const

/**
 * Makes a store driver of a factory, to be handed in among the components of a package or of an embedding program. A bootstrap file selects
 * it by `driver: NAME`. What the factory gives is recognised by its methods: a whole {@link Store}, a client with five methods
 * ({@link StoreClient}), or a buffer with two ({@link Buffered}).
 *
 * @param options.settings the settings it takes, as the arguments of a module are declared; without it, whatever the file has is handed over
 * @throws WishboneError `WB_STORE_NAME` for a name that is none, or that belongs to a built-in driver.
 * @example
 * export const components = [registerStore("ram", () => ({ store: (id, data) => keep(id, data), get: (id) => take(id) }))]
 */
export function registerStore(
  name: string,
  factory: StoreFactory,
  options: { readonly settings?: ArgumentShape; readonly summary?: string } = {},
): StoreDriver {
  if (!/^[a-z][a-z0-9_-]{0,99}$/i.test(name)) throw new WishboneError("WB_STORE_NAME", { name, problem: "is no name for a driver" })
  if (builtinStores.some((builtin) => builtin === name.toLowerCase()))
    throw new WishboneError("WB_STORE_NAME", { name, problem: "belongs to a built-in driver" })
  return makeDriver(name, factory, options)
}

/** A driver of any name. */
export function makeDriver(
  name: string,
  factory: StoreFactory,
  { settings, summary = "" }: { readonly settings?: ArgumentShape; readonly summary?: string } = {},
): StoreDriver {
  let schema: z.ZodObject | undefined
  const shape: ArgumentShape = Object.freeze({ ...settings })
  const spec: StoreSpec = Object.freeze({
    [storeSpecBrand]: true as const,
    name,
    kind: "store" as const,
    summary,
    arguments: shape,
    get schema() {
      return (schema ??= settings === undefined ? z.looseObject({}) : z.object(shape))
    },
    aliases: Object.freeze({}),
    examples: Object.freeze([]),
    open: settings === undefined,
  })
  return Object.freeze({ [driverBrand]: true as const, spec, factory })
}

/** Whether `value` is a {@link StoreDriver}, of this or of another copy of the package. */
export function isStoreDriver(value: unknown): value is StoreDriver {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[driverBrand] === true
}

/** The factory that a file exports: a class or a function, its default export. @throws WishboneError `WB_STORE_EXPORT` */
export function factoryOf(name: string, exported: unknown): StoreFactory {
  const { default: standard } = (exported ?? {}) as { default?: unknown }
  // What CommonJS exports comes as the default.
  const inner = typeof standard === "object" && standard !== null ? (standard as { default?: unknown }).default : undefined
  const found = inner ?? standard
  if (typeof found !== "function")
    throw new WishboneError("WB_STORE_EXPORT", { name, found: found === undefined ? "nothing" : typeof found })
  const isClass = /^class\b/.test(Function.prototype.toString.call(found))
  if (isClass) return (settings, context) => new (found as new (...args: readonly unknown[]) => MadeStore)(settings, context)
  return found as StoreFactory
}

const storeMethods = ["open", "append", "read", "update", "remove", "count", "summary", "buckets", "close"] as const
const clientMethods = ["store", "retrieve", "update", "remove", "disconnect"] as const

/** A store of whatever a factory gave, recognised by its methods. @throws WishboneError `WB_STORE_SHAPE` */
export function storeOf(made: unknown, driver: string): Store {
  const has = (names: readonly string[]): boolean =>
    typeof made === "object" && made !== null && names.every((name) => typeof (made as Record<string, unknown>)[name] === "function")
  if (has(storeMethods)) return made as Store
  if (has(clientMethods)) return new ClientStore(made as StoreClient)
  if (has(["store", "get"])) return new BufferStore(made as Buffered)
  const methods =
    typeof made === "object" && made !== null ? [...storeMethods, "store", "get", "retrieve"].filter((name) => name in made) : []
  throw new WishboneError("WB_STORE_SHAPE", { driver, methods })
}
