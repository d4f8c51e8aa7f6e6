// Serves one in queue with a batch handler. A batch may be settled after the handler returned, in any split and by pieces, while the
// next batch is already being handled; what is taken and not settled is bounded by `inflight`. Order within a batch, and of batches,
// is the order in which the events came.

import type { Failure } from "../errors.ts"
import type { Event, UuidSource } from "../event.ts"
import type { Queue } from "../queue/queue.ts"
import type { Ticket } from "../ticket.ts"
import type { Actor, QueueServer } from "./actor.ts"
import type { QueueFunctions } from "./module-function.ts"
import type { Port } from "./port.ts"
import { ReleasedEvents, type SentBytes } from "./released.ts"

/** A handler of many events at once. A throw, or a rejection, fails whatever of the batch is not settled by then. */
export type BatchHandler = (batch: Batch, signal: AbortSignal) => unknown

const batchEvents = 1024
const batchBytes = 256 * 1024
const noEvents: readonly Event[] = []

/** Some events in order, to be settled by whoever handles them: each exactly once, as delivered, stored or failed. */
export class Batch {
  /** Payload bytes of all events. */
  readonly bytes: number
  private readonly consumer: BatchConsumer
  private readonly size: number
  private list: readonly Event[]
  /** In place of `list` once the batch was released. */
  private released: ReleasedEvents | null = null
  /** Every event before this index is settled. */
  private next = 0
  /** Settled out of order, at or after `next`; made when the first one is. */
  private settledAhead: Uint8Array | null = null
  private open: number

  constructor(consumer: BatchConsumer, events: readonly Event[], bytes: number) {
    this.consumer = consumer
    this.size = events.length
    this.list = events
    this.bytes = bytes
    this.open = events.length
  }

  /** The events in order; none any more once the batch was released. */
  get events(): readonly Event[] {
    return this.list
  }

  /** Events not yet settled. */
  get unsettled(): number {
    return this.open
  }

  /** The arguments as templates give them for the event at `index`. @throws Invalid when a template cannot be rendered. */
  args<Args>(index: number): Args {
    return this.consumer.argsOf(this.list[index] as Event) as Args
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
    const event = this.take(index)
    if (event !== undefined) this.consumer.ends.fail(event, error)
  }

  /** The event at `index` came back to the spool it was read from, and stays there. Ignored when it is settled already. */
  returned(index: number): void {
    const event = this.take(index)
    if (event !== undefined) this.consumer.ends.giveBack(event)
  }

  /** Everything not yet settled failed, in order. */
  failRest(error: unknown): void {
    for (let index = this.next; this.open > 0 && index < this.size; index++) this.failed(index, error)
  }

  /** All bytes were sent and only wait to be confirmed: from here on the caller bounds them, not `inflight`. Events that are no more than
   *  their bytes are let go of and built anew when one of them is needed. With `copies` {@link Batch.offerAgain} will be possible.
   *  Answers how many events had to be kept. To be called once. */
  release(sent: SentBytes, options?: { readonly copies: boolean }): number {
    const of = { events: this.list, settled: this.settledAhead, copies: options?.copies === true }
    this.released = new ReleasedEvents(this.consumer.source, sent, of)
    this.consumer.releasing(this.list, this.settledAhead, this.open)
    this.list = noEvents
    return this.released.kept
  }

  /** Whether the bytes the batch was released with may be written over, now that all of it is settled. */
  get isThrough(): boolean {
    return this.open === 0 && this.released !== null && !this.released.lent
  }

  /** What ended well is offered again on `failed`, in order, as copies: it may not have arrived after all. Answers how many those are. */
  offerAgain(error: unknown): number {
    const { released, settledAhead, consumer } = this
    let count = 0
    for (let index = 0; released !== null && index < this.next; index++) {
      if (settledAhead?.[index] === 1) continue
      consumer.offerAgain(released.copyAt(index), error)
      count += 1
    }
    return count
  }

  /** What is left is lost: the graph ends. Returns the events, no longer counted as taken. */
  abandon(): Event[] {
    const rest: Event[] = []
    for (let index = this.next; index < this.size; index++) if (this.settledAhead?.[index] !== 1) rest.push(this.at(index))
    this.next = this.size
    this.settled(rest.length, 0)
    this.released = null
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
      if (this.released !== null) this.endReleased(this.released, at, durably, run)
      else {
        const event = this.list[at] as Event
        bytes += event.weight
        this.consumer.endWell(event, durably, run)
      }
    }
    if (this.next > from) this.advance()
    this.settled(ended, bytes)
    run.close()
  }

  /** The event at `index` is the caller's from now on, who ends it otherwise; `undefined` when it is settled already. */
  take(index: number): Event | undefined {
    if (!(index >= this.next && index < this.size) || this.settledAhead?.[index] === 1) return undefined
    const event = this.at(index)
    this.settledAhead ??= new Uint8Array(this.size)
    this.settledAhead[index] = 1
    this.advance()
    this.settled(1, event.weight)
    return event
  }

  private advance(): void {
    while (this.settledAhead !== null && this.next < this.size && this.settledAhead[this.next] === 1) this.next += 1
  }

  private settled(count: number, bytes: number): void {
    this.open -= count
    this.consumer.settled(this, count, this.released === null ? bytes : null)
  }

  private at(index: number): Event {
    return this.released === null ? (this.list[index] as Event) : this.released.at(index)
  }

  private endReleased(released: ReleasedEvents, index: number, durably: boolean, run: TicketRun): void {
    const ticket = durably || this.consumer.needsEvents ? undefined : released.ticketAt(index)
    if (ticket === undefined || (ticket !== null && ticket.results !== null)) this.consumer.endWell(released.at(index), durably, run)
    else this.consumer.endPlainly(ticket, run)
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
  waits: readonly Port[]
  private readonly inflight: { readonly events: number; readonly bytes: number }
  private readonly functions: QueueFunctions | null
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
    functions?: QueueFunctions | undefined
  }) {
    this.actor = parts.actor
    this.queue = parts.queue
    this.handler = parts.handler
    this.waits = parts.waits
    this.inflight = parts.inflight
    this.functions = parts.functions ?? null
  }

  get ends(): Actor["ends"] {
    return this.actor.ends
  }

  get hasWork(): boolean {
    return (
      this.queue.tail !== this.queue.head && this.active === 0 && this.events < this.inflight.events && this.bytes < this.inflight.bytes
    )
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
    if (typeof result === "object" && result !== null && typeof (result as PromiseLike<unknown>).then === "function")
      this.await(batch, result as PromiseLike<unknown>)
  }

  giveUp(failure: Failure): void {
    for (const batch of Array.from(this.open)) batch.failRest(failure)
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
    const { ends } = this.actor
    const { ticket } = event
    const wantsResult = ticket !== null && ticket.results !== null
    if (durably) return ticket === null || wantsResult ? ends.store(event) : run.end(ticket)
    if (ends.successful.queue !== null) return ends.successful.put(event)
    if (wantsResult) return ends.deliver(event)
    this.endPlainly(ticket, run)
  }

  /** One event ended well of which nobody needs more than its ticket. Called by {@link Batch}. */
  endPlainly(ticket: Ticket | null, run: TicketRun): void {
    this.actor.books.delivered += 1
    if (ticket !== null) run.end(ticket)
  }

  /** What ends well goes on to somebody. */
  get needsEvents(): boolean {
    return this.actor.ends.successful.queue !== null
  }

  /** Makes uuids of events that are built anew. */
  get source(): UuidSource {
    return this.actor.platform.random
  }

  /** Another branch of an event that had ended well fails. Called by {@link Batch}. */
  offerAgain(copy: Event, error: unknown): void {
    this.ends.branch(copy)
    this.ends.fail(copy, error)
  }

  /** What is left of a batch counts against `inflight` no more. Called by {@link Batch}. */
  releasing(events: readonly Event[], settled: Uint8Array | null, count: number): void {
    this.events -= count
    this.actor.released += count
    for (let at = 0; at < events.length; at++) if (settled?.[at] !== 1) this.bytes -= (events[at] as Event).weight
  }

  /** `count` events of `batch` are settled; `bytes` is null for a batch that was released. Called by {@link Batch}. */
  settled(batch: Batch, count: number, bytes: number | null): void {
    if (bytes === null) this.actor.released -= count
    else {
      this.events -= count
      this.bytes -= bytes
    }
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
    if (this.functions !== null) bytes = this.applyFunctions(events, this.functions)
    if (events.length === 0) return undefined
    const batch = new Batch(this, events, bytes)
    this.open.add(batch)
    this.events += events.length
    this.bytes += bytes
    actor.books.inHands += events.length
    return batch
  }

  /** Applies the functions of the queue; what one of them fails leaves the list. Answers the bytes of what is left, as it is now. */
  private applyFunctions(events: Event[], functions: QueueFunctions): number {
    let kept = 0
    let bytes = 0
    for (const event of events) {
      try {
        functions.apply(event)
      } catch (thrown) {
        this.ends.fail(event, thrown)
        continue
      }
      events[kept++] = event
      bytes += event.weight
    }
    events.length = kept
    return bytes
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
