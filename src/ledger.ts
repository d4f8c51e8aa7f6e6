// The books: where every branch of every event is, or how it ended. Unit: the branch, one copy of an event on its way.
//
// After every transition, for each instance and in total:
//   in + recovered + copied + received = delivered + failed + dropped + joined + waiting + held + in_flight + lost + forwarded
// `received` and `forwarded` count routes inside the graph; they are equal in total. Counters only grow, except `waiting`, `held` and
// `in_flight`, which are read from what holds the events (queues, hands, spool), so a mistake in counting shows as an imbalance.
// Log and metric events stand outside: an instance that only they reach keeps books of its own that the totals leave out.

/** Why a branch ended by the graph's own decision, or was thrown away by a full queue. */
export type DropReason = "unconnected" | "unmatched" | "filtered" | "overflow"

/** The counts of one instance, or of the whole graph. */
export interface Balance {
  readonly in: number
  readonly recovered: number
  readonly copied: number
  readonly delivered: number
  readonly failed: number
  readonly dropped: Readonly<Record<DropReason, number>>
  readonly joined: number
  /** On disk or in a store. */
  readonly waiting: number
  /** Kept by a module with `hold`. */
  readonly held: number
  /** In a memory queue, in a handler, or taken and not settled. */
  readonly in_flight: number
  readonly lost: number
  /** Sent again after an attempt that may have arrived: an upper bound, outside the equation. */
  readonly duplicated: number
}

interface Passing {
  readonly received: number
  readonly forwarded: number
}

/** {@link Balance} of one instance, with what came from and went to other instances. */
export interface InstanceBalance extends Balance, Passing {}

/** What `--report FILE` holds. */
export interface Report extends Balance {
  readonly instances: Readonly<Record<string, InstanceBalance>>
}

/** The counters of one instance. Plain numbers that the hot path adds to; read through {@link Ledger}. */
export class Books {
  in = 0
  recovered = 0
  copied = 0
  delivered = 0
  failed = 0
  unconnected = 0
  unmatched = 0
  filtered = 0
  overflow = 0
  joined = 0
  held = 0
  lost = 0
  duplicated = 0
  /** Taken over from, and left to, another instance by way of a spool both use. */
  spooledIn = 0
  spooledOut = 0
  /** What waits on disk or in a store on this instance's account; read there, so that a mistake in counting shows. */
  readonly waiting = new Set<() => number>()
  /** Taken from a queue and not yet settled, forwarded or held. */
  inHands = 0
  /** Holds only log and metric events. */
  readonly outside: boolean
  private instance: InstanceCounts
  /** What was counted by queues and ports that the instance has no longer. */
  private readonly earlier = { received: 0, fromOutside: 0, forwarded: 0 }

  constructor(outside: boolean, instance: InstanceCounts) {
    this.outside = outside
    this.instance = instance
  }

  /** Counts a branch that the graph itself ended. */
  dropped(reason: DropReason, count: number): void {
    this[reason] += count
  }

  /** Goes on with the queues and ports of `next`; `change` moves them there. What was counted stays counted. */
  continueWith(next: InstanceCounts, change: () => void): void {
    const before = this.instance.counts()
    change()
    const after = next.counts()
    this.instance = next
    this.earlier.received += before.received - after.received
    this.earlier.fromOutside += before.fromOutside - after.fromOutside
    this.earlier.forwarded += before.forwarded - after.forwarded
  }

  /** Begins where `instance` stands: what it has by now enters the graph with it. */
  beginWith(instance: InstanceCounts): void {
    const { received, fromOutside, forwarded, queued } = instance.counts()
    this.instance = instance
    this.earlier.received = -received
    this.earlier.fromOutside = queued - fromOutside
    this.earlier.forwarded = -forwarded
  }

  /** The instance is no more. What its queues still have, as the disk did not take it in time, nobody will take out. */
  end(): void {
    this.lost += this.instance.counts().queued
    this.continueWith(nobody, () => undefined)
  }

  balance(): InstanceBalance {
    // First: reading what waits may bring other counts up to what only the disk knew.
    let waiting = 0
    for (const count of this.waiting) waiting += count()
    const { received, fromOutside, forwarded, queued } = this.instance.counts()
    const { earlier } = this
    return {
      in: this.in + fromOutside + earlier.fromOutside,
      recovered: this.recovered,
      copied: this.copied,
      delivered: this.delivered,
      failed: this.failed,
      dropped: { unconnected: this.unconnected, unmatched: this.unmatched, filtered: this.filtered, overflow: this.overflow },
      joined: this.joined,
      waiting,
      held: this.held,
      in_flight: queued + this.inHands,
      lost: this.lost,
      duplicated: this.duplicated,
      received: received + earlier.received + this.spooledIn,
      forwarded: forwarded + earlier.forwarded + this.spooledOut,
    }
  }
}

/** What an instance's queues and ports know: events taken over from other instances, handed on to them, and waiting in its in queues. */
export interface InstanceCounts {
  counts(): { received: number; fromOutside: number; forwarded: number; queued: number }
}

const nobody: InstanceCounts = { counts: () => ({ received: 0, fromOutside: 0, forwarded: 0, queued: 0 }) }

/** The row of a report that stands for all instances that were removed while the graph ran. */
const removedRow = "_removed"

/** The books of a whole graph. */
export class Ledger {
  private readonly books = new Map<string, Books>()
  /** Books of removed instances that may still change, as something of theirs lies on disk. */
  private removed: Books[] = []
  /** All other removed instances, in one row: their number has no bound. */
  private readonly gone: Mutable<InstanceBalance> = { ...emptyBalance(), received: 0, forwarded: 0 }
  private hasGone = false

  open(name: string, books: Books): void {
    this.books.set(name, books)
  }

  /** The instance was removed from the graph, and has ended. What it counted stays in the totals. */
  close(name: string, books: Books): void {
    // Somebody else may have the name by now.
    if (this.books.get(name) === books) this.books.delete(name)
    books.end()
    if (books.outside) return
    this.removed.push(books)
    this.removed = this.removed.filter((one) => !this.fold(one))
  }

  /** Whether the books can change no more, and were added to the row of what is gone. */
  private fold(books: Books): boolean {
    if (books.waiting.size > 0 || books.held !== 0 || books.inHands !== 0) return false
    addTo(this.gone, books.balance())
    this.hasGone = true
    return true
  }

  /** Books of what was removed, as one row. */
  private removedBalance(): InstanceBalance | undefined {
    if (!this.hasGone && this.removed.length === 0) return undefined
    const sum: Mutable<InstanceBalance> = { ...this.gone, dropped: { ...this.gone.dropped } }
    for (const books of this.removed) addTo(sum, books.balance())
    return sum
  }

  /** Totals and each instance, read now. */
  report(): Report {
    const instances: Record<string, InstanceBalance> = {}
    const total = emptyBalance()
    for (const [name, books] of this.books) {
      if (books.outside) continue
      const balance = books.balance()
      instances[name] = balance
      addTo(total, balance)
    }
    const removed = this.removedBalance()
    if (removed !== undefined) {
      instances[removedRow] = removed
      addTo(total, removed)
    }
    return { ...total, instances }
  }

  /** Instances whose books do not balance, with the difference (left minus right); empty when all is well. */
  imbalances(): { instance: string; difference: number }[] {
    const found: { instance: string; difference: number }[] = []
    let received = 0
    let forwarded = 0
    for (const [instance, books] of this.books) {
      const balance = books.balance()
      const difference = leftSide(balance) + balance.received - rightSide(balance) - balance.forwarded
      if (difference !== 0) found.push({ instance, difference })
      if (books.outside) continue
      received += balance.received
      forwarded += balance.forwarded
    }
    const removed = this.removedBalance()
    if (removed !== undefined) {
      const difference = leftSide(removed) + removed.received - rightSide(removed) - removed.forwarded
      if (difference !== 0) found.push({ instance: removedRow, difference })
      received += removed.received
      forwarded += removed.forwarded
    }
    if (received !== forwarded) found.push({ instance: "*", difference: received - forwarded })
    return found
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends object ? { -readonly [L in keyof T[K]]: T[K][L] } : T[K] }

function emptyBalance(): Mutable<Balance> {
  return {
    in: 0,
    recovered: 0,
    copied: 0,
    delivered: 0,
    failed: 0,
    dropped: { unconnected: 0, unmatched: 0, filtered: 0, overflow: 0 },
    joined: 0,
    waiting: 0,
    held: 0,
    in_flight: 0,
    lost: 0,
    duplicated: 0,
  }
}

const plainCounts = [
  "in",
  "recovered",
  "copied",
  "delivered",
  "failed",
  "joined",
  "waiting",
  "held",
  "in_flight",
  "lost",
  "duplicated",
] as const
const dropReasons = ["unconnected", "unmatched", "filtered", "overflow"] as const

function addTo(total: Mutable<Balance & Partial<Passing>>, balance: Balance & Partial<Passing>): void {
  for (const name of plainCounts) total[name] += balance[name]
  for (const reason of dropReasons) total.dropped[reason] += balance.dropped[reason]
  if (total.received !== undefined) total.received += balance.received ?? 0
  if (total.forwarded !== undefined) total.forwarded += balance.forwarded ?? 0
}

function leftSide(balance: Balance): number {
  return balance.in + balance.recovered + balance.copied
}

function rightSide(balance: Balance): number {
  const { dropped } = balance
  const droppedInAll = dropped.unconnected + dropped.unmatched + dropped.filtered + dropped.overflow
  const ended = balance.delivered + balance.failed + droppedInAll + balance.joined + balance.lost
  return ended + balance.waiting + balance.held + balance.in_flight
}

/** Whether the equation holds for these counts in total. */
export function balances(balance: Balance): boolean {
  return leftSide(balance) === rightSide(balance)
}
