// Bytes to text: how big a bootstrap file may be, what it may hold, and where in it an offset lies.

import { isUtf8 } from "node:buffer"
import type { Place, Problem } from "./problem.ts"
import { problemAt } from "./problem.ts"

/** A bootstrap file may be this big; a larger one is refused without being read. */
export const fileBytesMax = 1024 * 1024

/** The start of a file: where a problem stands that is about all of it. */
export function startOf(file: string): Place {
  return { file, line: 1, column: 1, endColumn: 1 }
}

/** Refuses a file by its size alone, before anybody reads it. */
export function checkFileSize(file: string, bytes: number): Problem | undefined {
  return bytes > fileBytesMax ? problemAt(startOf(file), "WB_FILE_TOO_BIG", { bytes, bytesMax: fileBytesMax }) : undefined
}

/** The text of a file, or why it has none. A byte order mark is left out. */
export function decodeText(file: string, bytes: Uint8Array): { text: string } | { problem: Problem } {
  const tooBig = checkFileSize(file, bytes.byteLength)
  if (tooBig !== undefined) return { problem: tooBig }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const bad = firstBadByte(buffer)
  if (bad !== undefined) {
    const place = { ...new Lines(file, buffer.subarray(0, bad).toString("utf8")).placeAt(Infinity) }
    const byte = buffer[bad] ?? 0
    return { problem: problemAt(place, "WB_FILE_NOT_UTF8", { offset: bad, line: place.line, byte, wide: looksWide(buffer) }) }
  }
  const text = buffer.toString("utf8")
  return { text: text.startsWith("\uFEFF") ? text.slice(1) : text }
}

/** Offset of the first byte that is no UTF-8, or of a NUL, which no text file holds. */
function firstBadByte(buffer: Buffer): number | undefined {
  const nul = buffer.indexOf(0)
  if (isUtf8(buffer)) return nul < 0 ? undefined : nul
  const broken = firstBrokenByte(buffer)
  return nul >= 0 && nul < broken ? nul : broken
}

function firstBrokenByte(buffer: Buffer): number {
  // Decoding puts U+FFFD in place of what it cannot read; one that the file itself holds is three bytes of its own.
  const lenient = buffer.toString("utf8")
  let from = 0
  let offset = 0
  for (let index = lenient.indexOf("\uFFFD"); index >= 0; index = lenient.indexOf("\uFFFD", from)) {
    offset += Buffer.byteLength(lenient.slice(from, index))
    if (!replacement.equals(buffer.subarray(offset, offset + replacement.length))) return offset
    offset += replacement.length
    from = index + 1
  }
  return offset
}

const replacement = Buffer.from("\uFFFD")

/** Whether the bytes look like UTF-16: its byte order mark, or a NUL in every second place at the start. */
function looksWide(buffer: Buffer): boolean {
  const [first, second] = buffer
  return (
    (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || (buffer.length > 1 && (first === 0) !== (second === 0))
  )
}

/** Turns offsets into lines and columns. */
export class Lines {
  readonly #file: string
  readonly #text: string
  readonly #starts: number[] = [0]

  constructor(file: string, text: string) {
    this.#file = file
    this.#text = text
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1)
  }

  /** The place from `start` to `end`, cut at the end of the first line. */
  placeAt(start: number, end: number = start + 1): Place {
    const offset = Math.min(start, this.#text.length)
    const line = this.#lineOf(offset)
    const lineStart = this.#starts[line] ?? 0
    const lineEnd = (this.#starts[line + 1] ?? this.#text.length + 1) - 1
    const column = offset - lineStart + 1
    return { file: this.#file, line: line + 1, column, endColumn: Math.max(column, Math.min(end, lineEnd) - lineStart + 1) }
  }

  /** Text of a line, counted from 1, without its line end. */
  lineText(line: number): string {
    return this.#text.slice(this.#starts[line - 1], this.#starts[line]).replace(/\r?\n$/, "")
  }

  /** Offset of the next line after `offset` that opens a top-level section: it starts in the first column. */
  nextSection(offset: number): number {
    const opening = /\n(?=[^\s#-])/g
    opening.lastIndex = offset
    return (opening.exec(this.#text)?.index ?? this.#text.length) + 1
  }

  #lineOf(offset: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}

/**
 * The lines around a place, numbered, with a caret below the column:
 *
 * ```
 *   12 |     arguments:
 * > 13 |       prot: 10001
 *      |       ^
 * ```
 */
export function codeFrame(text: string | readonly string[], line: number, column: number, around = 1): string {
  const lines = typeof text === "string" ? text.split(/\r?\n/) : text
  const first = Math.max(1, line - around)
  const last = Math.min(lines.length, line + around)
  const width = String(last).length
  const frame: string[] = []
  for (let number = first; number <= last; number++) {
    const content = shorten(lines[number - 1] ?? "", number === line ? column : 1)
    frame.push(`${number === line ? ">" : " "} ${String(number).padStart(width)} | ${content.text}`.trimEnd())
    if (number === line) frame.push(`  ${" ".repeat(width)} | ${content.before.replace(/[^\t]/g, " ")}^`)
  }
  return frame.join("\n")
}

const frameColumns = 120

/** A long line is shown around the column alone. */
function shorten(content: string, column: number): { text: string; before: string } {
  const start = column > frameColumns ? column - frameColumns / 2 : 0
  const text = content.slice(start, start + frameColumns)
  const prefix = start > 0 ? "…" : ""
  return { text: `${prefix}${text}${start + frameColumns < content.length ? "…" : ""}`, before: prefix + content.slice(start, column - 1) }
}
