// One thing that is wrong, doubtful or worth knowing about a bootstrap file, with the place it is about. All checks of this room
// give lists of these and never throw for what somebody wrote.

import { catalogue, type ErrorCode, type ErrorDetails } from "../error-catalogue.ts"

/** A place in a text. Lines and columns count from 1; `endColumn` is the column after the last character, on the same line. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endColumn: number
}

/** `error`: nothing starts. `warning`: it starts, but an event may vanish. `note`: an old spelling that is still understood. */
export type Severity = "error" | "warning" | "note"

/** How a finding can be mended: `from`, which stands on one line, becomes `to`. Columns as in {@link Place}. */
export interface Fix {
  readonly line: number
  readonly column: number
  readonly endColumn: number
  readonly from: string
  readonly to: string
}

/** A finding in a bootstrap file; line and column count from 1. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly severity: Severity
  readonly code: ErrorCode
  readonly message: string
  /** What to do about it; empty when the message says it all. */
  readonly hint: string
  /** Only where a program can mend it. */
  readonly fix?: Fix
}

/** Makes the problem that the catalogue describes, at a place. */
export function problemAt(place: Place, code: ErrorCode, details: ErrorDetails = {}, severity: Severity = "error"): Problem {
  const entry = catalogue[code]
  const { file, line, column } = place
  return { file, line, column, severity, code, message: entry.message(details), hint: entry.hint(details) }
}

/** The note about a former name, with what `lint --fix` has to do. `place` begins with the name, or with its quote. */
export function aliasAt(place: Place, names: { readonly alias: string; readonly canonical: string; readonly what: string }): Problem {
  const { line, column } = place
  const { alias, canonical } = names
  const fix: Fix = { line, column, endColumn: column + alias.length, from: alias, to: canonical }
  return { ...problemAt(place, "WB_NAME_ALIAS", names, "note"), fix }
}

const severities: readonly Severity[] = ["error", "warning", "note"]

/**
 * In the order of the file (what was set on the command line comes last), each finding once: an alias of YAML makes one line serve
 * in several places, and its mistake is still one mistake.
 */
export function inOrder(problems: readonly Problem[], file: string): Problem[] {
  const once = new Map(problems.map((problem) => [JSON.stringify(problem), problem]))
  const rank = (problem: Problem): number => (problem.file === file ? 0 : 1)
  return [...once.values()].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
      a.line - b.line ||
      a.column - b.column ||
      severities.indexOf(a.severity) - severities.indexOf(b.severity),
  )
}
