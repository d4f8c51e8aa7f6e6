// Where a package that a bootstrap file lists lies, and what its `package.json` says of it: the file that exports its components, and
// the versions of this package that it was made for.
//
// A name is looked for in the `node_modules` folders from the bootstrap file's folder upwards, then in those from this program upwards.
// The folders are walked here rather than by Node's resolution: a package may keep its `package.json` out of its `exports`, and need have
// no `main`.

import { dirname, join, relative, resolve, sep } from "node:path"
import { WishboneError } from "../errors.ts"
import type { Files } from "../platform/platform.ts"
import { isPathLike } from "./registry.ts"

/** What is asked of the file system. */
export type PackageFiles = Pick<Files, "stat" | "readFile" | "realPath">

/** A package as it was found. */
export interface PackagePlace {
  /** As the bootstrap file has it. */
  readonly name: string
  /** Absolute, without symbolic links. */
  readonly folder: string
  readonly manifest: Readonly<Record<string, unknown>>
}

/**
 * Finds a package by name, or the one in the folder that `name` names, and reads its `package.json`.
 *
 * @throws WishboneError `WB_PACKAGE_NAME`, `WB_PACKAGE_NOT_FOUND`, `WB_PACKAGE_MANIFEST`
 */
export async function findPackage(
  name: string,
  { files, folder, program }: { files: PackageFiles; folder: string; program: string },
): Promise<PackagePlace> {
  if (isPathLike(name)) return localPackage(name, resolve(folder, name), files)
  checkPackageName(name)
  const found = (await lookUpwards(name, folder, files)) ?? (await lookUpwards(name, program, files))
  if (found === undefined) {
    const hint = `Install it where the bootstrap file lies: \`cd ${folder} && npm install ${name}\`. A folder is named as \`./${name}\`.`
    throw new WishboneError("WB_PACKAGE_NOT_FOUND", { name, from: folder, hint })
  }
  return readPackage(name, found, files)
}

/** The folder of package `name` in the nearest `node_modules`, from `folder` upwards. */
export async function lookUpwards(name: string, folder: string, files: PackageFiles): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, "node_modules", name)
    if ((await files.stat(join(candidate, "package.json")).catch(() => undefined))?.isFile === true) return candidate
    if (dirname(at) === at) return undefined
  }
}

async function localPackage(name: string, folder: string, files: PackageFiles): Promise<PackagePlace> {
  const stat = await files.stat(folder).catch(() => undefined)
  const missing = (problem: string, hint: string): WishboneError =>
    new WishboneError("WB_PACKAGE_NOT_FOUND", { name, folder, problem, hint })
  if (stat === undefined) throw missing("does not exist", "A relative path counts from the folder of the bootstrap file.")
  if (!stat.isDirectory)
    throw missing("is a file, not the folder of a package", `A file is named where its module is used: \`module: ${name}\`.`)
  if ((await files.stat(join(folder, "package.json"))) === undefined)
    throw missing("holds no `package.json`", "`wishbone-ts new module acme.flow.example` makes a package to begin with.")
  return readPackage(name, folder, files)
}

function checkPackageName(name: string): void {
  if (/^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i.test(name) && name.length <= 214) return
  const version = /^(@?[^@]+)@/.exec(name)?.[1]
  if (version !== undefined) {
    const hint = `Write \`${version}\`; npm keeps the version, in the package.json of the folder where it is installed.`
    throw new WishboneError("WB_PACKAGE_NAME", { name, problem: "it holds a version", hint })
  }
  const hint = name.includes("/")
    ? `A folder is named as \`./${name}\`.`
    : "It is the name that `npm install` takes, such as `wishbone-acme`."
  throw new WishboneError("WB_PACKAGE_NAME", { name, hint })
}

async function readPackage(name: string, found: string, files: PackageFiles): Promise<PackagePlace> {
  const folder = await files.realPath(found)
  const file = join(folder, "package.json")
  const unusable = (problem: string): WishboneError => new WishboneError("WB_PACKAGE_MANIFEST", { name, file, problem })
  let manifest: unknown
  try {
    manifest = JSON.parse((await files.readFile(file)).toString("utf8").replace(/^\uFEFF/, ""))
  } catch (thrown) {
    const { message } = thrown as Error
    throw unusable(thrown instanceof SyntaxError ? `is no JSON: ${message}` : `cannot be read: ${message}`)
  }
  if (typeof manifest !== "object" || manifest === null || Array.isArray(manifest)) throw unusable("holds no JSON object")
  return { name, folder, manifest: manifest as Record<string, unknown> }
}

/**
 * The file that exports the components of a package: what the key `"wishbone"` of its `package.json` names.
 *
 * @throws WishboneError `WB_PACKAGE_MANIFEST`, `WB_COMPONENT_FILE_MISSING`
 */
export async function entryOfPackage({ name, folder, manifest }: PackagePlace, files: PackageFiles): Promise<string> {
  const written = manifest["wishbone"]
  const refused = (problem: string, hint: string): WishboneError =>
    new WishboneError("WB_PACKAGE_MANIFEST", { name, file: join(folder, "package.json"), problem, hint })
  const hint = 'It names the file that exports the list of components, for example `"wishbone": "./index.js"`.'
  if (written === undefined) throw refused('has no key `"wishbone"`, so it is no package of modules', hint)
  if (typeof written !== "string" || written === "") throw refused(`has a key \`"wishbone"\` that holds ${described(written)}`, hint)
  const entry = resolve(folder, written)
  const within = relative(folder, entry)
  if (within === "" || within === ".." || within.startsWith(`..${sep}`))
    throw refused(`has a key \`"wishbone"\` that leads out of the package: \`${written}\``, hint)
  if ((await files.stat(entry).catch(() => undefined))?.isFile !== true) throw missingEntry(name, entry, { folder, manifest })
  return entry
}

function missingEntry(name: string, file: string, { folder, manifest }: Pick<PackagePlace, "folder" | "manifest">): WishboneError {
  const { scripts } = manifest as { scripts?: { build?: unknown } | null }
  const built = typeof scripts === "object" && typeof scripts?.build === "string"
  const hint = built ? `Build the package: \`cd ${folder} && npm run build\`.` : 'Correct the key `"wishbone"` of its package.json.'
  return new WishboneError("WB_COMPONENT_FILE_MISSING", { file, why: `which the package \`${name}\` names as its components`, hint })
}

/**
 * Checks that a package was made for this version: its `peerDependencies` say so. One that says nothing is taken as it is.
 *
 * @throws WishboneError `WB_PACKAGE_MANIFEST`, `WB_PACKAGE_VERSION`
 */
export async function checkPackageVersion({ name, folder, manifest }: PackagePlace, version: string): Promise<void> {
  const peers = manifest["peerDependencies"]
  const range = typeof peers === "object" && peers !== null ? (peers as Record<string, unknown>)["wishbone-ts"] : undefined
  if (range === undefined) return
  const { default: semver } = await import("semver")
  const problem = `wants wishbone-ts in a version that cannot be read: ${described(range)}`
  if (typeof range !== "string" || semver.validRange(range) === null) {
    const hint = `Write a range into its \`peerDependencies\`, such as \`"wishbone-ts": "^${version}"\`.`
    throw new WishboneError("WB_PACKAGE_MANIFEST", { name, file: join(folder, "package.json"), problem, hint })
  }
  if (semver.satisfies(version, range, { includePrerelease: true })) return
  const own = typeof manifest["version"] === "string" ? ` ${manifest["version"]}` : undefined
  throw new WishboneError("WB_PACKAGE_VERSION", { name, own, range, version })
}

function described(value: unknown): string {
  return typeof value === "string" && value !== ""
    ? `\`${value}\``
    : Array.isArray(value)
      ? "a list"
      : value === ""
        ? "nothing"
        : typeof value
}
