// Both ends of the graph in the bench of the spool, written against the public API alone.

import { type Batch, defineModule, Event, InputModule, OutputModule, type Ticket } from "../../src/index.ts"

const sourceSpec = defineModule({
  name: "bench.input.source",
  summary: "Makes events of one size as fast as they are taken.",
  arguments: {},
  queues: { outbox: { direction: "out", summary: "Events." } },
})

const batchEvents = 1024

export class Source extends InputModule<typeof sourceSpec> {
  static readonly spec = sourceSpec
  safe = 0

  /** Sends `count` events of `size` bytes, pieces of one chunk a batch as an input on a socket makes them. */
  async send(count: number, size: number): Promise<void> {
    const { clock, random } = this.platform
    for (let sent = 0; sent < count; sent += batchEvents) {
      const timestamp = clock.now() / 1000
      const chunk = Buffer.alloc(batchEvents * size, "x")
      const events: Event[] = []
      for (let n = 0; n < batchEvents; n++) {
        events.push(Event.ofBytes(random, timestamp, { chunk, start: n * size, end: (n + 1) * size, encoding: "text" }))
      }
      this.track(events, this)
      await this.submit(events)
    }
  }

  ticketSettled(ticket: Ticket): void {
    if (ticket.failed !== null) throw new Error("an event failed")
    this.safe += batchEvents
  }
}

const sinkSpec = defineModule({
  name: "bench.output.sink",
  summary: "Counts what comes and is done with it.",
  arguments: {},
  queues: { inbox: { direction: "in", summary: "Events." } },
  contract: { acknowledges: "none", waits: { inbox: [] }, failsWithinMs: 0, fails: false, reorders: false, holds: "nothing" },
})

export class Sink extends OutputModule<typeof sinkSpec> {
  static readonly spec = sinkSpec
  override readonly batches = { inbox: (batch: Batch) => this.#take(batch) }
  taken = 0
  bytes = 0

  #take(batch: Batch): void {
    this.taken += batch.events.length
    this.bytes += batch.bytes
    batch.delivered()
  }
}
