// What flow and process modules add: their handlers hand events on, and `submit` there always takes the event.

import type { Event } from "../event.ts"
import type { ModuleSpec } from "../spec/spec.ts"
import { Module, type ModuleContext } from "./module.ts"

/** A module that decides where events go. */
export abstract class FlowModule<Spec extends ModuleSpec = ModuleSpec> extends Module<Spec> {
  /** Hands the event on; do not touch it afterwards. Returns at once and never fails; awaiting it is harmless. */
  readonly submit: (event: Event, queue?: string) => undefined

  constructor(context: ModuleContext) {
    super(context)
    const { actor } = context
    // A closure of its own for each instance: the call site in the module sees one function, and the actor one caller.
    // The name that nearly all use is compared while compiling, where the call is compiled into the handler.
    const { submissions } = actor
    const outbox = actor.ports.get("outbox")
    this.submit = (event, queue = "outbox") =>
      queue === "outbox" && outbox !== undefined ? submissions.submit(event, outbox) : actor.submit(event, queue)
  }
}
