// Metrics as text: the exposition format 0.0.4 of Prometheus.
//
//   # HELP name What it is.          backslash and newline escaped
//   # TYPE name gauge
//   name{label="value"} 1.5          in a label backslash, quote and newline are escaped
//
// One HELP and one TYPE a family, before its samples, which stand together. A family without a sample is left out. Lines end with LF.

/** What Content-Type says of it. */
export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8"

export type MetricType = "counter" | "gauge" | "summary"

/** Values of the labels, in the order in which the family names them, and the number. */
export type Sample = readonly [labels: readonly string[], value: number]

/** Samples of one name. */
export interface FamilyText {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly labels: readonly string[]
}

/** The text of families with their samples. */
export function metricsText(families: Iterable<readonly [FamilyText, Iterable<Sample>]>): string {
  // Instances come in dozens of families: each name is escaped once.
  const escaped = new Map<string, string>()
  const escape = (value: string): string => {
    let known = escaped.get(value)
    if (known === undefined) escaped.set(value, (known = escapedLabel(value)))
    return known
  }
  const parts: string[] = []
  for (const [family, samples] of families) {
    const { name, labels: names } = family
    const before = parts.push(`# HELP ${name} ${escapedHelp(family.help)}\n# TYPE ${name} ${family.type}\n`)
    for (const [values, value] of samples) parts.push(`${name}${labelsText(names, values, escape)} ${numberText(value)}\n`)
    if (parts.length === before) parts.pop()
  }
  return parts.join("")
}

function labelsText(names: readonly string[], values: readonly string[], escape: (value: string) => string): string {
  if (names.length === 0) return ""
  let text = `{${names[0]}="${escape(values[0] ?? "")}"`
  for (let at = 1; at < names.length; at++) text += `,${names[at]}="${escape(values[at] ?? "")}"`
  return `${text}}`
}

function escapedLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
}

function escapedHelp(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"
}
