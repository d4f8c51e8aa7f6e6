// What a running graph can be measured by: each instance, its queues and its circuits, read now and kept nowhere.

import type { Instance } from "../actor/instance.ts"
import type { Queue, QueueStatistics } from "../queue/queue.ts"
import type { ModuleKind } from "../spec/spec.ts"

/** Where a router is in its life. */
export type Phase = "built" | "starting" | "running" | "stopping" | "stopped"

/** One in queue. */
export interface QueueFigures extends QueueStatistics {
  readonly name: string
  /** Events and bytes at which it is full. */
  readonly sizeMax: number
  readonly bytesMax: number
  /** Age of the event that waits longest, since it was made, in milliseconds; `undefined` when none waits, or it is not known which. */
  readonly oldestMs: number | undefined
}

/** One instance. */
export interface InstanceFigures {
  readonly name: string
  readonly module: string
  readonly kind: ModuleKind
  /** Only log and metric events come here. */
  readonly outside: boolean
  readonly circuits: readonly string[]
  readonly queues: readonly QueueFigures[]
  /** Background loops that crashed and were started again. */
  readonly restarts: number
}

/** Reads all instances. `nowMs` is wall time. */
export function figuresOf(instances: readonly Instance[], nowMs: number): InstanceFigures[] {
  return instances.map(({ actor, background, name, plan, spec }) => ({
    name,
    module: plan.module,
    kind: spec.kind,
    outside: actor.books.outside,
    circuits: actor.circuits.map(({ state }) => state),
    queues: [...actor.queues].map(([queueName, queue]) => queueFigures(queueName, queue, nowMs)),
    restarts: background.restarts,
  }))
}

function queueFigures(name: string, queue: Queue, nowMs: number): QueueFigures {
  const oldest = queue.oldest
  return {
    ...queue.statistics(),
    name,
    sizeMax: queue.size,
    bytesMax: queue.bytesMax,
    oldestMs: oldest === undefined ? undefined : Math.max(0, nowMs - oldest.timestamp * 1000),
  }
}
