// Plans by hand, for tests that do not go through a bootstrap file.

import { components } from "../../modules/index.ts"
import { type ComponentClass, createRegistry, type Registry } from "../../src/router/registry.ts"
import { checkArguments } from "../../src/spec/arguments.ts"
import {
  defaultConsumers,
  defaultHoldMax,
  defaultInflight,
  defaultQueuePlan,
  type InstancePlan,
  type Plan,
  type RoutePlan,
} from "../../src/spec/plan.ts"

export interface InstanceSketch {
  readonly module: string
  readonly arguments?: Readonly<Record<string, unknown>>
  readonly more?: Partial<Omit<InstancePlan, "name" | "module" | "arguments">>
}

/** The registry of the built-in modules and `more`. */
export function builtins(...more: readonly ComponentClass[]): Registry {
  return createRegistry([...components, ...more])
}

/** A plan of sketched instances, with arguments checked as those of a file, and routes as the file writes them. */
export function planOf(
  registry: Registry,
  sketches: Readonly<Record<string, InstanceSketch>>,
  routes: readonly string[],
  more: Partial<Plan> = {},
): Plan {
  const instances = Object.entries(sketches).map(([name, sketch]) => instanceOf(registry, name, sketch))
  return {
    file: "test.yaml",
    folder: "/tmp",
    state: "/tmp/.wishbone",
    instances,
    routes: routes.map(routeOf),
    metricsIntervalMs: 10_000,
    defaultQueue: defaultQueuePlan,
    ...more,
  }
}

function instanceOf(registry: Registry, name: string, { module, arguments: raw = {}, more = {} }: InstanceSketch): InstancePlan {
  const { values, problems } = checkArguments(registry.lookup(module).component.spec, raw)
  if (problems.length > 0) throw new Error(`${name}: ${problems.map(({ message }) => message).join("; ")}`)
  const defaults = { description: "", queues: {}, consumers: defaultConsumers, inflight: defaultInflight, holdMax: defaultHoldMax }
  return { name, module, arguments: values, ...defaults, ...more }
}

function routeOf(text: string): RoutePlan {
  const match = /^\s*(\w+)\.(\w+)\s*->\s*(\w+)\.(\w+)\s*$/.exec(text)
  if (match === null) throw new Error(`not a route: ${text}`)
  const [, from = "", out = "", to = "", into = ""] = match
  return { source: { instance: from, queue: out }, destination: { instance: to, queue: into } }
}
