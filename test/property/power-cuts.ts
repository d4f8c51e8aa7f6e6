// A spool through power cuts, on the simulated platform: writes that were not synced are lost, reordered and torn. One seed is one
// history: numbered events are spooled and read back by a graph that is cut off again and again; in the end it runs in peace until the
// spool is empty. Whatever was acknowledged must have come out.

import { defineModule, type Event, InputModule, OutputModule, type Ticket } from "../../src/index.ts"
import type { Log } from "../../src/log.ts"
import type { Platform } from "../../src/platform/platform.ts"
import { SeededRandom } from "../../src/platform/simulated/random.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { Router } from "../../src/router/router.ts"
import { builtins, planOf } from "../support/plans.ts"

/** What lies outside the machine whose power is cut. */
class World {
  readonly acknowledged = new Set<number>()
  readonly delivered = new Map<number, number>()
  next = 1
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }

const sourceSpec = defineModule({
  name: "test.input.numbers",
  summary: "Numbers, acknowledged when they are safe.",
  arguments: {},
  queues: { outbox: { direction: "out", summary: "Numbers." } },
})

class Numbers extends InputModule<typeof sourceSpec> {
  static readonly spec = sourceSpec

  /** Sends `count` numbers and notes those that are safe. */
  send(world: World, count: number): void {
    const numbers = Array.from({ length: count }, () => world.next++)
    const events = numbers.map((number) => this.event(number))
    const ticketSettled = (ticket: Ticket): void => {
      numbers.forEach((number, slot) => {
        if (!ticket.hasFailed(slot)) world.acknowledged.add(number)
      })
    }
    this.track(events, { ticketSettled })
    void this.submit(events)
  }
}

const sinkSpec = defineModule({
  name: "test.output.sink",
  summary: "Hands numbers to the world, or refuses them.",
  arguments: {},
  queues: { inbox: { direction: "in", summary: "Numbers." } },
})

class Sink extends OutputModule<typeof sinkSpec> {
  static readonly spec = sinkSpec
  override readonly consumers = { inbox: (event: Event) => this.take(event.data as number) }
  world: World | undefined = undefined
  random: SeededRandom | undefined = undefined

  private take(number: number): void {
    if (this.random !== undefined && this.random.float() < 0.1) throw new Error("refused")
    this.world?.delivered.set(number, (this.world.delivered.get(number) ?? 0) + 1)
  }
}

interface Machine {
  readonly router: Router
  readonly source: Numbers
  readonly sink: Sink
}

function build(platform: Platform, segmentBytes: number): Machine {
  const made: { source?: Numbers; sink?: Sink } = {}
  const registry = builtins(
    class extends Numbers {
      constructor(context: ConstructorParameters<typeof Numbers>[0]) {
        super(context)
        made.source = this
      }
    },
    class extends Sink {
      constructor(context: ConstructorParameters<typeof Sink>[0]) {
        super(context)
        made.sink = this
      }
    },
  )
  const plan = planOf(
    registry,
    {
      source: { module: "test.input.numbers" },
      diskout: { module: "wishbone.output.disk", arguments: { directory: "/tmp/spool", segment_bytes: segmentBytes, interval: 0.05 } },
      diskin: { module: "wishbone.input.disk", arguments: { directory: "/tmp/spool" } },
      sink: { module: "test.output.sink" },
    },
    ["source.outbox -> diskout.inbox", "diskin.outbox -> sink.inbox"],
  )
  const router = Router.fromPlan(plan, { registry, platform, logs: () => silent })
  const { source, sink } = made
  if (source === undefined || sink === undefined) throw new Error("the graph was built without its modules")
  return { router, source, sink }
}

/** What went wrong in the history of `seed`: numbers that were acknowledged and never came out, and records the spool itself missed. */
export async function lostByPowerCuts(seed: number): Promise<number[]> {
  const missed: number[] = []
  const random = new SeededRandom(seed)
  const world = new World()
  let platform: SimulatedPlatform = simulatedPlatform({ seed })
  // The slower the disk, the more often a cut falls between two of its operations.
  platform.disk.setLatency({ minMs: 0, maxMs: [0, 5, 20, 40][Math.floor(random.float() * 4)] ?? 0 })
  const segmentBytes = 4096 * (1 + Math.floor(random.float() * 4))
  const cuts = 1 + Math.floor(random.float() * 4)
  for (let life = 0; life <= cuts; life++) {
    const machine = build(platform, segmentBytes)
    const last = life === cuts
    machine.sink.world = world
    machine.sink.random = last ? undefined : random
    await platform.complete(machine.router.start())
    if (last) {
      await platform.runUntil(() => machine.router.status().spooled === 0 && machine.router.status().waiting === 0, { limitMs: 3_600_000 })
      await platform.complete(machine.router.stop({ timeoutMs: 1000 }))
      missed.push(...missing(machine))
      break
    }
    await live(platform, machine, world, random)
    missed.push(...missing(machine))
    platform = platform.restart({ powerCut: random.float() < 0.8 })
  }
  return [...missed, ...[...world.acknowledged].filter((number) => !world.delivered.has(number))]
}

/** Records that should be in the spool and are not, or that the books do not know of, as a negative count. */
function missing({ router }: Machine): number[] {
  const { lost } = router.report()
  const imbalance = router.status().imbalances.reduce((sum, { difference }) => sum + Math.abs(difference), 0)
  return lost + imbalance === 0 ? [] : [-lost - imbalance]
}

/** Some virtual milliseconds of sending, ended at any moment. */
async function live(platform: SimulatedPlatform, { source }: Machine, world: World, random: SeededRandom): Promise<void> {
  const bursts = 1 + Math.floor(random.float() * 12)
  for (let burst = 0; burst < bursts; burst++) {
    source.send(world, 1 + Math.floor(random.float() * 20))
    const pauseMs = Math.floor(random.float() * 40)
    if (pauseMs > 0) await platform.advance(pauseMs)
    else await platform.settle()
  }
}
