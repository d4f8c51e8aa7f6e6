// The funnels `_logs` and `_metrics`, which join the log and metric events of all instances, when a route leads on from them.

import { FlowModule } from "../actor/flow.ts"
import type { Event } from "../event.ts"
import { defineModule } from "../spec/define.ts"
import { defaultConsumers, defaultHoldMax, defaultInflight, type InstancePlan, type QueuePlan, type RoutePlan } from "../spec/plan.ts"
import type { Graph } from "./graph.ts"

/** Names of the funnels, with the port of every instance that leads into each. */
export const systemFunnels = { _logs: "logs", _metrics: "metrics" } as const

/** Queues of log and metric events never block data: they hold this many and drop the oldest. */
export const systemQueue: QueuePlan = { size: 1000, bytes: 16 * 1024 * 1024, order: "fifo", whenFull: "drop_old", priority: 1000 }

const spec = defineModule({
  name: "wishbone.flow.system_funnel",
  summary: "Joins the log or metric events of all instances.",
  arguments: {},
  queues: { "*": { direction: "in", summary: "Events of one instance." }, outbox: { direction: "out", summary: "All events." } },
  contract: { acknowledges: "none", waits: { "*": ["outbox"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
})

export class SystemFunnel extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { "*": (event: Event) => this.submit(event, "outbox") }
}

/** The plan of a funnel that the router adds by itself. */
export function funnelPlan(name: string): InstancePlan {
  return {
    name,
    module: spec.name,
    description: spec.summary,
    arguments: {},
    queues: {},
    consumers: defaultConsumers,
    inflight: defaultInflight,
    holdMax: defaultHoldMax,
  }
}

/** The routes into the funnels that are in use: from every instance that neither has its port routed already nor lies behind the funnel. */
export function funnelRoutes(instances: readonly InstancePlan[], graph: Pick<Graph, "routes" | "reachable">): RoutePlan[] {
  const routes: RoutePlan[] = []
  for (const [funnel, queue] of Object.entries(systemFunnels)) {
    if (!graph.routes.some((route) => route.source.instance === funnel)) continue
    const behind = graph.reachable(funnel)
    for (const { name } of instances) {
      const routed = graph.routes.some((route) => route.source.instance === name && route.source.queue === queue)
      if (!routed && !behind.has(name)) routes.push({ source: { instance: name, queue }, destination: { instance: funnel, queue: name } })
    }
  }
  return routes
}
