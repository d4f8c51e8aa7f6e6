// `--set path=value` on the command line: `output_1.port=9000` sets an argument of an instance, `modules.output_1.timeout=5s` anything.
// The value is read as YAML. What is set has its own place, so that a mistake in it is shown where it was made.

import { parseYaml } from "./file.ts"
import { describeNode, entryOf, isEmpty, type MapEntry, type YamlNode } from "./node.ts"
import { type Place, type Problem, problemAt } from "./problem.ts"

/** A document with what was set, and the texts in which places of it lie, by file. */
export interface WithSets {
  readonly root: YamlNode
  readonly problems: readonly Problem[]
  readonly sources: ReadonlyMap<string, string>
}

/** Applies `--set` options in their order; `topLevel` are the keys that begin a path from the root. */
export function applySets(root: YamlNode, sets: readonly string[], topLevel: readonly string[]): WithSets {
  const problems: Problem[] = []
  const sources = new Map<string, string>()
  let current = root
  for (const set of sets) {
    const file = `--set ${set}`
    sources.set(file, set)
    const place: Place = { file, line: 1, column: 1, endColumn: set.length + 1 }
    const applied = applySet(current, set, place, topLevel)
    if ("root" in applied) current = applied.root
    problems.push(...applied.problems)
  }
  return { root: current, problems, sources }
}

function applySet(
  root: YamlNode,
  set: string,
  place: Place,
  topLevel: readonly string[],
): { root?: YamlNode; problems: readonly Problem[] } {
  const equals = set.indexOf("=")
  const written = set.slice(0, Math.max(equals, 0)).trim()
  const steps = written.split(".")
  const path = fullPath(root, steps, topLevel)
  if (equals < 1 || steps.includes("") || path === "too short") return { problems: [problemAt(place, "WB_SET_SYNTAX", { set })] }
  if (path === undefined) {
    const known = [...instancesOf(root), ...topLevel]
    return { problems: [problemAt(place, "WB_SET_PATH", { path: written, found: steps[0], known })] }
  }
  // Spaces in place of the path put the value into the column where it stands.
  const { root: value, problems } = parseYaml(place.file, " ".repeat(equals + 1) + set.slice(equals + 1))
  if (problems.length > 0) return { problems }
  const empty: YamlNode = { kind: "scalar", at: place, value: null, text: "", plain: true, lines: 1 }
  const changed = setAt(root, path, value ?? empty, place)
  if ("kind" in changed) return { root: changed, problems: [] }
  const details = { path: written, at: path.slice(0, changed.depth).join("."), found: describeNode(changed.node) }
  return { problems: [problemAt(place, "WB_SET_THROUGH_VALUE", details)] }
}

function instancesOf(root: YamlNode): string[] {
  const modules = entryOf(root, "modules")?.value
  return modules?.kind === "map" ? [...modules.entries.keys()] : []
}

function fullPath(root: YamlNode, steps: readonly string[], topLevel: readonly string[]): readonly string[] | "too short" | undefined {
  const [first = "", ...rest] = steps
  if (topLevel.includes(first)) return steps
  if (!instancesOf(root).includes(first)) return undefined
  return rest.length === 0 ? "too short" : ["modules", first, "arguments", ...rest]
}

/** The document with one value changed, or the node that nothing can be set inside of. */
function setAt(
  node: YamlNode,
  path: readonly string[],
  value: YamlNode,
  place: Place,
  depth = 0,
): YamlNode | { node: YamlNode; depth: number } {
  const [step, ...rest] = path
  if (step === undefined) return value
  const empty: YamlNode = { kind: "map", at: place, entries: new Map() }
  const inside = isEmpty(node) ? empty : node
  if (inside.kind === "scalar") return { node, depth }
  const index = inside.kind === "list" ? Number(step) : 0
  if (inside.kind === "list" && !(Number.isInteger(index) && index >= 0 && index <= inside.items.length)) return { node, depth }
  const before = inside.kind === "list" ? inside.items[index] : inside.entries.get(step)?.value
  const child = setAt(before ?? empty, rest, value, place, depth + 1)
  if (!("kind" in child)) return child
  if (inside.kind === "list") return { ...inside, items: [...inside.items.slice(0, index), child, ...inside.items.slice(index + 1)] }
  const entry: MapEntry = { name: step, keyAt: place, value: child }
  return { ...inside, entries: new Map([...inside.entries, [step, entry]]) }
}
