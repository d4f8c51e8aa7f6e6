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
}

/** Makes the problem that the catalogue describes, at a place. */
export function problemAt(place: Place, code: ErrorCode, details: ErrorDetails = {}, severity: Severity = "error"): Problem {
  const entry = catalogue[code]
  const { file, line, column } = place
  return { file, line, column, severity, code, message: entry.message(details), hint: entry.hint(details) }
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
