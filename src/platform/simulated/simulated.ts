// The simulated platform: virtual time, seeded randomness, a disk that forgets and a network that fails, and the controls over them.
//
// A world outlives the processes in it. `restart` kills the process: nothing of it happens any more, whatever it still holds; the disk
// keeps what a crash or a power cut leaves; the clock goes on. What stands for other machines in a test uses `outside`, which lives on.

import type { Http } from "../http.ts"
import { idleMonitor } from "../monitor.ts"
import type { Clock, Files, Platform, Random, Sockets, Timers } from "../platform.ts"
import type { Owner } from "./agenda.ts"
import { VirtualTime } from "./clock.ts"
import { SimulatedDisk } from "./disk.ts"
import { SimulatedFiles } from "./files.ts"
import { SimulatedNet } from "./net.ts"
import { noHttp } from "./no-http.ts"
import { SeededRandom } from "./random.ts"
import { emptyPipes, type Pipes, SimulatedStreams } from "./streams.ts"

/** What a simulated world starts from. */
export interface SimulatedOptions {
  /** The same seed gives the same run. @defaultValue 1 */
  readonly seed?: number
  /** Wall time at the start, milliseconds since 1970. @defaultValue 2026-01-01T00:00:00Z */
  readonly startMs?: number
  readonly environment?: Readonly<Record<string, string | undefined>>
}

interface World {
  readonly time: VirtualTime
  readonly disk: SimulatedDisk
  readonly net: SimulatedNet
  readonly pipes: Pipes
  readonly random: SeededRandom
  readonly outside: { readonly sockets: Sockets; readonly timers: Timers }
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The process that runs now. */
  current: { readonly owner: { alive: boolean }; readonly incarnation: number }
}

const firstMoment = Date.UTC(2026, 0, 1)
const firstPid = 1000

/** Makes a world with one process in it, and answers the platform of that process. */
export function simulatedPlatform(options: SimulatedOptions = {}): SimulatedPlatform {
  const random = new SeededRandom(options.seed ?? 1)
  const time = new VirtualTime(options.startMs ?? firstMoment)
  const net = new SimulatedNet(time, random.fork("net"))
  const others: Owner = { alive: true }
  return new SimulatedPlatform({
    time,
    net,
    random,
    disk: new SimulatedDisk(time, random.fork("disk")),
    pipes: emptyPipes(),
    outside: { sockets: net.socketsFor(others), timers: time.timersFor(others) },
    environment: Object.freeze({ ...options.environment }),
    current: { owner: { alive: true }, incarnation: 1 },
  })
}

/** The platform of one simulated process, and the controls over its world. */
export class SimulatedPlatform implements Platform {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly files: Files
  readonly sockets: Sockets
  /** Standard input and output, and the controls over them. */
  readonly streams: SimulatedStreams
  readonly http: Http = noHttp
  readonly monitor = idleMonitor
  readonly pid: number
  readonly abstractSockets = true
  readonly hostname = "simulated"
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Controls over the disk. */
  readonly disk: SimulatedDisk
  /** Controls over the network. */
  readonly net: SimulatedNet
  /** Other machines: their sockets and timers survive `restart`. */
  readonly outside: { readonly sockets: Sockets; readonly timers: Timers }
  /** 1 for the first process, one more after each restart. */
  readonly incarnation: number
  readonly #world: World
  readonly #owner: Owner

  constructor(world: World) {
    this.#world = world
    const { owner, incarnation } = world.current
    this.#owner = owner
    this.clock = world.time.clock
    this.timers = world.time.timersFor(owner)
    this.random = world.random
    this.files = new SimulatedFiles(world.disk, owner)
    this.sockets = world.net.socketsFor(owner)
    this.streams = new SimulatedStreams(world.time, owner, world.pipes)
    this.incarnation = incarnation
    this.pid = firstPid + incarnation
    this.environment = world.environment
    this.disk = world.disk
    this.net = world.net
    this.outside = world.outside
  }

  /** Timers of this process that have not fired. */
  get pendingTimers(): number {
    return this.#world.time.pendingTimers(this.#owner)
  }

  /** Whether this process still runs. */
  get alive(): boolean {
    return this.#owner.alive
  }

  /** Runs everything due in the next `ms` of virtual time. @throws when a callback or a check throws. */
  advance(ms: number): Promise<void> {
    return this.#world.time.advance(ms)
  }

  /** Runs what is ready, and what becomes ready by that, without time passing. */
  settle(): Promise<void> {
    return this.#world.time.settle()
  }

  /** Steps until `predicate` holds, looking after every step; rejects when `limitMs` of virtual time (60,000) do not suffice. */
  runUntil(predicate: () => boolean, options?: { limitMs?: number }): Promise<void> {
    return this.#world.time.runUntil(predicate, options)
  }

  /** Drives time until `work` settles, and answers as it does; `limitMs` as in `runUntil`. */
  complete<T>(work: Promise<T>, options?: { limitMs?: number }): Promise<T> {
    return this.#world.time.complete(work, options)
  }

  /** Calls `check` after every step; what it throws fails the drive under way. Answers a function that takes it out again. */
  afterEachStep(check: () => void): () => void {
    return this.#world.time.afterEachStep(check)
  }

  /** Moves wall time, not the monotonic clock, nor any timer. */
  jumpWallClock(byMs: number): void {
    this.#world.time.jump(byMs)
  }

  /**
   * Kills the process (or cuts its power) and starts the next one, whose platform it answers. Timers, operations and connections of
   * the old one are dead: nothing of them is called or settled any more, and nothing that is asked of this platform happens.
   */
  restart({ powerCut = false }: { powerCut?: boolean } = {}): SimulatedPlatform {
    const { current, disk, net, pipes } = this.#world
    const dead = current.owner
    dead.alive = false
    pipes.reader = undefined
    if (powerCut) disk.powerCut()
    else disk.crash()
    net.ownerDied(dead, { powerCut })
    this.#world.current = { owner: { alive: true }, incarnation: current.incarnation + 1 }
    return new SimulatedPlatform(this.#world)
  }
}
