// The files that stores of a document name as their driver: to be loaded before anything is checked.

import { isPathLike } from "../router/registry.ts"
import { entryOf, type ScalarNode, type YamlNode } from "./node.ts"

/** Files that the stores of a document name as their driver. */
export function storeFilesOf(root: YamlNode): ScalarNode[] {
  const stores = entryOf(root, "stores")?.value
  if (stores?.kind !== "map") return []
  return [...stores.entries.values()].flatMap(({ value }) => {
    const driver = entryOf(value, "driver")?.value
    return driver?.kind === "scalar" && driver.value !== null && isPathLike(driver.text.trim()) ? [driver] : []
  })
}
