// What inputs add: they make events, may ask to learn of their end, and wait while the queue is full.

import type { Encoding, Event } from "../event.ts"
import { fromJson, fromNative } from "../event-codec.ts"
import type { Args, ModuleSpec } from "../spec/spec.ts"
import { Ticket, type TicketOwner } from "../ticket.ts"
import { Module, type ModuleContext } from "./module.ts"
import { RepeatedWarning } from "./repeated-warning.ts"

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

  constructor(context: ModuleContext) {
    super(context)
    this.warnings = new RepeatedWarning(this.log, this.platform.clock)
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

  /** An event with `value` at `destination`, or, with `native_events`, the whole event that `value` describes. @throws Invalid */
  protected incoming(value: unknown): Event {
    const { destination, native_events } = this.args as unknown as InputArguments
    if (native_events) return fromNative(this.platform.random, this.platform.clock.now() / 1000, value)
    if (destination === "data") return this.event(value)
    const event = this.event(undefined)
    event.set(destination, value)
    return event
  }

  /** An event from bytes: its data as they are where the arguments ask for no more, else decoded and placed. @throws Invalid */
  protected incomingBytes(bytes: { chunk: Buffer; start: number; end: number; encoding: Encoding }, timestamp: number): Event {
    const raw = this.eventOfBytes(bytes, timestamp)
    if (this.keepsBytes) return raw
    const { native_events } = this.args as unknown as InputArguments
    const event = this.incoming(native_events ? fromJson(bytes.chunk.toString("utf8", bytes.start, bytes.end)) : raw.data)
    if (!native_events) event.timestamp = timestamp
    return event
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
    return destination === "data" && !native_events
  }

  /** Gives `events` one ticket, in order of slots; `owner` is told when all of them are safe or some failed. */
  protected track(events: readonly Event[], owner: TicketOwner): Ticket {
    const ticket = new Ticket(owner, events.length)
    events.forEach((event, slot) => {
      event.ticket = ticket
      event.slot = slot
    })
    return ticket
  }

  /** Handles what just arrived at once, instead of at the next turn of the event loop: after a chunk was submitted. */
  protected runNow(): void {
    this.context.runNow()
  }
}
