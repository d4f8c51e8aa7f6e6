// Hides secrets that a bootstrap file holds itself before lines of it are shown. They keep their width, so columns stay right.

import { redactArguments } from "../spec/marked.ts"
import type { ComponentSpec } from "../spec/spec.ts"
import { type ScalarNode, toValue, type YamlNode } from "./node.ts"

/** The values among raw arguments that would be printed otherwise than they are written: `secret()` arguments, URLs with a password. */
export function secretNodes(spec: ComponentSpec, node: YamlNode | undefined): ScalarNode[] {
  if (node?.kind !== "map") return []
  const found: ScalarNode[] = []
  const compare = (at: YamlNode, printed: unknown): void => {
    if (at.kind === "scalar") {
      // What came from outside does not stand in the file.
      if (printed !== at.value && at.filled !== true) found.push(at)
      return
    }
    const children =
      at.kind === "list"
        ? at.items.map((item, index) => [index, item] as const)
        : [...at.entries].map(([name, entry]) => [name, entry.value] as const)
    for (const [step, child] of children)
      compare(child, typeof printed === "object" && printed !== null ? Reflect.get(printed, step) : printed)
  }
  compare(node, redactArguments(spec, toValue(node) as Readonly<Record<string, unknown>>))
  return found
}

/** The texts with `*` in place of what the nodes hold. */
export function maskSources(sources: ReadonlyMap<string, string>, nodes: readonly ScalarNode[]): ReadonlyMap<string, string> {
  if (nodes.length === 0) return sources
  return new Map(
    [...sources].map(([file, text]) => {
      const lines = text.split("\n")
      for (const node of nodes) if (node.at.file === file) maskNode(lines, node)
      return [file, lines.join("\n")]
    }),
  )
}

function maskNode(lines: string[], { at, lines: count }: ScalarNode): void {
  for (let index = at.line - 1; index < at.line - 1 + count; index++) {
    const line = lines[index] ?? ""
    const start = index === at.line - 1 ? at.column - 1 : 0
    const end = count === 1 ? at.endColumn - 1 : line.length
    lines[index] = line.slice(0, start) + line.slice(start, end).replace(/\S/g, "*") + line.slice(end)
  }
}
