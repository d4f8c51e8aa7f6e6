// Records that came back: how often, and when they may be offered again. Held in memory alone, a restart begins anew.

import type { FailureKind } from "../errors.ts"

const backOff = { firstMs: 1000, maxMs: 60_000 }
/** A record that came back so often by its own fault is not offered any more. */
const poisonReturns = 10

/** Kinds that tell of the state of the world, not of the record. */
const passing: ReadonlySet<FailureKind> = new Set(["transient", "overflow", "unstored", "stale", "stopped"])

export function isPassing(kind: FailureKind): boolean {
  return passing.has(kind)
}

/** Delay after the `count`-th time in a row: 1 s, doubling, at most 1 min. */
export function backOffMs(count: number): number {
  return Math.min(backOff.maxMs, backOff.firstMs * 2 ** (count - 1))
}

interface Returns {
  count: number
  /** Returns of a kind that tells of the record itself. */
  ownFault: number
  /** The time that counts while it is not due: an entry of another time is no longer meant. */
  dueMs: number | undefined
}

export class ReturnedRecords {
  readonly #returns = new Map<number, Returns>()
  /** By time: not due yet. */
  readonly #later = new Heap()
  /** By sequence: due. */
  readonly #due = new Heap()

  /** How often the record came back. */
  countOf(sequence: number): number {
    return this.#returns.get(sequence)?.count ?? 0
  }

  /** Notes that a record came back; answers whether it has to be set aside. */
  note(sequence: number, kind: FailureKind): "again" | "poison" {
    const returns = this.#returnsOf(sequence)
    returns.count += 1
    if (!isPassing(kind)) returns.ownFault += 1
    return returns.ownFault >= poisonReturns ? "poison" : "again"
  }

  /** Offers a record again at `dueMs`. */
  offerAt(sequence: number, dueMs: number): void {
    this.#returnsOf(sequence).dueMs = dueMs
    this.#later.push(dueMs, sequence)
  }

  /** Offers a record at `nowMs` that would have come later. */
  bringForward(sequence: number, nowMs: number): void {
    const dueMs = this.#returns.get(sequence)?.dueMs
    if (dueMs !== undefined && dueMs > nowMs) this.offerAt(sequence, nowMs)
  }

  /** The records from `first` on are settled: nothing more is known of them. */
  forget(first: number, count = 1): void {
    for (let sequence = first; this.#returns.size > 0 && sequence < first + count; sequence++) this.#returns.delete(sequence)
  }

  /** The lowest sequence that is due, left in place. */
  peek(nowMs: number): number | undefined {
    while (this.#later.firstKey <= nowMs) {
      const dueMs = this.#later.firstKey
      const sequence = this.#later.pop()
      const returns = this.#returns.get(sequence)
      if (returns?.dueMs !== dueMs) continue
      returns.dueMs = undefined
      this.#due.push(sequence, sequence)
    }
    return this.#due.size === 0 ? undefined : this.#due.firstKey
  }

  /** Takes what {@link peek} answered. */
  take(): number {
    return this.#due.pop()
  }

  /** When the next record becomes due; infinite when there is none. */
  get nextDueMs(): number {
    return this.#due.size > 0 ? Number.NEGATIVE_INFINITY : this.#later.firstKey
  }

  #returnsOf(sequence: number): Returns {
    const known = this.#returns.get(sequence)
    if (known !== undefined) return known
    const returns: Returns = { count: 0, ownFault: 0, dueMs: undefined }
    this.#returns.set(sequence, returns)
    return returns
  }
}

/** Numbers ordered by a key, smallest first. */
class Heap {
  readonly #keys: number[] = []
  readonly #values: number[] = []

  get size(): number {
    return this.#keys.length
  }

  get firstKey(): number {
    return this.#keys[0] ?? Number.POSITIVE_INFINITY
  }

  push(key: number, value: number): void {
    let at = this.#keys.length
    this.#keys.push(key)
    this.#values.push(value)
    while (at > 0 && this.#keys[at]! < this.#keys[(at - 1) >> 1]!) {
      this.#swap(at, (at - 1) >> 1)
      at = (at - 1) >> 1
    }
  }

  pop(): number {
    const first = this.#values[0]!
    this.#swap(0, this.#keys.length - 1)
    this.#keys.pop()
    this.#values.pop()
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      const right = left + 1
      const child = right < this.size && this.#keys[right]! < this.#keys[left]! ? right : left
      if (child >= this.size || this.#keys[at]! <= this.#keys[child]!) return first
      this.#swap(at, child)
      at = child
    }
  }

  #swap(a: number, b: number): void {
    const key = this.#keys[a]!
    const value = this.#values[a]!
    this.#keys[a] = this.#keys[b]!
    this.#values[a] = this.#values[b]!
    this.#keys[b] = key
    this.#values[b] = value
  }
}
