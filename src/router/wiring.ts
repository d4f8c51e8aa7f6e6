// From a blueprint to instances, and how two of them are joined.

import { ActorLog } from "../actor/actor-log.ts"
import { actorArguments } from "../actor/arguments.ts"
import { Instance } from "../actor/instance.ts"
import { OwnParts } from "../actor/own-parts.ts"
import type { Scheduler } from "../actor/scheduler.ts"
import { compileArguments } from "../actor/template-arguments.ts"
import { isWishboneError, WishboneError } from "../errors.ts"
import type { Event } from "../event.ts"
import type { Books } from "../ledger.ts"
import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { findTemplates } from "../spec/arguments.ts"
import { contractOf } from "../spec/contract.ts"
import { SpoolQueue } from "../spool/queue.ts"
import type { Spools } from "../spool/spools.ts"
import type { Blueprint, InstanceBlueprint } from "./blueprint.ts"
import { partUses } from "./part-uses.ts"
import { systemFunnels, systemQueue } from "./system.ts"

/** What wiring needs of the world. */
export interface WiringParts {
  readonly platform: Platform
  readonly scheduler: Scheduler
  readonly logs: (module: string) => Log
  readonly shared: ReadonlyMap<string, unknown>
  readonly version: string
  readonly inputEnded: () => void
  readonly spools: Spools
}

/**
 * Builds one instance. Nothing runs yet, and nothing is opened. `books`: those of the instance whose place it takes.
 * @throws WishboneError naming the instance when its module or a template cannot be made
 */
export function makeInstance(blueprint: InstanceBlueprint, of: Blueprint, parts: WiringParts, books?: Books): Instance {
  try {
    return build(blueprint, of, parts, books)
  } catch (thrown) {
    if (isWishboneError(thrown)) throw thrown
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new WishboneError("WB_START_FAILED", { instance: blueprint.plan.name, reason }, { cause: thrown })
  }
}

function build(blueprint: InstanceBlueprint, of: Blueprint, parts: WiringParts, books: Books | undefined): Instance {
  const { plan, moduleClass, queues, outQueues } = blueprint
  const { platform } = parts
  const log = new ActorLog(plan.name, parts.logs(plan.name), platform)
  const own = new OwnParts(partUses(plan, of.registry), { platform, log, version: parts.version })
  const compiled = compileArguments(moduleClass.spec, plan.arguments, findTemplates(moduleClass.spec, plan.arguments), own.setting)
  const { perEvent } = compiled
  const instance = new Instance({
    plan,
    moduleClass,
    contract: contractOf(moduleClass.spec, compiled.fixed),
    args: actorArguments(compiled.fixed, perEvent === undefined ? null : (event: Event) => perEvent(event), compiled.compile),
    own,
    platform,
    scheduler: parts.scheduler,
    log,
    shared: parts.shared,
    outside: blueprint.outside,
    books,
    inQueues: Object.keys(queues),
    outQueues,
    defaultQueue: plan.name in systemFunnels ? systemQueue : of.plan.defaultQueue,
    inputEnded: parts.inputEnded,
    durableQueue: ({ name, plan: queue, owner }) =>
      new SpoolQueue({ name, plan: queue, owner, platform, spools: parts.spools, state: of.plan.state }),
  })
  log.port = instance.actor.port("logs")
  return instance
}

/** Joins an out queue of `source` to an in queue of `destination`, wherever it led before. */
export function connect(source: Instance, out: string, destination: Instance, into: string): void {
  const queue = destination.actor.queues.get(into)
  if (queue === undefined) throw new Error(`a checked plan has a route to nowhere: ${destination.name}.${into}`)
  const port = source.actor.port(out)
  if (port.queue !== queue) port.connect(queue, port.outside || source.actor.books.outside)
}
