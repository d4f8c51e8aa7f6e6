// When kept events are offered again, and how: one pass at a time, started by a timer for the earliest of them, or by a fresh success. Entries
// are taken in batches, the next one while the last is being offered; no more than a set number is on its way without an answer.
//
// In strict order one entry at a time is on its way, the oldest; while it is not due, nothing is.

import type { Log } from "../log.ts"
import type { Platform, Timer } from "../platform/platform.ts"
import type { Entry } from "../store/store.ts"
import type { RetryEntries } from "./retry-entries.ts"
import type { Offered } from "./retry-offered.ts"
import type { Pace } from "./retry-pace.ts"
import type { RetrySettings } from "./retry-settings.ts"

/** After a pass that failed because of the store. */
const troubleMs = 5000
/** The longest that nobody looks, whatever the interval: entries may come from elsewhere. */
const lookMs = 60_000

export interface PassesParts {
  readonly platform: Platform
  readonly log: Log
  readonly pace: Pace
  readonly settings: () => RetrySettings
  readonly entries: () => RetryEntries
  /** Makes an event of an entry and hands it on; `undefined` when it left by another way. */
  readonly offer: (entry: Entry) => Offered | undefined
  /** Offers without an answer. */
  readonly unanswered: () => number
  /** After a pass. */
  readonly passed: () => Promise<void>
}

type Extent = "none" | "due" | "all"

export class Passes {
  /** In a pass that offers what is not due: what came back in it is not offered once more. */
  private cameBack: { readonly ids: Set<string>; readonly skipped: Entry[] } | undefined
  private readonly parts: PassesParts
  private wanted: Extent = "none"
  private running: Promise<void> | undefined
  private stopped = new AbortController()
  private timer: Timer | undefined
  private timerMs = Number.POSITIVE_INFINITY
  private later: Timer | undefined
  private answered: (() => void) | undefined

  /** Nothing is offered before {@link Passes.start}. */
  constructor(parts: PassesParts) {
    this.parts = parts
    this.stopped.abort()
  }

  /** Passes may run from now on; the first one at `firstMs` (wall time) at the latest. */
  start(firstMs: number): void {
    this.stopped = new AbortController()
    this.bringForward(firstMs)
  }

  /** Nothing more is offered; resolves when the pass under way has ended. */
  async stop(): Promise<void> {
    this.stopped.abort()
    this.wanted = "none"
    this.later?.cancel()
    this.timer?.cancel()
    this.timer = undefined
    this.timerMs = Number.POSITIVE_INFINITY
    this.tellAnswered()
    await this.running
  }

  get isStopped(): boolean {
    return this.stopped.signal.aborted
  }

  /** An entry is due then. */
  bringForward(dueMs: number): void {
    if (this.isStopped || dueMs >= this.timerMs) return
    this.timer?.cancel()
    this.timerMs = dueMs
    const { clock, timers } = this.parts.platform
    this.timer = timers.after(Math.max(0, dueMs - clock.now()), () => this.onTimer(), { background: true })
  }

  /** Offers what is due, or `all` there is, now or after the pass under way. */
  request(extent: "due" | "all"): void {
    if (this.isStopped) return
    if (this.wanted !== "all") this.wanted = extent
    this.running ??= this.run().finally(() => {
      this.running = undefined
      if (this.wanted !== "none") this.request(this.wanted)
    })
  }

  /** As {@link Passes.request}, after a while. */
  requestIn(delayMs: number, extent: "due" | "all"): void {
    this.later?.cancel()
    this.later = this.parts.platform.timers.after(delayMs, () => this.request(extent), { background: true })
  }

  /** An offer has its answer. `back`: it failed. */
  tell(offer: Offered, { back }: { back: boolean }): void {
    if (back) this.cameBack?.ids.add(offer.entry.id)
    this.tellAnswered()
  }

  /** The store took note of deliveries. */
  noted(): void {
    this.tellAnswered()
  }

  private readonly onTimer = (): void => {
    this.timer = undefined
    this.timerMs = Number.POSITIVE_INFINITY
    this.request("due")
  }

  private async run(): Promise<void> {
    let nextMs: number | undefined
    try {
      while (this.wanted !== "none" && !this.isStopped) {
        const extent = this.wanted
        this.wanted = "none"
        await this.pass(extent === "all")
      }
      await this.parts.passed()
      nextMs = await this.nextLookMs()
    } catch (thrown) {
      this.parts.log.warn(`the store cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
      nextMs = this.parts.platform.clock.now() + troubleMs
    }
    this.bringForward(nextMs)
  }

  private async pass(all: boolean): Promise<void> {
    const entries = this.parts.entries()
    await entries.settleUpdates()
    if (this.parts.settings().order === "strict") return this.strictPass(entries)
    const cameBack = { ids: new Set<string>(), skipped: [] }
    this.cameBack = all ? cameBack : undefined
    try {
      await this.relaxedPass(entries, all ? undefined : this.parts.platform.clock.now())
    } finally {
      this.cameBack = undefined
      await entries.giveBack(cameBack.skipped, { leased: true })
    }
  }

  private async relaxedPass(entries: RetryEntries, dueMs: number | undefined): Promise<void> {
    const take = (): Promise<Page> => this.takePage(entries, dueMs)
    let page = await take()
    while (page.list.length > 0 && !this.isStopped) {
      const next = take()
      // It may fail while nobody looks.
      next.catch(() => undefined)
      const { left, isOver } = await this.offerPage(page)
      await entries.giveBack(left, { leased: true })
      page = await next
      if (!isOver && !this.isStopped) continue
      return entries.giveBack(page.list, { leased: true })
    }
    await entries.giveBack(page.list, { leased: true })
  }

  private async takePage(entries: RetryEntries, dueMs: number | undefined): Promise<Page> {
    const { batch, leaseMs } = this.parts.settings()
    const untilMs = this.parts.platform.clock.now() + leaseMs / 2
    return { list: await entries.take({ limit: batch, order: "due", dueMs }), untilMs }
  }

  /** Offers a page in order; answers what is left of it, and whether the pass is over. */
  private async offerPage({ list, untilMs }: Page): Promise<{ left: readonly Entry[]; isOver: boolean }> {
    const { clock } = this.parts.platform
    for (const [at, entry] of list.entries()) {
      if (!(await this.mayOffer())) return { left: list.slice(at), isOver: true }
      if (clock.now() > untilMs) return { left: list.slice(at), isOver: false }
      const { cameBack } = this
      // No end of failures: the other side is gone again.
      if (cameBack !== undefined && cameBack.ids.size >= this.parts.settings().batch) return { left: list.slice(at), isOver: true }
      if (cameBack?.ids.has(entry.id) === true) cameBack.skipped.push(entry)
      else this.offer(entry)
    }
    return { left: [], isOver: false }
  }

  private async strictPass(entries: RetryEntries): Promise<void> {
    const { clock } = this.parts.platform
    while (!this.isStopped) {
      await entries.settleUpdates()
      const page = await entries.take({ limit: this.parts.settings().batch, order: "appended" })
      let used = 0
      for (const entry of page) {
        if (entry.dueMs > clock.now()) this.bringForward(entry.dueMs)
        if (entry.dueMs > clock.now() || !(await this.mayOffer())) break
        used += 1
        if ((await this.answerOf(this.offer(entry))) === "returned") break
      }
      await entries.giveBack(page.slice(used), { leased: false })
      if (used < page.length || page.length === 0) return
    }
  }

  private async answerOf(offer: Offered | undefined): Promise<Offered["state"] | undefined> {
    while (offer?.state === "offered" && !this.isStopped) await this.nextAnswer()
    return offer?.state
  }

  private offer(entry: Entry): Offered | undefined {
    const { offer, pace } = this.parts
    const offered = offer(entry)
    if (offered?.state === "offered") pace.put()
    return offered
  }

  /** Waits until one more may be on its way; answers whether it may. */
  private async mayOffer(): Promise<boolean> {
    const { pace, settings, unanswered } = this.parts
    for (;;) {
      if (this.isStopped) return false
      const { batch, concurrency, order } = settings()
      if (this.parts.entries().isBehind || unanswered() >= (order === "strict" ? 1 : batch * concurrency)) await this.nextAnswer()
      else if (pace.mayPut()) return true
      else await pace.wait(this.stopped.signal)
    }
  }

  private nextAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.answered = resolve
    })
  }

  private tellAnswered(): void {
    const { answered } = this
    this.answered = undefined
    answered?.()
  }

  private async nextLookMs(): Promise<number> {
    const { clock } = this.parts.platform
    const { intervalMs, leaseMs } = this.parts.settings()
    const earliestMs = await this.parts.entries().earliestDueMs()
    const nowMs = clock.now()
    const lookAtMs = nowMs + Math.min(intervalMs, lookMs)
    if (earliestMs === undefined) return lookAtMs
    // Due, and yet not to be had: another process has it, or had it when it died.
    if (earliestMs <= nowMs) return nowMs + Math.min(intervalMs, Math.max(1000, leaseMs / 4))
    return Math.min(earliestMs, lookAtMs)
  }
}

interface Page {
  readonly list: readonly Entry[]
  /** Wall time until which the lease is long enough. */
  readonly untilMs: number
}
