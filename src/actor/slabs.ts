// Large buffers that are used again and again. What lives for the length of a TCP tail outlives the young generation, and the memory behind
// it is only given back by a full collection: at full speed sixteen of those a second. Reused, the same few megabytes go round.

const smallest = 32 * 1024
const largest = 1024 * 1024

export class Slabs {
  /** Free ones by their size. */
  private readonly free = new Map<number, Buffer[]>()
  private freeBytes = 0
  private readonly freeBytesMax: number
  /** Whatever was never given back falls to the garbage collector. */
  private readonly ours = new WeakSet<ArrayBufferLike>()

  constructor(freeBytesMax: number) {
    this.freeBytesMax = freeBytesMax
  }

  /** A buffer of `length` bytes with anything in it. */
  readonly take = (length: number): Buffer => {
    if (length < smallest / 2 || length > largest) return Buffer.allocUnsafe(length)
    const size = sizeFor(length)
    const slab = this.free.get(size)?.pop()
    if (slab === undefined) return this.make(size).subarray(0, length)
    this.freeBytes -= size
    return slab.subarray(0, length)
  }

  /** Nobody uses the buffer any more. One that did not come from here is left alone. */
  give({ buffer }: Buffer): void {
    const size = buffer.byteLength
    if (this.freeBytes + size > this.freeBytesMax || !this.ours.has(buffer)) return
    const free = this.free.get(size)
    if (free === undefined) this.free.set(size, [Buffer.from(buffer)])
    else free.push(Buffer.from(buffer))
    this.freeBytes += size
  }

  private make(size: number): Buffer {
    const slab = Buffer.allocUnsafeSlow(size)
    this.ours.add(slab.buffer)
    return slab
  }
}

function sizeFor(length: number): number {
  let size = smallest
  while (size < length) size *= 2
  return size
}
