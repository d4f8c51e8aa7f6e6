// Draws a graph from a seed: inputs, one to eight modules that misbehave, routes, queues, and when it is stopped.
//
// Instances stand in a row and routes lead forward, so nobody waits in a circle. Routes that lead back start at a module that delays
// (it waits for nobody), or end in a queue that drops. That is what the check of a bootstrap file would accept.

import { SeededRandom } from "../../src/platform/simulated/random.ts"
import { defaultInflight, type InstancePlan, type Plan, type QueueOrder, type QueuePlan, type RoutePlan } from "../../src/spec/plan.ts"

/** `flow`, `output` and `batch` misbehave; `delay`, `back` and `pack` only hold back. `back` waits for nobody: it may close a circle. */
export type Role = "input" | "flow" | "output" | "batch" | "delay" | "back" | "pack"

/** How an instance behaves. */
export interface Profile {
  readonly name: string
  readonly role: Role
  /** Chance that an event meets something unusual: failures, copies, waiting, holding. */
  readonly wildness: number
  /** Nothing ever fails here. */
  readonly calm: boolean
  /** No event ends here undelivered by the module's own decision. */
  readonly keeps: boolean
  /** The graph is stopped while it works: not everything needs to end. */
  readonly stops: boolean
  readonly timeoutMs: number | undefined
  readonly holdMax: number
  /** Out queues it submits to; not all need a route. */
  readonly outs: readonly string[]
}

export interface InputProfile extends Profile {
  readonly events: number
  /** Events of a batch, at most. */
  readonly batchMax: number
  readonly tickets: "none" | "plain" | "results"
  readonly awaits: boolean
  readonly ttl: number
}

export interface Chaos {
  readonly seed: number
  readonly plan: Plan
  readonly profiles: ReadonlyMap<string, Profile | InputProfile>
  /** Nothing in this graph throws events away: a slot that is safe has arrived somewhere. */
  readonly keeps: boolean
  /** Nothing in this graph fails, either. */
  readonly calm: boolean
  /** `undefined`: it runs until it is empty, which it must become. */
  readonly stopAtMs: number | undefined
  readonly stopTimeoutMs: number
  /** The second signal comes so long after the first. */
  readonly cutAfterMs: number | undefined
}

const outNames = ["a", "b", "c"]
const orders: [QueueOrder, ...QueueOrder[]] = ["fifo", "fifo", "lifo", "priority"]

export function drawChaos(seed: number): Chaos {
  return new Draw(seed).chaos()
}

class Draw {
  private readonly seed: number
  private readonly random: SeededRandom
  private readonly keeps: boolean
  private readonly calm: boolean
  private readonly stops: boolean
  private readonly profiles: (Profile | InputProfile)[] = []
  private readonly routes: RoutePlan[] = []
  private readonly queues = new Map<string, Record<string, QueuePlan>>()

  constructor(seed: number) {
    this.seed = seed
    this.random = new SeededRandom(seed)
    this.keeps = this.random.chance(0.4)
    this.calm = this.keeps && this.random.chance(0.4)
    this.stops = !this.calm && this.random.chance(0.5)
  }

  chaos(): Chaos {
    const { random, seed, keeps, calm, stops } = this
    const hops = calm || random.chance(0.3) ? 254 : 3 + random.upTo(10)
    const inputs = 1 + random.upTo(2)
    for (let at = 0; at < inputs; at++) this.profiles.push(this.input(`in${at}`, hops))
    const nodes = 1 + random.upTo(7)
    for (let at = 0; at < nodes; at++) this.profiles.push(this.node(at, at === nodes - 1))
    const circles = hops < 254 && random.chance(0.4)
    this.connectForward(circles)
    if (circles) this.connectBack()
    const stopAtMs = stops ? random.upTo(random.pick([50, 400])) : undefined
    return {
      seed,
      plan: this.plan(),
      profiles: new Map(this.profiles.map((profile) => [profile.name, profile])),
      keeps,
      calm,
      stopAtMs,
      stopTimeoutMs: calm ? 2000 : random.pick([0, 20, 100, 1000]),
      cutAfterMs: stopAtMs !== undefined && random.chance(0.2) ? random.upTo(200) : undefined,
    }
  }

  private input(name: string, ttl: number): InputProfile {
    const { random } = this
    return {
      ...this.profile(name, "input"),
      outs: ["outbox"],
      events: 1 + random.upTo(25),
      batchMax: 1 + random.upTo(4),
      tickets: random.pick(["none", "plain", "results"]),
      awaits: random.chance(0.7),
      ttl,
    }
  }

  private node(at: number, last: boolean): Profile {
    const role: Role = last
      ? this.random.pick(["output", "batch"])
      : this.random.pick(["flow", "flow", "flow", "flow", "output", "batch", "delay", "pack"])
    return this.profile(`${role}${at}`, role)
  }

  private profile(name: string, role: Role): Profile {
    const { random, calm, keeps, stops } = this
    return {
      name,
      role,
      stops,
      wildness: random.pick([0, 0.2, 0.5, 0.9]),
      calm,
      keeps,
      timeoutMs: !calm && (role === "flow" || role === "output") && random.chance(0.3) ? 5 + random.upTo(60) : undefined,
      holdMax: 1 + random.upTo(8),
      outs: role === "flow" ? outNames.slice(0, 1 + random.upTo(2)) : role === "output" || role === "batch" ? [] : ["a"],
    }
  }

  /** Every instance leads somewhere behind it; `failed` and `successful` now and then (in circles not: copies made on every round are many soon). */
  private connectForward(circles: boolean): void {
    const { random, profiles, keeps } = this
    profiles.forEach((profile, at) => {
      const targets = profiles.slice(at + 1).filter(({ role }) => role !== "input")
      if (targets.length === 0) return
      for (const out of profile.outs)
        if (keeps || random.chance(0.85)) this.connect(profile, out, random.pick(targets as [Profile, ...Profile[]]))
      if (profile.role === "input") return
      if (random.chance(0.4)) this.connect(profile, "failed", random.pick(targets as [Profile, ...Profile[]]))
      if (!circles && random.chance(0.35)) this.connect(profile, "successful", random.pick(targets as [Profile, ...Profile[]]))
    })
  }

  /** A delaying instance that brings failed events back, or a route back into a queue that drops. */
  private connectBack(): void {
    const { random, profiles, keeps } = this
    const nodes = profiles.filter(({ role }) => role !== "input")
    const free = nodes.filter(({ name }) => !this.isRouted(name, "failed"))
    if (free.length > 0 && random.chance(0.7)) {
      const delay = this.profile("back", "back")
      const [from, to] = [random.pick(free as [Profile, ...Profile[]]), random.pick(nodes as [Profile, ...Profile[]])]
      profiles.push(delay)
      this.connect(from, "failed", delay)
      this.connect(delay, "a", to)
    }
    if (keeps || !random.chance(0.5)) return
    const from = random.pick(nodes as [Profile, ...Profile[]])
    const to = random.pick(nodes as [Profile, ...Profile[]])
    const out = random.pick(["failed", "successful"])
    if (this.isRouted(from.name, out)) return
    this.queueAt(to.name, "back", { ...this.queue(), whenFull: random.pick(["drop_new", "drop_old"]) })
    this.routes.push({ source: { instance: from.name, queue: out }, destination: { instance: to.name, queue: "back" } })
  }

  private isRouted(instance: string, queue: string): boolean {
    return this.routes.some(({ source }) => source.instance === instance && source.queue === queue)
  }

  private connect(from: Profile, out: string, to: Profile): void {
    const queue = this.random.pick(["inbox", "inbox", "second"])
    if (this.queues.get(to.name)?.[queue] === undefined) this.queueAt(to.name, queue, this.queue())
    this.routes.push({ source: { instance: from.name, queue: out }, destination: { instance: to.name, queue } })
  }

  private queueAt(instance: string, queue: string, plan: QueuePlan): void {
    this.queues.set(instance, { ...this.queues.get(instance), [queue]: plan })
  }

  private queue(): QueuePlan {
    const { random, keeps } = this
    return {
      size: 1 + random.upTo(6),
      bytes: random.chance(0.2) ? 50 + random.upTo(400) : 1_000_000,
      order: random.pick(orders),
      whenFull: keeps || random.chance(0.75) ? "wait" : random.pick(["drop_new", "drop_old"]),
      priority: 1000,
    }
  }

  private plan(): Plan {
    return {
      file: `seed ${this.seed}`,
      folder: "/",
      state: "/.wishbone",
      instances: this.profiles.map((profile) => this.instance(profile)),
      routes: this.routes,
      metricsIntervalMs: 10_000,
      defaultQueue: this.queue(),
    }
  }

  private instance({ name, role, timeoutMs, holdMax }: Profile): InstancePlan {
    const { random } = this
    const kind = role === "batch" ? "output" : role === "input" || role === "output" ? role : "flow"
    return {
      name,
      module: `chaos.${kind}.${role}`,
      description: "",
      arguments: argumentsOf[kind],
      queues: this.queues.get(name) ?? {},
      consumers: { min: 1, max: 1 + random.upTo(3), idleMs: 1000 },
      inflight: random.chance(0.3) ? { events: 1 + random.upTo(8), bytes: 10_000 } : defaultInflight,
      holdMax,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }
  }
}

const outputArguments = { selection: "data", payload: null, native_events: false }
const argumentsOf = { input: { destination: "data", native_events: false }, flow: {}, output: outputArguments }
