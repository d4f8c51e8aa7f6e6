// What a module is to its author: a light object beside its actor. A module declares itself (`static spec`), names a handler for each in
// queue, and may have hooks. It does not catch what it cannot repair: throwing is how an event reaches `failed`.

import { type Encoding, Event } from "../event.ts"
import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import type { Args, ModuleSpec } from "../spec/spec.ts"
import type { FailedSlot } from "../ticket.ts"
import type { Actor } from "./actor.ts"
import type { Background, BackgroundBody } from "./background.ts"
import type { BatchHandler } from "./batch.ts"
import type { Handler } from "./consumer.ts"
import type { Decoder } from "./decoder.ts"
import type { Encoder } from "./encoder.ts"
import type { Producer } from "./producer.ts"
import type { Template } from "./template.ts"
import { watchEnd } from "./watched-end.ts"

/** What shares a folder, or a count, between instances of one graph: the spools in use. Typed by who provides it. */
export interface ModuleContext {
  readonly actor: Actor
  readonly platform: Platform
  readonly background: Background
  readonly producer: Producer
  /** Things that instances of one graph share, by name (`spools`). */
  readonly shared: ReadonlyMap<string, unknown>
  /** Asks the runtime to run what is ready now, instead of at the next turn of the event loop. */
  readonly runNow: () => void
  /** This input will never make another event. */
  readonly inputEnded: () => void
  /** What the file's `protocol` is: one of the two at most. */
  readonly decoder: Decoder | null
  readonly encoder: Encoder | null
}

/** Handlers by in queue; `"*"` serves every in queue that the routes name. */
export type Handlers = Readonly<Record<string, Handler>>
/** Batch handlers by in queue, likewise. */
export type BatchHandlers = Readonly<Record<string, BatchHandler>>

/** What every kind of module has. Authors extend {@link InputModule}, {@link FlowModule}, {@link ProcessModule} or {@link OutputModule}. */
export abstract class Module<Spec extends ModuleSpec = ModuleSpec> {
  /** One-event handlers by in queue. */
  readonly consumers: Handlers = {}
  /** Batch handlers by in queue. */
  readonly batches: BatchHandlers = {}
  /** The arguments of the file, validated and frozen. Templates that need an event come as the handler's second parameter instead. */
  readonly args: Args<Spec>
  readonly platform: Platform
  readonly log: Log
  /** The instance's name. */
  readonly name: string
  /** Aborted when the instance ends. */
  readonly signal: AbortSignal
  protected readonly context: ModuleContext

  constructor(context: ModuleContext) {
    this.context = context
    const { actor } = context
    this.args = actor.args.fixed as Args<Spec>
    this.platform = context.platform
    this.log = actor.log
    this.name = actor.name
    this.signal = actor.signal
  }

  /** Before events flow: check the world, open what is needed. A throw ends the start of the whole graph. */
  preHook(): void | Promise<void> {}

  /** The graph has drained, or its time is over: close what is open. */
  postHook(): void | Promise<void> {}

  /** The graph is stopping: submit what is held back for a fuller batch. Comes again when something came after all. */
  flush(): void | Promise<void> {}

  /** Other arguments from now on; they differ in nothing but what the spec calls `live`. Must not throw. */
  applyArguments?(args: Args<Spec>): void

  /** The graph is stopping: of what the module keeps for later, offer nothing any more. */
  stopOffering?(): void

  /** Names of the in queues that routes or the module itself made, and of the out queues that are connected. */
  get inQueues(): string[] {
    return [...this.context.actor.queues.keys()]
  }

  get outQueues(): string[] {
    const system = new Set(["successful", "failed", "logs", "metrics"])
    return [...this.context.actor.ports.values()].filter((port) => port.queue !== null && !system.has(port.name)).map((port) => port.name)
  }

  /** A new event with `data`. In a handler it continues the ticket of the event in hand once it is submitted. */
  event(data: unknown): Event {
    const { clock, random } = this.platform
    return new Event(random, clock.now() / 1000, data)
  }

  /** A new event whose data is a piece of `chunk`, decoded when it is first read. One `timestamp` (seconds) serves a batch. */
  eventOfBytes(bytes: { chunk: Buffer; start: number; end: number; encoding: Encoding }, timestamp: number): Event {
    return Event.ofBytes(this.platform.random, timestamp, bytes)
  }

  /** Keeps the event in hand beyond this call, until `release`, `submit`, `fail` or `join`. Counted, bounded by `hold_max`. */
  hold(event: Event): void {
    this.context.actor.submissions.hold(event)
  }

  /** A held event is through: it ends as if its handler had returned now. */
  release(event: Event): void {
    this.context.actor.submissions.release(event)
  }

  /** An event, held or in hand, failed: it leaves on `failed`. */
  fail(event: Event, error: unknown): void {
    this.context.actor.submissions.fail(event, error)
  }

  /** Joins events, held or in hand, into `whole`, an event made for that and then submitted in their stead; their tickets learn from its
   *  end. They stay held until `whole` is submitted. */
  join(members: readonly Event[], whole: Event): void {
    this.context.actor.submissions.join(members, whole)
  }

  /** Tells how the event in hand, and all that is made of it further on, ended: once, when all of it has ended or lies in a durable place,
   *  with what failed or nothing. To be called before the event is submitted. `told` is to be short and must not throw. */
  protected watchEnd(event: Event, told: (failed: FailedSlot | undefined) => void): void {
    watchEnd(event, told)
  }

  /** Makes a template of text from a file that the bootstrap file names. Never of anything that came with an event.
   *  @throws WishboneError `WB_TEMPLATE_SYNTAX` or `WB_TEMPLATE_NAME` */
  protected template(source: string): Template {
    return this.context.actor.args.compile(source)
  }

  /** Runs `body` until the instance ends. When it throws it is logged, counted, and started again after two seconds. */
  background(body: BackgroundBody): void {
    this.context.background.run(body, this.context.producer.submit)
  }
}
