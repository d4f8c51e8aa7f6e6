// Problems as people read them, with the lines they are about, and as programs do.

import type { Problem } from "./problem.ts"
import { codeFrame } from "./text.ts"

/**
 * All problems as text, each with its place, its lines and its hint; ends with a line end unless there are none.
 * `sources` are the texts by the problems' `file`; without one a problem comes without lines.
 */
export function problemsText(problems: readonly Problem[], sources: ReadonlyMap<string, string>): string {
  // Split once: a file of a thousand mistakes is shown a thousand times.
  const lines = new Map([...sources].map(([file, text]) => [file, text.split(/\r?\n/)]))
  return problems.map((problem) => `${problemText(problem, lines.get(problem.file))}\n`).join("\n")
}

function problemText(problem: Problem, lines: readonly string[] | undefined): string {
  const { line, column, severity, code, message, hint } = problem
  const file = problem.file === "-" ? "standard input" : problem.file
  const head = `${file}:${line}:${column}: ${severity}: ${message} [${code}]`
  const frame = lines === undefined ? [] : [indent(codeFrame(lines, line, column))]
  return [head, ...frame, ...(hint === "" ? [] : [`  ${hint}`])].join("\n")
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ")
}

/** All problems as a JSON list of `{ file, line, column, severity, code, message, hint }`, lines and columns from 1. */
export function problemsJson(problems: readonly Problem[]): string {
  return JSON.stringify(problems, undefined, 2)
}
