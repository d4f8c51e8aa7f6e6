// One file being followed: what is read of it, how far it is safe, and whether it is still the same file.
//
// A file is known by its inode and by a fingerprint of its first bytes; the device number may change when a machine starts, so it only
// counts where the fingerprint says nothing. The fingerprint grows with the file up to a kilobyte. When it no longer fits, or the file is
// shorter than what was read of it, the file was truncated or written anew: its content is another one and is read from its beginning.
// What was taken of the old content still goes its way.
//
// The file is cut into lines as they come; an unfinished line waits, and is read again after a restart.

import { crc32 } from "node:zlib"
import type { FileHandle, FileStat, Files } from "../platform/platform.ts"
import { LineSplit } from "./line-split.ts"
import { SafeOffset } from "./safe-offset.ts"

const chunkBytes = 64 * 1024
const fingerprintBytes = 1024
/** Bytes looked through, from the end backwards, for the beginning of the last line. */
const backwardsBytes = 64 * 1024

/** The first `bytes` bytes of a file, as a CRC-32. */
export interface Fingerprint {
  readonly bytes: number
  readonly crc: number
}

/** How far a file is safe, as it is kept. */
export interface FilePosition {
  readonly path: string
  readonly device: number
  readonly inode: number
  readonly fingerprint: Fingerprint
  readonly offset: number
}

/** One line: `chunk[start, end)`, at byte `offset` of the file. */
export interface FileLine {
  readonly path: string
  readonly chunk: Buffer
  readonly start: number
  readonly end: number
  readonly offset: number
}

/** Lines that were read together, and how to say that they are safe. */
export interface FilePiece {
  readonly lines: readonly FileLine[]
  readonly safe: () => void
}

/** How a file is cut into lines. */
export interface FollowedFileOptions {
  readonly delimiter: string
  readonly lineBytesMax: number
  /** Most lines of one piece. */
  readonly pieceLines: number
  /** A line was longer than `lineBytesMax` and left out. */
  readonly tooLong: (file: FollowedFile) => void
}

/** What {@link FollowedFile.read} found. */
export interface ReadResult {
  readonly pieces: readonly FilePiece[]
  /** Nothing more is there for now. */
  readonly atEnd: boolean
  /** The content was another one than before: so many bytes of the old one had not been read when it was last looked at. */
  readonly replaced?: { readonly unreadBytes: number }
}

const nothing: Fingerprint = { bytes: 0, crc: 0 }

export class FollowedFile {
  path: string
  readonly device: number
  readonly inode: number
  /** When its name was missed first, by the monotonic clock; `undefined` while the name stands for it. */
  goneMs: number | undefined
  /** When something was read of it last, by the monotonic clock. */
  readMs = 0
  /** Nothing more is read of it. */
  isOver = false
  /** Why it could not be read the last time. */
  problem: string | undefined
  private readonly options: FollowedFileOptions
  private handle: FileHandle | undefined
  private split: LineSplit
  private safe: SafeOffset
  private next: number
  private fingerprint: Fingerprint
  private knownBytes: number
  /** The file's time when its content was looked at last. */
  private knownMs = -1
  /** The fingerprint is looked at before anything is read. */
  private doubtful = true
  /** Where the line that is unfinished begins. */
  private lineStart: number
  private chunk: Buffer = Buffer.alloc(0)
  private chunkStart = 0
  private lines: FileLine[] = []

  constructor(
    found: { path: string; stat: FileStat },
    position: { offset: number; fingerprint?: Fingerprint },
    options: FollowedFileOptions,
  ) {
    this.path = found.path
    this.device = found.stat.device
    this.inode = found.stat.inode
    this.options = options
    this.next = position.offset
    this.lineStart = position.offset
    this.safe = new SafeOffset(position.offset)
    this.fingerprint = position.fingerprint ?? nothing
    this.knownBytes = found.stat.size
    this.split = this.newSplit()
  }

  get isOpen(): boolean {
    return this.handle !== undefined
  }

  /** The first byte that was not read. */
  get offset(): number {
    return this.next
  }

  /** Bytes that were read and are not safe; an unfinished line counts. */
  get unsafeBytes(): number {
    return this.next - this.safe.offset
  }

  /** Bytes of an unfinished line. */
  get unfinishedBytes(): number {
    return this.split.bytesSinceLine
  }

  /** Bytes that were there when last looked at and are not read. */
  get unreadBytes(): number {
    return Math.max(0, this.knownBytes - this.next)
  }

  /** How far it is safe, as it is kept. */
  get position(): FilePosition {
    const { path, device, inode, fingerprint } = this
    return { path, device, inode, fingerprint, offset: this.safe.offset }
  }

  /** Its name was looked at: whether something may have come. */
  seen({ size, modifiedMs }: FileStat): boolean {
    this.knownBytes = size
    return size !== this.next || modifiedMs !== this.knownMs
  }

  /** Opens it. @throws what the system says, and ENOENT when the name stands for another file by now. */
  async open(files: Files): Promise<void> {
    if (this.handle !== undefined) return
    const handle = await files.open(this.path, "read")
    const { inode, device } = await handle.stat()
    if (inode === this.inode && device === this.device) {
      this.handle = handle
      this.doubtful = true
      return
    }
    await handle.close()
    throw Object.assign(new Error(`another file is called ${this.path} now`), { code: "ENOENT" })
  }

  async close(): Promise<void> {
    const { handle } = this
    this.handle = undefined
    await handle?.close()
  }

  /** Puts the position behind the last whole line that is there now. */
  async skipToEnd(): Promise<void> {
    const handle = this.handle as FileHandle
    const { size } = await handle.stat()
    const from = Math.max(0, size - backwardsBytes)
    const tail = await readFully(handle, from, size - from)
    const delimiter = Buffer.from(this.options.delimiter)
    const last = tail.lastIndexOf(delimiter)
    // A line longer than that is passed over in part.
    const offset = last >= 0 ? from + last + delimiter.length : from === 0 ? 0 : size
    this.restart(offset)
    this.knownBytes = size
    await this.checkContent(handle, size)
  }

  /** Reads one chunk, if something has come. */
  async read(): Promise<ReadResult> {
    const handle = this.handle as FileHandle
    const { size, modifiedMs } = await handle.stat()
    const unreadBytes = this.unreadBytes
    if (size === this.next && modifiedMs === this.knownMs) return { pieces: [], atEnd: true }
    if (size < this.next || (this.doubtful && !(await this.checkContent(handle, size)))) return this.replaced(unreadBytes)
    this.knownBytes = size
    this.knownMs = modifiedMs
    const chunk = await readFully(handle, this.next, Math.min(chunkBytes, size - this.next))
    const pieces = chunk.length === 0 ? [] : this.take(chunk)
    // Within one run of chunks it stays the same file; between two of them nobody knows.
    this.doubtful = chunk.length === 0 || this.next >= size
    return { pieces, atEnd: this.doubtful }
  }

  /** The file will not grow any more: what is unfinished is a line. */
  finish(): readonly FilePiece[] {
    if (this.split.bytesSinceLine === 0) return []
    this.chunk = Buffer.alloc(0)
    this.split.end()
    this.lineStart = this.next
    return this.cut(this.next)
  }

  /** Whether a file with these marks, found under some name, is this one as it was kept. */
  static async isSame(position: FilePosition, found: FileStat, open: () => Promise<FileHandle>): Promise<boolean> {
    if (found.inode !== position.inode) return false
    const { bytes, crc } = position.fingerprint
    if (bytes === 0) return found.device === position.device
    if (found.size < bytes) return false
    const handle = await open()
    try {
      return crcOf(await readFully(handle, 0, bytes)) === crc
    } finally {
      await handle.close()
    }
  }

  private replaced(unreadBytes: number): ReadResult {
    // The rest of the line cannot come any more.
    const pieces = this.finish()
    this.restart(0)
    this.fingerprint = nothing
    this.doubtful = true
    return { pieces, atEnd: false, replaced: { unreadBytes } }
  }

  private restart(offset: number): void {
    this.next = offset
    this.lineStart = offset
    this.safe = new SafeOffset(offset)
    this.split = this.newSplit()
  }

  /** Whether the file begins as it did; takes the fingerprint of as much of it as there is. */
  private async checkContent(handle: FileHandle, size: number): Promise<boolean> {
    const { bytes, crc } = this.fingerprint
    if (bytes > size) return false
    const begin = await readFully(handle, 0, Math.min(fingerprintBytes, size))
    if (begin.length < bytes || crcOf(begin.subarray(0, bytes)) !== crc) return false
    this.fingerprint = { bytes: begin.length, crc: crcOf(begin) }
    return true
  }

  private take(chunk: Buffer): FilePiece[] {
    this.chunk = chunk
    this.chunkStart = this.next
    this.next += chunk.length
    this.split.push(chunk)
    const safeEnd = this.next - this.split.bytesSinceLine
    this.lineStart = safeEnd
    return this.cut(safeEnd)
  }

  /** The lines in hand as pieces, the last of which ends at `end`. */
  private cut(end: number): FilePiece[] {
    const { lines, safe } = this
    this.lines = []
    if (lines.length === 0) safe.skip(end)
    const { pieceLines } = this.options
    const pieces: FilePiece[] = []
    for (let from = 0; from < lines.length; from += pieceLines) {
      const next = lines[from + pieceLines]
      pieces.push({ lines: lines.slice(from, from + pieceLines), safe: safe.take(next?.offset ?? end) })
    }
    return pieces
  }

  private newSplit(): LineSplit {
    const { delimiter, lineBytesMax, tooLong } = this.options
    return new LineSplit({
      delimiter,
      lineBytesMax,
      line: (chunk, start, end) => {
        const offset = chunk === this.chunk ? this.chunkStart + start : this.lineStart
        this.lines.push({ path: this.path, chunk, start, end, offset })
      },
      tooLong: () => tooLong(this),
    })
  }
}

/** Up to `length` bytes; fewer at the end of the file. */
async function readFully(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const count = await handle.read(bytes, done, length - done, position + done)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}

function crcOf(bytes: Buffer): number {
  return crc32(bytes)
}
