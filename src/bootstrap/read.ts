// Reading settings out of a document: each reader gives the value, or its default, and reports what does not fit with its place.

import { nearest } from "../error-text.ts"
import { formatDuration, formatSize, parseDuration, parseSize } from "../spec/units.ts"
import { describeNode, isEmpty, type MapEntry, type MapNode, type YamlNode } from "./node.ts"
import { type Problem, problemAt } from "./problem.ts"

/** Bounds of a number, both included. */
export interface Bounds {
  readonly min: number
  readonly max?: number
}

/** Gathers what is wrong while settings are read. */
export class SettingsReader {
  readonly problems: Problem[] = []

  /** The entries of a map, unknown keys reported. `where` says in a message where the keys are looked for. */
  map(entry: MapEntry | undefined, where: string, known: readonly string[]): MapNode | undefined {
    const node = this.anyMap(entry)
    if (node !== undefined) this.knownKeys(node, where, known)
    return node
  }

  /** The entries of a map whose keys are free. Nothing at all counts as left out. */
  anyMap(entry: MapEntry | undefined): MapNode | undefined {
    if (entry === undefined || isEmpty(entry.value)) return undefined
    if (entry.value.kind === "map") return entry.value
    this.invalid(entry, "a map (`key: value`, one a line)")
    return undefined
  }

  knownKeys(node: MapNode, where: string, known: readonly string[]): void {
    for (const { name, keyAt } of node.entries.values()) {
      if (!known.includes(name)) this.problems.push(problemAt(keyAt, "WB_KEY_UNKNOWN", { name, where, known }))
    }
  }

  text(entry: MapEntry | undefined): string | undefined {
    if (entry === undefined || isEmpty(entry.value)) return undefined
    if (entry.value.kind === "scalar") return entry.value.text
    return this.invalid(entry, "text")
  }

  integer(entry: MapEntry | undefined, { min, max = Number.MAX_SAFE_INTEGER }: Bounds): number | undefined {
    const value = scalarOf(entry)
    if (entry === undefined || value === undefined) return undefined
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value
    const range = max < Number.MAX_SAFE_INTEGER ? ` from ${min} to ${max}` : min > Number.MIN_SAFE_INTEGER ? ` of at least ${min}` : ""
    return this.invalid(entry, `a whole number${range}`)
  }

  /** Milliseconds. `words`: what else the value could have been. */
  duration(entry: MapEntry | undefined, { min, max = Number.MAX_SAFE_INTEGER }: Bounds, words: readonly string[] = []): number | undefined {
    const value = scalarOf(entry)
    if (entry === undefined || value === undefined) return undefined
    const ms = parseDuration(value)
    if (ms !== undefined && ms >= min && ms <= max) return ms
    const least = min > 0 ? ` of at least ${formatDuration(min)}` : ""
    const others = words.map((word) => `\`${word}\` or `).join("")
    return this.invalid(entry, `${others}a duration${least}, such as \`10s\` or \`250ms\``, "A plain number is seconds.")
  }

  /** Bytes. */
  size(entry: MapEntry | undefined, { min, max = Number.MAX_SAFE_INTEGER }: Bounds): number | undefined {
    const value = scalarOf(entry)
    if (entry === undefined || value === undefined) return undefined
    const bytes = parseSize(value)
    if (bytes !== undefined && bytes >= min && bytes <= max) return bytes
    return this.invalid(entry, `a size of at least ${formatSize(min)}, such as \`64 KiB\` or \`16 MiB\``, "A plain number is bytes.")
  }

  choice<Choice extends string>(entry: MapEntry | undefined, choices: readonly Choice[]): Choice | undefined {
    const value = scalarOf(entry)
    if (entry === undefined || value === undefined) return undefined
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    const near = nearest(String(value), choices)
    return this.invalid(
      entry,
      `one of ${choices.map((choice) => `\`${choice}\``).join(", ")}`,
      near === undefined ? "" : `Did you mean \`${near}\`?`,
    )
  }

  /** Reports that the value of an entry is not what was expected. */
  invalid(entry: MapEntry, expected: string, hint = ""): undefined {
    const place = isEmpty(entry.value) ? entry.keyAt : entry.value.at
    this.problems.push(problemAt(place, "WB_VALUE_INVALID", { name: entry.name, expected, found: describeNode(entry.value), hint }))
    return undefined
  }
}

/** The value of an entry when there is one; a list or map is given as itself, which no reader of scalars takes. */
function scalarOf(entry: MapEntry | undefined): YamlNode | string | number | boolean | undefined {
  if (entry === undefined || isEmpty(entry.value)) return undefined
  return entry.value.kind === "scalar" ? (entry.value.value ?? undefined) : entry.value
}
