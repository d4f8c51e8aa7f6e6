// Sets of sequences, as ranges: what a person picks, and what was taken out of a spool. The cost is that of the ranges, however many
// sequences they hold.

/** `first` and what follows the last one. */
export type SequenceRange = readonly [first: number, next: number]

/** A set of sequences; never changes. */
export class SequenceRanges {
  static readonly none: SequenceRanges = new SequenceRanges([])
  /** In order; none touches another. */
  readonly list: readonly SequenceRange[]
  /** How many sequences there are. */
  readonly count: number

  /** Takes ranges in any order; they may overlap. */
  constructor(ranges: readonly SequenceRange[]) {
    this.list = merged(ranges)
    this.count = this.list.reduce((sum, [first, next]) => sum + next - first, 0)
  }

  /** Sequence after the highest one; 0 when there is none. */
  get next(): number {
    return this.list.at(-1)?.[1] ?? 0
  }

  has(sequence: number): boolean {
    const range = this.list[this.#indexOf(sequence)]
    return range !== undefined && range[0] <= sequence
  }

  /** The first sequence from `sequence` on that is not in the set. */
  endFrom(sequence: number): number {
    const range = this.list[this.#indexOf(sequence)]
    return range !== undefined && range[0] <= sequence ? range[1] : sequence
  }

  /** The first sequence from `sequence` on that is in the set; infinite when there is none. */
  startFrom(sequence: number): number {
    const range = this.list[this.#indexOf(sequence)]
    return range === undefined ? Number.POSITIVE_INFINITY : Math.max(sequence, range[0])
  }

  /** What lies in `[first, next)`. */
  within(first: number, next: number): SequenceRanges {
    const cut = this.list.map(([from, to]): SequenceRange => [Math.max(from, first), Math.min(to, next)])
    return new SequenceRanges(cut)
  }

  union(other: SequenceRanges): SequenceRanges {
    return new SequenceRanges([...this.list, ...other.list])
  }

  without(other: SequenceRanges): SequenceRanges {
    const left: SequenceRange[] = []
    for (const [first, next] of this.list) {
      for (let at = other.endFrom(first); at < next; ) {
        const to = Math.min(next, other.startFrom(at))
        left.push([at, to])
        at = other.endFrom(to)
      }
    }
    return new SequenceRanges(left)
  }

  /** The first range that ends behind `sequence`. */
  #indexOf(sequence: number): number {
    let low = 0
    let high = this.list.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.list[middle]![1] > sequence) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Collects sequences that come in rising order. */
export class RangeCollector {
  readonly #ranges: [number, number][] = []

  add(sequence: number): void {
    const last = this.#ranges.at(-1)
    if (last !== undefined && last[1] === sequence) last[1] += 1
    else this.#ranges.push([sequence, sequence + 1])
  }

  take(): SequenceRanges {
    return new SequenceRanges(this.#ranges)
  }
}

function merged(ranges: readonly SequenceRange[]): SequenceRange[] {
  const result: [number, number][] = []
  for (const [first, next] of ranges.filter(([from, to]) => from < to).sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1)
    if (last !== undefined && first <= last[1]) last[1] = Math.max(last[1], next)
    else result.push([first, next])
  }
  return result
}
