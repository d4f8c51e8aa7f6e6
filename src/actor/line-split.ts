// Cuts a stream of chunks into lines, for inputs. What lies whole in one chunk is told as a piece of that chunk, without copying; only a
// line that spans chunks is joined, in a small buffer of its own. However finely a peer cuts its bytes, the work stays linear and the
// memory within `lineBytesMax`.

/** Takes one line: `chunk[start, end)`, without its delimiter. The chunk must not be changed. */
export type TakeLine = (chunk: Buffer, start: number, end: number) => void

export interface LineSplitOptions {
  /** What ends a line; `null`: nothing does, all is one line until {@link LineSplit.end}. */
  readonly delimiter: string | null
  /** Bytes of the longest line. */
  readonly lineBytesMax: number
  /** Takes each line that is not empty. */
  readonly line: TakeLine
  /** A line grew beyond `lineBytesMax`; it is left out, and the next one begins after the next delimiter. */
  readonly tooLong: () => void
}

const lineFeed = 10
const carriageReturn = 13
const firstCapacity = 256
const none = Buffer.alloc(0)

/** One stream being cut. With the delimiter `"\n"` a `\r` before it belongs to the delimiter. Empty lines are left out. */
export class LineSplit {
  private readonly delimiter: Buffer | null
  /** What to look for: the one byte, which Node finds fastest, or all of them. */
  private readonly needle: number | Buffer
  private readonly width: number
  private readonly stripsReturn: boolean
  private readonly lineBytesMax: number
  private readonly line: TakeLine
  private readonly tooLong: () => void
  /** The beginning of a line whose end has not come: `partial[0, length)`. */
  private partial: Buffer = none
  private length = 0
  /** The line has been found too long: what comes of it is skipped. */
  private skipping = false
  private since = 0

  constructor({ delimiter, lineBytesMax, line, tooLong }: LineSplitOptions) {
    this.delimiter = delimiter === null ? null : Buffer.from(delimiter)
    this.width = this.delimiter?.length ?? 0
    this.needle = this.delimiter?.length === 1 ? (this.delimiter[0] as number) : (this.delimiter ?? lineFeed)
    this.stripsReturn = delimiter === "\n"
    this.lineBytesMax = lineBytesMax
    this.line = line
    this.tooLong = tooLong
  }

  /** Bytes of the line that has begun and not ended. */
  get unfinishedBytes(): number {
    return this.length
  }

  /** Bytes taken since the last delimiter, those of a line that is left out included: where the unfinished line begins. */
  get bytesSinceLine(): number {
    return this.since
  }

  /** Takes a chunk and tells the lines that end in it. */
  push(chunk: Buffer): void {
    let at = this.length > 0 || this.skipping ? this.finishPartial(chunk) : 0
    if (at < 0 || this.delimiter === null) this.since += chunk.length
    if (at < 0) return
    if (this.delimiter === null) return this.keep(chunk, at)
    const { needle, width } = this
    for (;;) {
      const end = chunk.indexOf(needle, at)
      if (end < 0) break
      this.tell(chunk, at, end)
      at = end + width
    }
    this.since = chunk.length - at
    if (at < chunk.length) this.keep(chunk, at)
  }

  /** The stream ended in order: what is unfinished is a line. */
  end(): void {
    const { partial, length, skipping } = this
    this.forget()
    this.since = 0
    if (!skipping && length > 0) this.tell(partial, 0, length)
  }

  /** Looks for the end of the line that began in an earlier chunk; answers where the next line begins, or -1 when the chunk is used up. */
  private finishPartial(chunk: Buffer): number {
    if (this.delimiter === null) return 0
    const before = this.length
    const head = Math.min(this.width - 1, chunk.length)
    // A delimiter may lie across the border: the part before it and the first bytes after it are looked through together.
    if (head > 0 && before > 0) {
      this.append(chunk, 0, head)
      const across = this.partial.subarray(0, this.length).indexOf(this.delimiter, Math.max(0, before - this.width + 1))
      if (across >= 0) {
        this.length = across
        this.tellPartial()
        return across + this.width - before
      }
      this.length = before
    }
    const end = chunk.indexOf(this.needle, 0)
    if (end < 0) {
      this.keep(chunk, 0)
      return -1
    }
    if (!this.skipping) this.append(chunk, 0, end)
    this.tellPartial()
    return end + this.width
  }

  /** The rest of the chunk is the beginning, or the middle, of a line. */
  private keep(chunk: Buffer, from: number): void {
    if (!this.skipping && this.length + chunk.length - from > this.lineBytesMax + this.width) {
      this.skipping = true
      this.tooLong()
    }
    this.append(chunk, from, chunk.length)
    if (this.skipping) this.keepTail()
  }

  /** Of a line that is skipped only as much is kept as may be the beginning of its delimiter. */
  private keepTail(): void {
    const kept = Math.min(this.length, Math.max(0, this.width - 1))
    this.partial.copyWithin(0, this.length - kept, this.length)
    this.length = kept
  }

  private append(chunk: Buffer, from: number, to: number): void {
    const length = this.length + to - from
    if (length > this.partial.length) {
      const larger = Buffer.allocUnsafe(Math.max(firstCapacity, length, Math.min(this.partial.length * 2, this.lineBytesMax + this.width)))
      this.partial.copy(larger, 0, 0, this.length)
      this.partial = larger
    }
    chunk.copy(this.partial, this.length, from, to)
    this.length = length
  }

  private tellPartial(): void {
    const { partial, length, skipping } = this
    this.forget()
    if (!skipping) this.tell(partial, 0, length)
  }

  private forget(): void {
    this.partial = none
    this.length = 0
    this.skipping = false
  }

  private tell(chunk: Buffer, start: number, end: number): void {
    const last = this.stripsReturn && end > start && chunk[end - 1] === carriageReturn ? end - 1 : end
    if (last - start > this.lineBytesMax) this.tooLong()
    else if (last > start) this.line(chunk, start, last)
  }
}
