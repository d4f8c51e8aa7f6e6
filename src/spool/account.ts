// A spool in the ledger. What waits on disk stands in the books of one instance: the reader if this process has one, else the writer.
// What the writer stores is forwarded to the reader's books; what the reader offers leaves `waiting` and is on its way; what comes back
// or fails waits again.
//
// A record whose branch ended badly is offered again: its next branch counts as recovered. One that came back to the spool (`returned`)
// crossed to the reader's books when it did; until its whole slot is answered it is held there, and copies of one record that came
// back are joined into it.

import type { Books } from "../ledger.ts"

/** What the account needs to know of its spool. */
export interface AccountedSpool {
  /** Records on disk and not settled. */
  readonly waiting: number
  /** Records that waited when this process first read the directory. */
  readonly recovered: number
  /** Whether a record is offered and not answered, by the reader that is open now. */
  isInFlight?(sequence: number): boolean
  readonly counts: { readonly damaged: number; readonly missing: number; readonly unconfirmed: number; readonly quarantined: number }
}

export class SpoolAccount {
  private readonly spool: AccountedSpool
  private writer: Books | null = null
  private reader: Books | null = null
  /** Records offered and not answered. */
  private onTheirWay = 0
  /** How many branches of a record came back, by sequence, while it is on its way. */
  private readonly cameBack = new Map<number, number>()
  /** Records this process settled, found unreadable, or set aside; and appended: what is found beyond came from another process. */
  private settledHere = 0
  private appendedHere = 0
  private gone = 0
  private unconfirmed = 0
  /** Records another process wrote (or, seen by a writer, settled) since this one opened the spool. */
  private foundLater = 0
  /** What an earlier account of this directory had waiting when the spool was closed. */
  private before: LeftWaiting | undefined

  constructor(spool: AccountedSpool, before?: LeftWaiting) {
    this.spool = spool
    this.before = before
  }

  /** The instance that writes. Opens after no reader of this process; see {@link attachReader}. A later one goes on for the one before. */
  attachWriter(books: Books): void {
    const { reader, writer } = this
    if (reader === null && writer !== null) this.handOver(writer, books)
    this.writer = books
    if (reader === null && writer === null) this.own(books)
  }

  /** The instance that reads takes the account over; a later one goes on for the one before. */
  attachReader(books: Books): void {
    const { reader, writer, spool } = this
    if (reader !== null) this.handOver(reader, books)
    this.reader = books
    if (reader !== null) return
    if (writer !== null) {
      writer.recovered -= spool.recovered
      writer.spooledOut += this.appendedHere
      books.spooledIn += this.appendedHere
      writer.waiting.delete(this.waitingNow)
    }
    this.own(books)
  }

  /** One instance does both: its queue lives on the spool. A later one goes on for the one before. */
  attachQueue(books: Books): void {
    const { reader } = this
    if (reader !== null) this.handOver(reader, books)
    this.reader = books
    this.writer = books
    if (reader === null) this.own(books)
  }

  /** The reader closes: what it has offered and not been told the end of waits again, and whatever becomes of that is not told any more. */
  readerGone(): void {
    const { reader } = this
    if (reader === null) return
    for (const [sequence] of this.cameBack) this.givenBack(sequence)
    reader.recovered += this.onTheirWay
    this.onTheirWay = 0
  }

  /** The spool closes. What waits stays in the books it stands in, as a number, until the spool is opened again. */
  close(): LeftWaiting | undefined {
    const owner = this.reader ?? this.writer
    if (owner === null) return undefined
    const count = this.waitingNow()
    owner.waiting.delete(this.waitingNow)
    return count === 0 ? undefined : new LeftWaiting(owner, count)
  }

  /** `count` records of the writer are on disk. */
  appended(count: number): void {
    this.appendedHere += count
    const { reader, writer } = this
    if (reader === null || writer === null || reader === writer) return
    writer.spooledOut += count
    reader.spooledIn += count
  }

  /** A branch of a record that is on its way came back to the writer. */
  returned(sequence: number): void {
    if (this.writer === null || this.reader === null) return
    this.writer.spooledOut += 1
    this.reader.spooledIn += 1
    // An earlier reader offered it, and has closed: its record waits already, or is done with.
    if (this.spool.isInFlight?.(sequence) === false) {
      this.reader.joined += 1
      return
    }
    this.reader.held += 1
    this.cameBack.set(sequence, (this.cameBack.get(sequence) ?? 0) + 1)
  }

  /** The reader made `count` events of records. */
  offered(count: number): void {
    this.onTheirWay += count
  }

  /** `count` records were settled, those from `first` on. */
  settled(count = 1, first?: number): void {
    this.onTheirWay -= count
    this.settledHere += count
    if (this.cameBack.size > 0 && first !== undefined) for (let at = first; at < first + count; at++) this.forgetReturned(at)
  }

  /** A person took `count` waiting records out: the graph let them go. */
  removed(count: number): void {
    const owner = this.reader ?? this.writer
    this.settledHere += count
    if (owner !== null) owner.filtered += count
  }

  /** A person put `count` records in, from quarantine or from another spool: they are found on disk. */
  putIn(count: number): void {
    const owner = this.reader ?? this.writer
    this.foundLater += count
    if (owner !== null) owner.recovered += count
  }

  /** The record was given back. */
  givenBack(sequence: number): void {
    this.onTheirWay -= 1
    const { reader } = this
    if (reader === null) return
    const branches = this.cameBack.get(sequence) ?? 0
    if (branches === 0) {
      reader.recovered += 1
      return
    }
    this.cameBack.delete(sequence)
    reader.held -= branches
    reader.joined += branches - 1
  }

  private own(books: Books): void {
    books.recovered += this.spool.recovered
    books.waiting.add(this.waitingNow)
    this.before?.takeOver()
    this.before = undefined
  }

  /** What waits moves from one instance's books to another's. */
  private handOver(from: Books, to: Books): void {
    if (from === to) return
    const count = this.waitingNow()
    from.waiting.delete(this.waitingNow)
    to.waiting.add(this.waitingNow)
    if (from.outside === to.outside) {
      from.spooledOut += count
      to.spooledIn += count
    } else {
      from.recovered -= count
      to.recovered += count
    }
  }

  /** A record ended well, although copies of it came back that an earlier reader had offered: they are joined into it. */
  private forgetReturned(sequence: number): void {
    const branches = this.cameBack.get(sequence)
    const { reader } = this
    if (branches === undefined || reader === null) return
    this.cameBack.delete(sequence)
    reader.held -= branches
    reader.joined += branches
  }

  /** Records on disk that are not on their way; brings the books up to what only the disk knows. */
  private readonly waitingNow = (): number => {
    const { spool, reader, writer } = this
    const owner = reader ?? writer
    if (owner === null) return 0
    const { damaged, missing, unconfirmed, quarantined } = spool.counts
    // These were counted as recovered before anybody had read so far, and never were.
    owner.recovered -= unconfirmed - this.unconfirmed
    this.unconfirmed = unconfirmed
    owner.lost += damaged + missing + quarantined - this.gone
    this.gone = damaged + missing + quarantined
    // Written by another process, and seen for the first time.
    const accounted = spool.recovered + this.appendedHere - this.settledHere - this.unconfirmed - this.gone + this.foundLater
    const found = spool.waiting - accounted
    if (found !== 0 && (reader === null) !== (writer === null)) {
      this.foundLater += found
      owner.recovered += found
    }
    return spool.waiting - this.onTheirWay
  }
}

/** What waited in a spool when this process closed it: it stands in the books of whoever had it last until somebody opens it again. */
export class LeftWaiting {
  private readonly books: Books
  private readonly count: number
  private readonly waiting = (): number => this.count

  constructor(books: Books, count: number) {
    this.books = books
    this.count = count
    books.waiting.add(this.waiting)
  }

  /** It is found on disk again, by whoever has the spool now. */
  takeOver(): void {
    this.books.waiting.delete(this.waiting)
    this.books.recovered -= this.count
  }
}
