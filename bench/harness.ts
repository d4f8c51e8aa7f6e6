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

/** One round: a run of the baseline and one of ours, close together in time. */
export interface Round {
  readonly baseline: Sample
  readonly ours: Sample
  /** Of the rates, ours : baseline. */
  readonly ratio: number
}

export interface Side {
  /** One run, long enough to mean something and short enough for ten rounds. */
  run(): Promise<Sample>
}

/** A bound to be met: on the ratio of rates ours : baseline, or on our own rate, CPU seconds per million or resident memory. */
export type Bar =
  | { readonly ratio: number }
  | { readonly rate: number }
  | { readonly cpuPerMillion: number }
  | { readonly rssMegabytes: number }

export interface Comparison {
  readonly title: string
  /** What is counted, in the plural: `hops`, `lines`. */
  readonly unit: string
  /** What the rows of the table are called. */
  readonly names: readonly [baseline: string, ours: string]
  round(): Promise<Round>
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

/** A round that runs one side after the other. */
export async function oneAfterTheOther(baseline: Side, ours: Side): Promise<Round> {
  const first = await baseline.run()
  const second = await ours.run()
  return { baseline: first, ours: second, ratio: rateOf(second) / rateOf(first) }
}

async function compare(comparison: Comparison, count: number): Promise<void> {
  const rounds: Round[] = []
  for (let round = 0; round < count; round++) rounds.push(await comparison.round())
  print(comparison, rounds)
}

function print({ title, unit, names, bars }: Comparison, rounds: readonly Round[]): void {
  const { least, middle, most } = spread(rounds.map(({ ratio }) => ratio))
  const ours = rounds.map((round) => round.ours)
  console.log(title)
  printTable([
    ["", `M ${unit}/s`, "MiB/s", `CPU s/M ${unit}`, "RSS MB"],
    row(
      names[0],
      rounds.map((round) => round.baseline),
    ),
    row(names[1], ours),
  ])
  console.log(`  ratio ${middle.toFixed(2)} (${least.toFixed(2)}..${most.toFixed(2)}), median of ${rounds.length} rounds`)
  for (const bar of bars) {
    if ("ratio" in bar) printBar("ratio", middle, bar.ratio, "at least")
    else if ("rate" in bar) printBar(`${unit}/s`, median(ours.map(rateOf)), bar.rate, "at least")
    else if ("rssMegabytes" in bar) printBar("RSS MB", median(ours.map(({ rssBytes }) => rssBytes)) / 1e6, bar.rssMegabytes, "at most")
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

export function rateOf(sample: Sample): number {
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
