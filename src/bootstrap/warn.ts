// What is right and may still lose events, or was hardly meant: reported as warnings, which stop nothing.

import { type Graph, type GraphInstance, reachableBy } from "../router/graph.ts"
import { keptBy } from "../router/retry-plan.ts"
import { systemFunnels } from "../router/system.ts"
import { type RoutePlan, systemQueues } from "../spec/plan.ts"
import type { Draft } from "./draft.ts"
import { type MapEntry, placeOf } from "./node.ts"
import { type Problem, problemAt } from "./problem.ts"

/** Warnings about the routes of a graph; worth hearing only when the routes themselves are right. */
export function routeWarnings(graph: Graph, drafts: readonly Draft[], catchAll: boolean): Problem[] {
  const entries = new Map(drafts.map(({ plan, entry }) => [plan.name, entry]))
  const onlyLogs = instancesOnlyOfLogs(graph)
  return graph.instances.flatMap((instance) => {
    const { name: built } = instance.plan
    const name = keptBy(built) ?? built
    const entry = entries.get(name)
    if (entry === undefined) return []
    // What a keeper that `retry:` stands for does is told of the instance that it is around.
    if (built !== name) return keeperWarnings(graph, { built, name, entry, catchAll })
    const warn = (code: Problem["code"], queue?: string): Problem =>
      problemAt(entry.keyAt, code, { instance: name, queue, catchAll }, "warning")
    const warnings: Problem[] = []
    if (canFail(instance) && !leavesFailed(graph, instance) && !onlyLogs.has(name)) warnings.push(warn("WB_FAILED_UNROUTED"))
    if (isIdleInput(graph, instance)) warnings.push(warn("WB_INPUT_UNROUTED", firstQueue(instance, "out")))
    if (isUnreached(graph, instance)) warnings.push(warn("WB_INSTANCE_UNREACHED", firstQueue(instance, "in")))
    return warnings
  })
}

function keeperWarnings(
  graph: Graph,
  { built, name, entry, catchAll }: { built: string; name: string; entry: MapEntry; catchAll: boolean },
): Problem[] {
  const warnings: Problem[] = []
  const exhausted = graph.downstream(built).find(({ source }) => source.queue === "exhausted" || source.queue === "failed")
  if (exhausted === undefined) warnings.push(problemAt(entry.keyAt, "WB_FAILED_UNROUTED", { instance: name, catchAll }, "warning"))
  const [inner, next] = [graph.instance(name), exhausted && graph.instance(exhausted.destination.instance)]
  if (inner?.spec.kind === "output" && next?.spec === inner.spec)
    warnings.push(problemAt(entry.keyAt, "WB_RETRY_FAILOVER", { instance: name, next: next.plan.name }, "warning"))
  return warnings
}

/** Whether what fails there goes somewhere. */
function leavesFailed(graph: Graph, { plan, spec }: GraphInstance): boolean {
  return isRouted(graph, plan.name, "failed") || (spec.confirms === true && isRouted(graph, plan.name, "exhausted"))
}

/** Warnings about queues that throw events away. What holds log and metric events may. */
export function queueWarnings(graph: Graph, drafts: readonly Draft[]): Problem[] {
  return drafts.flatMap(({ entry, plan }) => {
    const dropping = Object.entries(plan.queues).filter(
      ([queue, { whenFull }]) => (whenFull === "drop_new" || whenFull === "drop_old") && holdsData(graph, plan.name, queue),
    )
    return dropping.map(([queue, { whenFull }]) => {
      const place = placeOf(entry.value, ["queues", queue, "when_full"])
      const which = whenFull === "drop_old" ? "the oldest" : "new"
      return problemAt(place, "WB_QUEUE_DROPS", { instance: plan.name, queue, which }, "warning")
    })
  })
}

function holdsData(graph: Graph, instance: string, queue: string): boolean {
  const into = graph.upstream(instance).filter((route) => route.destination.queue === queue)
  return into.length === 0 || into.some(({ source }) => !isLogQueue(source.queue) && !(source.instance in systemFunnels))
}

function isLogQueue(queue: string): boolean {
  return queue === "logs" || queue === "metrics"
}

function isRouted(graph: Graph, instance: string, queue: string): boolean {
  return graph.downstream(instance).some((route) => route.source.queue === queue)
}

/**
 * Outputs and process modules throw in everyday work: peers refuse, data does not parse. What only ends an event when it lies on disk,
 * and may take any time for that, does not.
 */
function canFail({ spec, contract, plan }: GraphInstance): boolean {
  // A function fails an event whose data is not what it should be.
  if (plan.functions !== undefined) return true
  const waitsForDisk = contract.holds === "store" && contract.failsWithinMs === Number.POSITIVE_INFINITY
  // It keeps what may get through, and has to let go of the rest.
  if (spec.confirms === true) return true
  return (spec.kind === "output" || spec.kind === "process") && contract.fails && !waitsForDisk
}

function isIdleInput(graph: Graph, { spec, plan }: GraphInstance): boolean {
  return spec.kind === "input" && !graph.downstream(plan.name).some(({ source }) => !systemQueues.some((queue) => queue === source.queue))
}

function isUnreached(graph: Graph, instance: GraphInstance): boolean {
  return instance.spec.kind !== "input" && firstQueue(instance, "in") !== undefined && graph.upstream(instance.plan.name).length === 0
}

function firstQueue({ spec }: GraphInstance, direction: "in" | "out"): string | undefined {
  const name = Object.keys(spec.queues).find((queue) => spec.queues[queue]?.direction === direction)
  return name === "*" ? "one" : name
}

/** Instances that nothing but log and metric events can come to. */
function instancesOnlyOfLogs(graph: Graph): Set<string> {
  const names = graph.instances.map(({ plan }) => plan.name)
  const isOfLogs = ({ source }: RoutePlan): boolean => source.instance in systemFunnels || isLogQueue(source.queue)
  const withData = (name: string): string[] => {
    // One walk from everywhere that data may come from: no instance is called "".
    if (name === "") return names.filter((candidate) => !graph.upstream(candidate).some(isOfLogs))
    const routes = graph.downstream(name).filter((route) => !isOfLogs(route))
    return routes.map((route) => route.destination.instance)
  }
  const reached = reachableBy(withData, "")
  return new Set(names.filter((name) => !reached.has(name)))
}
