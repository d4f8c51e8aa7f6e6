// The examples of a module are documentation that runs: a test asks here whether each would pass in a bootstrap file.

import { checkArguments } from "./arguments.ts"
import { contractOf } from "./contract.ts"
import type { ModuleSpec } from "./spec.ts"

/** What is wrong with the examples of a module, a line each; empty when all of them would be accepted. */
export function exampleProblems(spec: ModuleSpec): readonly string[] {
  return spec.examples.flatMap((example) => {
    const { values, problems } = checkArguments(spec, example.arguments)
    if (problems.length === 0) contractOf(spec, values)
    return problems.map((problem) => `Example "${example.title}": ${problem.message}. ${problem.hint}`.trim())
  })
}
