// A queue that lives on a spool: `store: disk`, or `when_full: spill`.
//
//   store: disk   every event is synced to disk before its producer's ticket hears `safe` (`sync` may say: only written); the consumer
//                 is fed by reading ahead
//   spill         events stay in memory until the queue is full; from then on all that is new goes to disk, until the disk is empty
//                 again: so first in, first out holds
//
// `size` and `bytes` bound what is in memory. What was read ahead keeps its record until its branches have ended well: a crash, or an end
// that went wrong, offers it again. `when_full` acts where the disk may take no more (`disk_bytes`).
//
// In the books of the consumer's instance an event on disk is `waiting`; one on its way to or from the disk is in flight.

import { type Event, Standing } from "../event.ts"
import { type EventPieces, piecesOf } from "../event-codec.ts"
import type { Books } from "../ledger.ts"
import type { Platform } from "../platform/platform.ts"
import type { QueueOwner } from "../queue/queue.ts"
import { Ring } from "../queue/ring.ts"
import type { QueuePlan } from "../spec/plan.ts"
import { Ticket } from "../ticket.ts"
import { answerRecords } from "./answers.ts"
import type { SpoolReader } from "./reader.ts"
import type { Spool } from "./spool.ts"
import type { SpooledRecord } from "./spooled-record.ts"
import type { Spools } from "./spools.ts"
import type { SpoolWriter } from "./writer.ts"

/** The instance at the consumer end, as a durable queue needs it. */
export interface SpoolQueueOwner extends QueueOwner {
  readonly books: Books
  /** An event cannot be stored: it fails. */
  refused(event: Event, error: unknown): void
}

export interface SpoolQueueParts {
  readonly name: string
  readonly plan: QueuePlan
  readonly owner: SpoolQueueOwner
  readonly platform: Platform
  readonly spools: Spools
  /** Folder below which durable queues live, in `queues/<instance>.<queue>`. Made when its parent exists. */
  readonly state: string
}

interface Sides {
  readonly spool: Spool
  readonly writer: SpoolWriter
  readonly reader: SpoolReader
}

export class SpoolQueue extends Ring {
  private readonly parts: SpoolQueueParts
  private consumer: SpoolQueueOwner
  private always: boolean
  private sides: Sides | undefined
  private closed = false
  private closing: Promise<void> | undefined
  /** On their way to the disk, in order; not yet handed to the writer. */
  private outgoing: Event[] = []
  /** Handed to the writer and not synced. */
  private syncing = 0
  /** Everything that producers put in. */
  private put = 0
  private spilling = false
  private readonly ending = new AbortController()
  private wakeReader: (() => void) | undefined
  private reading: Promise<void> = Promise.resolve()
  private unsubscribe: () => void = () => {}

  constructor(parts: SpoolQueueParts) {
    super(parts.name, parts.plan, parts.owner)
    this.parts = parts
    this.consumer = parts.owner
    this.always = parts.plan.store === "disk"
  }

  /** Its folder. */
  get path(): string {
    return `${this.parts.state}/queues/${this.name}`
  }

  get isOpen(): boolean {
    return this.sides !== undefined
  }

  /** Events on disk, those among them that are on their way. */
  get onDisk(): number {
    return this.sides?.spool.waiting ?? 0
  }

  /** Before it is opened nothing lies on disk. */
  override takeAll(): Event[] {
    return [...super.takeAll(), ...this.outgoing.splice(0)]
  }

  /** Whether nothing is left, neither in memory nor on disk. */
  get isEmpty(): boolean {
    return this.inMemory === 0 && this.onDisk === 0
  }

  /** Whether an event was read from here, so that its record is still on disk. */
  holdsRecordOf(event: Event): boolean {
    return this.sides !== undefined && event.origin?.spool === this.sides.spool.id
  }

  /** Another folder, or another way to sync, needs another spool. */
  override fits(plan: QueuePlan): boolean {
    return (plan.store === "disk" || plan.whenFull === "spill") && (plan.sync ?? "batch") === (this.plan.sync ?? "batch")
  }

  override configure(plan: QueuePlan): void {
    super.configure(plan)
    this.always = plan.store === "disk"
    this.sides?.reader.setInflight(readAhead(plan))
    this.wakeReader?.()
  }

  override adopt(owner: SpoolQueueOwner): void {
    this.consumer = owner
    this.sides?.spool.account.attachQueue(owner.books)
    super.adopt(owner)
  }

  /** Opens the spool and begins to read ahead. @throws WishboneError when the folder cannot be used. */
  async open(): Promise<void> {
    const { spools, state, name, platform } = this.parts
    const { plan } = this
    await makeFolder(platform.files, state)
    await makeFolder(platform.files, `${state}/queues`)
    const spool = await spools.open(this.path)
    const writer = await spool.openWriter({ name, sync: plan.sync ?? "batch" })
    const reader = await spool.openReader({ name, inflight: readAhead(plan) })
    spool.account.attachQueue(this.consumer.books)
    this.sides = { spool, writer, reader }
    this.spilling = spool.waiting > 0
    this.unsubscribe = spool.onFreed(() => {
      if (!this.full) this.releaseWaiters()
    })
    this.reading = this.read(this.sides)
    // It may have been given to producers before.
    this.handOver()
  }

  /** Reads no more ahead: the graph is stopping, and what is on disk may stay there. */
  stopReading(): void {
    this.ending.abort()
    this.wakeReader?.()
  }

  /** Waits until what was handed over is synced, and closes the spool. */
  close(signal: AbortSignal): Promise<void> {
    this.closing ??= this.closeOnce(signal)
    return this.closing
  }

  private async closeOnce(signal: AbortSignal): Promise<void> {
    this.stopReading()
    this.unsubscribe()
    this.handOver()
    await this.reading
    this.closed = true
    this.sides?.spool.account.readerGone()
    await this.sides?.reader.close()
    await this.sides?.writer.close(signal)
    await this.sides?.spool.close()
  }

  override push(event: Event): void {
    this.put += 1
    if (!this.always && !this.spilling && !super.full) return super.push(event)
    this.spilling = true
    if (this.outgoing.length === 0) queueMicrotask(() => this.handOver())
    this.outgoing.push(event)
  }

  override get full(): boolean {
    const { sides } = this
    if (!this.always && !this.spilling) return false
    if (sides === undefined) return true
    return !sides.writer.hasRoom || this.overDisk(sides)
  }

  override get room(): number {
    return this.full ? 0 : this.size
  }

  override get entered(): number {
    return this.put + this.turnedAway
  }

  override get inMemory(): number {
    return this.length + this.outgoing.length + this.syncing
  }

  override afterTaking(): void {
    if (this.head === this.tail) this.bytes = 0
    if (!this.full) this.releaseWaiters()
    this.wakeReader?.()
  }

  private overDisk({ spool }: Sides): boolean {
    const { diskBytes } = this.plan
    return diskBytes !== undefined && spool.bytes >= diskBytes
  }

  /** Hands everything outgoing to the writer in one append. */
  private handOver(): void {
    const { sides, outgoing } = this
    if (sides === undefined || outgoing.length === 0) return
    this.outgoing = []
    const events: Event[] = []
    const records: EventPieces[] = []
    for (const event of outgoing) {
      try {
        records.push(piecesOf(event))
        events.push(event)
      } catch (thrown) {
        this.consumer.refused(event, thrown)
      }
    }
    if (records.length === 0) return
    this.syncing += records.length
    const room = sides.writer.append(records, (error) => this.synced(events, error))
    if (!room) void sides.writer.whenRoom().then(() => this.releaseWaiters())
  }

  private synced(events: readonly Event[], error: unknown): void {
    this.syncing -= events.length
    for (const event of events) {
      if (error !== undefined) this.consumer.refused(event, error)
      else event.ticket?.endWith(event.slot, event.result, { stored: true, delivered: true })
    }
    if (error === undefined) this.sides?.spool.account.appended(events.length)
  }

  /** Reads ahead while there is room in memory. */
  private async read({ reader, spool }: Sides): Promise<void> {
    const { signal } = this.ending
    for (;;) {
      while (super.full && !signal.aborted) await new Promise<void>((resolve) => (this.wakeReader = resolve))
      const records = signal.aborted ? undefined : await reader.next({ max: this.size - this.length, signal })
      if (records === undefined) return
      this.feed(records, spool)
      const allRead = spool.waiting === reader.inFlight && this.outgoing.length === 0 && this.syncing === 0
      if (!this.always && allRead) this.spilling = false
    }
  }

  private feed(records: readonly SpooledRecord[], spool: Spool): void {
    const events: Event[] = []
    const sequences: number[] = []
    for (const record of records) {
      const event = this.decode(record)
      if (event === undefined) continue
      event.standing = Standing.live
      events.push(event)
      sequences.push(record.sequence)
    }
    const ticket = new Ticket({ ticketSettled: (settled) => this.settled(settled, sequences) }, events.length)
    spool.account.offered(events.length)
    events.forEach((event, slot) => {
      event.ticket = ticket
      event.slot = slot
      super.push(event)
    })
  }

  private decode(record: SpooledRecord): Event | undefined {
    try {
      return record.toEvent(this.parts.platform.random)
    } catch {
      this.sides?.reader.giveBack(record.sequence, { kind: "invalid" })
      return undefined
    }
  }

  private settled(ticket: Ticket, sequences: readonly number[]): void {
    const { sides } = this
    // Whoever reads the folder next is offered again what was on its way.
    if (sides === undefined || this.closed) return
    answerRecords({ reader: sides.reader, account: sides.spool.account }, ticket, sequences)
  }
}

/** What the reader may have handed out and not been told the end of. */
function readAhead({ size, bytes }: QueuePlan): { records: number; bytes: number } {
  return { records: Math.max(size, 1), bytes }
}

/** Makes a folder whose parent exists, so that it survives a power cut. */
async function makeFolder(files: Platform["files"], path: string): Promise<void> {
  if ((await files.stat(path)) !== undefined) return
  await files.makeDirectory(path)
  await files.syncDirectory(path.slice(0, path.lastIndexOf("/")) || "/")
}
