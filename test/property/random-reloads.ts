// Plays one random graph under load on the simulated platform, and leads it from plan to plan at random: instances come, go, change, start
// slowly or not at all, queues change their bounds, order and place, routes change. After every step the books must balance; in the end
// every ticket was told once, nothing was lost, and no event arrived twice unless it was read from a disk again.

import type { Batch } from "../../src/actor/batch.ts"
import type { Event } from "../../src/event.ts"
import { SeededRandom } from "../../src/platform/simulated/random.ts"
import type { ReloadResult } from "../../src/router/reload.ts"
import type { Plan, QueuePlan } from "../../src/spec/plan.ts"
import { type Script, type Scripted, startGraph, type TestGraph, type Told } from "../support/graph.ts"

const reloads = 12

/** What a run did. */
export interface PlayedReloads {
  readonly outcomes: Readonly<Record<string, number>>
  readonly delivered: number
  readonly stale: number
}

interface Drawn {
  readonly scripts: Record<string, Script>
  readonly routes: string[]
}

/** Plays the run of `seed`. @throws Error that names the seed */
export async function playReloads(seed: number): Promise<PlayedReloads> {
  const run = new Run(seed)
  try {
    return await run.play()
  } catch (error) {
    throw new Error(`random reloads ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

class Run {
  readonly #random: SeededRandom
  readonly #arrived = new Map<number, number>()
  readonly #tickets: Told[] = []
  readonly #outcomes: Record<string, number> = {}
  #durable = false
  #made = 0
  #stale = 0
  #names = 0
  #drawn: Drawn
  #graph: TestGraph | undefined

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#drawn = this.#draw({ in0: this.#input(), flow0: this.#flow(), out0: this.#output(), dead: this.#output() })
  }

  async play(): Promise<PlayedReloads> {
    const graph = await startGraph(this.#drawn.scripts, this.#drawn.routes, { defaultQueue: this.#queue(false) as QueuePlan })
    this.#graph = graph
    for (let at = 0; at < reloads; at++) {
      await this.#load(graph)
      await this.#reload(graph)
    }
    await this.#load(graph)
    await this.#end(graph)
    return { outcomes: this.#outcomes, delivered: graph.router.report().delivered, stale: this.#stale }
  }

  async #load(graph: TestGraph): Promise<void> {
    const random = this.#random
    for (let at = random.upTo(4); at >= 0; at--) {
      for (const name of this.#inputs()) {
        const count = 1 + random.upTo(5)
        if (random.chance(0.7)) this.#tickets.push(graph.send(name, ...Array.from({ length: count }, () => ++this.#made)))
      }
      await graph.platform.advance(random.upTo(30))
    }
  }

  #inputs(): string[] {
    const running = this.#graph?.router.report().instances ?? {}
    return Object.keys(this.#drawn.scripts).filter((name) => name.startsWith("in") && name in running)
  }

  async #reload(graph: TestGraph): Promise<void> {
    const random = this.#random
    const before = this.#drawn
    const next = this.#change(before)
    const more: Partial<Plan> & { timeoutMs?: number } = { timeoutMs: random.pick([0, 20, 100, 1000]) }
    const reloading = graph.startReload(next.scripts, next.routes, more)
    // Load goes on meanwhile, from inputs that stay.
    const staying = this.#inputs().filter((name) => next.scripts[name] === before.scripts[name])
    for (let at = 0; at < 3; at++) {
      for (const name of staying) this.#tickets.push(graph.send(name, ++this.#made))
      await graph.platform.advance(random.upTo(10))
    }
    const result: ReloadResult = await graph.platform.complete(reloading, { limitMs: 100_000 })
    this.#outcomes[result.outcome] = (this.#outcomes[result.outcome] ?? 0) + 1
    this.#stale += result.stale
    if (result.outcome === "reloaded" || result.outcome === "unchanged") this.#drawn = next
    else if (result.down.length > 0) throw new Error(`instances are down: ${JSON.stringify(result)}`)
    graph.checkBooks()
  }

  async #end(graph: TestGraph): Promise<void> {
    const { platform, router } = graph
    await platform.runUntil(() => router.report().in_flight + router.report().held === 0, { limitMs: 600_000 })
    await platform.advance(1000)
    const report = router.report()
    if (report.lost > 0 || report.in !== this.#made) throw new Error(`lost or not taken: ${JSON.stringify(report)}`)
    for (const told of this.#tickets) if (told.settled !== 1 || told.done !== 1) throw new Error(`a ticket was told ${told.settled} times`)
    await graph.stop(5000)
    const { lost, in_flight, held } = router.report()
    if (lost + in_flight + held > 0) throw new Error(`something is left: ${JSON.stringify(router.report())}`)
    const twice = [...this.#arrived].filter(([, count]) => count > 1)
    if (!this.#durable && twice.length > 0) throw new Error(`events arrived twice: ${twice.map(([id]) => id).join()}`)
    const failed = report.failed + Object.values(report.dropped).reduce((sum, count) => sum + count, 0) + report.waiting
    if (this.#arrived.size + failed < this.#made) throw new Error(`${this.#arrived.size} of ${this.#made} arrived, ${failed} did not`)
  }

  // Drawing

  #change({ scripts }: Drawn): Drawn {
    const random = this.#random
    const next = { ...scripts }
    for (const name of Object.keys(next)) {
      if (!random.chance(0.25)) continue
      if (name.startsWith("in")) next[name] = this.#input()
      else if (name.startsWith("flow")) next[name] = this.#flow()
      else next[name] = this.#output()
    }
    for (const [kind, make] of [
      ["in", this.#input],
      ["flow", this.#flow],
      ["out", this.#output],
    ] as const) {
      const names = Object.keys(next).filter((name) => name.startsWith(kind))
      if (names.length > 1 && random.chance(0.3)) delete next[random.pick(names as [string, ...string[]])]
      if (names.length < 4 && random.chance(0.35)) next[`${kind}${++this.#names}`] = make.call(this)
    }
    if (random.chance(0.15)) {
      const victim = random.pick(Object.keys(next).filter((name) => name !== "dead") as [string, ...string[]])
      next[victim] = { ...next[victim], start: () => Promise.reject(new Error("it does not start")) }
    }
    return this.#draw(next)
  }

  #draw(scripts: Record<string, Script>): Drawn {
    const random = this.#random
    const routes: string[] = []
    const of = (kind: string): string[] => Object.keys(scripts).filter((name) => name.startsWith(kind))
    const flows = of("flow")
    const target = (at: number): string => random.pick([...flows.slice(at), ...of("out")] as [string, ...string[]])
    for (const name of of("in")) routes.push(`${name}.outbox -> ${target(0)}.inbox`)
    flows.forEach((name, at) => {
      routes.push(`${name}.outbox -> ${target(at + 1)}.inbox`)
      if (random.chance(0.4)) routes.push(`${name}.other -> ${target(at + 1)}.inbox`)
      if (random.chance(0.5)) routes.push(`${name}.failed -> dead.inbox`)
    })
    for (const name of of("out")) if (random.chance(0.5)) routes.push(`${name}.failed -> dead.inbox`)
    return { scripts, routes }
  }

  #input(): Script {
    return { kind: "input", ins: [], ...this.#hooks() }
  }

  #flow(): Script {
    const random = this.#random
    const common = { outs: ["outbox", "other"], queues: { inbox: this.#queue(true) }, ...this.#hooks() }
    const way = random.pick(["plain", "plain", "slow", "hold", "fail"])
    const out = (module: Scripted): string => module.outQueues[random.upTo(module.outQueues.length - 1)] ?? "outbox"
    if (way === "hold") return { ...common, ...this.#holding(random.chance(0.8)) }
    const handler = (event: Event, module: Scripted): unknown => {
      if (way === "fail" && random.chance(0.2)) throw new Error("by chance")
      if (way !== "slow") return module.submit(event, out(module))
      return this.#later(module, () => module.submit(event, out(module)))
    }
    return { ...common, handler, consumers: { min: 1, max: 1 + random.upTo(3), idleMs: 1000 } }
  }

  async #later(module: Scripted, act: () => void): Promise<void> {
    await module.platform.timers.sleep(1 + this.#random.upTo(60))
    act()
  }

  #holding(lets: boolean): Script {
    // Each module its own: a script may run again, while timers of its former module are still to come.
    const kept = new WeakMap<Scripted, Event[]>()
    const release = (module: Scripted): void => {
      for (const event of kept.get(module)?.splice(0) ?? []) module.submit(event, "outbox")
    }
    return {
      handler: (event, module) => {
        module.hold(event)
        kept.set(module, [...(kept.get(module) ?? []), event])
        module.platform.timers.after(200, () => release(module))
      },
      ...(lets && { flush: release }),
    }
  }

  #output(): Script {
    const random = this.#random
    const common: Script = { kind: "output", outs: [], queues: { inbox: this.#queue(true) }, ...this.#hooks() }
    if (random.chance(0.5)) {
      const batch = async (taken: Batch, module: Scripted): Promise<void> => {
        const { events } = taken
        await module.platform.timers.sleep(random.upTo(30))
        // Given up meanwhile: whoever has the events now says what becomes of them.
        if (taken.unsettled < events.length) return
        for (const event of events) this.#arrive(event)
        taken.delivered()
      }
      return { ...common, batch }
    }
    const slow = random.chance(0.4)
    const handler = (event: Event, module: Scripted, signal: AbortSignal): unknown => {
      if (!slow) return this.#arrive(event)
      return this.#later(module, () => {
        if (!signal.aborted && event.errors["out"] === undefined) this.#arrive(event)
      })
    }
    return { ...common, handler }
  }

  #arrive(event: Event): void {
    const id = event.data as number
    this.#arrived.set(id, (this.#arrived.get(id) ?? 0) + 1)
  }

  #hooks(): Script {
    const random = this.#random
    const wait = (): ((module: Scripted) => Promise<void>) | undefined => {
      const ms = random.upTo(40)
      return random.chance(0.3) ? (module) => module.platform.timers.sleep(ms) : undefined
    }
    const [start, end] = [wait(), wait()]
    return { ...(start && { start }), ...(end && { end }) }
  }

  #queue(mayBeOnDisk: boolean): Partial<QueuePlan> {
    const random = this.#random
    const usual = { size: 1 + random.upTo(20), bytes: 1_000_000, order: "fifo", whenFull: "wait", priority: 1000 } as const
    if (!mayBeOnDisk || !random.chance(0.2)) return { ...usual, order: random.pick(["fifo", "fifo", "lifo", "priority"]) }
    this.#durable = true
    return random.chance() ? { ...usual, store: "disk" } : { ...usual, whenFull: "spill" }
  }
}
