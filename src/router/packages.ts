// Loads components from outside: packages that a bootstrap file lists, and files that its instances name as their module. Nothing is
// looked for that is not named. Each comes with the place it came from, so that an error nobody caught can be led back to its instance.

import { dirname, join } from "node:path"
import { WishboneError } from "../errors.ts"
import type { Timers } from "../platform/platform.ts"
import { moduleOfFile, packageComponents } from "./component-exports.ts"
import { type ImportParts, importComponents } from "./component-import.ts"
import { lendOwnName } from "./own-name.ts"
import { checkPackageVersion, entryOfPackage, findPackage, lookUpwards, type PackageFiles } from "./package-manifest.ts"
import type { ModuleClass } from "./registry.ts"

/** Components from one place. */
export interface LoadedComponents {
  /** As the bootstrap file names the package or file. */
  readonly name: string
  /** Folder of the package, or the file: absolute, without symbolic links. */
  readonly place: string
  readonly components: readonly ModuleClass[]
}

/** What a file exports. */
export interface LoadedExports {
  /** Absolute, without symbolic links. */
  readonly place: string
  readonly exported: unknown
}

/** Brings components from outside into the process. */
export interface ComponentLoader {
  /** Components of a package by name, or by the path of its folder. @throws WishboneError */
  package(name: string): Promise<LoadedComponents>
  /** The module of a file; `file` is absolute, `name` how the bootstrap file has it. @throws WishboneError */
  file(name: string, file: string): Promise<LoadedComponents>
  /** Whatever a file exports; as {@link ComponentLoader.file} otherwise. @throws WishboneError */
  exports?(name: string, file: string): Promise<LoadedExports>
}

/** What {@link createComponentLoader} needs. */
export interface LoaderParts {
  readonly files: PackageFiles
  readonly timers: Timers
  /** Of the bootstrap file, absolute. */
  readonly folder: string
  /** Of this program: packages that the file's folder does not have are looked for from here. */
  readonly program: string
  /** Of this program. */
  readonly version: string
  /** Whether TypeScript may be run, or a clause that says why not. */
  readonly typescript: true | string
  /** Lets files find this program as `wishbone-ts`. @defaultValue Node's resolution is extended */
  readonly lend?: () => void
  /** Imports a file by its URL. @defaultValue as Node does */
  readonly importFile?: (url: string) => Promise<unknown>
}

/** Makes a loader for one bootstrap file. */
export function createComponentLoader(parts: LoaderParts): ComponentLoader {
  const { files, timers, typescript, lend = lendOwnName } = parts
  const { importFile = (url: string): Promise<unknown> => import(/* @vite-ignore */ url) } = parts
  const importing: ImportParts = { timers, typescript, lend, hasOwn: (file) => hasOwn(file, files), importFile }
  const exportsOf = async (name: string, file: string): Promise<LoadedExports> => {
    if ((await files.stat(file).catch(() => undefined))?.isFile !== true) {
      const hint = "A relative path counts from the folder of the bootstrap file."
      throw new WishboneError("WB_COMPONENT_FILE_MISSING", { file, hint })
    }
    const place = await files.realPath(file)
    return { place, exported: await importComponents(name, place, importing) }
  }
  return {
    package: async (name) => {
      const found = await findPackage(name, parts)
      await checkPackageVersion(found, parts.version)
      const entry = await entryOfPackage(found, files)
      return { name, place: found.folder, components: packageComponents(name, await importComponents(name, entry, importing)) }
    },
    file: async (name, file) => {
      const { place, exported } = await exportsOf(name, file)
      return { name, place, components: [moduleOfFile(name, exported)] }
    },
    exports: exportsOf,
  }
}

/** Whether a file finds a `wishbone-ts`: in a `node_modules` folder above it, or because it lies in that very package. */
async function hasOwn(file: string, files: PackageFiles): Promise<boolean> {
  if ((await lookUpwards("wishbone-ts", dirname(file), files)) !== undefined) return true
  for (let at = dirname(file); ; at = dirname(at)) {
    const manifest = await files.readFile(join(at, "package.json")).catch(() => undefined)
    if (manifest !== undefined) return /"name"\s*:\s*"wishbone-ts"/.test(manifest.toString("utf8"))
    if (dirname(at) === at) return false
  }
}
