// Paths that event data has a say in, confined to one folder. What is written there decides nothing but which file below that folder it is:
// no `..`, no absolute path that leads elsewhere, no control characters, no names the file system could not hold, and no symbolic link
// on the way out.

import { dirname, relative, resolve } from "node:path"
import { Invalid } from "../errors.ts"
import type { Files } from "../platform/platform.ts"

const nameBytesMax = 255
const pathBytesMax = 4095
// Tabs and line ends in a file name fool whoever lists the folder.
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f]/

/** The path that `name` stands for below `base`, which is absolute. @throws Invalid when it is no name, or leads out of `base`. */
export function confinedPath(base: string, name: string): string {
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)
  const refuse = (problem: string): never => {
    throw new Invalid(`the path ${shown} ${problem}`, { code: "path" })
  }
  if (control.test(name)) refuse("holds control characters")
  const names = name.split("/").filter((part) => part !== "" && part !== ".")
  if (names.includes("..")) refuse("holds `..`")
  if (names.length === 0 || name.endsWith("/")) refuse("names no file")
  const path = resolve(base, name)
  if (path === base || (base !== "/" && !path.startsWith(`${base}/`))) refuse(`is not below ${base}`)
  if (names.some((part) => Buffer.byteLength(part) > nameBytesMax) || Buffer.byteLength(path) > pathBytesMax) refuse("is too long")
  return path
}

/** Makes the folders of `path` below `base`. With `noFollow` they must lie there. @throws Invalid when a symbolic link leads elsewhere. */
export async function prepareFolder(files: Files, { base, noFollow }: { base: string; noFollow: boolean }, path: string): Promise<void> {
  const folder = dirname(path)
  if (folder !== base && (await files.stat(folder)) === undefined) {
    let made = base
    for (const name of relative(base, folder).split("/")) {
      made = `${made === "/" ? "" : made}/${name}`
      await files.makeDirectory(made)
      await files.syncDirectory(dirname(made))
    }
  }
  if (!noFollow) return
  const [root, real] = await Promise.all([files.realPath(base), files.realPath(folder)])
  if (real !== root && !real.startsWith(root === "/" ? "/" : `${root}/`))
    throw new Invalid(`the path ${path} leads out of ${base} by a symbolic link`, { code: "path" })
}
