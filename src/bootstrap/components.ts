// The components that a bootstrap file brings from outside: packages below `packages:`, and files named where an id could stand
// (`module: ./my-module.js`). Whoever checks the file hands in how they are loaded; what is wrong with one is told at its line.

import { resolve } from "node:path"
import type { ErrorDetails } from "../error-catalogue.ts"
import { isWishboneError } from "../errors.ts"
import type { ComponentLoader, LoadedComponents, LoadedExports } from "../router/packages.ts"
import { type Found, isPathLike, type ModuleClass, type Registry } from "../router/registry.ts"
import { factoryOf, makeDriver } from "../store/driver.ts"
import { entryOf, isEmpty, isUnknown, type ScalarNode, type YamlNode } from "./node.ts"
import { type Place, type Problem, problemAt } from "./problem.ts"
import { SettingsReader } from "./read.ts"
import { storeFilesOf } from "./store-files.ts"

/** What reading components needs. */
export interface ComponentSetting {
  /** The components that come with the program. */
  readonly registry: Registry
  /** Absolute; relative paths count from here. */
  readonly folder: string
  /** Without it nothing can be loaded: each package and module file is a mistake. */
  readonly loader: ComponentLoader | undefined
}

/** All components that a file may name. */
export class FileComponents {
  registry: Registry
  readonly problems: Problem[] = []
  /** What was loaded, in the order of the file. */
  readonly loaded: LoadedComponents[] = []
  /** Something that brings components could not be loaded, so ids that nobody knows may be its. */
  incomplete = false
  /** Names of store drivers that come from files, by how the file names them. */
  readonly storeFiles = new Map<string, string>()
  /** Ids of module files, by how the file names them. */
  readonly #files = new Map<string, string>()
  readonly #origins = new Map<string, string>()

  constructor(registry: Registry) {
    this.registry = registry
  }

  /** The module that an instance names; `undefined` when it has been told already why there is none. @throws WishboneError `WB_MODULE_UNKNOWN` */
  module(written: string): Found | undefined {
    if (isPathLike(written)) {
      const id = this.#files.get(written)
      return id === undefined ? undefined : this.registry.lookup(id)
    }
    try {
      return this.registry.lookup(written)
    } catch (thrown) {
      if (this.incomplete && !written.startsWith("wishbone.")) return undefined
      throw thrown
    }
  }

  /** Adds what `load` brings; what is wrong with it is told at `place`. `undefined` when something is. */
  async add(place: Place, load: () => Promise<LoadedComponents>): Promise<LoadedComponents | undefined> {
    try {
      const loaded = await load()
      this.loaded.push(loaded)
      const refused = loaded.components.filter((component) => !this.#register(component, loaded.name, place))
      return refused.length === 0 ? loaded : undefined
    } catch (thrown) {
      this.#tell(thrown, place)
      this.incomplete = true
      return undefined
    }
  }

  /** The file stands for its module from here on. */
  nameFile(written: string, { components: [module] }: LoadedComponents): void {
    if (module !== undefined) this.#files.set(written, module.spec.name)
  }

  /** Adds the store driver of a file; what is wrong with it is told at `place`. */
  async addStore(place: Place, written: string, load: () => Promise<LoadedExports>): Promise<void> {
    try {
      const { place: file, exported } = await load()
      if (!this.registry.stores.has(file)) this.registry = this.registry.with([makeDriver(file, factoryOf(written, exported))])
      this.storeFiles.set(written, file)
      this.loaded.push({ name: written, place: file, components: [] })
    } catch (thrown) {
      this.#tell(thrown, place)
    }
  }

  #register(component: ModuleClass, from: string, place: Place): boolean {
    const { name } = component.spec
    const first = this.#origins.get(name)
    try {
      this.registry = this.registry.with([component])
      this.#origins.set(name, first ?? from)
      return true
    } catch (thrown) {
      this.#tell(thrown, place, { first: first ?? "wishbone-ts", second: from })
      return false
    }
  }

  #tell(thrown: unknown, place: Place, more: ErrorDetails = {}): void {
    if (!isWishboneError(thrown)) throw thrown
    this.problems.push(problemAt(place, thrown.code, { ...thrown.details, ...more }))
  }
}

/** Loads what a document names: first its packages, then its module files, each once and in order. Never throws for what somebody wrote. */
export async function readComponents(root: YamlNode, setting: ComponentSetting): Promise<FileComponents> {
  const { folder, loader, registry } = setting
  const components = new FileComponents(registry)
  const failed = (place: Place, name: string): void => {
    components.problems.push(
      problemAt(place, "WB_PACKAGE_NOT_FOUND", { name, folder, problem: "is not looked into: nothing is loaded here", hint: "" }),
    )
    components.incomplete = true
  }
  for (const { text, at } of packagesOf(root, components)) {
    if (loader === undefined) failed(at, text)
    else await components.add(at, () => loader.package(text))
  }
  const files = new Map(moduleFilesOf(root).map((node) => [node.text.trim(), node]))
  for (const [written, { at }] of files) {
    if (loader === undefined) {
      failed(at, written)
      continue
    }
    const loaded = await components.add(at, () => loader.file(written, resolve(folder, written)))
    if (loaded !== undefined) components.nameFile(written, loaded)
  }
  const drivers = new Map(storeFilesOf(root).map((node) => [node.text.trim(), node]))
  for (const [written, { at }] of drivers) {
    const load = loader?.exports
    if (load === undefined) failed(at, written)
    else await components.addStore(at, written, () => load(written, resolve(folder, written)))
  }
  return components
}

function packagesOf(root: YamlNode, components: FileComponents): ScalarNode[] {
  const entry = entryOf(root, "packages")
  if (entry === undefined || isEmpty(entry.value)) return []
  const reader = new SettingsReader()
  const hint = "List the packages by name, or by the path of their folder: `packages: [wishbone-acme, ./modules]`."
  const names: ScalarNode[] = []
  if (entry.value.kind !== "list") {
    if (!isUnknown(entry.value)) reader.invalid(entry, "a list of packages", hint)
    components.incomplete = true
  } else {
    for (const item of entry.value.items) {
      if (item.kind === "scalar" && typeof item.value === "string" && item.value.trim() !== "")
        names.push({ ...item, text: item.value.trim() })
      else {
        if (!isUnknown(item)) reader.invalid({ ...entry, value: item }, "names of packages", hint)
        components.incomplete = true
      }
    }
  }
  components.problems.push(...reader.problems)
  return names
}

/** The `module:` of every instance that names a file. */
function moduleFilesOf(root: YamlNode): ScalarNode[] {
  const modules = entryOf(root, "modules")?.value
  if (modules?.kind !== "map") return []
  return [...modules.entries.values()].flatMap(({ value }) => {
    const module = entryOf(value, "module")?.value
    return module?.kind === "scalar" && typeof module.value === "string" && isPathLike(module.text.trim()) ? [module] : []
  })
}
