// Events that enter the graph from outside any handler: inputs and background loops. Here `submit` pushes back: it returns a promise
// while the queue is full, and takes whole batches as long as the queue is below its size.

import { type Event, Standing } from "../event.ts"
import type { Wakeable } from "../queue/queue.ts"
import type { Actor } from "./actor.ts"
import { stoppedFailure } from "./ends.ts"
import type { Port } from "./port.ts"

/** Puts an event, or a batch of events, into an out queue. A promise means the queue is full: await it before you make more. */
export type Submit = (events: Event | readonly Event[], queue?: string) => Promise<void> | undefined

interface Waiting {
  readonly events: Event | readonly Event[]
  readonly resolve: () => void
}

/** Submissions that wait for room behind one port, in order. */
class Line implements Wakeable {
  private readonly port: Port
  private readonly put: (events: Event | readonly Event[], port: Port) => void
  private readonly waiting: Waiting[] = []

  constructor(port: Port, put: (events: Event | readonly Event[], port: Port) => void) {
    this.port = port
    this.put = put
  }

  get length(): number {
    return this.waiting.length
  }

  join(events: Event | readonly Event[]): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ events, resolve })
      this.port.queue?.waitForRoom(this)
    })
  }

  /** There is room again, or the port leads elsewhere by now. */
  wake(): void {
    while (this.waiting.length > 0 && !this.port.full) this.admit()
    if (this.waiting.length > 0) this.port.queue?.waitForRoom(this)
  }

  /** Puts everything in, room or not: the graph ends and must account for it. */
  admitAll(): void {
    while (this.waiting.length > 0) this.admit()
  }

  private admit(): void {
    const next = this.waiting.shift()
    if (next === undefined) return
    this.put(next.events, this.port)
    next.resolve()
  }
}

export class Producer {
  private readonly actor: Actor
  private readonly lines = new Map<Port, Line>()

  constructor(actor: Actor) {
    this.actor = actor
  }

  /** Puts one event or a batch into an out queue, in order. Returns a promise while the queue is full; the events enter when it resolves. */
  readonly submit: Submit = (events, queue = "outbox") => {
    const port = this.actor.port(queue)
    const line = this.lines.get(port)
    if (!port.full && (line === undefined || line.length === 0)) {
      this.put(events, port)
      return undefined
    }
    return this.lineAt(port).join(events)
  }

  /** As {@link submit}, for events read from a durable place: they do not enter the graph anew, and count as in hand until they are put in. */
  readonly submitRestored: Submit = (events, queue = "outbox") => {
    const list: readonly Event[] = Array.isArray(events) ? (events as readonly Event[]) : [events as Event]
    for (const event of list) event.standing = Standing.restored
    this.actor.books.inHands += list.length
    return this.submit(list, queue)
  }

  /** Submissions that wait for room. */
  get waiting(): number {
    let count = 0
    for (const line of this.lines.values()) count += line.length
    return count
  }

  admitAll(): void {
    for (const line of this.lines.values()) line.admitAll()
  }

  /** Ports lead elsewhere: who waited for a queue looks at the one that is there now. */
  rerouted(): void {
    for (const line of this.lines.values()) line.wake()
  }

  /** Nobody submits any more: no queue needs to remember this one. */
  forget(): void {
    for (const [port, line] of this.lines) port.queue?.stopWaiting(line)
  }

  private lineAt(port: Port): Line {
    let line = this.lines.get(port)
    if (line === undefined) {
      line = new Line(port, this.put)
      this.lines.set(port, line)
    }
    return line
  }

  private readonly put = (events: Event | readonly Event[], port: Port): void => {
    if (Array.isArray(events)) for (const event of events as readonly Event[]) this.putOne(event, port)
    else this.putOne(events as Event, port)
  }

  private putOne(event: Event, port: Port): void {
    const { books, ends, submissions } = this.actor
    if (submissions.closed) return this.refuse(event)
    if (event.standing === Standing.fresh) books.in += 1
    else if (event.standing === Standing.restored) books.inHands -= 1
    else {
      this.actor.submit(event, port.name)
      return
    }
    ends.forward(event, port)
  }

  /** The graph has ended: a new event was never taken over, and one that was read from a durable place still lies there. */
  private refuse(event: Event): void {
    const { books, calls, ends } = this.actor
    calls.late += 1
    if (event.standing === Standing.fresh) event.ticket?.fail(event.slot, "stopped", stoppedFailure)
    if (event.standing !== Standing.restored) return
    books.inHands -= 1
    ends.lose(event, "stopped", stoppedFailure)
  }
}
