// What has to change so that one blueprint becomes another, in data and in words. Pure.
//
// An instance changes when anything its module or its queues can notice is different: the module, its arguments, any setting, which queues
// lead into it, and which of its out queues lead anywhere. Where those lead is no change of the instance.

import { isDeepStrictEqual } from "node:util"
import type { InstancePlan, RoutePlan } from "../spec/plan.ts"
import type { Blueprint, InstanceBlueprint } from "./blueprint.ts"
import { routeText } from "./deadlock.ts"
import { systemFunnels } from "./system.ts"

/** An instance that is to be stopped and started again. */
export interface ChangedInstance {
  readonly name: string
  /** The settings that differ, as paths in the file: `arguments.port`, `queues.inbox.size`. Without values, which may be secret. */
  readonly what: readonly string[]
}

export interface Difference {
  readonly kept: readonly string[]
  readonly changed: readonly ChangedInstance[]
  /** Instances that take other settings over while they run; absent when there are none. */
  readonly adjusted?: readonly ChangedInstance[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** `a.outbox -> b.inbox`, without those that the router makes by itself. */
  readonly routesAdded: readonly string[]
  readonly routesRemoved: readonly string[]
  /** Settings of the whole graph: `metrics.interval`. */
  readonly settings: readonly string[]
}

/** What a difference needs to know of a graph. */
export type Compared = Pick<Blueprint, "instances" | "routes"> & { readonly plan: Pick<Blueprint["plan"], "metricsIntervalMs"> }

/** The way from `from` to `to`. Instances in `down` do not run, and have to be started in any case. */
export function difference(from: Compared, to: Compared, down: ReadonlySet<string> = new Set()): Difference {
  const kept: string[] = []
  const changed: ChangedInstance[] = []
  const adjusted: ChangedInstance[] = []
  const added: string[] = []
  for (const [name, after] of to.instances) {
    const before = from.instances.get(name)
    if (before === undefined) {
      added.push(name)
      continue
    }
    const what = changesOf(before, after)
    if (what.length === 0 && !down.has(name)) kept.push(name)
    else if (!down.has(name) && isLive(after, what)) adjusted.push({ name, what })
    else changed.push({ name, what })
  }
  return {
    kept,
    changed,
    ...(adjusted.length > 0 && { adjusted }),
    added,
    removed: [...from.instances.keys()].filter((name) => !to.instances.has(name)),
    routesAdded: routesIn(to.routes, from.routes),
    routesRemoved: routesIn(from.routes, to.routes),
    settings: from.plan.metricsIntervalMs === to.plan.metricsIntervalMs ? [] : ["metrics.interval"],
  }
}

/** Whether there is nothing to do. */
export function isNothing({ changed, adjusted = [], added, removed, routesAdded, routesRemoved, settings }: Difference): boolean {
  return [changed, adjusted, added, removed, routesAdded, routesRemoved, settings].every((list) => list.length === 0)
}

/** Whether nothing differs but what the module takes over while it runs. */
function isLive({ moduleClass }: InstanceBlueprint, what: readonly string[]): boolean {
  const live = moduleClass.spec.live ?? []
  return what.every((path) => live.some((name) => path === `arguments.${name}` || path.startsWith(`arguments.${name}.`)))
}

function routesIn(routes: readonly RoutePlan[], others: readonly RoutePlan[]): string[] {
  const known = new Set(others.map(routeText))
  return routes
    .filter(({ destination }) => !(destination.instance in systemFunnels))
    .map(routeText)
    .filter((text) => !known.has(text))
}

/** Spellings of the file for what the plan calls otherwise. */
const spellings: Readonly<Record<string, string>> = {
  timeoutMs: "timeout",
  holdMax: "hold_max",
  idleMs: "idle",
  whenFull: "when_full",
  diskBytes: "disk_bytes",
}

function changesOf(before: InstanceBlueprint, after: InstanceBlueprint): string[] {
  // An id that stands for another class now is another module.
  const what = before.moduleClass === after.moduleClass ? [] : ["module"]
  what.push(...pathsOf(settingsOf(before), settingsOf(after)))
  if (!isDeepStrictEqual(before.outQueues, after.outQueues)) what.push("its routes")
  else if (!isDeepStrictEqual(Object.keys(before.queues).toSorted(), Object.keys(after.queues).toSorted())) what.push("its routes")
  if (before.outside !== after.outside) what.push("its routes")
  return [...new Set(what)]
}

/** All that is compared by value; of the queues those that both have. */
function settingsOf({ plan, queues }: InstanceBlueprint): Record<string, unknown> {
  const { name: _name, description: _description, queues: _queues, ...settings }: InstancePlan = plan
  return { ...settings, queues }
}

function pathsOf(before: unknown, after: unknown, path: readonly string[] = []): string[] {
  if (isDeepStrictEqual(before, after)) return []
  if (!isMap(before) || !isMap(after)) return [path.map((step) => spellings[step] ?? step).join(".")]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    // A queue that only one of them has is a matter of routes.
    if (path.length === 1 && path[0] === "queues" && (!(key in before) || !(key in after))) return []
    return pathsOf(before[key], after[key], [...path, key])
  })
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
