// A bootstrap file and a registry to a Plan, or every problem found: the file is read to its end, whatever is wrong in it, and all
// mistakes are reported together, each at its place. Touches no file and starts nothing; what lies outside (environment, secrets) is
// handed in.

import { resolve } from "node:path"
import type { Graph } from "../router/graph.ts"
import type { ComponentLoader, LoadedComponents } from "../router/packages.ts"
import type { Registry } from "../router/registry.ts"
import { defaultQueuePlan, type Plan, type QueuePlan } from "../spec/plan.ts"
import { type FileComponents, readComponents } from "./components.ts"
import type { Draft } from "./draft.ts"
import { parseYaml } from "./file.ts"
import { readInstances } from "./instances.ts"
import { interpolate, type SecretText, secretPaths, withoutSecrets } from "./interpolate.ts"
import { metricsKeys, namesOf, topLevelKeys } from "./keys.ts"
import { maskSources } from "./mask.ts"
import { describeNode, entryOf, isEmpty, type MapNode, type ScalarNode, type YamlNode } from "./node.ts"
import { DeclaredParts } from "./parts.ts"
import { inOrder, type Problem, problemAt } from "./problem.ts"
import { SettingsReader } from "./read.ts"
import { placedRetries } from "./retry.ts"
import { checkQueueNames, circleProblems, graphOf, type RoutingTable, readRoutes } from "./routes.ts"
import { applySets } from "./set.ts"
import { checkStoreNames, readStores } from "./stores.ts"
import { decodeText, startOf } from "./text.ts"
import { queueWarnings, routeWarnings } from "./warn.ts"

/** What {@link checkBootstrap} needs. */
export interface CheckOptions {
  /** Content of the file. */
  readonly bytes: Uint8Array | string
  /** Its name in messages; `-` for standard input. */
  readonly file: string
  /** Absolute; relative paths in the file count from here. */
  readonly folder: string
  readonly registry: Registry
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Reads the file of a `${file:path}`; gets an absolute path. Without it every secret is a mistake. */
  readonly readSecret?: (path: string) => Promise<Uint8Array | string>
  /** Loads what `packages:` lists and module files. Without it each of them is a mistake. */
  readonly loader?: ComponentLoader
  /** `--set` options, as `path=value`. */
  readonly sets?: readonly string[]
  /** Events in a queue of which the file says nothing. @defaultValue 100 */
  readonly queueSize?: number
}

/** What {@link checkBootstrap} found. */
export interface CheckedBootstrap {
  /** All components that the file may name: those handed in, and what its packages and module files bring. The plan is built with it. */
  readonly registry: Registry
  /** What came from outside, and from where. */
  readonly loaded: readonly LoadedComponents[]
  /** Missing when one of the problems is an error. */
  readonly plan?: Plan
  /** The plan as a graph, wherever the file could be read at all, even with errors in it. */
  readonly graph?: Graph
  /** In the order of the file. */
  readonly problems: readonly Problem[]
  /** The texts that the places of problems lie in, by the problems' `file`; secret arguments in them are hidden. */
  readonly sources: ReadonlyMap<string, string>
  /** What `${file:…}` read; nobody may print it. */
  readonly secrets: readonly string[]
}

const defaultState = "./.wishbone"
const defaultMetricsMs = 10_000

/** Checks a bootstrap file. Never throws for what somebody wrote. */
export async function checkBootstrap(options: CheckOptions): Promise<CheckedBootstrap> {
  const { file, bytes } = options
  const decoded = decodeText(file, typeof bytes === "string" ? Buffer.from(bytes) : bytes)
  const nothing = { registry: options.registry, loaded: [], secrets: [] }
  if ("problem" in decoded) return { ...nothing, problems: [decoded.problem], sources: new Map() }
  const parsed = parseYaml(file, decoded.text)
  const sources = new Map([[file, decoded.text]])
  if (parsed.root === undefined) {
    const problems = parsed.problems.length > 0 ? parsed.problems : [problemAt(startOf(file), "WB_BOOTSTRAP_EMPTY")]
    return { ...nothing, problems, sources }
  }
  const set = applySets(parsed.root, options.sets ?? [], namesOf(topLevelKeys))
  const filled = interpolate(set.root, { environment: options.environment, secrets: await readSecrets(set.root, options) })
  const { folder, loader, registry } = options
  const components = await readComponents(filled.node, { folder: resolve(folder), loader, registry })
  const checked = checkDocument(filled.node, options, components)
  const all = [...parsed.problems, ...set.problems, ...filled.problems, ...components.problems, ...checked.problems]
  const problems = withoutSecrets(inOrder(all, file), filled.secrets)
  const failed = problems.some((problem) => problem.severity === "error")
  return {
    registry: components.registry,
    loaded: components.loaded,
    ...(!failed && checked.plan && { plan: checked.plan }),
    ...(checked.graph && { graph: checked.graph }),
    problems,
    sources: maskSources(new Map([...sources, ...set.sources]), checked.secrets ?? []),
    secrets: filled.secrets,
  }
}

async function readSecrets(root: YamlNode, { folder, readSecret }: CheckOptions): Promise<Map<string, SecretText>> {
  const secrets = new Map<string, SecretText>()
  if (readSecret === undefined) return secrets
  for (const path of secretPaths(root)) {
    try {
      const content = await readSecret(resolve(folder, path))
      secrets.set(path, { text: typeof content === "string" ? content : Buffer.from(content).toString("utf8") })
    } catch (thrown) {
      secrets.set(path, { reason: thrown instanceof Error ? thrown.message : String(thrown) })
    }
  }
  return secrets
}

interface CheckedDocument {
  readonly plan?: Plan
  readonly graph?: Graph
  readonly problems: readonly Problem[]
  readonly secrets?: readonly ScalarNode[]
}

function checkDocument(root: YamlNode, options: CheckOptions, components: FileComponents): CheckedDocument {
  const { file } = options
  if (root.kind !== "map") {
    if (isEmpty(root)) return { problems: [problemAt(startOf(file), "WB_BOOTSTRAP_EMPTY")] }
    const expected = "a map with `modules:` and `routingtable:`"
    return { problems: [problemAt(root.at, "WB_VALUE_INVALID", { name: "bootstrap file", expected, found: describeNode(root) })] }
  }
  const folder = resolve(options.folder)
  const resolvePath = (path: string): string => resolve(folder, path)
  const defaultQueue: QueuePlan = { ...defaultQueuePlan, ...(options.queueSize !== undefined && { size: options.queueSize }) }
  const top = readTop(root, file)
  const parts = new DeclaredParts(root, { components, resolvePath })
  const { drafts, problems } = readInstances(top.modules, { components, parts, defaultQueue, resolvePath })
  const stores = readStores(root, { components, resolvePath })
  const table = readRoutes(root, drafts)
  const { drafts: placed, problems: misplaced } = placedRetries(drafts, table)
  const { graph, placeOf, built } = graphOf(placed, table, { defaultQueue, registry: components.registry })
  const plan: Plan = {
    file,
    folder,
    state: resolvePath(top.state),
    ...built,
    metricsIntervalMs: top.metricsIntervalMs,
    ...(Object.keys(stores.plans).length > 0 && { stores: stores.plans }),
  }
  const secrets = [...parts.secrets, ...stores.secrets, ...drafts.flatMap((draft) => draft.secrets)]
  return {
    plan,
    graph,
    secrets,
    problems: [
      ...top.problems,
      ...parts.problems,
      ...problems,
      ...parts.unused(),
      ...stores.problems,
      ...checkStoreNames(drafts, stores.plans, components.registry, root),
      ...table.problems,
      ...misplaced,
      ...graphProblems(graph, placed, { ...table, placeOf }),
    ],
  }
}

function graphProblems(graph: Graph, drafts: readonly Draft[], table: RoutingTable): Problem[] {
  const certain = [...checkQueueNames(drafts, table), ...circleProblems(graph, table), ...queueWarnings(graph, drafts)]
  // Routes that could not be read would make the warnings about missing ones lie.
  const routesRight = table.problems.every((problem) => problem.severity !== "error")
  return routesRight ? [...certain, ...routeWarnings(graph, drafts, table.failed !== undefined)] : certain
}

interface Top {
  readonly modules: MapNode
  readonly state: string
  readonly metricsIntervalMs: number
  readonly problems: readonly Problem[]
}

function readTop(root: MapNode, file: string): Top {
  const reader = new SettingsReader()
  reader.knownKeys(root, "at the top level", namesOf(topLevelKeys))
  const missing = (name: string, hint: string): void => {
    reader.problems.push(
      problemAt(root.entries.get(name)?.keyAt ?? startOf(file), "WB_KEY_MISSING", { name, where: "at the top level", hint }),
    )
  }
  const entry = entryOf(root, "modules")
  const modules = reader.anyMap(entry)
  if (isEmpty(entry?.value) || modules?.entries.size === 0) missing("modules", "It holds the instances, at least one.")
  if (!root.entries.has("routingtable"))
    missing("routingtable", "It lists the routes, such as `- source.outbox -> destination.inbox`; `routingtable: []` has none.")
  const metrics = reader.map(entryOf(root, "metrics"), "below `metrics`", namesOf(metricsKeys))
  return {
    modules: modules ?? { kind: "map", at: root.at, entries: new Map() },
    state: reader.text(entryOf(root, "state")) ?? defaultState,
    metricsIntervalMs: reader.duration(entryOf(metrics, "interval"), { min: 1 }) ?? defaultMetricsMs,
    problems: reader.problems,
  }
}
