// One call of a misbehaving handler: a short random program of submits, copies, holds, waits, failures. It keeps its own account of
// what must become of the event.

import type { Actor } from "../../src/actor/actor.ts"
import type { FlowModule } from "../../src/actor/flow.ts"
import type { ModuleContext } from "../../src/actor/module.ts"
import { Invalid, TransientError } from "../../src/errors.ts"
import type { Event } from "../../src/event.ts"
import type { SeededRandom } from "../../src/platform/simulated/random.ts"
import type { Profile } from "./chaos-plan.ts"
import { type Load, loadOf, type World } from "./chaos-world.ts"

/** A module with a generator of its own. */
export type Chaotic = FlowModule & { readonly random: SeededRandom }

type Way = "release" | "submit" | "fail"
type Step =
  | { readonly do: "submit" | "again" | "clone" | "fresh"; readonly queue: string }
  | { readonly do: "hold"; readonly way: Way; readonly afterMs: number; readonly queue: string }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "tick" | "throw" | "fail" | "value" | "never" }

const never = new Promise<never>(() => undefined)
const tick = Promise.resolve()

export class Call {
  private readonly module: Chaotic
  private readonly world: World
  private readonly event: Event
  private readonly signal: AbortSignal
  private readonly profile: Profile
  private readonly actor: Actor
  private readonly token: number
  private readonly steps: readonly Step[]
  /** Timers of the synchronous part, armed when it has not thrown. */
  private readonly armed: (() => void)[] = []
  private handedOn = false
  private submitted = false
  private awaited = false

  constructor(module: Chaotic, world: World, event: Event, signal: AbortSignal) {
    this.module = module
    this.world = world
    this.event = event
    this.signal = signal
    this.profile = world.profile(module.name)
    this.actor = (module as unknown as { context: ModuleContext }).context.actor
    world.checkRoom(module.name)
    this.token = world.own(event)
    this.steps = this.draw()
    world.trace(`${module.name} ${loadOf(event).ids.join()} ${this.steps.map((step) => step.do).join(" ")}`)
  }

  /** Plain, or as an async function, whose synchronous part throws by rejecting. */
  run(): unknown {
    if (this.steps.length > 0 && this.module.random.chance(0.3)) return this.asAsync()
    return this.synchronous()
  }

  private async asAsync(): Promise<unknown> {
    return this.synchronous()
  }

  private synchronous(): unknown {
    for (let at = 0; at < this.steps.length; at++) {
      const step = this.steps[at] as Step
      if (step.do === "wait" || step.do === "tick" || step.do === "never") {
        this.arm()
        return this.asynchronous(at)
      }
      if (step.do === "value") return this.finish("value")
      this.take(step)
    }
    return this.finish(undefined)
  }

  private async asynchronous(from: number): Promise<unknown> {
    this.awaited = true
    for (let at = from; at < this.steps.length; at++) {
      const step = this.steps[at] as Step
      if (step.do === "never") await never
      else if (step.do === "tick") await tick
      else if (step.do === "wait") await this.module.platform.timers.sleep(step.ms)
      else if (step.do === "value") return this.finish("value")
      else if (this.signal.aborted) this.late(step)
      else this.take(step)
    }
    return this.finish(undefined)
  }

  /** What the handler returns. If it still has the event, that is the end of it here. */
  private finish(value: unknown): unknown {
    this.arm()
    if (!this.handedOn && !this.signal.aborted) this.over(this.event, value)
    return value
  }

  /** The event ends here, well, or goes to `successful`. */
  private over(event: Event, value: unknown): void {
    if (!this.world.stopping) this.world.checkOwned(event, this.token)
    if (this.isRouted("successful")) return
    if (this.profile.role === "output" || value !== undefined || event.result !== undefined) this.world.deliver(event, true)
  }

  private take(step: Step): void {
    const { module, event, world } = this
    if (!this.handedOn && !world.stopping) world.checkOwned(event, this.token)
    if (step.do === "throw") this.throw()
    else if (step.do === "fresh") module.submit(this.fresh(), step.queue)
    else if (step.do === "again") {
      if (this.submitted) module.submit(event, step.queue)
    } else if (this.handedOn) return
    else if (step.do === "clone") this.submit(event.clone(), step.queue)
    else if (step.do === "submit") {
      this.handedOn = true
      this.submitted = true
      this.submit(event, step.queue)
    } else if (step.do === "fail") {
      this.handedOn = true
      if (!this.isRouted("failed")) this.whenSure(() => world.doom(event))
      module.fail(event, new Invalid("by name"))
    } else if (step.do === "hold") this.hold(step)
  }

  private hold({ way, afterMs, queue }: Extract<Step, { do: "hold" }>): void {
    const { module, event, world } = this
    this.handedOn = true
    module.hold(event)
    this.whenSure(() => {
      module.platform.timers.after(afterMs, () => {
        if (world.stopping && !this.actor.holds.has(event)) return
        world.checkOwned(event, this.token)
        if (!this.actor.holds.has(event)) world.fail(`${loadOf(event).ids.join()} is not held any more`)
        if (way === "submit") this.submit(event, queue)
        else if (way === "release") {
          this.over(event, undefined)
          module.release(event)
        } else {
          if (!this.isRouted("failed")) world.doom(event)
          module.fail(event, new TransientError("held, then failed"))
        }
      })
    })
  }

  /** By name into `failed`, which may lead nowhere, too. */
  private submit(event: Event, queue: string): void {
    if (queue === "failed" && !this.isRouted("failed")) this.whenSure(() => this.world.doom(event))
    this.module.submit(event, queue)
  }

  /** The synchronous part may still throw, and then it was nothing. */
  private whenSure(act: () => void): void {
    if (this.awaited) act()
    else this.armed.push(act)
  }

  private arm(): void {
    for (const act of this.armed.splice(0)) act()
  }

  private throw(): never {
    if ((!this.awaited || !this.handedOn) && !this.isRouted("failed")) this.world.doom(this.event)
    throw this.module.random.chance() ? new TransientError("chaos") : new Invalid("chaos")
  }

  /** Its time is over: what it does with its event must be refused, and counted. */
  private late(step: Step): void {
    const { module, event, actor } = this
    if (this.handedOn) return
    const { late } = actor.calls
    const books = JSON.stringify(actor.books.balance())
    if (step.do === "submit") module.submit(event, step.queue)
    else if (step.do === "clone") module.submit(event.clone(), step.queue)
    else if (step.do === "hold") module.hold(event)
    else if (step.do === "fail") module.fail(event, new Invalid("late"))
    else if (step.do === "throw") throw new Invalid("late")
    else return
    if (actor.calls.late !== late + 1 || JSON.stringify(actor.books.balance()) !== books)
      this.world.fail(`${module.name} did not refuse ${step.do} of ${loadOf(event).ids.join()} after its time`)
  }

  private fresh(): Event {
    const continues = !this.awaited && this.event.ticket !== null
    const event = this.module.event({ ids: continues ? loadOf(this.event).ids : [], owner: 0, text: "fresh" } satisfies Load)
    // After an await the runtime does not know what it was made from.
    if (this.awaited) event.inheritHops(this.event)
    return event
  }

  private isRouted(port: string): boolean {
    return this.actor.port(port).queue !== null
  }

  private draw(): Step[] {
    const { profile } = this
    const { random } = this.module
    if (this.world.isCrowded || !random.chance(profile.wildness))
      return profile.role === "output" ? [] : [{ do: "submit", queue: this.queue() }]
    const steps: Step[] = []
    const count = random.upTo(5)
    for (let at = 0; at < count; at++) steps.push(this.step())
    // Where nothing may vanish the event is handed on in the end, if it has not been before.
    if (profile.keeps && profile.role !== "output") steps.push({ do: "submit", queue: this.queue() })
    // Handlers that linger when they no longer have their event.
    if (random.chance(0.3)) steps.push(this.linger())
    return steps
  }

  private step(): Step {
    const { random } = this.module
    const { calm, keeps, role, stops, timeoutMs } = this.profile
    const outputs = role === "output"
    const choices: (() => Step)[] = [
      () => ({ do: "wait", ms: 1 + random.upTo(40) }),
      () => ({ do: "tick" }),
      () => ({ do: "hold", way: outputs ? "release" : "submit", afterMs: 1 + random.upTo(60), queue: this.queue() }),
    ]
    if (!outputs) {
      choices.push(() => ({ do: "submit", queue: this.queueByName() }))
      choices.push(() => ({ do: random.pick(["again", "clone", "fresh"]), queue: this.queue() }))
    }
    if (!keeps) choices.push(() => ({ do: "value" }))
    if (!calm) {
      choices.push(() => ({ do: "throw" }))
      choices.push(() => ({ do: "fail" }))
      choices.push(() => ({
        do: "hold",
        way: keeps ? "fail" : random.pick<Way>(["release", "submit", "fail"]),
        afterMs: 1 + random.upTo(60),
        queue: this.queue(),
      }))
    }
    if (timeoutMs !== undefined || stops) choices.push(() => this.linger())
    return random.pick(choices as [() => Step, ...(() => Step)[]])()
  }

  /** Longer than its time, or until the graph is stopped, if either will come. */
  private linger(): Step {
    const { random } = this.module
    const { stops, timeoutMs } = this.profile
    if (timeoutMs === undefined && !stops) return { do: "wait", ms: 1 + random.upTo(40) }
    return random.chance(0.2) ? { do: "never" } : { do: "wait", ms: (timeoutMs ?? 0) + random.upTo(timeoutMs === undefined ? 1000 : 60) }
  }

  private queueByName(): string {
    const { calm, keeps } = this.profile
    if (calm || !this.module.random.chance(0.15)) return this.queue()
    return keeps && !this.isRouted("successful") ? "failed" : this.module.random.pick(["failed", "successful"])
  }

  private queue(): string {
    const { outs } = this.profile
    return outs.length === 0 ? "outbox" : this.module.random.pick(outs as [string, ...string[]])
  }
}
