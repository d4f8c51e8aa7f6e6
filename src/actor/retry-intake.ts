// What becomes of events that failed: each is kept, goes back to its entry, or is given up. A batch of them is one call to the store; whoever
// delivers them waits for it.

import { Failure, type FailureKind, type RetryWish } from "../errors.ts"
import type { Event } from "../event.ts"
import type { Bucket } from "../store/bucket.ts"
import type { EntryPatch, EntryUpdate, NewEntry } from "../store/store.ts"
import type { Actor } from "./actor.ts"
import type { Batch } from "./batch.ts"
import type { RetryEntries } from "./retry-entries.ts"
import { entryOf } from "./retry-event.ts"
import type { Offered } from "./retry-offered.ts"
import { dueAfter, isExhausted, isInterruption, type LastFailure, mayHold, type RetrySettings } from "./retry-settings.ts"
import { fulfil } from "./retry-wish.ts"

export interface IntakeParts {
  readonly actor: Actor
  /** The instance whose events these are. */
  readonly owner: string
  readonly settings: () => RetrySettings
  /** Missing while the store was never opened. */
  readonly entries: () => RetryEntries | undefined
  /** Waits a while for it to be opened. @throws when it is not */
  readonly whenOpen: () => Promise<RetryEntries>
  readonly dead: () => Bucket | undefined
  readonly offerOf: (event: Event) => Offered | undefined
  /** An offer has its answer. */
  readonly answered: (offer: Offered, back: boolean) => void
  /** Entries were kept, the earliest due then. */
  readonly kept: (dueMs: number) => void
  /** An entry that was there before is due then. */
  readonly due: (dueMs: number) => void
  /** Hands an event that was given up on. */
  readonly leave: (event: Event) => void
}

/** An event that leaves, and why if that is not its last failure. */
interface Leaving {
  readonly index: number
  readonly event: Event
  readonly kind: FailureKind
}

/** An event and the entry that keeps it, or a copy of it. */
interface Encoded {
  readonly index: number
  readonly event: Event
  readonly entry: NewEntry
}

/** How an event failed. */
interface Failed {
  readonly index: number
  readonly event: Event
  readonly failure: LastFailure
  readonly wish: RetryWish | undefined
}

interface Judged {
  readonly fresh: Encoded[]
  readonly leaving: Leaving[]
  readonly updates: EntryUpdate[]
}

export class RetryIntake {
  private readonly parts: IntakeParts

  constructor(parts: IntakeParts) {
    this.parts = parts
  }

  /** Takes events that failed. A promise means that the store is being asked. */
  takeFailed(batch: Batch): Promise<void> | undefined {
    const judged: Judged = { fresh: [], leaving: [], updates: [] }
    batch.events.forEach((event, index) => this.judge(batch, index, event, judged))
    if (judged.updates.length > 0) void this.parts.entries()?.change(judged.updates)
    const kept = this.deadOf(judged.leaving)
    for (const { index, event } of judged.leaving) if (!kept.some((one) => one.index === index)) this.letGo(batch, index, event)
    return kept.length > 0 || judged.fresh.length > 0 ? this.keepAll(batch, judged, kept) : undefined
  }

  /** Keeps events that nobody has tried yet, in order. */
  async takeUntried(batch: Batch): Promise<void> {
    const judged: Judged = { fresh: [], leaving: [], updates: [] }
    batch.events.forEach((event, index) =>
      this.encode(index, event, judged, { attempts: 0, kind: "", dueMs: this.parts.actor.clock.now() }),
    )
    const kept = this.deadOf(judged.leaving)
    await this.keepAll(batch, judged, kept)
    for (const { index, event } of judged.leaving) this.letGo(batch, index, event)
  }

  /** The time at which an event that failed now is due again. */
  dueMs(attempts: number, failure: LastFailure, wish: RetryWish | undefined): number {
    const { clock, platform } = this.parts.actor
    const nowMs = clock.now()
    // Not now: a pass takes what was due when it began.
    if (wish?.afterMs !== undefined) return nowMs + Math.max(1, wish.afterMs)
    if (isInterruption(failure)) return nowMs + 1
    return dueAfter(this.parts.settings(), attempts, { nowMs, random: platform.random.float() })
  }

  /** Notes on the event that it is given up, if its last failure does not say so already. */
  note(event: Event, kind: FailureKind, message: string): void {
    const { actor, owner } = this.parts
    const failure = new Failure(kind, kind, message)
    actor.failures.count(kind, kind, failure)
    event.recordFailure({ time: actor.clock.now() / 1000, instance: owner, kind, code: kind, message }, [0, "Failure", message])
  }

  private judge(batch: Batch, index: number, event: Event, judged: Judged): void {
    const offer = this.parts.offerOf(event)
    if (offer?.state === "returned") {
      // Another copy of what came back already: the entry stands for both.
      this.parts.actor.books.joined += 1
      batch.returned(index)
      return
    }
    const { meta } = event
    const { wish } = meta
    meta.wish = undefined
    const failure = meta.history.at(-1) ?? { kind: "error" as const, code: "failed" }
    if (offer?.state === "offered") this.judgeOffered({ index, event, failure, wish }, { batch, offer }, judged)
    else this.judgeFresh({ index, event, failure, wish }, judged)
  }

  private judgeFresh({ index, event, failure, wish }: Failed, judged: Judged): void {
    const settings = this.parts.settings()
    if (!settings.enabled || !mayHold(settings, failure, wish !== undefined)) {
      judged.leaving.push({ index, event, kind: failure.kind })
      return
    }
    const counts = wish === undefined && !isInterruption(failure)
    if (wish !== undefined) fulfil(event, wish)
    // Of tries that do not count, which handlers see all the same, the event itself keeps the number.
    event.meta.attempts = wish === undefined ? 0 : 1
    const attempts = counts ? 1 : 0
    this.encode(index, event, judged, { attempts, kind: failure.kind, dueMs: this.dueMs(attempts, failure, wish) })
  }

  private judgeOffered(failed: Failed, { batch, offer }: { batch: Batch; offer: Offered }, judged: Judged): void {
    const { index, event, failure, wish } = failed
    const { entry } = offer
    const counts = wish === undefined && !isInterruption(failure)
    const attempts = entry.attempts + (counts ? 1 : 0)
    const verdict = this.verdict(failure, { attempts, counts, createdMs: entry.createdMs, wished: wish !== undefined })
    if (verdict === "hold") {
      const patch = this.patchOf(failed, offer, attempts)
      judged.updates.push({ id: entry.id, patch })
      this.parts.due(patch.dueMs)
      offer.state = "returned"
      this.parts.entries()?.bucket.account.cameBack(this.parts.actor.books)
      batch.returned(index)
    } else {
      offer.state = "leaving"
      if (verdict === "exhausted") this.note(event, "exhausted", this.exhaustedText(event, attempts))
      judged.leaving.push({ index, event, kind: verdict === "exhausted" ? "exhausted" : failure.kind })
    }
    this.parts.answered(offer, verdict === "hold")
  }

  /** What is to be done with an entry whose event failed. */
  verdict(
    failure: LastFailure,
    { attempts, counts, createdMs, wished }: { attempts: number; counts: boolean; createdMs: number; wished: boolean },
  ): "hold" | "exhausted" | "leave" {
    const settings = this.parts.settings()
    if (!mayHold(settings, failure, wished)) return "leave"
    const { maxAgeMs } = settings
    const tooOld = maxAgeMs !== undefined && this.parts.actor.clock.now() - createdMs >= maxAgeMs
    return (counts && isExhausted(settings, attempts)) || tooOld ? "exhausted" : "hold"
  }

  private patchOf({ event, failure, wish }: Failed, offer: Offered, attempts: number): EntryPatch & { readonly dueMs: number } {
    const patch = { attempts, dueMs: this.dueMs(attempts, failure, wish), kind: failure.kind }
    if (wish === undefined) return patch
    fulfil(event, wish)
    event.meta.attempts = Math.max(0, event.meta.attempts - offer.entry.attempts) + 1
    try {
      const { codec, payload } = entryOf(event, this.about(patch))
      return { ...patch, codec, payload: Buffer.from(payload) }
    } catch (thrown) {
      this.parts.actor.log.warn(`what a handler wants an event to become cannot be kept: ${reasonOf(thrown)}; it stays as it was`)
      return patch
    }
  }

  private encode(index: number, event: Event, judged: Judged, due: { attempts: number; kind: string; dueMs: number }): void {
    try {
      judged.fresh.push({ index, event, entry: entryOf(event, this.about(due)) })
    } catch (thrown) {
      this.note(event, "invalid", reasonOf(thrown))
      judged.leaving.push({ index, event, kind: "invalid" })
    }
  }

  private about(due: { attempts: number; kind: string; dueMs: number }): Omit<NewEntry, "uuid" | "codec" | "timestampMs" | "payload"> {
    const { owner, actor } = this.parts
    return { owner, version: this.parts.settings().version, createdMs: actor.clock.now(), ...due }
  }

  /** Copies to be kept of what leaves. What cannot be written down leaves without one. */
  private deadOf(leaving: readonly Leaving[]): { readonly index: number; readonly event: Event; readonly entry: NewEntry }[] {
    const { keep, enabled } = this.parts.settings()
    if (!enabled || this.parts.dead() === undefined) return []
    return leaving.flatMap(({ index, event, kind }) => {
      if (!keep.includes(kind)) return []
      try {
        const { attempts } = event.meta
        return [{ index, event, entry: entryOf(event, this.about({ attempts, kind, dueMs: this.parts.actor.clock.now() })) }]
      } catch {
        return []
      }
    })
  }

  private async keepAll(batch: Batch, { fresh }: Judged, dead: readonly Encoded[]): Promise<void> {
    await Promise.all([this.keepDead(batch, dead), this.keepFresh(batch, fresh)])
  }

  private async keepDead(batch: Batch, dead: readonly Encoded[]): Promise<void> {
    if (dead.length === 0) return
    await this.appendDead(dead.map(({ entry }) => entry))
    for (const { index, event } of dead) this.letGo(batch, index, event)
  }

  /** Keeps copies of what leaves; without the store they leave all the same. */
  async appendDead(copies: readonly NewEntry[]): Promise<void> {
    const dead = this.parts.dead()
    try {
      if (dead !== undefined) await this.parts.entries()?.appendTo(dead, copies)
    } catch (thrown) {
      this.parts.actor.log.error(`no copy could be kept of events that are given up: ${reasonOf(thrown)}`, { count: copies.length })
    }
  }

  private async keepFresh(batch: Batch, fresh: Judged["fresh"]): Promise<void> {
    if (fresh.length === 0) return
    let ids: readonly string[]
    try {
      ids = await (await this.parts.whenOpen()).append(fresh.map(({ entry }) => entry))
    } catch (thrown) {
      for (const { index, event } of fresh) {
        this.note(event, "unstored", `the store does not keep it: ${reasonOf(thrown)}`)
        this.letGo(batch, index, event)
      }
      return
    }
    fresh.forEach(({ index }, at) => this.stored(batch.take(index), ids[at] as string))
    this.parts.kept(Math.min(...fresh.map(({ entry }) => entry.dueMs)))
  }

  /** An event lies in the store: its branch has ended, or, where somebody waits for more, waits there. */
  private stored(event: Event | undefined, id: string): void {
    const { actor } = this.parts
    const { bucket, durable } = this.parts.entries() as RetryEntries
    // The graph ended meanwhile, and counted it as lost.
    if (event === undefined) {
      actor.books.recovered += 1
      return
    }
    const { ticket, slot } = event
    if (ticket === null) return
    if (durable && ticket.results === null) return actor.ends.store(event)
    bucket.kept.set(id, { ticket, slot, durable })
    if (durable) ticket.keep()
  }

  private letGo(batch: Batch, index: number, event: Event): void {
    if (batch.take(index) !== undefined) this.parts.leave(event)
  }

  private exhaustedText(event: Event, attempts: number): string {
    const last = event.meta.history.at(-1)
    return `given up after ${attempts} tries${last === undefined ? "" : `: ${last.message}`}`
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
