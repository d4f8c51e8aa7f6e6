// Offers of an input that can offer again: what lies in a file, and may be read anew. An item is through when its event ended well or lies
// in a durable place. One that failed is offered again after a back-off; when it fails again and again for a reason that will not pass, it
// is given up. The events of one call share one ticket, and the items of it that failed are offered again together. An item of which
// several events are made is through when all of them are.

import type { FailureKind } from "../errors.ts"
import type { Event } from "../event.ts"
import type { Timer, Timers } from "../platform/platform.ts"
import type { Ticket, TicketOwner } from "../ticket.ts"

const firstDelayMs = 1000
const longestDelayMs = 60_000

/** Kinds of failures that pass: those items are offered for ever. */
const passing: ReadonlySet<FailureKind> = new Set<FailureKind>(["transient", "timeout", "overflow", "unstored", "stale"])

/** An item that was given up, and why. */
export interface GivenUp<Item> {
  readonly item: Item
  readonly kind: FailureKind
  readonly error: unknown
}

/** What offers need of their input. */
export interface OffersParts<Item> {
  /** New events for an item, mostly one. What it throws gives the item up at once, as `invalid`. */
  readonly make: (item: Item) => readonly Event[]
  /** Tracks the events and puts them into the queue; a promise means that it is full. */
  readonly submit: (events: readonly Event[], owner: TicketOwner) => Promise<void> | undefined
  readonly timers: Timers
  /** Tries after which an item that fails for a reason of its own is given up. */
  readonly attemptsMax: number
}

/** Every item is told about exactly once, through `done` of its call, unless the graph ends before. */
export class Offers<Item> {
  /** Items that are not through. */
  open = 0
  private readonly parts: OffersParts<Item>
  private readonly waiting = new Set<Timer>()
  private closed = false

  constructor(parts: OffersParts<Item>) {
    this.parts = parts
  }

  /** Offers `items` in order. `done` is called when all of them are through or given up; a promise means that the queue is full. */
  offer(items: readonly Item[], done: (givenUp: readonly GivenUp<Item>[]) => void): Promise<void> | undefined {
    this.open += items.length
    const finish = (givenUp: readonly GivenUp<Item>[]): void => {
      this.open -= items.length
      done(givenUp)
    }
    return this.attempt(items, { attempts: 1, givenUp: [], finish })
  }

  /** Nothing is offered again from here on. */
  close(): void {
    this.closed = true
    for (const timer of this.waiting) timer.cancel()
    this.waiting.clear()
  }

  // `offered` holds for each event the item it was made of.
  private attempt(items: readonly Item[], course: Course<Item>): Promise<void> | undefined {
    const offered: Item[] = []
    const events: Event[] = []
    for (const item of items) {
      for (const event of this.made(item, course)) {
        if (course.attempts > 1) event.meta.offers = course.attempts
        offered.push(item)
        events.push(event)
      }
    }
    if (events.length === 0) {
      course.finish(course.givenUp)
      return undefined
    }
    return this.parts.submit(events, { ticketSettled: (ticket) => this.settled(ticket, offered, course) })
  }

  private made(item: Item, { givenUp }: Course<Item>): readonly Event[] {
    try {
      return this.parts.make(item)
    } catch (error) {
      givenUp.push({ item, kind: "invalid", error })
      return []
    }
  }

  private settled(ticket: Ticket, items: readonly Item[], course: Course<Item>): void {
    const again = new Set<Item>()
    const over = new Set<Item>()
    const failed = [...(ticket.failed?.values() ?? [])].toSorted((one, other) => one.slot - other.slot)
    for (const { slot, kind, error } of failed) {
      // The graph ends: nobody can say what becomes of it, so it counts as not through.
      if (kind === "stopped") return
      const item = items[slot] as Item
      if (course.attempts < this.parts.attemptsMax || passing.has(kind)) again.add(item)
      else if (!over.has(item)) course.givenUp.push({ item, kind, error })
      over.add(item)
    }
    if (again.size === 0) return course.finish(course.givenUp)
    if (this.closed) return
    const delayMs = Math.min(firstDelayMs * 2 ** (course.attempts - 1), longestDelayMs)
    const timer = this.parts.timers.after(
      delayMs,
      () => {
        this.waiting.delete(timer)
        void this.attempt([...again], { ...course, attempts: course.attempts + 1 })
      },
      { background: true },
    )
    this.waiting.add(timer)
  }
}

/** The items of one call on their way. */
interface Course<Item> {
  readonly attempts: number
  readonly givenUp: GivenUp<Item>[]
  readonly finish: (givenUp: readonly GivenUp<Item>[]) => void
}
