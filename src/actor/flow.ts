// What flow and process modules add: their handlers hand events on, and `submit` there always takes the event.

import type { Event } from "../event.ts"
import type { ModuleSpec, OutQueue } from "../spec/spec.ts"
import { Module, type ModuleContext } from "./module.ts"

/** Where a module may submit to: the out queues it declares and `successful` and `failed`; any, where it declares `"*"`. */
export type SubmitQueue<Spec> = [ModuleSpec] extends [Spec] ? string : OutQueue<Spec> | "successful" | "failed"

/** Written as a method, so that a module of one spec still counts as a module of any. */
type Submitting<Queue> = { submit(event: Event, queue?: Queue): undefined }["submit"]

/** A module that decides where events go. */
export abstract class FlowModule<Spec extends ModuleSpec = ModuleSpec> extends Module<Spec> {
  /** Hands the event on; do not touch it afterwards. Returns at once and never fails; awaiting it is harmless. */
  readonly submit: Submitting<SubmitQueue<Spec>>

  constructor(context: ModuleContext) {
    super(context)
    const { actor } = context
    // A closure of its own for each instance: the call site in the module sees one function, and the actor one caller.
    // The name that nearly all use is compared while compiling, where the call is compiled into the handler.
    const { submissions } = actor
    const outbox = actor.ports.get("outbox")
    this.submit = (event: Event, queue: string = "outbox") =>
      queue === "outbox" && outbox !== undefined ? submissions.submit(event, outbox) : actor.submit(event, queue)
  }

  /** Takes no events until {@link FlowModule.resumeTaking}; what is taken already goes its way. In a handler: this event is the last. */
  protected pauseTaking(): void {
    this.context.actor.pause()
  }

  protected resumeTaking(): void {
    this.context.actor.resume()
  }
}
