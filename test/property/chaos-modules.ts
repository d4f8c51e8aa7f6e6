// Modules that do everything a module may do, and some things it should not, as a seeded generator decides.

import type { Batch } from "../../src/actor/batch.ts"
import { FlowModule } from "../../src/actor/flow.ts"
import { InputModule } from "../../src/actor/input.ts"
import type { ModuleContext } from "../../src/actor/module.ts"
import { OutputModule } from "../../src/actor/output.ts"
import { Invalid, TransientError } from "../../src/errors.ts"
import type { Event } from "../../src/event.ts"
import { SeededRandom } from "../../src/platform/simulated/random.ts"
import { componentOf, createRegistry, type ModuleClass, type Registry } from "../../src/router/registry.ts"
import { defineModule } from "../../src/spec/define.ts"
import { Call } from "./chaos-call.ts"
import type { InputProfile } from "./chaos-plan.ts"
import { type Load, loadOf, type World } from "./chaos-world.ts"

const ins = {
  inbox: { direction: "in", summary: "Events." },
  second: { direction: "in", summary: "Events." },
  "*": { direction: "in", summary: "Events." },
} as const
const contract = { acknowledges: "none", failsWithinMs: 0, reorders: true, holds: "memory" } as const

/** The modules of one run. They share the world they tell what they do. */
export function chaosModules(world: World): Registry {
  const flowSpec = defineModule({
    name: "chaos.flow.flow",
    summary: "Misbehaves.",
    arguments: {},
    queues: {
      ...ins,
      a: { direction: "out", summary: "Out." },
      b: { direction: "out", summary: "Out." },
      c: { direction: "out", summary: "Out." },
    },
    contract,
  })
  const outputSpec = defineModule({ name: "chaos.output.output", summary: "Misbehaves.", arguments: {}, queues: ins, contract })
  const batchSpec = defineModule({ name: "chaos.output.batch", summary: "Misbehaves.", arguments: {}, queues: ins, contract })
  const holding = { ...ins, a: { direction: "out", summary: "Out." } } as const
  const delaySpec = defineModule({ name: "chaos.flow.delay", summary: "Delays.", arguments: {}, queues: holding, contract })
  const backSpec = defineModule({
    name: "chaos.flow.back",
    summary: "Delays what goes round.",
    arguments: {},
    queues: holding,
    contract: { ...contract, waits: { inbox: [], second: [], "*": [] }, delays: true },
  })
  const packSpec = defineModule({ name: "chaos.flow.pack", summary: "Packs.", arguments: {}, queues: holding, contract })
  const inputSpec = defineModule({
    name: "chaos.input.input",
    summary: "Makes events.",
    arguments: {},
    queues: { outbox: { direction: "out", summary: "Out." } },
  })

  class ChaosFlow extends FlowModule<typeof flowSpec> {
    static readonly spec = flowSpec
    readonly random = randomOf(world, this.name)
    override readonly consumers = { "*": (event: Event, _args: never, signal: AbortSignal) => new Call(this, world, event, signal).run() }

    constructor(context: ModuleContext) {
      super(context)
      world.adopt(context.actor)
    }
  }

  class ChaosOutput extends OutputModule<typeof outputSpec> {
    static readonly spec = outputSpec
    readonly random = randomOf(world, this.name)
    override readonly consumers = {
      "*": (event: Event, _args: never, signal: AbortSignal) => {
        if (this.random.chance(world.profile(this.name).wildness / 10)) this.#shut()
        return new Call(this, world, event, signal).run()
      },
    }

    constructor(context: ModuleContext) {
      super(context)
      world.adopt(context.actor)
    }

    /** As without a connection: takes nothing for a while. */
    #shut(): void {
      this.pauseTaking()
      this.platform.timers.after(1 + this.random.upTo(100), () => this.resumeTaking())
    }
  }

  class ChaosBatch extends OutputModule<typeof batchSpec> {
    static readonly spec = batchSpec
    readonly random = randomOf(world, this.name)
    override readonly batches = { "*": (batch: Batch) => this.#take(batch) }

    constructor(context: ModuleContext) {
      super(context)
      world.adopt(context.actor)
    }

    #take(batch: Batch): unknown {
      world.checkRoom(this.name)
      const tokens = batch.events.map((event) => world.own(event))
      const settle = new Settlement(this, world, batch)
      world.trace(`${this.name} batch ${batch.events.map((event) => loadOf(event).ids.join()).join(" ")}`)
      const { random } = this
      const wild = random.chance(world.profile(this.name).wildness)
      if (!wild) return settle.delivered(batch.events.length)
      if (random.chance(0.3)) settle.piece()
      if (random.chance(0.15) && !world.profile(this.name).calm) {
        settle.failRest()
        throw new Invalid("batch")
      }
      if (random.chance(0.5)) return void this.#later(settle, tokens, false)
      return this.#later(settle, tokens, random.chance(0.2) && !world.profile(this.name).calm)
    }

    /** Settles by pieces, and what is left in the end; or the call rejects, which fails what is left. */
    async #later(settle: Settlement, tokens: readonly number[], rejects: boolean): Promise<void> {
      const { random, platform } = this
      while (settle.unsettled > 0) {
        await platform.timers.sleep(1 + random.upTo(60))
        settle.checkOwned(tokens)
        if (rejects && random.chance(0.5)) {
          settle.failRest()
          throw new Invalid("batch")
        }
        if (random.chance(0.7)) settle.piece()
        else settle.delivered(settle.unsettled)
      }
    }
  }

  class ChaosDelay extends FlowModule<typeof delaySpec> {
    static readonly spec = delaySpec
    readonly #random = randomOf(world, this.name)
    override readonly consumers = { "*": (event: Event) => this.#delay(event) }

    constructor(context: ModuleContext) {
      super(context)
      world.adopt(context.actor)
    }

    #delay(event: Event): void {
      if (world.profile(this.name).role === "delay") world.checkRoom(this.name)
      const token = world.own(event)
      this.hold(event)
      this.platform.timers.after(1 + this.#random.upTo(30), () => {
        if (!world.stopping) world.checkOwned(event, token)
        this.submit(event, "a")
      })
    }
  }

  class ChaosBack extends ChaosDelay {
    static override readonly spec = backSpec as unknown as typeof delaySpec
  }

  class ChaosPack extends FlowModule<typeof packSpec> {
    static readonly spec = packSpec
    readonly #random = randomOf(world, this.name)
    readonly #most = 1 + this.#random.upTo(world.profile(this.name).holdMax - 1)
    #members: Event[] = []
    override readonly consumers = { "*": (event: Event) => this.#pack(event) }

    constructor(context: ModuleContext) {
      super(context)
      world.adopt(context.actor)
    }

    #pack(event: Event): void {
      world.checkRoom(this.name)
      world.own(event)
      const { calm, wildness } = world.profile(this.name)
      const members = [...this.#members, event]
      if (members.length < this.#most) {
        this.hold(event)
        this.#members = members
        this.platform.timers.after(50, () => this.flush())
        return
      }
      const fails = !calm && this.#random.chance(wildness / 3)
      if (fails && this.actorFailed) world.doom(event)
      // What the join would have ended stays held when the call throws.
      const whole = this.event({ ids: fails ? [] : world.joined(members), owner: 0, text: "" } satisfies Load)
      this.join(members, whole)
      if (this.#random.chance(0.3)) this.submit(whole.clone(), "a")
      this.submit(whole, "a")
      if (fails) throw new TransientError("pack")
      this.#members = []
    }

    get actorFailed(): boolean {
      return this.context.actor.port("failed").queue === null
    }

    override flush(): void {
      const members = this.#members
      if (members.length === 0) return
      this.#members = []
      const whole = this.event({ ids: world.joined(members), owner: 0, text: "" } satisfies Load)
      this.join(members, whole)
      this.submit(whole, "a")
    }
  }

  class ChaosInput extends InputModule<typeof inputSpec> {
    static readonly spec = inputSpec
    readonly #random = randomOf(world, this.name)

    constructor(context: ModuleContext) {
      super(context)
      world.adopt(context.actor)
    }

    override preHook(): void {
      this.background(async (submit, signal) => {
        const profile = world.profile(this.name) as InputProfile
        for (let made = 0; made < profile.events && !signal.aborted; ) {
          const events = this.#batch(profile, made)
          made += events.length
          world.trace(`${this.name} submit ${events.map((event) => loadOf(event).ids.join()).join(" ")}`)
          const full = submit(events.length === 1 ? (events[0] as Event) : events)
          if (profile.awaits) await full
          if (this.#random.chance(0.5)) await this.platform.timers.sleep(1 + this.#random.upTo(20), signal).catch(() => undefined)
        }
        world.inputsDone += 1
      })
    }

    #batch(profile: InputProfile, made: number): Event[] {
      const count = Math.min(1 + this.#random.upTo(profile.batchMax - 1), profile.events - made)
      const ids = Array.from({ length: count }, (_, at) => `${this.name}:${made + at}`)
      const ticket = profile.tickets === "none" ? null : world.watch(ids, profile.tickets === "results")
      return ids.map((id, slot) => {
        const event = this.event({ ids: ticket === null ? [] : [id], owner: 0, text: "x".repeat(this.#random.upTo(60)) } satisfies Load)
        event.ticket = ticket
        event.slot = slot
        event.ttl = profile.ttl
        if (this.#random.chance(0.3)) event.meta.priority = this.#random.upTo(3)
        return event
      })
    }
  }

  const classes = [ChaosFlow, ChaosOutput, ChaosBatch, ChaosDelay, ChaosBack, ChaosPack, ChaosInput] as unknown as ModuleClass[]
  return createRegistry(classes.map(componentOf))
}

/** Each instance draws from a generator of its own, so that one more event here changes nothing there. */
function randomOf(world: World, name: string): SeededRandom {
  return new SeededRandom(world.chaos.seed).fork(name)
}

/** Settles one batch in random pieces, and knows what became of each event. */
class Settlement {
  private readonly module: { readonly name: string; readonly random: SeededRandom }
  private readonly world: World
  private readonly batch: Batch
  private readonly open: boolean[]

  constructor(module: { readonly name: string; readonly random: SeededRandom }, world: World, batch: Batch) {
    this.module = module
    this.world = world
    this.batch = batch
    this.open = batch.events.map(() => true)
  }

  get unsettled(): number {
    return this.open.filter(Boolean).length
  }

  /** A few in order are delivered, or one anywhere fails. */
  piece(): void {
    const { random } = this.module
    const calm = this.world.profile(this.module.name).calm
    if (calm || random.chance()) this.delivered(1 + random.upTo(2))
    else this.failed(random.upTo(this.open.length - 1))
  }

  delivered(count: number): void {
    let left = count
    this.open.forEach((open, at) => {
      if (!open || left === 0) return
      left -= 1
      this.open[at] = false
      const event = this.batch.events[at] as Event
      if (this.port("successful")) this.world.arrive(event)
      else this.world.deliver(event, true)
    })
    this.batch.delivered(count)
  }

  failed(index: number): void {
    this.doom(index)
    this.batch.failed(index, new TransientError("one of a batch"))
  }

  /** The handler is about to throw. */
  failRest(): void {
    this.open.forEach((_, at) => this.doom(at))
  }

  checkOwned(tokens: readonly number[]): void {
    if (this.world.stopping) return
    this.open.forEach((open, at) => {
      if (open) this.world.checkOwned(this.batch.events[at] as Event, tokens[at] as number)
    })
  }

  private doom(index: number): void {
    if (this.open[index] !== true) return
    this.open[index] = false
    if (!this.port("failed")) this.world.doom(this.batch.events[index] as Event)
  }

  /** Whether a port of the instance is routed. */
  private port(name: string): boolean {
    return this.world.actors.get(this.module.name)?.port(name).queue !== null
  }
}
