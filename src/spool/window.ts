// Which records between the lowest unsettled one and the last offered one are in flight, given back or settled, and where they lie. A ring of
// nine bytes a record that grows as far as it is needed: the cost of a record is the same however many there are.

const firstCapacity = 1024
/** Most records that may lie between the lowest unsettled one and the next: one that is stuck lets so many pass it. */
export const windowMax = 4 * 1024 * 1024

const state = { inFlight: 1, settled: 2, returned: 3 } as const

export class Window {
  /** Lowest sequence that is not settled. */
  base: number
  /** Sequence after the last one that was offered or skipped. */
  next: number
  inFlight = 0
  inFlightBytes = 0
  /** Settled records above {@link base}. */
  settledAbove = 0
  #states = new Uint8Array(firstCapacity)
  #offsets = new Uint32Array(firstCapacity)
  #bytes = new Uint32Array(firstCapacity)
  /** Where in the ring `base` lies. */
  #head = 0

  constructor(base: number) {
    this.base = base
    this.next = base
  }

  /** How many more sequences fit. */
  get room(): number {
    return windowMax - (this.next - this.base)
  }

  /** Offers the record with sequence `next`, which lies at `offset` of its segment. */
  offer(offset: number, bytes: number): void {
    const at = this.#append(state.inFlight)
    this.#offsets[at] = offset
    this.#bytes[at] = bytes
    this.inFlight += 1
    this.inFlightBytes += bytes
  }

  /** Passes over `count` sequences of which there is no record. Answers `false` when they do not fit before others are settled. */
  skip(count: number): boolean {
    if (this.base === this.next) {
      this.base += count
      this.next = this.base
      return true
    }
    if (count > this.room) return false
    for (let i = 0; i < count; i++) this.#append(state.settled)
    this.settledAbove += count
    return true
  }

  /** Answers whether the record was in flight or given back until now. Call {@link advance} afterwards. */
  settle(sequence: number): boolean {
    return this.settleRange(sequence, 1) > 0
  }

  /** As {@link settle}, for `count` records from `first` on; answers how many it was true of. */
  settleRange(first: number, count: number): number {
    const states = this.#states
    const mask = states.length - 1
    const from = Math.max(first, this.base)
    const to = Math.min(first + count, this.next)
    let settled = 0
    for (let sequence = from; sequence < to; sequence++) {
      const at = (this.#head + (sequence - this.base)) & mask
      if (states[at] === state.settled) continue
      if (states[at] === state.inFlight) this.#land(at)
      states[at] = state.settled
      settled += 1
    }
    this.settledAbove += settled
    return settled
  }

  /** Answers whether the record was in flight until now. */
  giveBack(sequence: number): boolean {
    const at = this.#at(sequence)
    if (at < 0 || this.#states[at] !== state.inFlight) return false
    this.#land(at)
    this.#states[at] = state.returned
    return true
  }

  /** Offers a record again. */
  offerAgain(sequence: number): void {
    const at = this.#at(sequence)
    this.#states[at] = state.inFlight
    this.inFlight += 1
    this.inFlightBytes += this.#bytes[at]!
  }

  /** Where a record lies that was offered before. */
  locate(sequence: number): { readonly offset: number; readonly bytes: number } {
    const at = this.#at(sequence)
    return { offset: this.#offsets[at]!, bytes: this.#bytes[at]! }
  }

  /** Where a record stands that was offered before; `ahead` when it was not. */
  standing(sequence: number): "settled" | "in_flight" | "returned" | "ahead" {
    if (sequence >= this.next) return "ahead"
    const found = this.#states[this.#at(sequence)]
    return found === state.inFlight ? "in_flight" : found === state.returned ? "returned" : "settled"
  }

  /** Moves `base` over what is settled; answers whether it moved. */
  advance(): boolean {
    const mask = this.#states.length - 1
    const before = this.base
    while (this.base < this.next && this.#states[this.#head] === state.settled) {
      this.#head = (this.#head + 1) & mask
      this.base += 1
    }
    this.settledAbove -= this.base - before
    return this.base !== before
  }

  #land(at: number): void {
    this.inFlight -= 1
    this.inFlightBytes -= this.#bytes[at]!
  }

  #at(sequence: number): number {
    if (sequence < this.base || sequence >= this.next) return -1
    return (this.#head + (sequence - this.base)) & (this.#states.length - 1)
  }

  #append(as: number): number {
    if (this.next - this.base === this.#states.length) this.#grow()
    const at = (this.#head + (this.next - this.base)) & (this.#states.length - 1)
    this.#states[at] = as
    this.next += 1
    return at
  }

  #grow(): void {
    const capacity = this.#states.length * 2
    this.#states = unroll(this.#states, new Uint8Array(capacity), this.#head)
    this.#offsets = unroll(this.#offsets, new Uint32Array(capacity), this.#head)
    this.#bytes = unroll(this.#bytes, new Uint32Array(capacity), this.#head)
    this.#head = 0
  }
}

function unroll<T extends Uint8Array | Uint32Array>(from: T, to: T, head: number): T {
  to.set(from.subarray(head))
  to.set(from.subarray(0, head), from.length - head)
  return to
}
