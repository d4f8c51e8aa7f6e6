// How a family of metrics is declared: name, type and meaning, and how its samples follow from what was read.

import type { MetricsSource } from "./metrics-source.ts"
import type { FamilyText, MetricType, Sample } from "./metrics-text.ts"

/** A family, and how its samples are read. */
export interface MetricFamily extends FamilyText {
  readonly read: (source: MetricsSource) => Iterable<Sample>
}

/** Name, type and meaning. The name of a counter ends in `_total`. */
export type Declared = readonly [name: string, type: MetricType, help: string]

/** A family with one series. */
export function single(declared: Declared, read: (source: MetricsSource) => number): MetricFamily {
  return labelled(declared, [], (source) => [[[], read(source)]])
}

/** A family with labels. */
export function labelled(
  [name, type, help]: Declared,
  labels: readonly string[],
  read: (source: MetricsSource) => Iterable<Sample>,
): MetricFamily {
  return { name, type, help, labels, read }
}
