// One bucket of a store in the ledger. What waits in it stands in the books of one instance: the one that reads it if this process has one,
// else the first that writes it. What somebody else stores or offers crosses between the two as if it had gone by a route.
//
// Other processes may use the bucket as well: what is found beyond what is known here counts as recovered, what is missing as never
// recovered.

import type { Books } from "../ledger.ts"

export class BucketAccount {
  /** Entries in the bucket, as far as this process knows. */
  size = 0
  /** Of these, entries that were offered and are neither back nor removed. */
  onTheirWay = 0
  private owner: Books | null = null
  private isReader = false

  get waiting(): number {
    return this.size - this.onTheirWay
  }

  /** The instance appends. */
  attachWriter(books: Books): void {
    if (this.owner === null) this.own(books)
  }

  /** The instance takes entries out: what waits stands in its books from now on. */
  attachReader(books: Books): void {
    this.isReader = true
    if (this.owner !== books) this.own(books)
  }

  /** Whether some instance of this process takes entries out. */
  get hasReader(): boolean {
    return this.isReader
  }

  /** The store holds `count` entries. */
  found(count: number): void {
    if (this.owner !== null) this.owner.recovered += count - this.size
    this.size = count
  }

  /** `count` entries were appended, by the instance whose books are given or by none. */
  appended(count: number, by: Books | null): void {
    this.size += count
    const { owner } = this
    if (owner === null || owner === by) return
    if (by === null) owner.recovered += count
    else cross(by, owner, count)
  }

  /** The instance with the books `by` made an event of an entry. */
  offered(by: Books): void {
    this.onTheirWay += 1
    if (this.owner !== null && this.owner !== by) cross(this.owner, by, 1)
  }

  /** The event came back to the instance that offered it, and its branch ended there: the entry waits. */
  cameBack(by: Books): void {
    this.onTheirWay -= 1
    if (this.owner !== null && this.owner !== by) cross(by, this.owner, 1)
  }

  /** The event came back to an instance that writes the bucket, where its branch ended: it is held until the others have. */
  heldBack(by: Books): void {
    const { owner } = this
    if (owner === null) return
    if (owner !== by) cross(by, owner, 1)
    owner.held += 1
  }

  /** All branches of an event ended, and `copies` of them were held: its entry waits, and stands for all. */
  letBack(copies: number): void {
    this.onTheirWay -= 1
    if (this.owner === null) return
    this.owner.held -= copies
    this.owner.joined += copies - 1
  }

  /** The event ended badly elsewhere, where that was counted; the entry waits, and its next branch counts as recovered. */
  givenBack(): void {
    this.onTheirWay -= 1
    if (this.owner !== null) this.owner.recovered += 1
  }

  /** `count` entries that were on their way are gone from the store. */
  removed(count: number): void {
    this.size -= count
    this.onTheirWay -= count
  }

  /** `count` waiting entries are no more: they could not be read, or the memory that held them ends. */
  lost(count: number): void {
    this.size -= count
    if (this.owner !== null) this.owner.lost += count
  }

  private own(books: Books): void {
    const { owner, waiting } = this
    this.owner = books
    books.waiting.add(this.waitingNow)
    if (owner === null) books.recovered += waiting
    else {
      owner.waiting.delete(this.waitingNow)
      cross(owner, books, waiting)
    }
  }

  private readonly waitingNow = (): number => this.waiting
}

function cross(from: Books, to: Books, count: number): void {
  from.spooledOut += count
  to.spooledIn += count
}
