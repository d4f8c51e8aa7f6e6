// The real graph: two TCP inputs, one funnel, and an output of the bench's own that looks at the clock.

import { components } from "../../modules/index.ts"
import { checkBootstrap } from "../../src/bootstrap/check.ts"
import { defineModule, type Event, OutputModule } from "../../src/index.ts"
import type { Log } from "../../src/log.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { createRegistry } from "../../src/router/registry.ts"
import { Router } from "../../src/router/router.ts"
import type { Meter } from "./meter.ts"

const spec = defineModule({
  name: "bench.output.meter",
  summary: "Measures how long events took.",
  arguments: {},
  queues: { inbox: { direction: "in", summary: "Events." } },
  contract: { acknowledges: "none", failsWithinMs: 0, reorders: false, holds: "nothing" },
})

const silent: Log = { debug: nothing, info: nothing, warn: console.error, error: console.error, fatal: console.error }

function nothing(): void {}

export async function startOurs(ports: readonly number[], meter: Meter): Promise<void> {
  class MeterOutput extends OutputModule<typeof spec> {
    static readonly spec = spec
    override readonly consumers = {
      inbox: ({ chunk, start, end }: Event) => {
        if (chunk !== null) meter.line(chunk, start, end)
      },
    }
  }
  const platform = realPlatform()
  const registry = createRegistry([...components, MeterOutput])
  const { plan, problems } = await checkBootstrap({
    bytes: Buffer.from(`modules:
  flood: {module: wishbone.input.tcp, arguments: {port: ${ports[0]}}}
  trickle: {module: wishbone.input.tcp, arguments: {port: ${ports[1]}}}
  funnel: {module: wishbone.flow.funnel}
  meter: {module: bench.output.meter}
routingtable:
  - flood.outbox -> funnel.flood
  - trickle.outbox -> funnel.trickle
  - funnel.outbox -> meter.inbox
`),
    file: "fairness.yaml",
    folder: process.cwd(),
    registry,
    environment: {},
    readSecret: () => Promise.reject(new Error("there are no secrets here")),
    sets: [],
  })
  if (plan === undefined) throw new Error(JSON.stringify(problems))
  await Router.fromPlan(plan, { registry, platform, logs: () => silent }).start()
}
