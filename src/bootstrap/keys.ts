// Every key that a bootstrap file may hold, in one table a place: what it is for and what may stand there. The check refuses keys that
// are not here (check.ts, instances.ts) and the JSON Schema for editors is made of the same tables (json-schema.ts), so the two
// cannot drift apart.
//
// To add a key: put an entry into the table of its place here, with a summary (editors show it) and the schema of its value, and read it
// where its neighbours are read (`readTop` in check.ts, `readInstance` in instances.ts). A key whose value is a map with keys of its own
// gets a table of its own, as `consumers` has. A schema describes what is written: durations and sizes by `durationKey` and `sizeKey`.
// That a key may be empty (`timeout:`), and that any scalar may be `${NAME}`, need not be said: both follow for all of them.

import type { JsonSchema } from "../spec/json-schema.ts"
import { durationPattern, sizePattern } from "../spec/units.ts"

/** One key. */
export interface Key {
  readonly summary: string
  /** JSON Schema of its value. */
  readonly value: JsonSchema
  readonly required?: true
}

/** The keys of one map of the file. */
export type Keys = Readonly<Record<string, Key>>

/** The names in a table. */
export function namesOf(keys: Keys): readonly string[] {
  return Object.keys(keys)
}

/** A map that may hold these keys and no others. */
export function mapOf(keys: Keys): JsonSchema {
  const required = Object.keys(keys).filter((name) => keys[name]?.required === true)
  const properties = Object.entries(keys).map(([name, { summary, value }]) => [name, { description: summary, ...value }])
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    additionalProperties: false,
    ...(required.length > 0 && { required }),
  }
}

/** A reference to a definition that json-schema.ts makes, as it needs to know the modules for it. */
function definition(name: "instance" | "queue" | "route" | "in_queue"): JsonSchema {
  return { $ref: `#/$defs/${name}` }
}

/** A duration: a number is seconds, text has a unit. */
function durationKey({ min = 0, words = [] }: { min?: 0 | 1; words?: readonly string[] } = {}): JsonSchema {
  const time = [
    { type: "number", ...(min === 0 ? { minimum: 0 } : { exclusiveMinimum: 0 }) },
    { type: "string", pattern: durationPattern },
  ]
  return { anyOf: words.length === 0 ? time : [{ enum: words }, ...time] }
}

/** A size of at least one byte: a number is bytes, text has a unit. */
function sizeKey(): JsonSchema {
  return { anyOf: [wholeNumber(1), { type: "string", pattern: sizePattern }] }
}

/** Any scalar: what reads as a number is taken as the text that it is. */
const text: JsonSchema = { type: ["string", "number", "boolean"] }

function wholeNumber(minimum?: number, maximum?: number): JsonSchema {
  return { type: "integer", ...(minimum !== undefined && { minimum }), ...(maximum !== undefined && { maximum }) }
}

export const metricsKeys: Keys = {
  interval: { summary: "Time between two rounds of metric events; 10 s by default.", value: durationKey({ min: 1 }) },
}

const givenArguments: JsonSchema = { type: "object" }

export const protocolKeys: Keys = {
  protocol: { summary: "The protocol, as `wishbone-ts list` names it.", value: { type: "string" }, required: true },
  arguments: { summary: "Its arguments; `wishbone-ts show --module ID` explains them.", value: givenArguments },
}

export const functionKeys: Keys = {
  function: { summary: "The function, as `wishbone-ts list` names it.", value: { type: "string" }, required: true },
  arguments: { summary: "Its arguments; `wishbone-ts show --module ID` explains them.", value: givenArguments },
}

const partSectionKeys: Keys = {
  protocols: {
    summary: "Protocols with arguments, by the name under which instances use them.",
    value: { type: "object", additionalProperties: mapOf(protocolKeys) },
  },
  module_functions: {
    summary: "Functions on events with arguments, by the name under which instances use them.",
    value: { type: "object", additionalProperties: mapOf(functionKeys) },
  },
  template_functions: {
    summary: "Functions for templates with arguments, by the name under which templates call them.",
    value: { type: "object", propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }, additionalProperties: mapOf(functionKeys) },
  },
}

export const storeKeys: Keys = {
  driver: {
    summary:
      "What keeps the events: `memory`, `file` (the default), `postgres`, `redis`, a driver of a package, or the path of a file with one.",
    value: { type: "string" },
  },
  startup: { summary: "How long to go on trying to reach it when the graph starts; 60 s by default.", value: durationKey() },
}

export const topLevelKeys: Keys = {
  packages: {
    summary: "Packages of modules by name, or the paths of their folders; nothing is loaded that is not listed.",
    value: { type: "array", items: { type: "string" } },
  },
  state: { summary: "Folder for durable queues and the admin socket; `./.wishbone` by default.", value: text },
  failed: { summary: "Where every `failed` queue goes that no route names, such as `reject.inbox`.", value: definition("in_queue") },
  metrics: { summary: "Metrics as events.", value: mapOf(metricsKeys) },
  stores: {
    summary: "Where events are kept, by name; `default` is a file below `state` unless it is declared here.",
    value: {
      type: "object",
      propertyNames: { pattern: "^[a-z0-9][a-z0-9_]{0,99}$" },
      // Which settings there are depends on the driver.
      additionalProperties: { ...mapOf(storeKeys), additionalProperties: true },
    },
  },
  ...partSectionKeys,
  modules: {
    summary: "The instances of the graph by name, each a configured use of a module.",
    value: {
      type: "object",
      minProperties: 1,
      propertyNames: { pattern: "^[a-z0-9][a-z0-9_]{0,99}$", not: { const: "constructor" } },
      additionalProperties: definition("instance"),
    },
    required: true,
  },
  routingtable: {
    summary: "The routes: `- source.outbox -> destination.inbox`, one a line.",
    value: { type: "array", items: definition("route") },
    required: true,
  },
}

export const consumersKeys: Keys = {
  min: { summary: "Calls that are always ready; 1 by default.", value: wholeNumber(1, 10_000) },
  max: { summary: "Calls at a time at most; 1, which keeps the order of events, by default.", value: wholeNumber(1, 10_000) },
  idle: { summary: "How long a call above `min` may idle before it is given up; 10 s by default.", value: durationKey() },
}

export const inflightKeys: Keys = {
  events: { summary: "Events at most; 100,000 by default.", value: wholeNumber(1) },
  bytes: { summary: "Their bytes at most; 32 MiB by default.", value: sizeKey() },
}

export const queueKeys: Keys = {
  size: { summary: "Events in memory; 100 by default.", value: wholeNumber(1, 10_000_000) },
  bytes: { summary: "Payload in memory; 16 MiB by default.", value: sizeKey() },
  order: {
    summary: "Which event comes next: `fifo`, `lifo`, or `priority` (lower first, ties by arrival).",
    value: { enum: ["fifo", "lifo", "priority"] },
  },
  when_full: {
    summary: "What happens when it is full: the sender waits, the new or the oldest event is dropped, or what is new goes to disk.",
    value: { enum: ["wait", "drop_new", "drop_old", "spill"] },
  },
  priority: { summary: "Priority of events that carry none; 1000 by default.", value: wholeNumber() },
  store: { summary: "Where its events live; with `disk` each is on disk before its sender is told.", value: { enum: ["memory", "disk"] } },
  spill: { summary: "With `when_full: spill`: where to.", value: { enum: ["disk"] } },
  sync: {
    summary: "Of a queue on disk, when events are synced: before their sender is told (`batch`), within a time after that, or `never`.",
    value: durationKey({ min: 1, words: ["batch", "never"] }),
  },
  disk_bytes: { summary: "Of a queue on disk: bytes there at which it is full; by default as much as the disk takes.", value: sizeKey() },
}

export const instanceKeys: Keys = {
  module: {
    summary: "The module, as `wishbone-ts list` names it.",
    // Which modules there are is for json-schema.ts to add.
    value: { type: "string" },
    required: true,
  },
  description: { summary: "What the instance is for; shown by `graph`.", value: text },
  arguments: { summary: "The module's arguments; `wishbone-ts show --module ID` explains them.", value: { type: "object" } },
  queues: {
    summary: "Settings of the queues that the instance consumes, by name.",
    value: { type: "object", additionalProperties: definition("queue") },
  },
  consumers: { summary: "Concurrent calls of a handler that takes one event.", value: mapOf(consumersKeys) },
  timeout: { summary: "Bound on a handler that answers with a promise; beyond, the event fails.", value: durationKey({ min: 1 }) },
  inflight: { summary: "What a handler of batches may have taken and not settled.", value: mapOf(inflightKeys) },
  hold_max: {
    summary: "Events the instance may hold; at it, the instance takes nothing more. 10,000 by default.",
    value: wholeNumber(1),
  },
  protocol: {
    summary: "How an input decodes bytes, or an output encodes its payload: a name below `protocols:`, or one such as `json`.",
    value: text,
  },
  functions: {
    summary: "What is done to each event of an in queue before it is handled: names below `module_functions:`, or such as `uppercase`.",
    value: { type: "object", additionalProperties: { type: "array", items: text } },
  },
  retry: {
    summary: "What fails for a reason that may pass is kept and offered again; the settings are the arguments of `wishbone.flow.retry`.",
    value: { type: "object" },
  },
  event: {
    summary: "Understood and without effect; the argument `native_events` does what it was meant for.",
    value: { deprecated: true },
  },
}
