// Another plan for a graph that runs. Either the graph is as the new plan says, or it is as it was and the answer says why: what cannot be
// built is refused with nothing touched; what cannot be started leads back, and instances that had been stopped for it start again as they
// were. No event is lost on the way: see transition.ts.

import { isDeepStrictEqual } from "node:util"
import { isWishboneError, WishboneError } from "../errors.ts"
import type { Plan } from "../spec/plan.ts"
import { blueprintOf } from "./blueprint.ts"
import { type Difference, difference, isNothing } from "./difference.ts"
import { reasonOf } from "./life.ts"
import type { Registry } from "./registry.ts"
import { Transition, type TransitionParts } from "./transition.ts"

/** What came of a reload. */
export interface ReloadResult extends Omit<Difference, "kept"> {
  /**
   * - `reloaded`: the graph is as the new plan says.
   * - `unchanged`: it was so already.
   * - `refused`: it is as it was before; `problem` says why.
   * - `stopped`: the graph was told to stop meanwhile.
   */
  readonly outcome: "reloaded" | "unchanged" | "refused" | "stopped"
  readonly problem?: { readonly code: string; readonly message: string; readonly hint: string }
  /** Instances that were stopped for what was refused, and started again as they had been. */
  readonly restored: readonly string[]
  /** Instances that could not be started again either: events wait in their queues. */
  readonly down: readonly string[]
  /** Events that failed as `stale`, since an instance was to change or go and their time was over. */
  readonly stale: number
  readonly durationMs: number
}

export type ReloadParts = Omit<TransitionParts, "persist">

/** Leads the graph to a plan. @throws nothing that belongs to the plan: that is in the answer */
export async function reloadGraph(parts: ReloadParts, plan: Plan, registry: Registry): Promise<ReloadResult> {
  const { graph, clock, stop } = parts
  const startMs = clock.monotonic()
  const before = { plan: graph.plan, registry: graph.registry }
  const wanted = plannedDifference(parts, plan, registry)
  const answer = (outcome: ReloadResult["outcome"], more: Partial<ReloadResult> = {}): ReloadResult => {
    const { kept: _kept, ...told } = wanted.difference
    return { outcome, ...told, restored: [], down: [], stale: 0, durationMs: clock.monotonic() - startMs, ...more }
  }
  if (wanted.problem !== undefined) return answer("refused", { problem: problemOf(wanted.problem) })
  if (isNothing(wanted.difference)) return answer("unchanged")
  const forward = new Transition({ ...parts, persist: false }, wanted.blueprint, wanted.difference)
  let failure: unknown
  try {
    failure = await forward.run()
  } catch (thrown) {
    return answer("refused", { problem: problemOf(thrown) })
  }
  const { stale } = forward
  if (failure === undefined && !graph.isCut) for (const { name } of wanted.difference.adjusted ?? []) graph.adjust(name, wanted.blueprint)
  if (failure === undefined || graph.isCut) return answer(stop.aborted ? "stopped" : "reloaded", { stale })
  const back = await leadBack(parts, before)
  return answer(stop.aborted ? "stopped" : "refused", {
    problem: problemOf(failure),
    restored: back.restored,
    down: [...graph.down],
    stale: stale + back.stale,
  })
}

/** What is to change, or why it cannot. */
function plannedDifference({ graph }: ReloadParts, plan: Plan, registry: Registry) {
  const current = graph.current
  try {
    const blueprint = blueprintOf(plan, registry, graph.inside)
    const found = difference(current, blueprint, graph.down)
    const fixed = plan.state !== graph.plan.state ? "state" : isDeepStrictEqual(plan.stores, graph.plan.stores) ? undefined : "stores"
    const problem = fixed === undefined ? undefined : new WishboneError("WB_RELOAD_RESTART", { what: fixed })
    return { blueprint, difference: found, problem }
  } catch (problem) {
    return { blueprint: current, difference: difference(current, current), problem }
  }
}

async function leadBack(parts: ReloadParts, before: { plan: Plan; registry: Registry }): Promise<{ restored: string[]; stale: number }> {
  const { graph, log, stop } = parts
  const target = blueprintOf(before.plan, before.registry, graph.inside)
  const back = new Transition({ ...parts, persist: true }, target, difference(graph.current, target, graph.down))
  let failure: unknown
  try {
    failure = await back.run()
  } catch (thrown) {
    failure = thrown
  }
  if (failure !== undefined && !stop.aborted)
    log.error(`the graph could not be led back to what it was: ${reasonOf(failure)}`, { down: [...graph.down] })
  return { restored: back.replaced.filter((name) => target.instances.has(name) && !graph.down.has(name)), stale: back.stale }
}

function problemOf(thrown: unknown): { code: string; message: string; hint: string } {
  if (isWishboneError(thrown)) return { code: thrown.code, message: thrown.message, hint: thrown.hint }
  return { code: "error", message: reasonOf(thrown), hint: "" }
}
