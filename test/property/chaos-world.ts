// What a random graph must keep true, known from outside the runtime: who has which event in hand, what was delivered, which slots
// cannot be safe, where no event may be twice. The modules tell it what they do; it looks into queues and holds after every step.

import type { Actor } from "../../src/actor/actor.ts"
import type { Event } from "../../src/event.ts"
import { Ledger } from "../../src/ledger.ts"
import { type Result, Ticket, type TicketOwner } from "../../src/ticket.ts"
import type { Chaos, InputProfile, Profile } from "./chaos-plan.ts"

/** The payload of every event: which slots of which tickets it stands for, and who has it. */
export interface Load {
  readonly ids: readonly string[]
  owner: number
  readonly text: string
}

export const loadOf = (event: Event): Load => event.data as Load

/** One ticket of an input, and what it was told. */
export class Watched implements TicketOwner {
  readonly ids: readonly string[]
  ticket: Ticket | undefined
  settled = 0
  done = 0
  results: readonly Result[] | null = null
  private readonly world: World

  constructor(world: World, ids: readonly string[]) {
    this.world = world
    this.ids = ids
  }

  ticketSettled(ticket: Ticket): void {
    this.settled += 1
    this.world.trace(`settled ${this.ids[0]} ${[...(ticket.failed?.values() ?? [])].map(({ slot, kind }) => `${slot}:${kind}`).join(" ")}`)
    if (ticket.open !== 0) this.world.fail(`the ticket of ${this.ids.join()} was told with ${ticket.open} branches open`)
  }

  ticketDone(ticket: Ticket): void {
    this.done += 1
    this.results = ticket.results
    if (this.settled !== 1) this.world.fail(`the ticket of ${this.ids.join()} was done before it was settled`)
  }

  /** Whether the slot of `id` failed. */
  failed(id: string): boolean {
    return this.ticket?.hasFailed(this.ids.indexOf(id)) === true
  }
}

/** A certain number, and how many more there may be because the graph was stopping. */
export interface Range {
  sure: number
  maybe: number
}

export class World {
  readonly chaos: Chaos
  readonly actors = new Map<string, Actor>()
  readonly watched = new Map<string, Watched>()
  readonly tickets: Watched[] = []
  readonly ledger = new Ledger()
  /** Inputs that have made all their events. */
  inputsDone = 0
  /** The graph is stopping: whatever modules do may come too late. */
  stopping = false
  readonly delivered: Range = { sure: 0, maybe: 0 }
  readonly lines: string[] = []
  private readonly traces: boolean
  private problem: Error | undefined
  private tokens = 0
  private readonly arrived = new Set<string>()
  private readonly doomed = new Set<string>()
  private readonly deliveredById = new Map<string, number>()
  private readonly joinedIds = new Set<string>()

  constructor(chaos: Chaos, traces: boolean) {
    this.chaos = chaos
    this.traces = traces
  }

  /** Something is not as it must be. Thrown in a handler that would only fail its event, so the next check throws it again. */
  fail(problem: string): never {
    this.problem ??= new Error(problem)
    throw this.problem
  }

  trace(line: string): void {
    if (this.traces) this.lines.push(line)
  }

  profile(name: string): Profile | InputProfile {
    return this.chaos.profiles.get(name) as Profile | InputProfile
  }

  /** Watches an instance from its making on. */
  adopt(actor: Actor): void {
    this.actors.set(actor.name, actor)
    this.ledger.open(actor.name, actor.books)
    const overflowed = actor.overflowed.bind(actor)
    actor.overflowed = (event) => {
      this.trace(`${actor.name} overflow ${loadOf(event).ids.join()}`)
      this.doom(event)
      overflowed(event)
    }
  }

  watch(ids: readonly string[], results: boolean): Ticket {
    const watched = new Watched(this, ids)
    const ticket = new Ticket(watched, ids.length, { results })
    watched.ticket = ticket
    this.tickets.push(watched)
    for (const id of ids) this.watched.set(id, watched)
    return ticket
  }

  // What the modules tell.

  /** Somebody has the event in hand now: nobody else may. */
  own(event: Event): number {
    this.tokens += 1
    loadOf(event).owner = this.tokens
    this.trace(`owner ${this.tokens}`)
    return this.tokens
  }

  checkOwned(event: Event, token: number): void {
    const { ids, owner } = loadOf(event)
    if (owner !== token) this.fail(`event ${ids.join()} has two owners: two objects share their data, or one object is in two places`)
  }

  /** So much has happened that copies had better not be made any more. */
  get isCrowded(): boolean {
    return this.tokens > 2000
  }

  /** A consumer may take only while every queue it waits for has room. (What a batch leaves out, its hops being spent, may fill `failed`.) */
  checkRoom(name: string): void {
    const { role } = this.profile(name)
    for (const { queue, outside, name: port } of this.actor(name).ports.values()) {
      if (queue === null || outside || queue.drops || (role === "batch" && port === "failed")) continue
      if (queue.full) this.fail(`${name} took an event although ${name}.${port} leads into a full queue`)
    }
  }

  /** This branch ends well at a handler. `sure`: nothing could have come before it. */
  deliver(event: Event, sure: boolean): void {
    const certain = sure && !this.stopping
    this.delivered[certain ? "sure" : "maybe"] += 1
    this.trace(`delivered ${loadOf(event).ids.join()} by ${loadOf(event).owner}`)
    this.arrive(event)
    if (!certain || event.ticket === null) return
    for (const id of loadOf(event).ids) this.deliveredById.set(id, (this.deliveredById.get(id) ?? 0) + 1)
  }

  arrive(event: Event): void {
    for (const id of loadOf(event).ids) this.arrived.add(id)
  }

  /** A branch of these slots ends badly: they must not be told safe. */
  doom(event: Event): void {
    if (event.ticket !== null && !event.ticket.settled) for (const id of loadOf(event).ids) this.doomed.add(id)
  }

  joined(members: readonly Event[]): readonly string[] {
    const ids = members.filter(({ ticket }) => ticket !== null).flatMap((event) => loadOf(event).ids)
    for (const id of ids) this.joinedIds.add(id)
    return ids
  }

  // What must be true after every step.

  checkStep(): void {
    if (this.problem !== undefined) throw this.problem
    const wrong = this.ledger.imbalances()
    if (wrong.length > 0) this.fail(`the books do not balance: ${JSON.stringify(wrong)}`)
    const seen = new Set<Event>()
    const visit = (event: Event): void => {
      const { ids } = loadOf(event)
      if (seen.has(event)) this.fail(`one object of ${ids.join()} is in two places`)
      seen.add(event)
      if (event.ticket?.settled === true) this.fail(`${ids.join()} is on its way although its ticket was told`)
      if (event.ticket === null && ids.some((id) => this.awaits(id))) this.fail(`${ids.join()} is on its way without its ticket`)
    }
    for (const actor of this.actors.values()) {
      for (const queue of actor.queues.values()) {
        if (queue.length === 0) continue
        queue.each(visit)
        if (queue.length > this.mostIn(actor, queue.size))
          this.fail(`${queue.name} holds ${queue.length} events, its size is ${queue.size}`)
      }
      if (actor.holds.count > 0) actor.holds.list().forEach(visit)
    }
  }

  /** Whether somebody waits for the end of this slot, and of nothing that was joined to it. */
  private awaits(id: string): boolean {
    return this.watched.get(id)?.settled === 0 && !this.joinedIds.has(id)
  }

  /** Size less one, and what the calls that were under way may have added: of one call, of a batch, of everything held. */
  private mostIn(actor: Actor, size: number): number {
    let most = size - 1
    for (const route of this.chaos.plan.routes) {
      if (route.destination.instance !== actor.name) continue
      const { role, holdMax } = this.profile(route.source.instance)
      if (role === "back") return Number.POSITIVE_INFINITY
      const calls = this.actor(route.source.instance).plan.consumers.max
      most += role === "input" ? 5 : role === "batch" ? 1024 : calls * 8 + holdMax + calls
    }
    return most
  }

  /** Whether nothing is on its way anywhere. */
  get isEmpty(): boolean {
    for (const { books, holds, queues } of this.actors.values()) {
      if (books.inHands > 0 || holds.count > 0) return false
      for (const queue of queues.values()) if (queue.length > 0) return false
    }
    return true
  }

  // What must be true in the end.

  checkEnd(): void {
    if (this.problem !== undefined) throw this.problem
    const report = this.ledger.report()
    if (report.in_flight !== 0 || report.held !== 0) this.fail(`something is left: ${JSON.stringify(report)}`)
    const { sure, maybe } = this.delivered
    if (report.delivered < sure || report.delivered > sure + maybe)
      this.fail(`${report.delivered} events count as delivered, handlers know of ${sure} and perhaps ${maybe} more`)
    const dropped = [...this.actors.values()].flatMap(({ queues }) => [...queues.values()]).reduce((sum, queue) => sum + queue.dropped, 0)
    if (report.dropped.overflow !== dropped) this.fail(`queues dropped ${dropped} events, the books say ${report.dropped.overflow}`)
    for (const watched of this.tickets) this.checkTicket(watched)
    if (this.chaos.calm && (report.failed > 0 || report.lost > 0))
      this.fail(`nothing fails in this graph, and yet: ${JSON.stringify(report)}`)
  }

  private checkTicket(watched: Watched): void {
    const { ids, settled, done } = watched
    if (settled !== 1 || done !== 1) this.fail(`the ticket of ${ids.join()} was told settled ${settled} times, done ${done} times`)
    for (const id of ids) {
      const failed = watched.failed(id)
      if (!failed && this.doomed.has(id)) this.fail(`${id} is safe although a branch of it ended badly`)
      if (!failed && this.chaos.keeps && !this.arrived.has(id)) this.fail(`${id} is safe although it arrived nowhere`)
      if (failed && this.chaos.calm) this.fail(`${id} failed although nothing fails in this graph`)
      this.checkResults(watched, id)
    }
  }

  /** Results say what handlers know. Of joined events they say how the whole ended. */
  private checkResults({ results, ids }: Watched, id: string): void {
    if (results === null || this.joinedIds.has(id) || this.stopping) return
    const slot = ids.indexOf(id)
    const told = results.filter((result) => result.slot === slot && result.ok && result.delivered).length
    const known = this.deliveredById.get(id) ?? 0
    if (told !== known) this.fail(`the results of ${id} tell of ${told} deliveries, handlers of ${known}`)
  }

  private actor(name: string): Actor {
    return this.actors.get(name) as Actor
  }
}
