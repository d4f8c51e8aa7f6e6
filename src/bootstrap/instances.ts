// The `modules:` section: each entry to the plan of an instance.

import { isWishboneError } from "../errors.ts"
import { isQueueName } from "../router/route.ts"
import { resolvePaths } from "../spec/marked.ts"
import {
  type ConsumersPlan,
  defaultConsumers,
  defaultHoldMax,
  defaultInflight,
  type InstancePlan,
  type QueuePlan,
  type QueueSync,
} from "../spec/plan.ts"
import type { ModuleSpec } from "../spec/spec.ts"
import { readArguments } from "./arguments.ts"
import type { FileComponents } from "./components.ts"
import type { Draft } from "./draft.ts"
import { consumersKeys, inflightKeys, instanceKeys, namesOf, queueKeys } from "./keys.ts"
import { secretNodes } from "./mask.ts"
import { entryOf, isEmpty, isUnknown, type MapEntry, type MapNode } from "./node.ts"
import type { DeclaredParts } from "./parts.ts"
import { aliasAt, type Problem, problemAt } from "./problem.ts"
import { SettingsReader } from "./read.ts"
import { readRetry } from "./retry.ts"

/** What reading instances needs of the world. */
export interface InstanceSetting {
  readonly components: FileComponents
  readonly parts: DeclaredParts
  readonly defaultQueue: QueuePlan
  readonly resolvePath: (path: string) => string
}

/** Reads all instances below `modules:`. */
export function readInstances(modules: MapNode, setting: InstanceSetting): { drafts: Draft[]; problems: readonly Problem[] } {
  const reader = new SettingsReader()
  const drafts = [...modules.entries.values()].map((entry) => readInstance(entry, setting, reader))
  return { drafts, problems: reader.problems }
}

function readInstance(entry: MapEntry, setting: InstanceSetting, reader: SettingsReader): Draft {
  const { name } = entry
  checkName(entry, reader)
  const node = readBody(entry, reader)
  if (node !== undefined) reader.knownKeys(node, `in \`${name}\``, namesOf(instanceKeys))
  const spec = readModule(entry, node, setting.components, reader)
  const checked = spec && readArguments(entry, spec, reader)
  const { parts } = setting
  parts.checkTemplates(entry, checked?.templates ?? [], reader)
  const timeoutMs = reader.duration(entryOf(node, "timeout"), { min: 1 })
  noteEvent(node, reader)
  const plan: InstancePlan = {
    name,
    module: spec?.name ?? "",
    description: reader.text(entryOf(node, "description")) ?? "",
    arguments: spec && checked?.problems.length === 0 ? resolvePaths(spec, checked.values, setting.resolvePath) : {},
    queues: readQueues(node, name, setting.defaultQueue, reader),
    consumers: readConsumers(node, name, reader),
    ...(timeoutMs !== undefined && { timeoutMs }),
    inflight: readInflight(node, name, reader),
    holdMax: reader.integer(entryOf(node, "hold_max"), { min: 1 }) ?? defaultHoldMax,
    ...parts.usedBy(entry, spec, reader),
    ...readRetry(entry, setting.components, reader),
  }
  const secrets = spec === undefined ? [] : secretNodes(spec, entryOf(node, "arguments")?.value)
  return { entry, plan, spec, sound: checked?.problems.length === 0, secrets }
}

function checkName({ name, keyAt }: MapEntry, reader: SettingsReader): void {
  if (isQueueName(name)) return
  const [problem, hint] = name.startsWith("_")
    ? ["names that begin with `_` belong to the runtime", `\`${name.replace(/^_+/, "")}\` would do.`]
    : name.includes(".")
      ? ["it holds a dot", "In routes the dot stands between instance and queue: use `_` in its place."]
      : ["it is not in snake_case, or longer than 100 characters", "Use lowercase letters, digits and `_`, as in `output_1`."]
  reader.problems.push(problemAt(keyAt, "WB_INSTANCE_NAME", { name, problem, hint }))
}

function readBody(entry: MapEntry, reader: SettingsReader): MapNode | undefined {
  const { value } = entry
  if (value.kind === "map" || isEmpty(value)) return reader.anyMap(entry)
  const hint = value.kind === "scalar" ? `Write \`module: ${value.text}\` on a line of its own below \`${entry.name}:\`.` : ""
  return reader.invalid(entry, "a map with the key `module`", hint)
}

function readModule(
  entry: MapEntry,
  node: MapNode | undefined,
  components: FileComponents,
  reader: SettingsReader,
): ModuleSpec | undefined {
  const module = entryOf(node, "module")
  if (isUnknown(module?.value) || (node === undefined && !isEmpty(entry.value))) return undefined
  const id = reader.text(module)
  if (id === undefined || module === undefined) {
    const details = {
      name: "module",
      where: `in \`${entry.name}\``,
      hint: "It names the module, for example `module: wishbone.output.tcp`.",
    }
    // A list or map as the id has been reported already.
    if (isEmpty(module?.value)) reader.problems.push(problemAt(entry.keyAt, "WB_KEY_MISSING", details))
    return undefined
  }
  try {
    const found = components.module(id.trim())
    if (found === undefined) return undefined
    const { component, alias } = found
    const names = alias && { alias: alias.from, canonical: alias.to, what: "the module" }
    if (names !== undefined) reader.problems.push(aliasAt(module.value.at, names))
    return component.spec
  } catch (thrown) {
    if (!isWishboneError(thrown)) throw thrown
    reader.problems.push(problemAt(module.value.at, thrown.code, thrown.details))
    return undefined
  }
}

function noteEvent(node: MapNode | undefined, reader: SettingsReader): void {
  const event = entryOf(node, "event")
  if (event === undefined) return
  const hint = "Wishbone 3 read it and did nothing with it; the argument `native_events` does what it was meant for."
  reader.problems.push(problemAt(event.keyAt, "WB_KEY_IGNORED", { name: "event", hint }, "note"))
}

function readQueues(node: MapNode | undefined, instance: string, fallback: QueuePlan, reader: SettingsReader): InstancePlan["queues"] {
  const queues = reader.anyMap(entryOf(node, "queues"))
  const plans = [...(queues?.entries.values() ?? [])].map((entry): [string, QueuePlan] => {
    const settings = reader.map(entry, `in the queue \`${entry.name}\` of \`${instance}\``, namesOf(queueKeys))
    const diskBytes = reader.size(entryOf(settings, "disk_bytes"), { min: 1 })
    const sync = readSync(entryOf(settings, "sync"), reader)
    const plan = {
      size: reader.integer(entryOf(settings, "size"), { min: 1, max: 10_000_000 }) ?? fallback.size,
      bytes: reader.size(entryOf(settings, "bytes"), { min: 1 }) ?? fallback.bytes,
      order: reader.choice(entryOf(settings, "order"), ["fifo", "lifo", "priority"] as const) ?? fallback.order,
      whenFull: reader.choice(entryOf(settings, "when_full"), ["wait", "drop_new", "drop_old", "spill"] as const) ?? fallback.whenFull,
      priority: reader.integer(entryOf(settings, "priority"), { min: Number.MIN_SAFE_INTEGER }) ?? fallback.priority,
      store: reader.choice(entryOf(settings, "store"), ["memory", "disk"] as const) ?? fallback.store ?? ("memory" as const),
      ...(sync !== undefined && { sync }),
      ...(diskBytes !== undefined && { diskBytes }),
    }
    checkDisk(plan, settings, reader)
    return [entry.name, plan]
  })
  return Object.fromEntries(plans)
}

function readSync(entry: MapEntry | undefined, reader: SettingsReader): QueueSync | undefined {
  if (entry?.value.kind === "scalar" && (entry.value.value === "batch" || entry.value.value === "never")) return entry.value.value
  return reader.duration(entry, { min: 1 }, ["batch", "never"])
}

/** A queue that uses the disk keeps the order in which events came, and cannot take back what is written. */
function checkDisk(plan: QueuePlan, settings: MapNode | undefined, reader: SettingsReader): void {
  const spills = plan.whenFull === "spill"
  const order = entryOf(settings, "order")
  const whenFull = entryOf(settings, "when_full")
  const spill = entryOf(settings, "spill")
  reader.choice(spill, ["disk"] as const)
  if (spill !== undefined && !spills) reader.invalid(spill, "to stand beside `when_full: spill`")
  if (plan.store !== "disk" && !spills) {
    for (const entry of [entryOf(settings, "sync"), entryOf(settings, "disk_bytes")]) {
      if (entry !== undefined) reader.invalid(entry, "to stand beside `store: disk` or `when_full: spill`")
    }
    return
  }
  if (order !== undefined && plan.order !== "fifo") reader.invalid(order, "`fifo`, as this queue uses the disk")
  if (whenFull !== undefined && plan.whenFull === "drop_old") reader.invalid(whenFull, "`wait` or `drop_new`, as this queue uses the disk")
  if (whenFull !== undefined && spills && plan.store === "disk")
    reader.invalid(whenFull, "`wait` or `drop_new`, as this queue lives on disk already")
}

function readConsumers(node: MapNode | undefined, instance: string, reader: SettingsReader): ConsumersPlan {
  const consumers = reader.map(entryOf(node, "consumers"), `in the consumers of \`${instance}\``, namesOf(consumersKeys))
  const maxEntry = entryOf(consumers, "max")
  const min = reader.integer(entryOf(consumers, "min"), { min: 1, max: 10_000 }) ?? defaultConsumers.min
  const max = reader.integer(maxEntry, { min: 1, max: 10_000 }) ?? Math.max(min, defaultConsumers.max)
  if (maxEntry !== undefined && max < min) reader.invalid(maxEntry, `at least \`min\`, which is ${min}`)
  return { min, max, idleMs: reader.duration(entryOf(consumers, "idle"), { min: 0 }) ?? defaultConsumers.idleMs }
}

function readInflight(node: MapNode | undefined, instance: string, reader: SettingsReader): InstancePlan["inflight"] {
  const inflight = reader.map(entryOf(node, "inflight"), `in the inflight of \`${instance}\``, namesOf(inflightKeys))
  return {
    events: reader.integer(entryOf(inflight, "events"), { min: 1 }) ?? defaultInflight.events,
    bytes: reader.size(entryOf(inflight, "bytes"), { min: 1 }) ?? defaultInflight.bytes,
  }
}
