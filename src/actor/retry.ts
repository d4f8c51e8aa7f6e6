// Keeps events that failed for a reason that may pass, and offers them again until they get through or are given up. Over a store, the
// platform and its actor; what YAML says, and the names of queues, are the business of the module around it.
//
//   fresh event ──► out ──► somewhere ──► acknowledge            nothing was kept
//                              └──► retry ──► entry: waiting(due) ──► leased, offered ──► acknowledge: removed
//                                                 ▲                        └──► retry: attempts + 1, due later
//                                                 └────────────────────────────┘        └──► given up: leaves
//
// - At least once: an entry goes only when all that became of its event has ended well, ended badly further on, or lies in a durable place.
//   An event is the same event (uuid) each time. A success is committed within a few milliseconds, in groups; a failure further on, after
//   the acknowledgement, never brings it back.
// - Nothing goes into nothing: what is given up leaves by `exhausted`, or by `failed` where that leads nowhere, and its entry stays until
//   that has ended too. Of kinds in `keep` a copy is kept first, in the bucket `<owner>.dead`.
// - In the books an entry waits; offered, it is on its way. A ticket ends as stored where the store is durable, unless somebody waits for the
//   results: then it is safe and not done. In a store that forgets its branch stays open.
// - An event offered again is known by its origin, which clones keep. Settings change while it runs (`apply`), in any order.

import { WishboneError } from "../errors.ts"
import type { Event } from "../event.ts"
import type { Timer } from "../platform/platform.ts"
import type { Bucket } from "../store/bucket.ts"
import type { BucketSummary } from "../store/store.ts"
import type { Actor } from "./actor.ts"
import type { Batch } from "./batch.ts"
import { stoppedFailure } from "./ends.ts"
import type { Port } from "./port.ts"
import { RetryEntries } from "./retry-entries.ts"
import { RetryIntake } from "./retry-intake.ts"
import { RetryOffers } from "./retry-offers.ts"
import { Pace } from "./retry-pace.ts"
import { Passes } from "./retry-passes.ts"
import { type RetrySettings, usableSettings } from "./retry-settings.ts"

const closeMs = 5000
/** Reading the numbers of a big bucket takes its time. */
const recountMs = 10_000
const openAgainMs = 5000

export interface RetryParts {
  readonly actor: Actor
  /** The instance whose events these are: its buckets are `<owner>.retry` and `<owner>.dead`. */
  readonly owner: string
  readonly settings: RetrySettings
  /** Opens a bucket of the store; rejects when the store cannot be reached in time. */
  readonly open: (bucket: string) => Promise<Bucket>
  /** Where events go, first and again. */
  readonly out: Port
  /** Where events go that are given up. */
  readonly exhausted: Port
}

/** How much is kept, and what was done; `summary` as of the last look. */
export interface RetryFigures {
  readonly owner: string
  /** Entries, those on their way too. */
  readonly entries: number
  readonly summary: BucketSummary | undefined
  /** Copies of what was given up. */
  readonly dead: number
  readonly offered: number
  readonly givenUp: number
}

export class Retrying {
  private settings: RetrySettings
  private readonly parts: RetryParts
  private readonly actor: Actor
  /** Stands in the origin of what is offered. */
  private readonly id: string
  private readonly intake: RetryIntake
  private readonly passes: Passes
  private entries: RetryEntries | undefined
  private dead: Bucket | undefined
  private opening: Promise<void> | undefined
  private openTimer: Timer | undefined
  private readonly offers: RetryOffers
  private givenUpCount = 0
  /** Something failed since a fresh event last got through: the next that does tells that the other side is back. */
  private isDown = true
  /** The graph is stopping, or the instance has ended. */
  private stopping = false
  private readonly waitingForRoom: (() => void)[] = []
  private readonly waitingForStore: (() => void)[] = []
  private summary: BucketSummary | undefined
  private summaryMs = Number.NEGATIVE_INFINITY

  constructor(parts: RetryParts) {
    const { actor, owner } = parts
    this.parts = parts
    this.actor = actor
    this.settings = this.usable(parts.settings)
    this.id = `retry ${owner} ${actor.platform.random.uuid()}`
    this.intake = new RetryIntake({
      actor,
      owner,
      settings: () => this.settings,
      entries: () => this.entries,
      whenOpen: () => this.whenOpen(),
      dead: () => this.dead,
      offerOf: (event) => this.offers.of(event),
      answered: (offer, back) => this.offers.answered(offer, back),
      kept: (dueMs) => this.onKept(dueMs),
      due: (dueMs) => this.passes.bringForward(dueMs),
      leave: (event) => this.leave(event),
    })
    this.passes = new Passes({
      platform: actor.platform,
      log: actor.log,
      pace: new Pace(parts.out, actor.platform),
      settings: () => this.settings,
      entries: () => this.entries as RetryEntries,
      offer: (entry) => this.offers.offer(entry),
      unanswered: () => this.offers.unanswered,
      passed: () => this.lookAgain(),
    })
    this.offers = new RetryOffers({
      actor,
      id: this.id,
      out: parts.out,
      settings: () => this.settings,
      entries: () => this.entries as RetryEntries,
      intake: this.intake,
      passes: this.passes,
      leave: (event) => this.leave(event),
    })
  }

  /** Opens the store, if events are to be kept now, and begins. @throws what the store says, and `WB_STORE_ABILITY` */
  async start(): Promise<void> {
    if (this.settings.enabled) await this.open()
    // What is kept stays kept, and is counted if that can be done.
    else void this.open().catch((thrown: unknown) => this.actor.log.info(`the store is not looked into: ${reasonOf(thrown)}`))
    if (this.settings.enabled) this.begin()
  }

  /** Other settings from now on; the same ones change nothing. */
  apply(settings: RetrySettings): void {
    const before = this.settings
    this.settings = this.usable(settings)
    const { enabled, intervalMs, version } = this.settings
    const { waiting } = this
    if (version !== before.version && version !== "" && waiting > 0)
      this.actor.log.warn(`what lies behind has changed: ${waiting} events that are kept will leave as \`stale\` instead of being tried`)
    if (!enabled) {
      if (before.enabled) void this.passes.stop()
      this.openTimer?.cancel()
      this.openTimer = undefined
    } else if (!before.enabled) void this.enable()
    else if (intervalMs !== before.intervalMs && !this.passes.isStopped) this.passes.requestIn(intervalMs, "all")
    this.letIn()
  }

  /** Whether a fresh event may be handed on: `undefined` when it may, else a promise of the moment. */
  room(): Promise<void> | undefined {
    return this.isFull ? this.whenRoom() : undefined
  }

  /** Whether events are tried in the order in which they came, so that each is kept before it is tried. */
  get keepsOrder(): boolean {
    return this.settings.order === "strict" && this.settings.enabled
  }

  /** Takes fresh events, in strict order. */
  async takeInOrder(batch: Batch): Promise<void> {
    while (this.isFull) await this.whenRoom()
    if (this.keepsOrder) return this.intake.takeUntried(batch)
    batch.events.forEach((event, index) => {
      if (batch.take(index) !== undefined) this.actor.ends.forward(event, this.parts.out)
    })
  }

  /** The event arrived, now or before. What becomes of it further on is somebody else's. */
  acknowledge(event: Event): void {
    const offer = this.offers.of(event)
    if (offer?.state === "offered") {
      offer.state = "acknowledged"
      event.meta.attempts = 0
      this.offers.answered(offer, false)
    } else if (offer === undefined && this.isDown) this.onFreshSuccess()
  }

  /** Takes events that failed. */
  takeFailed(batch: Batch): Promise<void> | undefined {
    return this.intake.takeFailed(batch)
  }

  /** Offers nothing more: the graph is stopping. */
  stopOffering(): void {
    this.stopping = true
    void this.passes.stop()
    this.entries?.stop()
    this.letIn()
  }

  /** What a store that forgets still has leaves, so that it can go where the graph keeps such events; if it leads anywhere. */
  async flush(): Promise<void> {
    const { entries } = this
    const { exhausted } = this.parts
    if (entries === undefined || entries.durable || (exhausted.queue === null && this.actor.ends.failed.queue === null)) return
    await this.passes.stop()
    for (;;) {
      const page = await entries.take({ limit: this.settings.batch, order: "appended" })
      if (page.length === 0) return
      for (const entry of page) this.offers.offer(entry, stoppedFailure)
    }
  }

  /** Ends: what was delivered is noted, what is left others may have at once. */
  async close(): Promise<void> {
    const { timers } = this.actor.platform
    this.openTimer?.cancel()
    const over = new AbortController()
    await Promise.race([this.passes.stop(), timers.sleep(closeMs, over.signal).catch(() => undefined)])
    over.abort()
    const { entries } = this
    if (entries === undefined) return
    const unnoted = await entries.close(closeMs)
    if (unnoted > 0) this.actor.log.warn(`the store took no note of ${unnoted} deliveries: they will be repeated`)
    await entries.giveBack(this.offers.interrupted.splice(0), { leased: true })
    if (this.stopping && !entries.durable) this.loseTheRest(entries)
  }

  /** Entries that are not on their way. */
  get waiting(): number {
    return this.entries?.waiting ?? 0
  }

  figures(): RetryFigures {
    const { entries, dead, summary } = this
    const { count: offered, gaveUp } = this.offers
    const givenUp = this.givenUpCount + gaveUp
    return { owner: this.parts.owner, entries: entries?.size ?? 0, summary, dead: dead?.account.size ?? 0, offered, givenUp }
  }

  // Opening

  private open(): Promise<void> {
    this.opening ??= this.openOnce()
    this.opening.catch(() => {
      this.opening = undefined
    })
    return this.opening
  }

  private async openOnce(): Promise<void> {
    const { actor, owner } = this.parts
    const bucket = await this.parts.open(`${owner}.retry`)
    if (this.settings.order === "strict" && !bucket.store.abilities.ordered)
      throw new WishboneError("WB_STORE_ABILITY", { instance: owner, what: "`order: strict`", ability: "ordered" })
    const dead = await this.parts.open(`${owner}.dead`)
    bucket.attachReader(actor.books)
    this.dead = dead
    this.entries = new RetryEntries({
      bucket,
      books: actor.books,
      platform: actor.platform,
      log: actor.log,
      leaser: `${owner}@${actor.platform.hostname}:${actor.platform.pid}:${this.id.slice(-8)}`,
      storeTimeoutMs: () => this.settings.storeTimeoutMs,
      leaseMs: () => this.settings.leaseMs,
      removed: () => {
        this.passes.noted()
        this.letIn()
      },
    })
  }

  private begin(): void {
    if (this.stopping) return
    const { first, intervalMs } = this.settings
    const nowMs = this.actor.clock.now()
    this.isDown = this.waiting > 0
    this.passes.start(nowMs + intervalMs)
    if (first === "now" && this.isDown) this.passes.request("all")
  }

  /** Switched on while the graph runs: the store may be away, and is tried until it is there. */
  private async enable(): Promise<void> {
    try {
      await this.open()
    } catch (thrown) {
      if (!this.settings.enabled || this.actor.signal.aborted) return
      this.actor.log.error(`nothing can be kept: ${reasonOf(thrown)}`)
      this.openTimer = this.actor.platform.timers.after(openAgainMs, () => void this.enable(), { background: true })
      return
    }
    for (const tell of this.waitingForStore.splice(0)) tell()
    if (this.settings.enabled && this.passes.isStopped) this.begin()
  }

  /** The entries, once the store is open. @throws when that takes longer than a store that refuses is waited for */
  private async whenOpen(): Promise<RetryEntries> {
    if (this.entries === undefined) {
      const over = new AbortController()
      const opened = new Promise<void>((resolve) => this.waitingForStore.push(resolve))
      await Promise.race([opened, this.actor.platform.timers.sleep(this.settings.storeTimeoutMs, over.signal).catch(() => undefined)])
      over.abort()
    }
    if (this.entries === undefined) throw new Error("it could not be opened yet")
    return this.entries
  }

  private usable(settings: RetrySettings): RetrySettings {
    const { settings: used, warnings } = usableSettings(settings)
    for (const warning of warnings) this.actor.log.warn(warning)
    return used
  }

  // What happens around

  private leave(event: Event): void {
    const { exhausted } = this.parts
    const { ends } = this.actor
    this.givenUpCount += 1
    ends.forward(event, exhausted.queue === null ? ends.failed : exhausted)
  }

  private onKept(dueMs: number): void {
    this.isDown = true
    if (this.settings.order === "strict") this.passes.request("due")
    else this.passes.bringForward(dueMs)
  }

  private onFreshSuccess(): void {
    this.isDown = false
    if (this.settings.onSuccess && this.waiting > 0) this.passes.request("all")
  }

  private async lookAgain(): Promise<void> {
    const { entries, dead } = this
    const nowMs = this.actor.clock.monotonic()
    if (entries === undefined || nowMs - this.summaryMs < recountMs) return
    this.summaryMs = nowMs
    await entries.bucket.recount()
    await dead?.recount()
    this.summary = await entries.bucket.summary(this.actor.clock.now())
  }

  private get isFull(): boolean {
    const { enabled, maxEntries } = this.settings
    return enabled && maxEntries > 0 && !this.stopping && (this.entries?.size ?? 0) >= maxEntries
  }

  private whenRoom(): Promise<void> {
    return new Promise((resolve) => this.waitingForRoom.push(resolve))
  }

  private letIn(): void {
    if (this.isFull) return
    for (const resolve of this.waitingForRoom.splice(0)) resolve()
  }

  /** The memory that holds them ends with the graph. */
  private loseTheRest({ bucket }: RetryEntries): void {
    const { waiting } = bucket.account
    bucket.account.lost(waiting)
    if (waiting > 0) this.actor.log.error(`${waiting} events that waited for another try are lost: the store forgets`)
    for (const { ticket, slot } of bucket.kept.values()) ticket.fail(slot, "stopped", stoppedFailure)
    bucket.kept.clear()
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
