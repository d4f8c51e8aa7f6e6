// What a module promises for one set of arguments: its contract with nothing left open, as `lint`, `guarantee` and the search for
// deadlocks read it.

import { WishboneError } from "../errors.ts"
import { isTemplate } from "./schema.ts"
import type { Acknowledges, Contract, ModuleSpec } from "./spec.ts"

/** A contract in which every question has its answer. */
export interface ResolvedContract {
  readonly acknowledges: Acknowledges
  /** In queue to the out queues its consumer may put into before it is done with an event; `"*"` as declared. */
  readonly waits: Readonly<Record<string, readonly string[]>>
  /** Infinity where nothing is promised. */
  readonly failsWithinMs: number
  readonly fails: boolean
  readonly reorders: boolean
  readonly holds: Contract["holds"]
  readonly delays: boolean
  /** The directory of a disk module, from its arguments. */
  readonly directory: string | undefined
}

/** What a module without a contract is taken to be: nothing promised. */
const weakestContract: Contract = { acknowledges: "none", failsWithinMs: Number.POSITIVE_INFINITY, reorders: true, holds: "memory" }

/**
 * The contract of a module under validated arguments.
 *
 * @throws WishboneError `WB_MODULE_CONTRACT` when it names a queue or an argument that the module does not have.
 */
export function contractOf(spec: ModuleSpec, args: Readonly<Record<string, unknown>>): ResolvedContract {
  const contract = typeof spec.contract === "function" ? spec.contract(args as never) : (spec.contract ?? weakestContract)
  return {
    acknowledges: contract.acknowledges,
    waits: waitsOf(spec, contract),
    failsWithinMs: contract.failsWithinMs === "arguments.timeout" ? timeoutOf(spec, args) : contract.failsWithinMs,
    fails: contract.fails ?? true,
    reorders: contract.reorders,
    holds: contract.holds,
    delays: contract.delays ?? false,
    directory: contract.directory === undefined ? undefined : directoryOf(spec, args, contract.directory),
  }
}

function queuesOf(spec: ModuleSpec, direction: "in" | "out"): string[] {
  return Object.keys(spec.queues).filter((name) => spec.queues[name]?.direction === direction)
}

function waitsOf(spec: ModuleSpec, contract: Contract): ResolvedContract["waits"] {
  const outside = queuesOf(spec, "out")
  if (contract.waits === undefined) return Object.fromEntries(queuesOf(spec, "in").map((queue) => [queue, outside]))
  const inside = queuesOf(spec, "in")
  for (const [queue, awaited] of Object.entries(contract.waits)) {
    refuseStranger(spec, queue, inside)
    for (const name of awaited) refuseStranger(spec, name, outside)
  }
  return contract.waits
}

function refuseStranger(spec: ModuleSpec, queue: string, known: readonly string[]): void {
  if (queue === "*" || known.includes("*") || known.includes(queue)) return
  throw new WishboneError("WB_MODULE_CONTRACT", {
    module: spec.name,
    problem: `names the queue \`${queue}\`, which the module does not have there`,
    name: queue,
    known,
  })
}

function timeoutOf(spec: ModuleSpec, args: Readonly<Record<string, unknown>>): number {
  const timeout = args["timeout"]
  if (typeof timeout === "number") return timeout
  // Left out, or a template that only an event will fill in: nothing can be promised.
  if (Object.hasOwn(spec.arguments, "timeout") && (timeout === undefined || timeout === null || isTemplate(timeout)))
    return Number.POSITIVE_INFINITY
  const problem = "fails within its argument `timeout`, which is no duration"
  throw new WishboneError("WB_MODULE_CONTRACT", { module: spec.name, problem, name: "timeout", known: Object.keys(spec.arguments) })
}

function directoryOf(spec: ModuleSpec, args: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const directory = args[name]
  if (typeof directory === "string" && !isTemplate(directory)) return directory
  if (Object.hasOwn(spec.arguments, name)) return undefined
  const problem = `takes its directory from the argument \`${name}\`, which is no path`
  throw new WishboneError("WB_MODULE_CONTRACT", { module: spec.name, problem, name, known: Object.keys(spec.arguments) })
}

const acknowledgeWords: Readonly<Record<Acknowledges, string>> = {
  none: "Does not tell whether an event arrived.",
  accepted: "An event counts as arrived when the other side has taken it over.",
  presumed: "An event counts as arrived when the other side has presumably read it.",
  durable: "An event counts as arrived when it is synced to disk.",
  delivered: "An event counts as arrived when the other side has confirmed it.",
}

const holdWords: Readonly<Record<Contract["holds"], string>> = {
  nothing: "Keeps no events.",
  memory: "Keeps events in memory; they are lost in a crash.",
  store: "Keeps events in a store.",
}

/** A contract in sentences, for `show`. */
export function contractText(contract: ResolvedContract, format: (ms: number) => string): readonly string[] {
  const { failsWithinMs } = contract
  const failing = Number.isFinite(failsWithinMs)
    ? failsWithinMs === 0
      ? "Fails at once what it cannot handle."
      : `Fails within ${format(failsWithinMs)} what it cannot handle.`
    : "May take any time to fail what it cannot handle."
  const order = contract.reorders ? "May change the order of events." : "Keeps the order of events."
  const delay = contract.delays ? ["Delays events that go round in a circle."] : []
  return [acknowledgeWords[contract.acknowledges], failing, order, holdWords[contract.holds], ...delay]
}
