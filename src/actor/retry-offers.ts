// Entries on their way: each becomes an event again, which is known by its origin, and each has an end. How that went comes by two ways: its
// event is acknowledged or comes back to the module, or its ticket says that it ended elsewhere.

import { describeThrown, Failure, type FailureKind } from "../errors.ts"
import type { Event } from "../event.ts"
import type { Entry } from "../store/store.ts"
import type { FailedSlot, Ticket } from "../ticket.ts"
import type { Actor } from "./actor.ts"
import type { Port } from "./port.ts"
import type { RetryEntries } from "./retry-entries.ts"
import { eventOf } from "./retry-event.ts"
import type { RetryIntake } from "./retry-intake.ts"
import { Offered } from "./retry-offered.ts"
import type { Passes } from "./retry-passes.ts"
import type { RetrySettings } from "./retry-settings.ts"

export interface OffersParts {
  readonly actor: Actor
  /** Stands in the origin of what is offered. */
  readonly id: string
  readonly out: Port
  readonly settings: () => RetrySettings
  readonly entries: () => RetryEntries
  readonly intake: RetryIntake
  readonly passes: Passes
  /** Hands an event that was given up on. */
  readonly leave: (event: Event) => void
}

export class RetryOffers {
  /** Offers without an answer. */
  unanswered = 0
  /** All there were, and those that ended badly elsewhere, for good. */
  count = 0
  gaveUp = 0
  /** Entries whose events were lost when the graph stopped. */
  readonly interrupted: Entry[] = []
  private readonly parts: OffersParts
  private readonly actor: Actor
  private readonly offers = new Map<number, Offered>()

  constructor(parts: OffersParts) {
    this.parts = parts
    this.actor = parts.actor
  }

  /** The offer that an event belongs to, unless that is over. */
  of(event: Event): Offered | undefined {
    const { origin } = event
    return origin?.spool === this.parts.id ? this.offers.get(origin.sequence) : undefined
  }

  /** Makes the event of an entry and hands it on, or, with a failure or for one of its own, lets it leave. */
  offer(entry: Entry, failure?: Failure): Offered | undefined {
    const { actor } = this
    const bucket = this.parts.entries().bucket
    let event: Event
    try {
      event = eventOf(actor.platform.random, entry)
    } catch (thrown) {
      void this.setAside(entry, thrown)
      return undefined
    }
    const number = bucket.nextNumber()
    const offer = new Offered({ entry, number, settled: (one, ticket) => this.settled(one, ticket) })
    this.offers.set(number, offer)
    const wanted = bucket.kept.get(entry.id)?.ticket.results ?? null
    event.ticket = offer.ticket({ results: wanted !== null })
    event.slot = 0
    event.adoptOffer({ spool: this.parts.id, sequence: number, offers: entry.attempts + 1 })
    event.meta.attempts += entry.attempts
    bucket.account.offered(actor.books)
    const reason = failure ?? this.reasonToLeave(entry)
    if (reason !== undefined) this.leaveUntried(offer, event, reason)
    else {
      this.unanswered += 1
      this.count += 1
      actor.ends.forward(event, this.parts.out)
    }
    return offer
  }

  /** Why an entry is not offered any more. */
  private reasonToLeave({ version, createdMs }: Entry): Failure | undefined {
    const { version: present, maxAgeMs } = this.parts.settings()
    if (present !== "" && version !== "" && present !== version)
      return new Failure("stale", "stale", "what lies behind the instance has changed since the event was kept")
    if (maxAgeMs === undefined || this.actor.clock.now() - createdMs < maxAgeMs) return undefined
    return new Failure("exhausted", "exhausted", `given up: it was kept for longer than ${maxAgeMs} ms`)
  }

  private leaveUntried(offer: Offered, event: Event, { message, code }: Failure): void {
    const { actor } = this
    const kind = code as FailureKind
    offer.state = "leaving"
    this.parts.intake.note(event, kind, message)
    if (!this.parts.settings().keep.includes(kind)) return this.parts.leave(event)
    actor.books.inHands += 1
    const { id: _id, ...copy } = offer.entry
    void this.parts.intake.appendDead([{ ...copy, kind }]).then(() => {
      actor.books.inHands -= 1
      this.parts.leave(event)
    })
  }

  /** An offer has its answer. `back`: it failed. */
  answered(offer: Offered, back: boolean): void {
    this.unanswered -= 1
    this.parts.passes.tell(offer, { back })
  }

  /** All that became of an offered event has ended or lies in a durable place. */
  private settled(offer: Offered, ticket: Ticket): void {
    this.offers.delete(offer.number)
    const { bucket } = this.parts.entries()
    const copies = bucket.offered.get(offer.number) ?? 0
    bucket.offered.delete(offer.number)
    const { state } = offer
    if (state === "returned") return
    const failed = ticket.failed?.values().next().value
    if (failed?.kind === "stopped" && copies === 0) return this.interruptedOffer(offer)
    if (failed !== undefined && state === "offered") return this.failedElsewhere({ offer, ticket, failed, copies })
    this.finish(offer, ticket)
  }

  /** The entry is done with. */
  private finish(offer: Offered, ticket: Ticket): void {
    const entries = this.parts.entries()
    const { id } = offer.entry
    const outer = entries.bucket.kept.get(id)
    entries.bucket.kept.delete(id)
    entries.remove(id)
    if (offer.state === "offered") this.answered(offer, false)
    offer.passOn(ticket, outer)
  }

  /** The graph stopped before it was known: the entry stays as it is. */
  private interruptedOffer(offer: Offered): void {
    this.parts.entries().bucket.account.givenBack()
    this.interrupted.push(offer.entry)
    if (offer.state === "offered") this.answered(offer, true)
    offer.state = "returned"
  }

  /** The event ended badly without coming by here: dropped by a full queue, or where no `failed` is routed. */
  private failedElsewhere(of: { offer: Offered; ticket: Ticket; failed: FailedSlot; copies: number }): void {
    const { offer, ticket, failed, copies } = of
    const { entry } = offer
    const entries = this.parts.entries()
    const failure = { kind: failed.kind, code: describeThrown(failed.error).code }
    const attempts = entry.attempts + 1
    const verdict = this.parts.intake.verdict(failure, { attempts, counts: true, createdMs: entry.createdMs, wished: false })
    if (verdict === "hold") {
      if (copies > 0) entries.bucket.account.letBack(copies)
      else entries.bucket.account.givenBack()
      const dueMs = this.parts.intake.dueMs(attempts, failure, undefined)
      void entries.change([{ id: entry.id, patch: { attempts, dueMs, kind: failure.kind } }])
      this.parts.passes.bringForward(dueMs)
      this.answered(offer, true)
      offer.state = "returned"
      return
    }
    this.gaveUp += 1
    const kind = verdict === "exhausted" ? verdict : failure.kind
    const { id: _id, ...copy } = entry
    if (this.parts.settings().keep.includes(kind)) void this.parts.intake.appendDead([{ ...copy, kind }])
    this.finish(offer, ticket)
  }

  /** Bytes that are no event: kept aside as they are, and lost to the graph. */
  private async setAside(entry: Entry, thrown: unknown): Promise<void> {
    const entries = this.parts.entries()
    const { id, ...copy } = entry
    this.actor.log.error("an entry cannot be read and is set aside", { bucket: entries.bucket.name, id, error: reasonOf(thrown) })
    await this.parts.intake.appendDead([{ ...copy, kind: "invalid" }])
    this.actor.books.lost += 1
    entries.bucket.account.offered(this.actor.books)
    entries.remove(id)
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
