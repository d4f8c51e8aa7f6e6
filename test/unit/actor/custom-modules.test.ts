// Ten modules as somebody writes them who does not know the runtime: plain JavaScript against the public API, without a single `await`
// before a submit. Nothing gets lost, and queues push back all the same.

import { expect, test } from "vitest"
import type { Actor } from "../../../src/actor/actor.ts"
import type { ModuleContext } from "../../../src/actor/module.ts"
import type { Log } from "../../../src/log.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { componentOf, createRegistry, type ModuleClass } from "../../../src/router/registry.ts"
import { Router } from "../../../src/router/router.ts"
import {
  defaultConsumers,
  defaultHoldMax,
  defaultInflight,
  defaultQueuePlan,
  type InstancePlan,
  type Plan,
} from "../../../src/spec/plan.ts"

const names = ["counter", "relay", "split", "enrich", "delay", "pack", "copy", "flaky", "sink", "writer"]
const size = 3
const holdMax = 5

interface Sink {
  readonly got: unknown[]
}

async function loadModules(): Promise<{ classes: ModuleClass[]; made: Map<string, Sink>; actors: Map<string, Actor> }> {
  const made = new Map<string, Sink>()
  const actors = new Map<string, Actor>()
  const classes: ModuleClass[] = []
  for (const name of names) {
    const { default: Base } = (await import(`../../fixtures/custom-modules/${name}.js`)) as {
      default: new (context: ModuleContext) => object
    }
    const Recorded = class extends Base {
      constructor(context: ModuleContext) {
        super(context)
        made.set(context.actor.name, this as unknown as Sink)
        actors.set(context.actor.name, context.actor)
      }
    }
    classes.push(Recorded as unknown as ModuleClass)
  }
  return { classes, made, actors }
}

function planOf(classes: readonly ModuleClass[], count: number): Plan {
  const instances = classes.map(({ spec }): InstancePlan => {
    const name = spec.name.split(".").at(-1) as string
    const many = name === "enrich" ? { ...defaultConsumers, max: 2 } : defaultConsumers
    return {
      name,
      module: spec.name,
      description: "",
      arguments: name === "counter" ? { count, destination: "data", native_events: false } : {},
      queues: {},
      consumers: many,
      inflight: defaultInflight,
      holdMax: name === "flaky" ? defaultHoldMax : holdMax,
    }
  })
  const route = (text: string): Plan["routes"][number] => {
    const [from, out, to, into] = text.split(/[. ]+/) as [string, string, string, string]
    return { source: { instance: from, queue: out }, destination: { instance: to, queue: into } }
  }
  return {
    file: "-",
    folder: "/",
    state: "/.wishbone",
    instances,
    routes: [
      "counter.outbox relay.inbox",
      "relay.outbox split.inbox",
      "split.outbox enrich.inbox",
      "enrich.outbox delay.inbox",
      "delay.outbox pack.inbox",
      "pack.outbox flaky.inbox",
      "flaky.outbox copy.inbox",
      "copy.left sink.inbox",
      "copy.right writer.inbox",
    ].map(route),
    metricsIntervalMs: 10_000,
    defaultQueue: { ...defaultQueuePlan, size },
  }
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }

test("ten modules that forget every await lose nothing, and no queue exceeds its size by more than one call", async () => {
  const count = 201
  const { classes, made, actors } = await loadModules()
  const platform = simulatedPlatform()
  const plan = planOf(classes, count)
  // What fails comes back; nothing waits for that queue, so that the circle cannot lock.
  const failed: Plan["routes"][number] = {
    source: { instance: "flaky", queue: "failed" },
    destination: { instance: "again", queue: "inbox" },
  }
  const again = {
    ...(plan.instances.find(({ name }) => name === "delay") as InstancePlan),
    name: "again",
    holdMax: defaultHoldMax,
    queues: { inbox: { ...defaultQueuePlan, size: 1000 } },
  }
  const back: Plan["routes"][number] = {
    source: { instance: "again", queue: "outbox" },
    destination: { instance: "flaky", queue: "inbox" },
  }
  const router = Router.fromPlan(
    { ...plan, instances: [...plan.instances, again], routes: [...plan.routes, failed, back] },
    { registry: createRegistry(classes.map(componentOf)), platform, logs: () => silent },
  )
  // Submissions of one call, or, for what is released by timers, all that may be held.
  const calls: Readonly<Record<string, number>> = { relay: 1, split: 1, enrich: 3, delay: 2, pack: holdMax, copy: 1, sink: 1, writer: 1 }
  platform.afterEachStep(() => {
    expect(router.status().imbalances).toEqual([])
    for (const [name, most] of Object.entries(calls)) {
      const length = actors.get(name)?.queues.get("inbox")?.length ?? 0
      if (length > size - 1 + most) throw new Error(`the queue of ${name} holds ${length} events`)
    }
  })
  await platform.complete(router.start())
  await platform.advance(10_000)
  await platform.complete(router.stop({ timeoutMs: 10_000 }))

  const texts = Array.from({ length: count }, (_, n) => ["a", "b", "c"].map((letter) => `${n}${letter}`)).flat()
  for (const name of ["sink", "writer"]) {
    const got = (made.get(name) as { got: { text: string; found: string }[][] }).got.flat()
    expect(got.map(({ text }) => text).toSorted()).toEqual(texts.toSorted())
    expect(got.every(({ text, found }) => found === text.toUpperCase())).toBe(true)
  }
  const report = router.report()
  expect(report).toMatchObject({ in: count, lost: 0, failed: 0, in_flight: 0, held: 0 })
  expect(report.dropped).toEqual({ unconnected: count, unmatched: 0, filtered: 0, overflow: 0 })
})
