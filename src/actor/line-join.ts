// Joins values into one buffer of lines, for outputs: one batch of events, one write.
//
// Neighbouring pieces of one chunk with just the delimiter between them, as a relay has them, are gathered to one piece and copied
// at once; when a batch is one such piece, it is handed on without copying. Text is joined as text and encoded once.

import { Invalid } from "../errors.ts"
import { textOrBytes } from "./output.ts"

export interface LineJoinOptions {
  /** What ends each line; may be empty. */
  readonly delimiter: string
  /** Whether data may hold the delimiter, so that it arrives as several lines. */
  readonly allowsDelimiter: boolean
  /** Whether to count lines, see {@link LineJoin.lines}. @defaultValue false */
  readonly counts?: boolean
  /** Where the joined buffer comes from. @defaultValue a new one each time */
  readonly allocate?: (length: number) => Buffer
}

/** Gathers lines until {@link LineJoin.take}. One object serves an output for good. */
export class LineJoin {
  private readonly delimiter: Buffer
  private readonly delimiterText: string
  private readonly refuses: boolean
  /** The delimiter when it is one byte, else -1. */
  private readonly byte: number
  private readonly counts: boolean
  private readonly allocate: (length: number) => Buffer
  /** Lines added so far that are not empty, as an input with the same delimiter counts them; with `counts` alone. Never begins anew. */
  lines = 0
  private pieces: Buffer[] = []
  private bytes = 0
  private text = ""
  /** The piece being gathered: `chunk[start, end)`, delimiters included. */
  private chunk: Buffer | null = null
  private start = 0
  private end = 0

  constructor({ delimiter, allowsDelimiter, counts = false, allocate = Buffer.allocUnsafe }: LineJoinOptions) {
    this.counts = counts
    this.allocate = allocate
    this.delimiter = Buffer.from(delimiter)
    this.delimiterText = delimiter
    this.refuses = !allowsDelimiter && delimiter !== ""
    this.byte = this.delimiter.length === 1 ? (this.delimiter[0] as number) : -1
  }

  /** Adds a value: text and bytes as they are, a list one line an item, anything else as JSON. @throws Invalid, and then adds nothing of it. */
  add(value: unknown): void {
    if (typeof value === "string") return this.addText(this.checked(value))
    if (!Array.isArray(value)) return this.addAny(this.checked(textOrBytes(value)))
    const lines = value.map((item) => this.checked(textOrBytes(item)))
    for (const line of lines) this.addAny(line)
  }

  /** Adds `chunk[start, end)`, which must not be changed any more. @throws Invalid when it holds the delimiter. */
  addPiece(chunk: Buffer, start: number, end: number): void {
    const ended = this.byte >= 0 && end < chunk.length && chunk[end] === this.byte
    if (!ended) return this.addAlone(chunk.subarray(start, end))
    // With the delimiter right behind it, the first one found must be that one: one search says all there is to know.
    const isOne = !(this.refuses || this.counts) || chunk.indexOf(this.byte, start) === end
    if (this.refuses && !isOne) this.refuse()
    if (this.counts) {
      if (isOne) this.lines += isEmptyPiece(chunk, start, end, this.byte) ? 0 : 1
      else this.count(chunk.subarray(start, end))
    }
    if (chunk === this.chunk && start === this.end) {
      this.end = end + 1
      return
    }
    this.closePiece()
    this.closeText()
    this.chunk = chunk
    this.start = start
    this.end = end + 1
  }

  /** Where in the buffer the piece that was added last ends, its delimiter left out. */
  get pieceEnd(): number {
    return this.bytes + (this.chunk === null ? 0 : this.end - this.start) - this.delimiter.length
  }

  /** All lines as one buffer; begins anew. */
  take(): Buffer {
    this.closePiece()
    this.closeText()
    const { pieces, bytes } = this
    this.pieces = []
    this.bytes = 0
    if (pieces.length === 1) return pieces[0] as Buffer
    const whole = this.allocate(bytes)
    let at = 0
    const { delimiter, byte } = this
    for (const piece of pieces) {
      // Where no piece brings its delimiter along every other one is that.
      if (piece === delimiter && byte >= 0) whole[at] = byte
      else whole.set(piece, at)
      at += piece.length
    }
    return whole
  }

  private addAny(line: string | Buffer): void {
    if (typeof line === "string") return this.addText(line)
    if (this.counts) this.count(line)
    this.addBytes(line)
  }

  private count(data: string | Buffer): void {
    const { delimiterText } = this
    if (delimiterText === "" || !data.includes(delimiterText)) this.lines += isEmptyLine(data, delimiterText) ? 0 : 1
    else for (const line of data.toString().split(delimiterText)) this.lines += isEmptyLine(line, delimiterText) ? 0 : 1
  }

  private addAlone(line: Buffer): void {
    if (this.counts) this.count(line)
    if (this.refuses && this.inBytes(line)) this.refuse()
    this.addBytes(line)
  }

  private addText(line: string): void {
    if (this.counts) this.count(line)
    this.closePiece()
    this.text += line + this.delimiterText
  }

  private addBytes(line: Buffer): void {
    this.closePiece()
    this.closeText()
    this.push(line)
    if (this.delimiter.length > 0) this.push(this.delimiter)
  }

  private closePiece(): void {
    const { chunk } = this
    if (chunk === null) return
    this.chunk = null
    this.push(chunk.subarray(this.start, this.end))
  }

  private closeText(): void {
    if (this.text === "") return
    const { text } = this
    this.text = ""
    this.push(Buffer.from(text))
  }

  private push(piece: Buffer): void {
    this.pieces.push(piece)
    this.bytes += piece.length
  }

  private checked(line: string): string
  private checked(line: string | Buffer): string | Buffer
  private checked(line: string | Buffer): string | Buffer {
    if (this.refuses && (typeof line === "string" ? this.inText(line) : this.inBytes(line))) this.refuse()
    return line
  }

  // A delimiter such as `--` is also found too early when data ends in `-`: its end is looked at together with the delimiter.

  private inText(line: string): boolean {
    const { delimiterText } = this
    if (line.includes(delimiterText)) return true
    const width = delimiterText.length - 1
    return width > 0 && (line.slice(-width) + delimiterText).indexOf(delimiterText) !== Math.min(width, line.length)
  }

  private inBytes(line: Buffer): boolean {
    const { delimiter, byte } = this
    if (byte >= 0) return line.indexOf(byte) >= 0
    if (line.includes(delimiter)) return true
    const width = delimiter.length - 1
    return width > 0 && Buffer.concat([line.subarray(-width), delimiter]).indexOf(delimiter) !== Math.min(width, line.length)
  }

  private refuse(): never {
    const problem = `the data holds the delimiter ${JSON.stringify(this.delimiterText)}, so it would arrive as several lines`
    throw new Invalid(`${problem} (\`delimiter_in_data: allow\` sends it all the same)`, { code: "delimiter" })
  }
}

/** As {@link isEmptyLine}, of a piece that ends in one byte. */
function isEmptyPiece(chunk: Buffer, start: number, end: number, byte: number): boolean {
  return start === end || (byte === 10 && end - start === 1 && chunk[start] === 13)
}

/** Of a line that LF ends a CR before it belongs to the end. */
function isEmptyLine(line: string | Buffer, delimiter: string): boolean {
  return line.length === 0 || (delimiter === "\n" && line.length === 1 && (line[0] === "\r" || line[0] === 13))
}
