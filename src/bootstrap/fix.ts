// Mends in the text of a bootstrap file what problems say how to mend. Only the characters in question change: comments, quotes, order,
// line ends and everything else stay as they are. What does not stand where a fix expects it (it came from a variable, or is written with
// escapes or over several lines) is left for a person.

import type { Fix, Problem } from "./problem.ts"

/** A text with what was mended in it. */
export interface Fixed {
  readonly text: string
  /** In the order of the text. */
  readonly fixes: readonly Fix[]
  /** Problems that could be mended, and only by hand. */
  readonly left: readonly Problem[]
}

/** Applies the fixes of all `problems` that are about `file`, whose content is `text`. */
export function applyFixes(file: string, text: string, problems: readonly Problem[]): Fixed {
  const lines = text.split("\n")
  const fixes: Fix[] = []
  const left: Problem[] = []
  // From right to left, so that columns further left stay right.
  for (const problem of inReverse(problems.filter((candidate) => candidate.file === file))) {
    if (problem.fix === undefined) continue
    const found = located(lines[problem.fix.line - 1] ?? "", problem.fix)
    if (found === undefined) {
      left.unshift(problem)
      continue
    }
    const line = lines[found.line - 1] ?? ""
    lines[found.line - 1] = line.slice(0, found.column - 1) + found.to + line.slice(found.endColumn - 1)
    fixes.unshift(found)
  }
  return { text: lines.join("\n"), fixes, left }
}

function inReverse(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => b.line - a.line || b.column - a.column)
}

/** The fix with the columns of the text itself, inside its quotes if it has any; undefined when something else stands there. */
function located(line: string, fix: Fix): Fix | undefined {
  const quoted = /["']/.test(line.charAt(fix.column - 1)) ? 1 : 0
  const start = fix.column - 1 + quoted
  const end = start + fix.from.length
  if (line.slice(start, end) !== fix.from || (quoted === 1 && line.charAt(end) !== line.charAt(start - 1))) return undefined
  return { ...fix, column: start + 1, endColumn: end + 1 }
}
