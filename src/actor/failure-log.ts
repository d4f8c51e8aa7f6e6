// Failures in the log without a flood: the first of an instance, kind and code at once, then one line a second with the count.

import { describeThrown, type FailureKind, failureKindOf } from "../errors.ts"
import type { Log } from "../log.ts"
import type { Timer, Timers } from "../platform/platform.ts"

const summaryMs = 1000
const codesMax = 100

/** What is told: the level, the first of its kind in words, and how more of them are called. */
const stories = {
  failed: { level: "warn", first: "event failed", more: "more events failed" },
  lost: { level: "error", first: "event lost", more: "more events lost" },
  threwLate: {
    level: "warn",
    first: "a handler threw after it had handed its event on, which goes its way",
    more: "more handlers threw after they had handed their events on",
  },
} as const

interface Tally {
  readonly story: (typeof stories)[keyof typeof stories]
  readonly kind: FailureKind
  readonly code: string
  readonly message: string
  since: number
}

export class FailureLog {
  private readonly log: Log
  private readonly timers: Timers
  private readonly tallies = new Map<string, Tally>()
  private timer: Timer | undefined = undefined

  constructor(log: Log, timers: Timers) {
    this.log = log
    this.timers = timers
  }

  /** An event failed; it travels on `failed` or ends badly. */
  count(kind: FailureKind, code: string, thrown: unknown): void {
    this.tally("failed", kind, code, thrown)
  }

  /** An event is gone for good. */
  lost(kind: FailureKind, error: unknown): void {
    this.tally("lost", kind, kind, error)
  }

  /** A handler threw when it no longer had its event. */
  threwLate(thrown: unknown): void {
    this.tally("threwLate", failureKindOf(thrown), describeThrown(thrown).code, thrown)
  }

  close(): void {
    this.timer?.cancel()
    this.summarise()
    this.timer?.cancel()
    this.timer = undefined
  }

  private tally(what: keyof typeof stories, kind: FailureKind, code: string, thrown: unknown): void {
    const key = `${what} ${kind} ${code}`
    const known = this.tallies.get(key)
    if (known !== undefined) {
      known.since += 1
      return
    }
    if (this.tallies.size >= codesMax) return
    const { message } = describeThrown(thrown)
    const story = stories[what]
    this.tallies.set(key, { story, kind, code, message, since: 0 })
    this.log[story.level](`${story.first}: ${message}`, { kind, code })
    this.timer ??= this.timers.after(summaryMs, this.summarise, { background: true })
  }

  private readonly summarise = (): void => {
    this.timer = undefined
    for (const [key, tally] of this.tallies) {
      if (tally.since === 0) {
        this.tallies.delete(key)
        continue
      }
      const { story, kind, code, message, since } = tally
      this.log[story.level](`${since} ${story.more}: ${message}`, { kind, code, count: since })
      tally.since = 0
    }
    if (this.tallies.size > 0) this.timer = this.timers.after(summaryMs, this.summarise, { background: true })
  }
}
