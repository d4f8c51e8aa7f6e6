// Small module specs for tests of the bootstrap check: no behaviour, only what a file can be checked against.
import { type CheckedBootstrap, type CheckOptions, checkBootstrap } from "../../../src/bootstrap/check.ts"
import { type Component, createRegistry, type ModuleClass } from "../../../src/router/registry.ts"
import { defineModule } from "../../../src/spec/define.ts"
import { duration, path, port, secret, size, templated, z } from "../../../src/spec/schema.ts"
import type { ModuleSpec } from "../../../src/spec/spec.ts"

const inbox = { direction: "in", summary: "Events." } as const
const outbox = { direction: "out", summary: "Events." } as const
const nothing = { acknowledges: "none", failsWithinMs: 0, reorders: false, holds: "nothing" } as const

export const specs = [
  defineModule({
    name: "wishbone.input.dictgenerator",
    summary: "Makes dictionaries.",
    arguments: { interval: duration().default(1000), num_values: z.boolean().default(false) },
    queues: { outbox },
    contract: nothing,
  }),
  defineModule({
    name: "wishbone.input.tcp",
    summary: "Takes lines.",
    arguments: { port: port().default(19283), host: z.string().default("127.0.0.1") },
    queues: { outbox },
    contract: nothing,
    aliases: { address: "host" },
  }),
  defineModule({
    name: "wishbone.output.tcp",
    summary: "Sends lines.",
    arguments: {
      host: z.string().default("127.0.0.1"),
      port: port().default(19283),
      timeout: duration().default(10_000),
      tail_bytes: size().default(1024),
      password: secret().optional(),
      headers: z.record(z.string(), templated(z.string())).default({}),
      keepalive: z.boolean().default(false),
      route_key: z.string().default(""),
    },
    queues: { inbox },
    contract: { acknowledges: "presumed", waits: { inbox: [] }, failsWithinMs: "arguments.timeout", reorders: false, holds: "nothing" },
    aliases: { address: "host" },
  }),
  defineModule({
    name: "wishbone.output.stdout",
    summary: "Prints.",
    arguments: { prefix: z.string().default("") },
    queues: { inbox },
    contract: { ...nothing, waits: { inbox: [] } },
  }),
  defineModule({
    name: "wishbone.output.disk",
    summary: "Writes to disk.",
    arguments: { directory: path() },
    queues: { inbox },
    contract: {
      acknowledges: "durable",
      waits: { inbox: [] },
      failsWithinMs: Infinity,
      reorders: false,
      holds: "store",
      directory: "directory",
      delays: true,
    },
  }),
  defineModule({
    name: "wishbone.input.disk",
    summary: "Reads from disk.",
    arguments: { directory: path(), idle_trigger: z.boolean().default(false), idle_time: duration().default(10_000) },
    queues: { outbox },
    contract: { ...nothing, directory: "directory", delays: true },
  }),
  defineModule({
    name: "wishbone.flow.funnel",
    summary: "Many to one.",
    arguments: {},
    queues: { "*": inbox, outbox },
    contract: { ...nothing, waits: { "*": ["outbox"] } },
  }),
  defineModule({
    name: "wishbone.flow.fanout",
    summary: "One to many.",
    arguments: {},
    queues: { inbox, "*": outbox },
    contract: { ...nothing, waits: { inbox: ["*"] } },
  }),
  defineModule({
    name: "wishbone.flow.throttle",
    summary: "Slows down.",
    arguments: { events_max: z.int().min(1) },
    queues: { inbox, outbox, throttled: outbox, flush: inbox },
    contract: { ...nothing, delays: true, waits: { inbox: ["outbox", "throttled"], flush: [] } },
  }),
  defineModule({
    name: "wishbone.process.modify",
    summary: "Changes events.",
    arguments: { expressions: z.array(z.unknown()).default([]) },
    queues: { inbox, outbox },
  }),
] as unknown as readonly ModuleSpec[]

/** A registry of modules that nobody ever runs. */
export const registry = createRegistry(
  specs.map(
    (spec): Component => ({
      spec,
      create: class {
        static readonly spec = spec
      } as unknown as ModuleClass,
    }),
  ),
)

export function specOf(id: string): ModuleSpec {
  return registry.lookup(id).component.spec
}

/** Checks a text as `test.yaml` in `/etc/flow`. */
export function check(text: string | Uint8Array, options: Partial<CheckOptions> = {}): Promise<CheckedBootstrap> {
  return checkBootstrap({ bytes: text, file: "test.yaml", folder: "/etc/flow", registry, environment: {}, ...options })
}

/** Checks a text; gives `line:column severity code` of each finding. */
export async function findings(text: string, options: Partial<CheckOptions> = {}): Promise<string[]> {
  const { problems } = await check(text, options)
  return problems.map(({ line, column, severity, code }) => `${line}:${column} ${severity} ${code}`)
}
