// Which instances of a plan keep events on disk, and where.

import type { Registry } from "../router/registry.ts"
import { contractOf } from "../spec/contract.ts"
import type { Plan } from "../spec/plan.ts"

/** Directories by what they are called on the command line: disk modules by `instance`, durable queues by `instance.queue`, and by
 *  `instance` alone where that is clear. */
export function spoolDirectories(plan: Plan, registry: Registry): Map<string, string> {
  const found = new Map<string, string>()
  for (const instance of plan.instances) {
    const { directory } = contractOf(registry.lookup(instance.module).component.spec, instance.arguments)
    if (directory !== undefined) found.set(instance.name, directory)
    const queues = Object.entries(instance.queues).filter(([, queue]) => queue.store === "disk" || queue.whenFull === "spill")
    for (const [queue] of queues) found.set(`${instance.name}.${queue}`, `${plan.state}/queues/${instance.name}.${queue}`)
    const [only, another] = queues
    if (directory === undefined && only !== undefined && another === undefined) {
      found.set(instance.name, `${plan.state}/queues/${instance.name}.${only[0]}`)
    }
  }
  return found
}
