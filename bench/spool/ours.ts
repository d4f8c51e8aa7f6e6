// Our side: a graph of the router, with the modules of the package between source and sink.

import { statSync } from "node:fs"
import { setImmediate as turn } from "node:timers/promises"
import { components } from "../../modules/index.ts"
import type { Log } from "../../src/log.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { createRegistry } from "../../src/router/registry.ts"
import { Router } from "../../src/router/router.ts"
import { checkArguments } from "../../src/spec/arguments.ts"
import { defaultConsumers, defaultHoldMax, defaultInflight, defaultQueuePlan, type Plan } from "../../src/spec/plan.ts"
import type { Sample } from "../harness.ts"
import { cpuSeconds, processUse } from "../processes.ts"
import { Sink, Source } from "./modules.ts"
import type { SpoolTask } from "./task.ts"

const silent: Log = { debug: () => {}, info: () => {}, warn: console.error, error: console.error, fatal: console.error }

interface Ends {
  source?: Source
  sink?: Sink
}

/** A running graph of `wishbone.output.disk` or `wishbone.input.disk` on `directory`. */
async function graph(what: "write" | "read", directory: string): Promise<{ router: Router; ends: Ends }> {
  const ends: Ends = {}
  const registry = createRegistry([
    ...components,
    class extends Source {
      constructor(context: ConstructorParameters<typeof Source>[0]) {
        super(context)
        ends.source = this
      }
    },
    class extends Sink {
      constructor(context: ConstructorParameters<typeof Sink>[0]) {
        super(context)
        ends.sink = this
      }
    },
  ])
  const instance = (name: string, module: string, raw: Record<string, unknown> = {}): Plan["instances"][number] => {
    const { values } = checkArguments(registry.lookup(module).component.spec, raw)
    const settings = { queues: {}, consumers: defaultConsumers, inflight: defaultInflight, holdMax: defaultHoldMax }
    return { name, module, description: "", arguments: values, ...settings }
  }
  const [from, to] = what === "write" ? (["source", "disk"] as const) : (["disk", "sink"] as const)
  const disk = instance("disk", what === "write" ? "wishbone.output.disk" : "wishbone.input.disk", { directory })
  const plan: Plan = {
    file: "-",
    folder: directory,
    state: `${directory}.state`,
    instances: what === "write" ? [instance("source", "bench.input.source"), disk] : [disk, instance("sink", "bench.output.sink")],
    routes: [{ source: { instance: from, queue: "outbox" }, destination: { instance: to, queue: "inbox" } }],
    metricsIntervalMs: 10_000,
    defaultQueue: defaultQueuePlan,
  }
  const router = Router.fromPlan(plan, { registry, platform: realPlatform(), logs: () => silent })
  await router.start()
  return { router, ends }
}

/** Writes events, or reads those that are there; counts until the last one is safe, or taken. */
export async function runOurs({ what, directory, count, size }: SpoolTask): Promise<Sample> {
  const started = performance.now()
  const { router, ends } = await graph(what, directory)
  const cpuBefore = cpuSeconds()
  const from = what === "write" ? performance.now() : started
  if (ends.source !== undefined) await ends.source.send(count, size)
  while ((ends.source?.safe ?? ends.sink?.taken ?? 0) < count) await turn()
  const seconds = (performance.now() - from) / 1000
  const cpu = cpuSeconds() - cpuBefore
  const { rssMaxBytes } = processUse(process.pid)
  await router.stop({ timeoutMs: 1000 })
  return { count, seconds, bytes: count * size, cpuSeconds: cpu, rssBytes: rssMaxBytes }
}

export interface BacklogResult {
  readonly firstMs: number
  readonly anonMaxBytes: number
  readonly events: number
}

/** Starts on a large backlog: the time to the first record, and the most memory of its own within some seconds of reading. */
export async function runBacklog({ directory }: SpoolTask, anonBytes: () => number): Promise<BacklogResult> {
  statSync(directory)
  const started = performance.now()
  const { router, ends } = await graph("read", directory)
  while ((ends.sink?.taken ?? 0) === 0) await turn()
  const firstMs = performance.now() - started
  let anonMaxBytes = 0
  while (performance.now() - started < 5000) {
    anonMaxBytes = Math.max(anonMaxBytes, anonBytes())
    for (let turns = 0; turns < 20; turns++) await turn()
  }
  const events = ends.sink?.taken ?? 0
  await router.stop({ timeoutMs: 1000 })
  return { firstMs, anonMaxBytes, events }
}
