// `retry:` of an instance: read like the arguments of the module that it stands for, and refused where it cannot stand.

import { isWishboneError } from "../errors.ts"
import { retryModule, retryProblem } from "../router/retry-plan.ts"
import type { InstancePlan } from "../spec/plan.ts"
import type { ModuleSpec } from "../spec/spec.ts"
import { readValues } from "./arguments.ts"
import type { FileComponents } from "./components.ts"
import type { Draft } from "./draft.ts"
import { entryOf, isEmpty, type MapEntry } from "./node.ts"
import { type Problem, problemAt } from "./problem.ts"
import type { SettingsReader } from "./read.ts"
import type { RoutingTable } from "./routes.ts"

/** What `retry:` of an instance says, if it is there and right. */
export function readRetry(entry: MapEntry, components: FileComponents, reader: SettingsReader): Pick<InstancePlan, "retry"> {
  const retry = entryOf(entry.value, "retry")
  if (retry === undefined || isEmpty(retry.value)) return {}
  if (reader.anyMap(retry) === undefined) return {}
  const owner = entryOf(retry.value, "owner")
  if (owner !== undefined) reader.invalid(owner, "nothing", "The buckets are named after the instance.")
  const spec = specOf(components, retry, reader)
  if (spec === undefined) return {}
  const { values, problems } = readValues(entry, ["retry"], spec, reader)
  return problems.length === 0 ? { retry: values } : {}
}

function specOf(components: FileComponents, { keyAt }: MapEntry, reader: SettingsReader): ModuleSpec | undefined {
  try {
    return components.registry.lookup(retryModule).component.spec
  } catch (thrown) {
    if (!isWishboneError(thrown)) throw thrown
    reader.problems.push(problemAt(keyAt, thrown.code, thrown.details))
    return undefined
  }
}

/** Instances as they may be built: `retry:` is left out where it cannot stand, which is reported. */
export function placedRetries(
  drafts: readonly Draft[],
  { routes, failed }: RoutingTable,
): { drafts: readonly Draft[]; problems: Problem[] } {
  const problems: Problem[] = []
  const placed = drafts.map((draft): Draft => {
    const { entry, plan, spec } = draft
    if (plan.retry === undefined || spec === undefined) return draft
    const problem = retryProblem({ routes, ...(failed && { failed }) }, plan, spec)
    if (problem === undefined) return draft
    problems.push(problemAt(entryOf(entry.value, "retry")?.keyAt ?? entry.keyAt, "WB_RETRY_PLACE", { instance: plan.name, problem }))
    const { retry: _retry, ...rest } = plan
    return { ...draft, plan: rest }
  })
  return { drafts: placed, problems }
}
