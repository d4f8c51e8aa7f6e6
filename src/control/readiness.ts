// Whether a graph can do its work: it runs, so every input has started and listens, and there is a way out.
//
// A way out is an output that events reach. It is shut while all its circuits are open; one that keeps no connection (disk, standard
// output) never is. As long as one way out is not shut events arrive somewhere: that the first choice is down is what failover is for,
// and shows in the metrics.

import type { InstanceFigures, Phase } from "../router/figures.ts"

export interface Readiness {
  readonly ready: boolean
  /** Why not, a sentence each. */
  readonly reasons: readonly string[]
}

const phaseReasons: Readonly<Record<Phase, string | undefined>> = {
  built: "the graph has not started",
  starting: "the graph is starting",
  running: undefined,
  stopping: "the graph is stopping",
  stopped: "the graph has stopped",
}

export function readinessOf({ phase, instances }: { readonly phase: Phase; readonly instances: readonly InstanceFigures[] }): Readiness {
  const reasons = [phaseReasons[phase], shutReason(instances)].filter((reason) => reason !== undefined)
  return { ready: reasons.length === 0, reasons }
}

/** Instances with a circuit that is open. */
export function openCircuits(instances: readonly InstanceFigures[]): string[] {
  return instances.filter(({ circuits }) => circuits.includes("open")).map(({ name }) => name)
}

function shutReason(instances: readonly InstanceFigures[]): string | undefined {
  const ways = instances.filter(({ kind, outside }) => kind === "output" && !outside)
  if (ways.length === 0 || !ways.every(isShut)) return undefined
  return `every way out has an open circuit: ${ways.map(({ name }) => name).join(", ")}`
}

function isShut({ circuits }: InstanceFigures): boolean {
  return circuits.length > 0 && circuits.every((state) => state === "open")
}
