// What lies ahead in virtual time: a binary heap ordered by time, then by number, so that of two things due at once the older comes first.

/** Whose timer or operation it is. When its owner has died, nothing of it happens any more. */
export interface Owner {
  readonly alive: boolean
}

/** Something due at a moment of virtual time. */
export interface Entry {
  readonly atMs: number
  readonly number: number
  readonly owner: Owner
  /** A timer of the program, not a delay of the disk or the network. */
  readonly isTimer: boolean
  readonly run: () => void
  cancelled: boolean
}

/** The heap. Cancelled entries and those of the dead are dropped when they come up. */
export class Agenda {
  #entries: Entry[] = []

  add(entry: Entry): void {
    this.#entries.push(entry)
    this.#rise(this.#entries.length - 1)
  }

  /** The next live entry, left in place. */
  peek(): Entry | undefined {
    for (;;) {
      const first = this.#entries[0]
      if (first === undefined || isLive(first)) return first
      this.#removeFirst()
    }
  }

  /** Takes the next live entry if it is due by `untilMs`. */
  take(untilMs: number): Entry | undefined {
    const next = this.peek()
    if (next === undefined || next.atMs > untilMs) return undefined
    this.#removeFirst()
    return next
  }

  /** Live timers of `owner`. */
  timersOf(owner: Owner): number {
    return this.#entries.filter((entry) => entry.isTimer && entry.owner === owner && isLive(entry)).length
  }

  #removeFirst(): void {
    const last = this.#entries.pop()
    if (last === undefined || this.#entries.length === 0) return
    this.#entries[0] = last
    this.#sink(0)
  }

  #rise(from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#before(index, parent)) return
      this.#swap(index, parent)
      index = parent
    }
  }

  #sink(from: number): void {
    let index = from
    for (;;) {
      const left = index * 2 + 1
      const right = left + 1
      let least = index
      if (left < this.#entries.length && this.#before(left, least)) least = left
      if (right < this.#entries.length && this.#before(right, least)) least = right
      if (least === index) return
      this.#swap(index, least)
      index = least
    }
  }

  #before(one: number, other: number): boolean {
    const a = this.#entries[one] as Entry
    const b = this.#entries[other] as Entry
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number)
  }

  #swap(one: number, other: number): void {
    const kept = this.#entries[one] as Entry
    this.#entries[one] = this.#entries[other] as Entry
    this.#entries[other] = kept
  }
}

function isLive(entry: Entry): boolean {
  return !entry.cancelled && entry.owner.alive
}
