// What is done to the events of an in queue before the instance handles them: `functions: { inbox: [names] }`.
//
// Functions run in order when an event is taken, after its hop is counted and before templated arguments are evaluated. Each use is an
// object of its own. One that throws fails the event, with the kind of what it threw: an event that is half changed does not go on as if
// nothing had happened (Wishbone skipped the function and went on).

import type { Event } from "../event.ts"
import type { FunctionSpec } from "../spec/function.ts"
import type { Args } from "../spec/spec.ts"
import type { ActorArguments } from "./arguments.ts"
import { Part } from "./part.ts"

/**
 * Changes an event in place.
 *
 * @see defineFunction for an example
 */
export abstract class ModuleFunction<Spec extends FunctionSpec = FunctionSpec> extends Part<Spec> {
  /**
   * Changes the event, at once: a function cannot wait. `args` are the arguments as their templates give them for this event.
   *
   * @throws Invalid, or anything: the event fails.
   */
  abstract apply(event: Event, args: Args<Spec>): void
}

/** A function with its arguments, as one in queue uses it. */
export interface FunctionUse {
  readonly apply: (event: Event, args: never) => unknown
  readonly args: ActorArguments
}

/** The functions of one in queue. */
export class QueueFunctions {
  private readonly uses: readonly FunctionUse[]

  constructor(uses: readonly FunctionUse[]) {
    this.uses = uses
  }

  /** Applies them all, in order. @throws whatever one of them throws */
  apply(event: Event): void {
    for (const { apply, args } of this.uses) {
      const result = apply(event, args.of(event) as never)
      if (result !== undefined) refusePromise(result)
    }
  }

  /** Arguments that are evaluated after the functions were applied. So consumers without functions do nothing at all for them. */
  before(args: ActorArguments): ActorArguments {
    const perEvent = (event: Event): object => {
      this.apply(event)
      return args.of(event)
    }
    return { ...args, perEvent, of: perEvent }
  }
}

/** From plain JavaScript an `async` function gets through; its end would come when the event is long gone. */
function refusePromise(result: unknown): void {
  if (typeof (result as PromiseLike<unknown> | null)?.then !== "function") return
  Promise.resolve(result).catch(() => undefined)
  throw new Error("a module function answered with a promise: functions cannot wait")
}
