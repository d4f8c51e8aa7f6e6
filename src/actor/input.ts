// What inputs add: they make events, may ask to learn of their end, and wait while the queue is full.

import { Invalid } from "../errors.ts"
import type { Encoding, Event } from "../event.ts"
import { fromJson, fromNative } from "../event-codec.ts"
import type { Args, ModuleSpec } from "../spec/spec.ts"
import { Ticket, type TicketOwner } from "../ticket.ts"
import type { Decoder } from "./decoder.ts"
import { Module, type ModuleContext } from "./module.ts"
import { RepeatedWarning } from "./repeated-warning.ts"
import { UnitDecoder } from "./unit-decoder.ts"

/** The arguments every input has. */
interface InputArguments {
  readonly destination: string
  readonly native_events: boolean
}

/** Events that a generator without an interval submits at once. */
const flatOutEvents = 128

/** A module by which events enter the graph. */
export abstract class InputModule<Spec extends ModuleSpec = ModuleSpec> extends Module<Spec> {
  /** For warnings that a stranger can cause at will. */
  protected readonly warnings: RepeatedWarning
  /** What the file's `protocol` decodes with, `null` without one. A stream that is to be decoded as it comes takes one `fresh()` for itself. */
  protected readonly decoder: Decoder | null
  /** Tickets of its events that somebody still waits for. An input that ends alone, while the graph runs on, ends after them. */
  unsettled = 0
  private readonly units: UnitDecoder | null

  constructor(context: ModuleContext) {
    super(context)
    this.warnings = new RepeatedWarning(this.log, this.platform.clock)
    this.decoder = context.decoder
    this.units = context.decoder === null ? null : new UnitDecoder(context.decoder)
  }

  /** Puts an event, or a batch in order, into `queue`. A promise means that the queue is full: await it before making more. */
  readonly submit = (events: Event | readonly Event[], queue = "outbox"): Promise<void> | undefined =>
    this.context.producer.submit(events, queue)

  /** The graph is stopping: take nothing new from outside. What was taken still goes its way. */
  stopTaking(): void | Promise<void> {}

  /** Whether this input will never make another event (standard input at its end). When all inputs have ended, the graph drains and ends. */
  ended(): void {
    this.context.inputEnded()
  }

  /** An event with `value` at `destination`, or, with `native_events`, the whole event that `value` describes. With a `protocol`, text and
   *  bytes are decoded first, and must be one item. @throws Invalid */
  protected incoming(value: unknown): Event {
    const isUnit = this.units !== null && (typeof value === "string" || Buffer.isBuffer(value))
    return this.eventWith(isUnit ? this.onlyItem(Buffer.from(value)) : value)
  }

  /** Events of one unit of bytes (a line, a file, a datagram): without `protocol` just one, with it as many as its decoder finds in the unit,
   *  which may be none. All of them, or, when any of it cannot be decoded, none. @throws Invalid */
  protected incomingUnit(bytes: { chunk: Buffer; start: number; end: number; encoding: Encoding }, timestamp: number): readonly Event[] {
    if (this.units === null) return [this.incomingBytes(bytes, timestamp)]
    const items = this.units.decode(bytes.chunk.subarray(bytes.start, bytes.end))
    return items.map((item) => this.incomingItem(item, timestamp))
  }

  /** The event of one item that a decoder gave. @throws Invalid */
  protected incomingItem(item: unknown, timestamp: number): Event {
    const event = this.eventWith(item)
    if (!(this.args as unknown as InputArguments).native_events) event.timestamp = timestamp
    return event
  }

  private onlyItem(unit: Buffer): unknown {
    const items = this.units?.decode(unit) ?? []
    if (items.length !== 1) throw new Invalid(`the protocol found ${items.length} items where there should be one`, { code: "undecodable" })
    return items[0]
  }

  private eventWith(value: unknown): Event {
    const { destination, native_events } = this.args as unknown as InputArguments
    if (native_events) return fromNative(this.platform.random, this.platform.clock.now() / 1000, value)
    if (destination === "data") return this.event(value)
    const event = this.event(undefined)
    event.set(destination, value)
    return event
  }

  /** An event from bytes: its data as they are where the arguments ask for no more, else decoded and placed. With a `protocol` the bytes must
   *  be one item; see {@link InputModule.incomingUnit}. @throws Invalid */
  protected incomingBytes(bytes: { chunk: Buffer; start: number; end: number; encoding: Encoding }, timestamp: number): Event {
    return this.keepsBytes ? this.eventOfBytes(bytes, timestamp) : this.decodedBytes(bytes, timestamp)
  }

  private decodedBytes(bytes: { chunk: Buffer; start: number; end: number; encoding: Encoding }, timestamp: number): Event {
    const { chunk, start, end } = bytes
    if (this.units !== null) return this.incomingItem(this.onlyItem(chunk.subarray(start, end)), timestamp)
    const { native_events } = this.args as unknown as InputArguments
    return this.incomingItem(
      native_events ? fromJson(chunk.toString("utf8", start, end)) : this.eventOfBytes(bytes, timestamp).data,
      timestamp,
    )
  }

  /** The arguments as their templates give them for `event`; without templates always the same. @throws Invalid */
  protected argsOf(event: Event): Args<Spec> {
    return this.context.actor.args.of(event) as Args<Spec>
  }

  /** Submits what `make` gives: one event every `intervalMs`, the first now; with 0 as fast as the graph takes them, in batches, so that
   *  everything else gets its turn. Goes on until `signal` aborts. When `make` throws, it begins again after two seconds. */
  protected generate(intervalMs: number, signal: AbortSignal, make: () => Event): void {
    const { timers } = this.platform
    this.background(async (submit) => {
      while (!signal.aborted) {
        if (intervalMs > 0) await submit(make())
        else await (submit(Array.from({ length: flatOutEvents }, make)) ?? new Promise<void>((resolve) => timers.immediate(resolve)))
        // Aborted while it slept: the loop's condition sees it.
        if (intervalMs > 0) await timers.sleep(intervalMs, signal).catch(() => undefined)
      }
    })
  }

  /** Whether incoming bytes may simply stay bytes, as the event's data. */
  protected get keepsBytes(): boolean {
    const { destination, native_events } = this.args as unknown as InputArguments
    return destination === "data" && !native_events && this.units === null
  }

  /** Gives `events` one ticket, in order of slots; `owner` is told when all of them are safe or some failed. With `results` the ticket
   *  keeps what became of each branch. */
  protected track(events: readonly Event[], owner: TicketOwner, options?: { readonly results: boolean }): Ticket {
    this.unsettled += 1
    const ticket = new Ticket(new CountedOwner(owner, this), events.length, options)
    for (let slot = 0; slot < events.length; slot++) {
      const event = events[slot] as Event
      event.ticket = ticket
      event.slot = slot
    }
    return ticket
  }

  /** Handles what just arrived at once, instead of at the next turn of the event loop: after a chunk was submitted. */
  protected runNow(): void {
    this.context.runNow()
  }
}

/** Tells the owner, and counts that it was told. */
class CountedOwner implements TicketOwner {
  private readonly owner: TicketOwner
  private readonly input: { unsettled: number }

  constructor(owner: TicketOwner, input: { unsettled: number }) {
    this.owner = owner
    this.input = input
  }

  ticketSettled(ticket: Ticket): void {
    this.input.unsettled -= 1
    this.owner.ticketSettled(ticket)
  }

  ticketDone(ticket: Ticket): void {
    this.owner.ticketDone?.(ticket)
  }
}
