// The `modules:` section: each entry to the plan of an instance.

import { isWishboneError } from "../errors.ts"
import type { Registry } from "../router/registry.ts"
import { isQueueName } from "../router/route.ts"
import { type ArgumentProblem, type CheckedArguments, checkArguments } from "../spec/arguments.ts"
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
import { secretNodes } from "./mask.ts"
import {
  entryOf,
  isEmpty,
  isUnknown,
  type MapEntry,
  type MapNode,
  nodeAt,
  placeOf,
  type ScalarNode,
  toValue,
  type YamlNode,
} from "./node.ts"
import { type Problem, problemAt } from "./problem.ts"
import { SettingsReader } from "./read.ts"

/** An instance as far as it could be read. */
export interface Draft {
  readonly entry: MapEntry
  readonly plan: InstancePlan
  /** Missing when the module is not known. */
  readonly spec: ModuleSpec | undefined
  /** The arguments are right, so what the module promises can be asked. */
  readonly sound: boolean
  /** Values that nobody may print. */
  readonly secrets: readonly ScalarNode[]
}

/** What reading instances needs of the world. */
export interface InstanceSetting {
  readonly registry: Registry
  readonly defaultQueue: QueuePlan
  readonly resolvePath: (path: string) => string
}

const instanceKeys = ["module", "description", "arguments", "queues", "consumers", "timeout", "inflight", "hold_max", "event"]
const queueKeys = ["size", "bytes", "order", "when_full", "priority", "store", "spill", "sync", "disk_bytes"]

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
  if (node !== undefined) reader.knownKeys(node, `in \`${name}\``, instanceKeys)
  const spec = readModule(entry, node, setting.registry, reader)
  const checked = spec && readArguments(entry, spec, reader)
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

function readModule(entry: MapEntry, node: MapNode | undefined, registry: Registry, reader: SettingsReader): ModuleSpec | undefined {
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
    const { component, alias } = registry.lookup(id.trim())
    const details = alias && { alias: alias.from, canonical: alias.to, what: "the module" }
    if (details !== undefined) reader.problems.push(problemAt(module.value.at, "WB_NAME_ALIAS", details, "note"))
    return component.spec
  } catch (thrown) {
    if (!isWishboneError(thrown)) throw thrown
    reader.problems.push(problemAt(module.value.at, thrown.code, thrown.details))
    return undefined
  }
}

function readArguments(entry: MapEntry, spec: ModuleSpec, reader: SettingsReader): CheckedArguments {
  const node = entryOf(entry.value, "arguments")?.value
  const checked = checkFilled(spec, node)
  for (const { alias, canonical, path } of checked.notes) {
    const details = { alias, canonical, what: "the argument" }
    reader.problems.push(problemAt(placeOf(entry.value, ["arguments", ...path], "key"), "WB_NAME_ALIAS", details, "note"))
  }
  for (const problem of checked.problems) {
    const culprit = node && nodeAt(node, problem.path)
    if (!isUnknown(culprit)) reader.problems.push(argumentProblem(entry, culprit, problem))
  }
  return checked
}

/** Checks arguments; a variable that gave a number or so where text is wanted (a password of digits) is taken as text. */
function checkFilled(spec: ModuleSpec, node: YamlNode | undefined): CheckedArguments {
  const checked = checkArguments(spec, node && toValue(node))
  const culprits = node === undefined ? [] : checked.problems.map((problem) => nodeAt(node, problem.path))
  const filled = new Set(
    culprits.filter((culprit) => culprit?.kind === "scalar" && culprit.filled === true && typeof culprit.value !== "string"),
  )
  if (node === undefined || filled.size === 0) return checked
  const again = checkArguments(spec, toValue(node, filled as ReadonlySet<YamlNode>))
  return again.problems.length < checked.problems.length ? again : checked
}

const keyCodes: readonly string[] = ["WB_ARGUMENT_UNKNOWN", "WB_ARGUMENT_TWICE"]

function argumentProblem(entry: MapEntry, culprit: YamlNode | undefined, problem: ArgumentProblem): Problem {
  const path = ["arguments", ...problem.path]
  const present = culprit !== undefined && !keyCodes.includes(problem.code)
  // Without `arguments:` it is the instance that lacks them.
  const given = entryOf(entry.value, "arguments") !== undefined
  const { file, line, column } = given ? placeOf(entry.value, path, present ? "value" : "key") : entry.keyAt
  const { code, message } = problem
  return { file, line, column, severity: "error", code, message, hint: typeHint(culprit, message) ?? problem.hint }
}

/** Slips that YAML makes easy: booleans of YAML 1.1, and text that reads as a number. */
function typeHint(culprit: YamlNode | undefined, message: string): string | undefined {
  if (culprit?.kind !== "scalar" || !culprit.plain || culprit.value === null) return undefined
  const { value, text } = culprit
  if (typeof value !== "string") return message.includes("expected text") ? `Put it in quotes: \`"${text}"\`.` : undefined
  if (!message.includes("expected true or false") || !/^(yes|no|on|off|y|n)$/i.test(text)) return undefined
  return `YAML 1.2 reads \`${text}\` as text: write \`${/^(yes|on|y)$/i.test(text)}\`.`
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
    const settings = reader.map(entry, `in the queue \`${entry.name}\` of \`${instance}\``, queueKeys)
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
  const consumers = reader.map(entryOf(node, "consumers"), `in the consumers of \`${instance}\``, ["min", "max", "idle"])
  const maxEntry = entryOf(consumers, "max")
  const min = reader.integer(entryOf(consumers, "min"), { min: 1, max: 10_000 }) ?? defaultConsumers.min
  const max = reader.integer(maxEntry, { min: 1, max: 10_000 }) ?? Math.max(min, defaultConsumers.max)
  if (maxEntry !== undefined && max < min) reader.invalid(maxEntry, `at least \`min\`, which is ${min}`)
  return { min, max, idleMs: reader.duration(entryOf(consumers, "idle"), { min: 0 }) ?? defaultConsumers.idleMs }
}

function readInflight(node: MapNode | undefined, instance: string, reader: SettingsReader): InstancePlan["inflight"] {
  const inflight = reader.map(entryOf(node, "inflight"), `in the inflight of \`${instance}\``, ["events", "bytes"])
  return {
    events: reader.integer(entryOf(inflight, "events"), { min: 1 }) ?? defaultInflight.events,
    bytes: reader.size(entryOf(inflight, "bytes"), { min: 1 }) ?? defaultInflight.bytes,
  }
}
