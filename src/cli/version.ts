// The version of this package, from its package.json: one place for it.

import { createRequire } from "node:module"
import { dirname } from "node:path"

/** Read through the package's own name, because the way up from here differs between the sources and what is built of them. */
export function packageVersion(): string {
  return (createRequire(import.meta.url)("wishbone-ts/package.json") as { version: string }).version
}

/** The folder of this package. */
export function programFolder(): string {
  return dirname(createRequire(import.meta.url).resolve("wishbone-ts/package.json"))
}
