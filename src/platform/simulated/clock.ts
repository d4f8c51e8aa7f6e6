// Virtual time. Nothing happens by itself but what is ready now; time passes only while `advance`, `runUntil` or `complete` drives it.
//
// A step is one timer (by time, then by number) or one thing that is ready: an immediate, or an operation of the disk or the network
// that is over. After every step comes a turn of the real event loop, in which every promise that the step settled is followed to
// its end, however long the chain; a fixed number of awaits would follow most of them and give silently wrong runs. Only then comes the
// next step, so a run depends on the seed and the program alone.

// Taken when the module loads: a test that replaces the global one cannot stop virtual time.
import { setImmediate as realImmediate } from "node:timers"
import type { Clock, Timer, Timers } from "../platform.ts"
import { sleep } from "../real-timers.ts"
import { Agenda, type Entry, type Owner } from "./agenda.ts"

/** Turns asked of the real event loop at once. Between two of them promises are followed too, and a turn alone costs four times as much. */
const turnsAtOnce = 16
/** More steps than this without time passing is a program that waits for itself. */
const mostStepsAtOneTime = 1_000_000
const defaultLimitMs = 60_000
/** Ready things that were run are dropped from the front of their list this many at a time. */
const compactAt = 4096

interface Ready {
  readonly owner: Owner
  readonly run: () => void
}

const inert: Timer = { cancel: () => undefined }

/** The one clock and agenda of a simulated world, over all its incarnations. */
export class VirtualTime {
  readonly clock: Clock
  #startMs: number
  #nowMs = 0
  #number = 0
  readonly #agenda = new Agenda()
  #ready: Ready[] = []
  #nextReady = 0
  readonly #checks = new Set<() => void>()
  // A step has run whose checks have not.
  #unchecked = false
  #stepsAtThisTime = 0
  #driving = false
  #waking = false

  constructor(startMs: number) {
    this.#startMs = startMs
    this.clock = { now: () => Math.floor(this.#startMs + this.#nowMs), monotonic: () => this.#nowMs }
  }

  /** The timers of one owner. They keep Node's rule that a delay is at least a millisecond. */
  timersFor(owner: Owner): Timers {
    const after = (delayMs: number, callback: () => void): Timer => this.#add(owner, atLeastOne(delayMs), callback, true)
    return {
      after,
      every: (intervalMs, callback) => this.#every(owner, intervalMs, callback),
      immediate: (callback) => this.post(owner, callback),
      sleep: (delayMs, signal) => sleep({ after }, delayMs, signal),
    }
  }

  /** Makes `run` ready: it is called in a later step, at the present time, in the order of posting. */
  post(owner: Owner, run: () => void): void {
    if (!owner.alive) return
    this.#ready.push({ owner, run })
    this.#wake()
  }

  /** Calls `run` when `delayMs` have passed, as part of the world rather than as a timer of the program; 0 is `post`. */
  later(owner: Owner, delayMs: number, run: () => void): void {
    if (delayMs > 0) this.#add(owner, delayMs, run, false)
    else this.post(owner, run)
  }

  /** Timers of `owner` that have not fired. */
  pendingTimers(owner: Owner): number {
    return this.#agenda.timersOf(owner)
  }

  /** Moves wall time without time passing, as an administrator or NTP does. */
  jump(byMs: number): void {
    this.#startMs += byMs
  }

  /** Calls `check` after every step; what it throws fails the drive under way. Answers a function that takes it out again. */
  afterEachStep(check: () => void): () => void {
    this.#checks.add(check)
    return () => void this.#checks.delete(check)
  }

  /** Runs what is ready, and what becomes ready by that, without time passing. */
  settle(): Promise<void> {
    return this.#drive(this.#nowMs, () => false)
  }

  /** Runs everything due in the next `ms`, and leaves the clock exactly that much later. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await this.#drive(untilMs, () => false)
    this.#moveTo(untilMs)
  }

  /** Steps until `predicate` holds; looks after every step. Rejects when `limitMs` pass first, or when nothing is left that could happen. */
  async runUntil(predicate: () => boolean, { limitMs = defaultLimitMs }: { limitMs?: number } = {}): Promise<void> {
    const untilMs = this.#nowMs + limitMs
    await this.#drive(untilMs, predicate)
    if (predicate()) return
    const rest = this.#agenda.peek() === undefined ? "and nothing is left to wait for" : "and more is still to come"
    throw new Error(`not so after ${limitMs} ms of virtual time, ${rest}`)
  }

  /** Drives time until `work` settles, and answers as it does. */
  async complete<T>(work: Promise<T>, options: { limitMs?: number } = {}): Promise<T> {
    let settled = false
    const note = (): void => {
      settled = true
    }
    work.then(note, note)
    await this.runUntil(() => settled, options)
    return work
  }

  #add(owner: Owner, delayMs: number, run: () => void, isTimer: boolean): Timer {
    if (!owner.alive) return inert
    this.#number += 1
    const entry: Entry = { atMs: this.#nowMs + delayMs, number: this.#number, owner, isTimer, run, cancelled: false }
    this.#agenda.add(entry)
    return {
      cancel: () => {
        entry.cancelled = true
      },
    }
  }

  #every(owner: Owner, intervalMs: number, callback: () => void): Timer {
    let cancelled = false
    let timer = inert
    const arm = (): void => {
      timer = this.#add(owner, atLeastOne(intervalMs), fire, true)
    }
    const fire = (): void => {
      callback()
      if (!cancelled) arm()
    }
    arm()
    return {
      cancel: () => {
        cancelled = true
        timer.cancel()
      },
    }
  }

  // Turns of the real event loop, a step each, until `stop()` holds or nothing is left that is due by `untilMs`.
  #drive(untilMs: number, stop: () => boolean): Promise<void> {
    if (this.#driving) return Promise.reject(new Error("virtual time is being driven already: await one drive before the next"))
    this.#driving = true
    this.#stepsAtThisTime = 0
    return new Promise((resolve, reject) => {
      // Turns that were asked for and not needed still come; they must not take part in the next drive.
      let over = false
      const finish = (settle: () => void): void => {
        over = true
        this.#driving = false
        this.#wake()
        settle()
      }
      const turn = (): void => {
        if (over) return
        try {
          this.#runChecks()
          if (stop() || !(this.#runReady() || this.#runDue(untilMs))) finish(resolve)
        } catch (error) {
          finish(() => reject(error as Error))
        }
      }
      const turns = (): void => {
        for (let count = 1; count < turnsAtOnce; count += 1) realImmediate(turn)
        realImmediate(() => {
          turn()
          if (!over) turns()
        })
      }
      turns()
    })
  }

  // Whoever awaits the disk or the network gets an answer although nobody drives, as long as no time has to pass for it.
  #wake(): void {
    if (this.#driving || this.#waking || (this.#nextReady === this.#ready.length && !this.#unchecked)) return
    this.#waking = true
    realImmediate(() => {
      this.#waking = false
      if (this.#driving) return
      try {
        this.#runChecks()
        this.#runReady()
      } finally {
        this.#wake()
      }
    })
  }

  #runReady(): boolean {
    while (this.#nextReady < this.#ready.length) {
      const task = this.#ready[this.#nextReady] as Ready
      this.#nextReady += 1
      this.#compact()
      if (!task.owner.alive) continue
      this.#step(task.run)
      return true
    }
    return false
  }

  #compact(): void {
    if (this.#nextReady < compactAt && this.#nextReady < this.#ready.length) return
    this.#ready = this.#ready.slice(this.#nextReady)
    this.#nextReady = 0
  }

  #runDue(untilMs: number): boolean {
    const entry = this.#agenda.take(untilMs)
    if (entry === undefined) return false
    this.#moveTo(entry.atMs)
    this.#step(entry.run)
    return true
  }

  #moveTo(ms: number): void {
    if (ms <= this.#nowMs) return
    this.#nowMs = ms
    this.#stepsAtThisTime = 0
  }

  #step(run: () => void): void {
    if (this.#driving) this.#stepsAtThisTime += 1
    if (this.#stepsAtThisTime > mostStepsAtOneTime)
      throw new Error(`virtual time stands still: over ${mostStepsAtOneTime} steps at one time`)
    this.#unchecked = true
    run()
  }

  #runChecks(): void {
    if (!this.#unchecked) return
    this.#unchecked = false
    for (const check of this.#checks) check()
  }
}

function atLeastOne(delayMs: number): number {
  return delayMs >= 1 ? Math.trunc(delayMs) : 1
}
