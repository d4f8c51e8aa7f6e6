// A file of the simulated disk, twice over: as programs see it, and as it lies on the disk. Between the two stand the changes that were
// written and not synced. A power cut applies some of them, some in part, at sector borders, without regard to their order.

import type { SeededRandom } from "./random.ts"

/** Disks write one of these whole or not at all. Which one holds is decided at each power cut. */
const sectorSizes = [512, 4096] as const
const zeroTailChance = 0.2

/** Bytes that grow. What was never written reads as zeros. */
class Image {
  #bytes: Buffer
  #length = 0

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#bytes = bytes
    this.#length = bytes.length
  }

  get length(): number {
    return this.#length
  }

  get content(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  write(position: number, data: Buffer): void {
    const end = position + data.length
    this.#reserve(end)
    data.copy(this.#bytes, position)
    this.#length = Math.max(this.#length, end)
  }

  truncate(length: number): void {
    this.#reserve(length)
    // Zeros behind the end, so that growing again does not bring back what was cut off.
    if (length < this.#length) this.#bytes.fill(0, length, this.#length)
    this.#length = length
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return
    const grown = Buffer.alloc(Math.max(length, this.#bytes.length * 2, 256))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}

/** A change that was written and not synced; `data` absent is a truncation to `position`. */
interface Change {
  readonly position: number
  readonly data?: Buffer
  /** A sync that should have covered it failed: later ones no longer cover it. */
  doubtful: boolean
}

/** What a power cut makes of the unsynced changes of one file. */
type Fate = "none" | "all" | "prefix" | "any"

/** A file; names in directories point to it, open handles hold it. */
export class SimulatedFile {
  readonly inode: number
  modifiedMs: number
  /** Grows with every change of the content. */
  version = 0
  #written = new Image()
  #durable = new Image()
  #changes: Change[] = []

  constructor(inode: number, modifiedMs: number) {
    this.inode = inode
    this.modifiedMs = modifiedMs
  }

  get size(): number {
    return this.#written.length
  }

  /** As programs see it. A view: copy it to keep it. */
  get content(): Buffer {
    return this.#written.content
  }

  /** What is certain to be there after a power cut. */
  get durableContent(): Buffer {
    return this.#durable.content
  }

  write(position: number, data: Buffer): void {
    if (data.length === 0) return
    const owned = Buffer.from(data)
    this.version += 1
    this.#written.write(position, owned)
    this.#changes.push({ position, data: owned, doubtful: false })
  }

  truncate(length: number): void {
    this.version += 1
    this.#written.truncate(length)
    this.#changes.push({ position: length, doubtful: false })
  }

  /** What a sync that starts now will cover: changes made later are not its business. */
  unsynced(): readonly Change[] {
    return this.#changes.filter((change) => !change.doubtful)
  }

  /** Ends a sync over `covered` well. */
  synced(covered: readonly Change[]): void {
    const done = new Set(covered)
    // Of two syncs at once the later may end first: what it made durable must not be written over what came after.
    for (const change of this.#changes) if (done.has(change) && !change.doubtful) apply(this.#durable, change)
    this.#changes = this.#changes.filter((change) => change.doubtful || !done.has(change))
  }

  /** Ends a sync over `covered` badly. As on Linux the pages count as clean now: no later sync writes them. */
  syncFailed(covered: readonly Change[]): void {
    for (const change of covered) change.doubtful = true
  }

  /** Makes all of it durable at once. */
  syncAll(): void {
    this.#durable = new Image(Buffer.from(this.#written.content))
    this.#changes = []
  }

  /** Changes bytes on the disk itself, as a bad sector does. */
  damage(position: number, data: Buffer): void {
    this.version += 1
    this.#written.write(position, data)
    this.#durable.write(position, data)
  }

  powerCut(random: SeededRandom): void {
    const fate = random.pick<Fate>(["none", "all", "prefix", "any"])
    const sector = random.pick(sectorSizes)
    const last = fate === "prefix" ? random.upTo(this.#changes.length) : this.#changes.length
    this.#changes.forEach((change, index) => {
      if (fate === "none" || index > last) return
      if (fate === "all" || index < last) this.#keep(change, sector, fate === "any" ? () => random.chance() : () => true)
      else this.#keep(change, sector, prefixOf(change, sector, random))
    })
    // Some file systems record the new size before the data: the end of the file is zeros then.
    if (fate !== "none" && this.#written.length > this.#durable.length && random.chance(zeroTailChance)) {
      this.#durable.truncate(this.#written.length)
    }
    this.#written = new Image(Buffer.from(this.#durable.content))
    this.#changes = []
  }

  // Applies the sectors of a change that `kept` chooses. A truncation is one decision.
  #keep(change: Change, sector: number, kept: (index: number) => boolean): void {
    const { data, position } = change
    if (data === undefined) {
      if (kept(0)) apply(this.#durable, change)
      return
    }
    let start = 0
    for (let index = 0; start < data.length; index += 1) {
      const end = Math.min(data.length, start + sector - ((position + start) % sector))
      if (kept(index)) this.#durable.write(position + start, data.subarray(start, end))
      start = end
    }
  }
}

/** Chooses how many sectors of the last change that made it were still written. */
function prefixOf(change: Change, sector: number, random: SeededRandom): (index: number) => boolean {
  const count = random.upTo(Math.ceil((change.data?.length ?? 0) / sector))
  return (index) => index < count
}

function apply(image: Image, change: Change): void {
  if (change.data === undefined) image.truncate(change.position)
  else image.write(change.position, change.data)
}
