// Makes an event at each moment that a cron expression names. Croner only computes those moments; clock and timers are the platform's.
//
// Each moment is worked out from the one before it, and the wall clock is looked at every half minute, so that a clock that was set or a
// machine that slept is noticed:
// - Moments missed by more than five seconds, because the machine slept, the clock was set forward or the graph took nothing, make one
//   event together.
// - Set back by less than a minute (a correction), the clock is waited for: no moment comes twice. Set back further, it counts anew.
// - Where summer time begins, a fixed time that does not exist comes right after the gap; where it ends, one that exists twice comes once.

import { createRequire } from "node:module"
import type * as CronerModule from "croner"
import { defineModule, type Event, InputModule, type Submit, templated, z } from "../../src/index.ts"

/** Longest sleep between two looks at the clock. */
const lookEveryMs = 30_000
/** The clock may be corrected by this much without moments being repeated. */
const correctionMs = 60_000
/** A moment noticed later than this was missed. */
const lateMs = 5000
/** Any day: whether there is a next moment at all does not depend on it. */
const someDay = Date.UTC(2024, 0, 1)

type Croner = typeof CronerModule
type Schedule = InstanceType<Croner["Cron"]>

// Loaded when an expression has to be read: most graphs hold none.
function croner(): Croner {
  return createRequire(import.meta.url)("croner") as Croner
}

function scheduleOf(expression: string, timezone: string | undefined): Schedule {
  return new (croner().Cron)(expression, {
    paused: true,
    mode: "5-or-6-parts",
    ...(timezone === undefined ? {} : { timezone }),
  })
}

/** What is wrong with an expression; `undefined` when it names moments to come. */
function problemOf(expression: string): string | undefined {
  if (!/^\s*(@[a-z]+|(\S+\s+){4,5}\S+)\s*$/i.test(expression))
    return "expected five fields (minute, hour, day, month, weekday), six with seconds before them, or a name such as `@hourly`"
  try {
    if (momentAfter(scheduleOf(expression, "UTC"), someDay) !== undefined) return undefined
    return `\`${expression}\` names a moment that never comes`
  } catch (thrown) {
    return `\`${expression}\` is no cron expression: ${(thrown as Error).message.replace(/^CronPattern: /, "")}`
  }
}

function momentAfter(schedule: Schedule, timeMs: number): number | undefined {
  return schedule.nextRun(new Date(timeMs))?.getTime()
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== ""
  } catch {
    return false
  }
}

const spec = defineModule({
  name: "wishbone.input.cron",
  summary: "Makes an event whenever a cron expression says so.",
  arguments: {
    cron: z
      .string()
      .superRefine((expression, context) => {
        const problem = problemOf(expression)
        if (problem !== undefined) context.addIssue({ code: "custom", message: problem })
      })
      .default("*/10 * * * *")
      .describe("When: minute, hour, day of month, month, weekday; with six fields, seconds come first."),
    timezone: z
      .string()
      .refine(isTimezone, { message: "expected the name of a time zone, such as `Europe/Brussels` or `UTC`" })
      .optional()
      .describe("Time zone of the expression; without it, that of the machine."),
    payload: templated(z.unknown())
      .default("wishbone")
      .describe(
        "What each event holds; templates are filled in for each event. `{{ tmp.NAME.scheduled }}`, with the instance's name, is the moment in seconds.",
      ),
  },
  queues: { outbox: { direction: "out", summary: "One event a moment." } },
  contract: { acknowledges: "none", waits: {}, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [
    { title: "Every ten minutes", arguments: { payload: "look" } },
    { title: "Weekdays at half past six in Brussels", arguments: { cron: "30 6 * * MON-FRI", timezone: "Europe/Brussels" } },
    { title: "Every five seconds", arguments: { cron: "*/5 * * * * *", payload: { due: "{{ timestamp }}" } } },
  ],
})

export default class Cron extends InputModule<typeof spec> {
  static readonly spec = spec
  readonly #stopping = new AbortController()
  /** Wall time up to which every moment is through. */
  #throughMs = 0
  /** Wall time less monotonic time when last looked: it changes when the clock is set. */
  #offsetMs = 0

  override preHook(): void {
    const { cron, timezone } = this.args
    const schedule = scheduleOf(cron, timezone)
    this.#throughMs = this.platform.clock.now()
    this.#offsetMs = this.#throughMs - this.platform.clock.monotonic()
    // One that goes nowhere: a payload that cannot be made shows now, not at some hour of the night.
    this.#make(this.#throughMs)
    this.background((submit) => this.#run(schedule, submit))
  }

  override stopTaking(): void {
    this.#stopping.abort()
  }

  async #run(schedule: Schedule, submit: Submit): Promise<void> {
    const { signal } = this.#stopping
    const { clock, timers } = this.platform
    let from = Number.NaN
    let next: number | undefined
    while (!signal.aborted) {
      this.#noticeSetBack()
      if (from !== this.#throughMs) next = momentAfter(schedule, this.#throughMs)
      from = this.#throughMs
      const restMs = (next ?? Number.POSITIVE_INFINITY) - clock.now()
      if (next !== undefined && restMs <= 0) await this.#fire(schedule, next, submit)
      else await timers.sleep(Math.min(restMs, lookEveryMs), signal).catch(() => undefined)
    }
  }

  async #fire(schedule: Schedule, moment: number, submit: Submit): Promise<void> {
    const nowMs = this.platform.clock.now()
    const event = this.#make(moment)
    const isMissed = nowMs - moment > lateMs
    const second = isMissed ? momentAfter(schedule, moment) : undefined
    if (second !== undefined && second <= nowMs)
      this.log.warn(`moments from ${new Date(moment).toISOString()} on were missed; one event stands for them all`)
    this.#throughMs = isMissed ? nowMs : moment
    await submit(event)
  }

  #noticeSetBack(): void {
    const { clock } = this.platform
    const offsetMs = clock.now() - clock.monotonic()
    if (offsetMs < this.#offsetMs - correctionMs && clock.now() < this.#throughMs) {
      this.log.warn(`the clock was set back by ${Math.round((this.#offsetMs - offsetMs) / 1000)} s: moments count from its new time`)
      this.#throughMs = clock.now()
    }
    this.#offsetMs = offsetMs
  }

  #make(momentMs: number): Event {
    const blank = this.event(undefined)
    const scheduled = momentMs / 1000
    blank.tmp[this.name] = { scheduled }
    const { payload } = this.argsOf(blank)
    const event = this.incoming(typeof payload === "object" ? structuredClone(payload) : payload)
    if (blank.hasUuid) event.uuid = blank.uuid
    if (!this.args.native_events) event.timestamp = blank.timestamp
    event.tmp[this.name] = { scheduled }
    return event
  }
}
