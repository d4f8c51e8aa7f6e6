// How much memory the events of a graph take at worst: what its queues may hold, and what modules say they keep beside them. It bounds
// payload, not the process: Node itself and what modules do not tell come on top.

import type { QueuePlan } from "../spec/plan.ts"
import { type Graph, type GraphInstance, grouped } from "./graph.ts"
import { funnelRoutes, systemQueue } from "./system.ts"

/** One instance, in bytes. */
interface InstanceMemory {
  readonly name: string
  /** Of the queues that it consumes. */
  readonly queueBytes: number
  /** Tails, buffers and batches of the module; missing when it does not tell. */
  readonly moduleBytes?: number
}

/** A graph, in bytes. */
export interface Memory {
  readonly queueBytes: number
  readonly moduleBytes: number
  readonly totalBytes: number
  /** From the sources to the sinks; the funnels of logs and metrics last, when they are in use. */
  readonly instances: readonly InstanceMemory[]
}

/** The worst case of a graph; `defaultQueue` are the settings of queues that no instance mentions. */
export function memoryOf(graph: Graph, defaultQueue: QueuePlan): Memory {
  const into = grouped(graph.routes, ({ destination }) => destination.instance)
  const instances = graph.instances.map((instance) => {
    const queues = new Set((into.get(instance.plan.name) ?? []).map(({ destination }) => destination.queue))
    return instanceMemory(instance, [...queues], defaultQueue)
  })
  const all = [...instances, ...funnels(graph)]
  const queueBytes = sum(all.map((instance) => instance.queueBytes))
  const moduleBytes = sum(all.map((instance) => instance.moduleBytes ?? 0))
  return { queueBytes, moduleBytes, totalBytes: queueBytes + moduleBytes, instances: all }
}

function instanceMemory({ plan, spec }: GraphInstance, queues: readonly string[], defaultQueue: QueuePlan): InstanceMemory {
  const queueBytes = sum(queues.map((queue) => (Object.hasOwn(plan.queues, queue) ? plan.queues[queue] : defaultQueue)?.bytes ?? 0))
  const moduleBytes = spec.memory?.(plan.arguments as never, { inflightBytes: plan.inflight.bytes })
  return { name: plan.name, queueBytes, ...(moduleBytes !== undefined && { moduleBytes }) }
}

function funnels(graph: Graph): InstanceMemory[] {
  const plans = graph.instances.map(({ plan }) => plan)
  const counts = grouped(funnelRoutes(plans, graph), ({ destination }) => destination.instance)
  return [...counts].map(([name, routes]) => ({ name, queueBytes: routes.length * systemQueue.bytes, moduleBytes: 0 }))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
