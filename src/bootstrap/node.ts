// A YAML document as the checks see it: values with their places. Nodes are never changed once made, so a node that an alias brought
// to a second place is shared, and its place stays where it was written.

import type { Place } from "./problem.ts"

/** Text, number, boolean or nothing. */
export interface ScalarNode {
  readonly kind: "scalar"
  readonly at: Place
  readonly value: string | number | boolean | null
  /** The value as text, before it was read as a number or boolean. */
  readonly text: string
  /** Written without quotes. */
  readonly plain: boolean
  /** Lines of the file that it takes. */
  readonly lines: number
  /** Came out of `${…}`: where the argument wants text, `text` is what was meant. */
  readonly filled?: true
  /** Should have come out of `${…}` and did not; that has been reported, so nothing else need be said about the value. */
  readonly unknown?: true
}

export interface ListNode {
  readonly kind: "list"
  readonly at: Place
  readonly items: readonly YamlNode[]
}

export interface MapEntry {
  readonly name: string
  readonly keyAt: Place
  readonly value: YamlNode
}

export interface MapNode {
  readonly kind: "map"
  readonly at: Place
  readonly entries: ReadonlyMap<string, MapEntry>
}

export type YamlNode = ScalarNode | ListNode | MapNode

/** Steps from the root of a document: keys of maps and indexes of lists. */
export type Path = readonly (string | number)[]

/** The plain value of a node; scalars in `asText` are given as they were written. Maps become objects with the keys as own properties. */
export function toValue(node: YamlNode, asText?: ReadonlySet<YamlNode>): unknown {
  if (node.kind === "scalar") return asText?.has(node) ? node.text : node.value
  if (node.kind === "list") return node.items.map((item) => toValue(item, asText))
  return Object.fromEntries([...node.entries.values()].map((entry) => [entry.name, toValue(entry.value, asText)]))
}

/** Whether a node is there to say something: `key:` with nothing after it counts as left out. */
export function isEmpty(node: YamlNode | undefined): boolean {
  return node === undefined || (node.kind === "scalar" && node.value === null)
}

/** The entry of a map, when `node` is one and has it. */
export function entryOf(node: YamlNode | undefined, name: string): MapEntry | undefined {
  return node?.kind === "map" ? node.entries.get(name) : undefined
}

/** The node at a path, if there is one. */
export function nodeAt(root: YamlNode, path: Path): YamlNode | undefined {
  let node: YamlNode | undefined = root
  for (const step of path) node = childOf(node, step)
  return node
}

/** Where the key or the value at a path stands; for what is not there, the nearest place above it. */
export function placeOf(root: YamlNode, path: Path, part: "key" | "value" = "value"): Place {
  let place = root.at
  let node: YamlNode | undefined = root
  for (const step of path) {
    const entry = entryOf(node, String(step))
    node = childOf(node, step)
    if (node === undefined) return place
    place = entry !== undefined && (part === "key" || isEmpty(node)) ? entry.keyAt : node.at
  }
  return place
}

/** Whether the value could not be filled in, see {@link ScalarNode.unknown}. */
export function isUnknown(node: YamlNode | undefined): boolean {
  return node?.kind === "scalar" && node.unknown === true
}

/** The place of a character of a scalar, by its offset in the text; where that is not the same line, of the whole scalar. */
export function placeWithin({ at, text }: ScalarNode, offset: number): Place {
  const quotes = (at.endColumn - at.column - text.length) / 2
  if (quotes !== 0 && quotes !== 1) return at
  return { ...at, column: Math.min(at.column + quotes + offset, at.endColumn) }
}

function childOf(node: YamlNode | undefined, step: string | number): YamlNode | undefined {
  if (node?.kind === "list") return node.items[Number(step)]
  return entryOf(node, String(step))?.value
}

/** What a node is, in words: "text `abc`", "the number 5", "a list". */
export function describeNode(node: YamlNode): string {
  if (node.kind !== "scalar") return `a ${node.kind}`
  if (node.value === null) return "nothing"
  if (typeof node.value === "number") return `the number ${node.text}`
  if (typeof node.value === "boolean") return `\`${node.text}\``
  if (node.value === "") return "empty text"
  return `text \`${node.value.length > 40 ? `${node.value.slice(0, 40)}…` : node.value}\``
}
