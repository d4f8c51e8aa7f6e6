// The `arguments:` of an instance, a protocol or a function: what its spec finds in them, told at the place where it stands.

import { type ArgumentProblem, type CheckedArguments, checkArguments } from "../spec/arguments.ts"
import type { ComponentSpec } from "../spec/spec.ts"
import { isUnknown, type MapEntry, nodeAt, placeOf, toValue, type YamlNode } from "./node.ts"
import { aliasAt, type Problem } from "./problem.ts"
import type { SettingsReader } from "./read.ts"

/** The arguments below an entry that names a component, checked; what is wrong with them is reported at its place. */
export function readArguments(entry: MapEntry, spec: ComponentSpec, reader: SettingsReader): CheckedArguments {
  return readValues(entry, ["arguments"], spec, reader)
}

/** As {@link readArguments}, for values that stand elsewhere below the entry. */
export function readValues(entry: MapEntry, at: readonly string[], spec: ComponentSpec, reader: SettingsReader): CheckedArguments {
  const node = nodeAt(entry.value, at)
  const checked = checkFilled(spec, node)
  for (const { alias, canonical, path } of checked.notes) {
    const names = { alias, canonical, what: "the argument" }
    reader.problems.push(aliasAt(placeOf(entry.value, [...at, ...path], "key"), names))
  }
  for (const problem of checked.problems) {
    const culprit = node && nodeAt(node, problem.path)
    if (!isUnknown(culprit)) reader.problems.push(argumentProblem({ entry, at }, culprit, problem))
  }
  return checked
}

/** Checks arguments; a variable that gave a number or so where text is wanted (a password of digits) is taken as text. */
function checkFilled(spec: ComponentSpec, node: YamlNode | undefined): CheckedArguments {
  const checked = checkArguments(spec, node && toValue(node))
  const culprits = node === undefined ? [] : checked.problems.map((problem) => nodeAt(node, problem.path))
  const filled = new Set(
    culprits.filter((culprit) => culprit?.kind === "scalar" && culprit.filled === true && typeof culprit.value !== "string"),
  )
  if (node === undefined || filled.size === 0) return checked
  const again = checkArguments(spec, toValue(node, filled as ReadonlySet<YamlNode>))
  return again.problems.length < checked.problems.length ? again : checked
}

const keyCodes: readonly string[] = ["WB_ARGUMENT_UNKNOWN", "WB_ARGUMENT_TWICE"]

function argumentProblem(
  { entry, at }: { entry: MapEntry; at: readonly string[] },
  culprit: YamlNode | undefined,
  problem: ArgumentProblem,
): Problem {
  const path = [...at, ...problem.path]
  const present = culprit !== undefined && !keyCodes.includes(problem.code)
  // Without `arguments:` it is the instance that lacks them.
  const given = nodeAt(entry.value, at) !== undefined
  const { file, line, column } = given ? placeOf(entry.value, path, present ? "value" : "key") : entry.keyAt
  const { code, message } = problem
  return { file, line, column, severity: "error", code, message, hint: typeHint(culprit, message) ?? problem.hint }
}

/** Slips that YAML makes easy: booleans of YAML 1.1, and text that reads as a number. */
function typeHint(culprit: YamlNode | undefined, message: string): string | undefined {
  if (culprit?.kind !== "scalar" || !culprit.plain || culprit.value === null) return undefined
  const { value, text } = culprit
  if (typeof value !== "string") return message.includes("expected text") ? `Put it in quotes: \`"${text}"\`.` : undefined
  if (!message.includes("expected true or false") || !/^(yes|no|on|off|y|n)$/i.test(text)) return undefined
  return `YAML 1.2 reads \`${text}\` as text: write \`${/^(yes|on|y)$/i.test(text)}\`.`
}
