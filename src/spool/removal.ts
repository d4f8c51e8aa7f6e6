// One removal of records by hand, within the reader: finds out which can go, writes that down for good, and then lets them go.

import type { SpoolDirectory } from "./directory.ts"
import { RangeCollector, type SequenceRanges } from "./ranges.ts"
import { writeRemoved } from "./removed.ts"
import type { Window } from "./window.ts"

export interface RemovalParts {
  readonly directory: SpoolDirectory
  readonly window: Window
  /** Whether a record is being moved to quarantine at this moment. */
  readonly isLeaving: (sequence: number) => boolean
}

export class Removal {
  /** What is to go. */
  readonly going: SequenceRanges
  /** Wanted, but on the way through the graph. */
  readonly inFlight: number
  readonly #directory: SpoolDirectory
  readonly #window: Window
  /** The part of `going` that was offered before. */
  readonly #offered: SequenceRanges

  constructor({ directory, window, isLeaving }: RemovalParts, wanted: SequenceRanges) {
    this.#directory = directory
    this.#window = window
    const offered = new RangeCollector()
    let inFlight = 0
    for (const [first, next] of wanted.within(window.base, window.next).list) {
      for (let sequence = first; sequence < next; sequence++) {
        const standing = window.standing(sequence)
        if (standing === "in_flight" || isLeaving(sequence)) inFlight += 1
        else if (standing === "returned") offered.add(sequence)
      }
    }
    this.inFlight = inFlight
    this.#offered = offered.take()
    const ahead = wanted.within(window.next, directory.nextSequence).without(directory.removed)
    this.going = this.#offered.union(ahead)
  }

  /** Resolves when the disk knows; what is settled by now is left out. */
  async write(): Promise<void> {
    const { platform, path, uuid, lowest, removed } = this.#directory
    const ranges = removed.within(lowest, Number.POSITIVE_INFINITY).union(this.going)
    await writeRemoved(platform.files, path, { uuid, ranges })
    this.#directory.removed = ranges
  }

  /** Lets them go. What lies ahead is passed over when the reader comes to it. */
  apply(forget: (sequence: number) => void): void {
    const { removed } = this.#directory
    for (const [first, next] of this.#offered.list) {
      for (let sequence = first; sequence < next; sequence++) {
        forget(sequence)
        this.#window.settle(sequence)
      }
    }
    this.#directory.removedAhead = removed.within(this.#window.next, Number.POSITIVE_INFINITY).count
  }
}
