// Which memory queue serves a plan.

import type { QueuePlan } from "../spec/plan.ts"
import { PriorityQueue } from "./priority.ts"
import type { Queue, QueueOwner } from "./queue.ts"
import { Ring, Stack } from "./ring.ts"

/** A memory queue of the order that `plan` asks for. */
export function memoryQueue(name: string, plan: QueuePlan, owner: QueueOwner): Queue {
  if (plan.order === "priority") return new PriorityQueue(name, plan, owner)
  return plan.order === "lifo" ? new Stack(name, plan, owner) : new Ring(name, plan, owner)
}
