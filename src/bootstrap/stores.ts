// `stores:` at the top of a file, each entry to the plan of a store; and the names of stores that instances use.

import type { Registry } from "../router/registry.ts"
import { isPathLike } from "../router/registry.ts"
import { retryModule } from "../router/retry-plan.ts"
import { resolvePaths, storesNamed } from "../spec/marked.ts"
import type { StorePlan } from "../spec/plan.ts"
import type { ComponentSpec } from "../spec/spec.ts"
import type { StoreDriver } from "../store/driver.ts"
import { builtinDrivers } from "../store/drivers.ts"
import { defaultStartupMs } from "../store/stores.ts"
import { readValues } from "./arguments.ts"
import type { FileComponents } from "./components.ts"
import type { Draft } from "./draft.ts"
import { namesOf, storeKeys } from "./keys.ts"
import { secretNodes } from "./mask.ts"
import { entryOf, isUnknown, type MapEntry, type MapNode, placeOf, type ScalarNode, type YamlNode } from "./node.ts"
import { type Problem, problemAt } from "./problem.ts"
import { SettingsReader } from "./read.ts"

/** The stores of a file. */
export interface FileStores {
  readonly plans: Readonly<Record<string, StorePlan>>
  readonly problems: readonly Problem[]
  /** Values that nobody may print. */
  readonly secrets: readonly ScalarNode[]
}

export interface StoreSetting {
  readonly components: FileComponents
  readonly resolvePath: (path: string) => string
}

const namePattern = /^[a-z0-9][a-z0-9_]{0,99}$/

/** Reads `stores:`. */
export function readStores(root: YamlNode, setting: StoreSetting): FileStores {
  const reader = new SettingsReader()
  const section = reader.anyMap(entryOf(root, "stores"))
  const secrets: ScalarNode[] = []
  const plans = [...(section?.entries.values() ?? [])].flatMap((entry): [string, StorePlan][] => {
    if (!namePattern.test(entry.name))
      reader.problems.push(problemAt(entry.keyAt, "WB_VALUE_INVALID", { name: entry.name, ...nameDetails }))
    const plan = readStore(entry, setting, { reader, secrets })
    return plan === undefined ? [] : [[entry.name, plan]]
  })
  return { plans: Object.fromEntries(plans), problems: reader.problems, secrets }
}

const nameDetails = { expected: "a name in snake_case", found: "something else", hint: "Lowercase letters, digits and `_`, as in `safe`." }

function readStore(
  entry: MapEntry,
  { components, resolvePath }: StoreSetting,
  { reader, secrets }: { reader: SettingsReader; secrets: ScalarNode[] },
): StorePlan | undefined {
  const node = reader.anyMap(entry)
  const named = entryOf(node, "driver")
  if (isUnknown(named?.value)) return undefined
  const written = reader.text(named)?.trim() ?? "file"
  const startupMs = reader.duration(entryOf(node, "startup"), { min: 0 }) ?? defaultStartupMs
  const driver = driverOf(written, components)
  if (driver === undefined) {
    // A file that could not be loaded has been told about.
    const known = [...builtinDrivers.keys(), ...components.registry.stores.keys()].filter((name) => !isPathLike(name))
    if (!isPathLike(written) && !components.incomplete)
      reader.problems.push(problemAt(named?.value.at ?? entry.keyAt, "WB_STORE_DRIVER", { name: entry.name, driver: written, known }))
    return undefined
  }
  const settings = driverSettings(node)
  const spec = driver.spec as ComponentSpec
  const { values, problems } = readValues({ ...entry, value: settings ?? entry.value }, [], spec, reader)
  secrets.push(...secretNodes(spec, settings), ...openSecrets(driver, settings))
  return problems.length === 0 ? { driver: driver.spec.name, settings: resolvePaths(spec, values, resolvePath), startupMs } : undefined
}

function driverOf(written: string, { registry, storeFiles }: FileComponents): StoreDriver | undefined {
  const name = storeFiles.get(written) ?? written
  return builtinDrivers.get(name) ?? registry.stores.get(name)
}

/** What is left for the driver. */
function driverSettings(node: MapNode | undefined): MapNode | undefined {
  if (node === undefined) return undefined
  const own = [...node.entries].filter(([name]) => !namesOf(storeKeys).includes(name))
  return { ...node, entries: new Map(own) }
}

/** A driver that declares nothing gets whatever there is: what is called like a secret is one. */
function openSecrets({ spec }: StoreDriver, settings: MapNode | undefined): ScalarNode[] {
  if (!spec.open || settings === undefined) return []
  return [...settings.entries.values()].flatMap(({ name, value }) =>
    /password|secret|token|credential/i.test(name) && value.kind === "scalar" && value.filled !== true ? [value] : [],
  )
}

/** Reports stores that instances name and the file does not have. */
export function checkStoreNames(drafts: readonly Draft[], plans: FileStores["plans"], registry: Registry, root: YamlNode): Problem[] {
  // An entry that is not right is there all the same.
  const declared = entryOf(root, "stores")?.value
  const written = declared?.kind === "map" ? [...declared.entries.keys()] : []
  const known = [...new Set([...Object.keys(plans), ...written, "default"])]
  return drafts.flatMap((draft) => {
    const { entry } = draft
    return storesOf(draft, registry).flatMap(({ path, name }) => {
      if (known.includes(name)) return []
      const culprit = placeOf(entry.value, path)
      return [problemAt(culprit, "WB_STORE_UNKNOWN", { name, known })]
    })
  })
}

function storesOf({ plan, spec, sound }: Draft, registry: Registry): { path: (string | number)[]; name: string }[] {
  const own =
    spec === undefined || !sound ? [] : storesNamed(spec, plan.arguments).map(({ path, name }) => ({ path: ["arguments", ...path], name }))
  if (plan.retry === undefined) return own
  const retry = storesNamed(registry.lookup(retryModule).component.spec, plan.retry)
  return [...own, ...retry.map(({ path, name }) => ({ path: ["retry", ...path], name }))]
}
