// Serves one in queue with a batch handler. A batch may be settled after the handler returned, in any split and by pieces, while the
// next batch is already being handled; what is taken and not settled is bounded by `inflight`. Order within a batch, and of batches,
// is the order in which the events came.

import type { Failure } from "../errors.ts"
import type { Event } from "../event.ts"
import type { Queue } from "../queue/queue.ts"
import type { Ticket } from "../ticket.ts"
import type { Actor, QueueServer } from "./actor.ts"
import type { Port } from "./port.ts"

/** A handler of many events at once. A throw, or a rejection, fails whatever of the batch is not settled by then. */
export type BatchHandler = (batch: Batch, signal: AbortSignal) => unknown

const batchEvents = 1024
const batchBytes = 256 * 1024

/** Some events in order, to be settled by whoever handles them: each exactly once, as delivered, stored or failed. */
export class Batch {
  readonly events: readonly Event[]
  /** Payload bytes of all events. */
  readonly bytes: number
  private readonly consumer: BatchConsumer
  /** Every event before this index is settled. */
  private next = 0
  /** Settled out of order, at or after `next`; made when the first one is. */
  private settledAhead: Uint8Array | null = null
  private open: number

  constructor(consumer: BatchConsumer, events: readonly Event[], bytes: number) {
    this.consumer = consumer
    this.events = events
    this.bytes = bytes
    this.open = events.length
  }

  /** Events not yet settled. */
  get unsettled(): number {
    return this.open
  }

  /** The arguments as templates give them for the event at `index`. @throws Invalid when a template cannot be rendered. */
  args<Args>(index: number): Args {
    return this.consumer.argsOf(this.events[index] as Event) as Args
  }

  /** The first `count` events not yet settled (all, without `count`) were delivered. */
  delivered(count = this.open): void {
    this.endWell(count, false)
  }

  /** The first `count` events not yet settled (all, without `count`) lie in a durable place. */
  stored(count = this.open): void {
    this.endWell(count, true)
  }

  /** The event at `index` failed. Ignored when it is settled already. */
  failed(index: number, error: unknown): void {
    const event = this.settleAhead(index)
    if (event !== undefined) this.consumer.ends.fail(event, error)
  }

  /** The event at `index` came back to the spool it was read from, and stays there. Ignored when it is settled already. */
  returned(index: number): void {
    const event = this.settleAhead(index)
    if (event !== undefined) this.consumer.ends.giveBack(event)
  }

  /** Everything not yet settled failed, in order. */
  failRest(error: unknown): void {
    for (let index = this.next; this.open > 0 && index < this.events.length; index++) this.failed(index, error)
  }

  /** What is left is lost: the graph ends. Returns the events, no longer counted as taken. */
  abandon(): Event[] {
    const rest = this.events.filter((_, index) => index >= this.next && this.settledAhead?.[index] !== 1)
    this.next = this.events.length
    this.settled(rest.length, 0)
    return rest
  }

  private endWell(count: number, durably: boolean): void {
    // Anything but a whole number of events, from plain JavaScript, is cut to one rather than spoil the books.
    let left = Math.max(0, Math.trunc(Math.min(count, this.open))) || 0
    let bytes = 0
    const from = this.next
    const { settledAhead } = this
    const run = new TicketRun()
    const ended = left
    while (left > 0) {
      const at = this.next++
      if (settledAhead?.[at] === 1) continue
      left -= 1
      const event = this.events[at] as Event
      bytes += event.weight
      this.consumer.endWell(event, durably, run)
    }
    if (this.next > from) this.advance()
    this.settled(ended, bytes)
    run.close()
  }

  /** Settles the event at `index`, before or after others; answers it, or `undefined` when it was settled already. */
  private settleAhead(index: number): Event | undefined {
    const event = this.events[index]
    if (event === undefined || index < this.next || this.settledAhead?.[index] === 1) return undefined
    this.settledAhead ??= new Uint8Array(this.events.length)
    this.settledAhead[index] = 1
    this.advance()
    this.settled(1, event.weight)
    return event
  }

  private advance(): void {
    while (this.settledAhead !== null && this.next < this.events.length && this.settledAhead[this.next] === 1) this.next += 1
  }

  private settled(count: number, bytes: number): void {
    this.open -= count
    this.consumer.settled(this, count, bytes)
  }
}

/** Ends branches of one ticket together: neighbours in a batch mostly came in one batch too. */
export class TicketRun {
  private ticket: Ticket | null = null
  private count = 0

  end(ticket: Ticket): void {
    if (ticket !== this.ticket) {
      this.close()
      this.ticket = ticket
    }
    this.count += 1
  }

  close(): void {
    const { ticket, count } = this
    this.ticket = null
    this.count = 0
    if (ticket !== null && count > 0) ticket.end(count)
  }
}

export class BatchConsumer implements QueueServer {
  readonly queue: Queue
  readonly open = new Set<Batch>()
  /** Its last turn ended because an out queue was full; that queue will wake the actor. */
  blocked = false
  private readonly actor: Actor
  private readonly handler: BatchHandler
  private readonly waits: readonly Port[]
  private readonly inflight: { readonly events: number; readonly bytes: number }
  private events = 0
  private bytes = 0
  /** Calls whose promise has not ended: one at a time keeps the order. */
  active = 0

  constructor(parts: {
    actor: Actor
    queue: Queue
    handler: BatchHandler
    waits: readonly Port[]
    inflight: { readonly events: number; readonly bytes: number }
  }) {
    this.actor = parts.actor
    this.queue = parts.queue
    this.handler = parts.handler
    this.waits = parts.waits
    this.inflight = parts.inflight
  }

  get ends(): Actor["ends"] {
    return this.actor.ends
  }

  get hasWork(): boolean {
    return this.queue.tail !== this.queue.head && this.active === 0 && this.events < this.inflight.events && this.bytes < this.inflight.bytes
  }

  /** Takes one batch and hands it over. */
  turn(): void {
    if (!this.hasRoom()) return
    const batch = this.take()
    this.queue.afterTaking()
    if (batch === undefined) return
    let result: unknown
    try {
      result = this.handler(batch, this.actor.signal)
    } catch (thrown) {
      batch.failRest(thrown)
      return
    }
    if (typeof result === "object" && result !== null && typeof (result as PromiseLike<unknown>).then === "function") this.await(batch, result as PromiseLike<unknown>)
  }

  giveUp(failure: Failure): void {
    for (const batch of [...this.open]) batch.failRest(failure)
  }

  abandon(): Event[] {
    return [...this.open].flatMap((batch) => batch.abandon())
  }

  argsOf(event: Event): unknown {
    const { args } = this.actor
    return args.perEvent === null ? args.fixed : args.of(event)
  }

  /** One event of a batch ended well. Called by {@link Batch}. */
  endWell(event: Event, durably: boolean, run: TicketRun): void {
    const { ends, books } = this.actor
    if (durably) return ends.store(event)
    if (ends.successful.queue !== null) return ends.successful.put(event)
    if (event.ticket === null) books.delivered += 1
    else if (event.ticket.results !== null) ends.deliver(event)
    else {
      books.delivered += 1
      run.end(event.ticket)
    }
  }

  /** `count` events of `batch` are settled. Called by {@link Batch}. */
  settled(batch: Batch, count: number, bytes: number): void {
    this.events -= count
    this.bytes -= bytes
    this.actor.books.inHands -= count
    this.actor.progress += count
    if (batch.unsettled === 0) {
      this.open.delete(batch)
      if (this.open.size === 0) this.bytes = 0
    }
    if (this.queue.tail !== this.queue.head) this.actor.wake()
  }

  private hasRoom(): boolean {
    if (!this.actor.mayTake) return false
    for (const { queue } of this.waits) {
      if (queue === null || !queue.full) continue
      queue.waitForRoom(this.actor)
      this.blocked = true
      return false
    }
    return true
  }

  private take(): Batch | undefined {
    const { queue, actor } = this
    const events: Event[] = []
    const eventsMax = Math.min(batchEvents, this.inflight.events - this.events)
    const bytesMax = Math.min(batchBytes, this.inflight.bytes - this.bytes)
    let bytes = 0
    while (events.length < eventsMax && bytes < bytesMax) {
      const event = queue.shift()
      if (event === undefined) break
      if (--event.ttl <= 0) {
        actor.ends.spent(event)
        continue
      }
      events.push(event)
      bytes += event.weight
    }
    if (events.length === 0) return undefined
    const batch = new Batch(this, events, bytes)
    this.open.add(batch)
    this.events += events.length
    this.bytes += bytes
    actor.books.inHands += events.length
    return batch
  }

  private await(batch: Batch, promise: PromiseLike<unknown>): void {
    this.active += 1
    Promise.resolve(promise).then(
      () => this.called(),
      (thrown: unknown) => {
        batch.failRest(thrown)
        this.called()
      },
    )
  }

  private called(): void {
    this.active -= 1
    this.actor.wake()
  }
}
