// Ends events of one batch in any order. A batch itself lets its first unsettled events end well; requests that run side by side, or go
// to several places, end as they please. What ended well behind something that is still open is remembered until its turn has come.

import type { Event } from "../event.ts"
import type { Batch } from "./batch.ts"

const open = 0
const well = 1
const over = 2

export class BatchEnds {
  private readonly batch: Batch
  private readonly duplicated: (count: number) => void
  private readonly states: Uint8Array
  private next = 0

  /** `duplicated` hears of events that arrived after they had been failed, as a stop had lost patience: they will be sent again. */
  constructor(batch: Batch, duplicated: (count: number) => void) {
    this.batch = batch
    this.duplicated = duplicated
    this.states = new Uint8Array(batch.events.length)
  }

  /** All of it was settled by somebody else: the events are not ours any more. */
  get isOver(): boolean {
    return this.batch.unsettled === 0
  }

  event(index: number): Event {
    return this.batch.events[index] as Event
  }

  /** The arguments as templates give them for the event at `index`. @throws Invalid when a template cannot be rendered. */
  args<Args>(index: number): Args {
    return this.batch.args(index)
  }

  delivered(indexes: readonly number[]): void {
    if (this.isOver) return this.duplicated(indexes.length)
    for (const index of indexes) this.states[index] = well
    this.advance()
  }

  failed(index: number, error: unknown): void {
    this.states[index] = over
    this.batch.failed(index, error)
    this.advance()
  }

  private advance(): void {
    let count = 0
    for (; this.next < this.states.length && this.states[this.next] !== open; this.next++) if (this.states[this.next] === well) count += 1
    if (count > 0) this.batch.delivered(count)
  }
}
