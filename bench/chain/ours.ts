// Our side of the chain: real actors, queues and scheduler, joined by hand as the router joins them.

import { actorArguments } from "../../src/actor/arguments.ts"
import { Instance, type ModuleClass } from "../../src/actor/instance.ts"
import { Scheduler } from "../../src/actor/scheduler.ts"
import type { Log } from "../../src/log.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { defaultConsumers, defaultHoldMax, defaultInflight } from "../../src/spec/plan.ts"
import { batchEvents, type Chain, type ChainTask, queueBytes, queueEvents } from "./load.ts"
import { CheckTag, Count, End, Filter, Funnel, Modify, Route, Source } from "./modules.ts"

const silent: Log = { debug: nothing, info: nothing, warn: console.error, error: console.error, fatal: console.error }

function nothing(): void {}

const platform = realPlatform()
const scheduler = new Scheduler(platform.clock, platform.timers)
const defaultQueue = { size: queueEvents, bytes: queueBytes, order: "fifo", whenFull: "wait", priority: 1000 } as const

export function ourChain(task: ChainTask): Chain {
  const middle = task.chain === "six" ? [Count, CheckTag, Modify, Filter, Funnel, Route] : Array.from({ length: task.chain }, () => Funnel)
  const instances = [Source, ...middle, End].map((moduleClass, at) => instance(moduleClass, `m${at}`))
  for (const [at, from] of instances.entries()) connect(from, "outbox", instances[at + 1], "inbox")
  if (task.chain === "six") connect(instances.at(-2), "errors", instances.at(-1), "errors")
  for (const one of instances) one.attachConsumers()
  const source = instances[0]?.module as Source
  const end = instances.at(-1)?.module as End
  return {
    step: () => source.step(task.chain, task.tickets),
    progress: () => end,
    hops: middle.length + 1,
    check: () => check(instances, source, end, task.tickets),
  }
}

function instance(moduleClass: ModuleClass, name: string): Instance {
  const { spec } = moduleClass
  const plan = {
    name,
    module: spec.name,
    description: "",
    arguments: {},
    queues: {},
    consumers: defaultConsumers,
    inflight: defaultInflight,
    holdMax: defaultHoldMax,
  }
  return new Instance({
    plan,
    moduleClass,
    contract: typeof spec.contract === "function" ? undefined : spec.contract,
    args: actorArguments(Object.freeze({ destination: "data", native_events: false, selection: "data", payload: null })),
    platform,
    scheduler,
    log: silent,
    shared: new Map(),
    outside: false,
    inQueues: [],
    outQueues: [],
    defaultQueue,
    inputEnded: nothing,
  })
}

function connect(from: Instance | undefined, out: string, to: Instance | undefined, into: string): void {
  const queue = to?.actor.queues.get(into)
  if (from !== undefined && queue !== undefined) from.actor.port(out).queue = queue
}

/** A fast chain that loses events would be a poor one. */
function check(instances: readonly Instance[], source: Source, end: End, tickets: boolean): void {
  const made = instances[0]?.actor.books.in ?? 0
  const waiting = instances.flatMap((one) => [...one.actor.queues.values()]).reduce((sum, queue) => sum + queue.length, 0)
  if (made === 0 || made !== end.ended + waiting) throw new Error(`${made} events made, ${end.ended} ended, ${waiting} waiting`)
  const endedBatches = (end.ended - waiting) / batchEvents
  if (tickets && source.settled < endedBatches - 1) throw new Error(`${source.settled} tickets settled of ${endedBatches}`)
}
