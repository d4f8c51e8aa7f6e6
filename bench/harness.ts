// Compares two sides in interleaved rounds and says whether the bars are met.
//
// A round runs the baseline, then ours; what counts is the median of the rounds' ratios. Machines differ and are shared, so an absolute
// number means little and is printed for orientation only, but both sides of one round met the same machine at nearly the same moment.

import { parseArgs } from "node:util"

/** What one run of one side did. */
export interface Sample {
  /** Events, lines or hops. */
  readonly count: number
  readonly seconds: number
  /** Payload bytes that came through. */
  readonly bytes: number
  /** User and system time of the process under test. */
  readonly cpuSeconds: number
  /** The most memory it had resident. */
  readonly rssBytes: number
}

export interface Side {
  readonly name: string
  /** One run, long enough to mean something and short enough for ten rounds. */
  run(round: number): Promise<Sample>
}

/** A bound to be met: on the ratio of rates ours : baseline, or on our own CPU seconds per million. */
export type Bar = { readonly ratio: number } | { readonly cpuPerMillion: number }

export interface Comparison {
  readonly title: string
  /** What is counted, in the plural: `hops`, `lines`. */
  readonly unit: string
  readonly baseline: Side
  readonly ours: Side
  readonly bars: readonly Bar[]
}

export interface Options {
  readonly rounds: number
  /** Comparisons whose title holds this text; empty: all. */
  readonly only: string
  /** Seconds after which no further comparison is started, so that a bench always ends. */
  readonly limitSeconds: number
}

/** `--rounds 10 --only text --limit 90`. */
export function options(defaults: Partial<Options> = {}): Options {
  const { values } = parseArgs({ options: { rounds: { type: "string" }, only: { type: "string" }, limit: { type: "string" } } })
  return {
    rounds: Number(values.rounds ?? defaults.rounds ?? 10),
    only: values.only ?? defaults.only ?? "",
    limitSeconds: Number(values.limit ?? defaults.limitSeconds ?? 90),
  }
}

/** Runs the comparisons one after another and prints each when it is done. */
export async function compareAll(comparisons: readonly Comparison[], how: Options): Promise<void> {
  const started = performance.now()
  for (const comparison of comparisons.filter(({ title }) => title.includes(how.only))) {
    const spentSeconds = (performance.now() - started) / 1000
    if (spentSeconds > how.limitSeconds) {
      console.log(`${comparison.title}: left out, ${how.limitSeconds} s are over (--limit)\n`)
      continue
    }
    await compare(comparison, how.rounds)
  }
}

async function compare(comparison: Comparison, rounds: number): Promise<void> {
  const baseline: Sample[] = []
  const ours: Sample[] = []
  for (let round = 0; round < rounds; round++) {
    baseline.push(await comparison.baseline.run(round))
    ours.push(await comparison.ours.run(round))
  }
  print(comparison, baseline, ours)
}

function print(comparison: Comparison, baseline: readonly Sample[], ours: readonly Sample[]): void {
  const { title, unit } = comparison
  const ratios = ours.map((sample, round) => rateOf(sample) / rateOf(baseline[round] as Sample))
  const { least, middle, most } = spread(ratios)
  console.log(title)
  printTable([
    ["", `M ${unit}/s`, "MiB/s", `CPU s/M ${unit}`, "RSS MB"],
    row(comparison.baseline.name, baseline),
    row(comparison.ours.name, ours),
  ])
  console.log(`  ratio ${middle.toFixed(2)} (${least.toFixed(2)}..${most.toFixed(2)}), median of ${ratios.length} rounds`)
  for (const bar of comparison.bars) {
    if ("ratio" in bar) printBar("ratio", middle, bar.ratio, "at least")
    else printBar(`CPU s/M ${unit}`, median(ours.map(cpuPerMillion)), bar.cpuPerMillion, "at most")
  }
  console.log("")
}

/** One line on a bar: what was measured, what was wanted, met or missed. */
export function printBar(what: string, value: number, bound: number, side: "at least" | "at most"): void {
  const met = side === "at least" ? value >= bound : value <= bound
  console.log(`  bar: ${what} ${side} ${bound}: ${met ? "met" : "MISSED"} (${Number(value.toPrecision(3))})`)
}

function row(name: string, samples: readonly Sample[]): string[] {
  const mebibytes = median(samples.map((sample) => sample.bytes / sample.seconds / 2 ** 20))
  const rate = median(samples.map(rateOf)) / 1e6
  const rss = median(samples.map((sample) => sample.rssBytes)) / 1e6
  return [name, rate.toFixed(rate < 10 ? 3 : 1), mebibytes.toFixed(0), median(samples.map(cpuPerMillion)).toFixed(3), rss.toFixed(0)]
}

/** Rows under each other, the first column to the left and numbers to the right. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)))
  for (const cells of rows) {
    const padded = cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
    console.log(`  ${padded.join("   ")}`)
  }
}

function rateOf(sample: Sample): number {
  return sample.count / sample.seconds
}

function cpuPerMillion(sample: Sample): number {
  return (sample.cpuSeconds / sample.count) * 1e6
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Between neighbours, the value in proportion. `NaN` without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

export function spread(values: readonly number[]): { least: number; middle: number; most: number } {
  return { least: Math.min(...values), middle: median(values), most: Math.max(...values) }
}
