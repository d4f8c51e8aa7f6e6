// Where `demo failover` is shown: lines that stay, and on a terminal a picture below them that is drawn over and over. In a pipe there are
// only the lines.

import type { Terminal } from "../shell.ts"
import { type Piece, paintedText } from "./picture.ts"

const hideCursor = "\u001b[?25l"
const showCursor = "\u001b[?25h"
const eraseBelow = "\u001b[J"

export interface Screen {
  /** Whether it shows pictures. */
  readonly draws: boolean
  /** A line that stays. */
  line(...pieces: readonly Piece[]): void
  /** What is below the lines from now on. */
  picture(lines: readonly (readonly Piece[])[]): void
  /** Leaves the picture standing and gives the terminal back. */
  close(): void
}

/** Lines alone. */
export class PlainScreen implements Screen {
  readonly draws = false
  readonly #out: (text: string) => void

  constructor(out: (text: string) => void) {
    this.#out = out
  }

  line(...pieces: readonly Piece[]): void {
    this.#out(`${paintedText(pieces, { colour: false })}\n`)
  }

  picture(): void {}

  close(): void {}
}

/** A terminal that knows the usual few escapes. It may change its width at any time. */
export class TerminalScreen implements Screen {
  readonly draws = true
  readonly #out: (text: string) => void
  readonly #terminal: Terminal
  /** Visible widths of the lines of the picture that stands. */
  #standing: number[] = []
  #below = ""
  #closed = false

  constructor(out: (text: string) => void, terminal: Terminal) {
    this.#out = out
    this.#terminal = terminal
    out(hideCursor)
  }

  line(...pieces: readonly Piece[]): void {
    const { colour } = this.#terminal
    this.#out(`${this.#erase()}${paintedText(pieces, { colour })}\n${this.#below}`)
  }

  picture(lines: readonly (readonly Piece[])[]): void {
    if (this.#closed) return
    const erase = this.#erase()
    // The last column stays free: a full line makes some terminals go on to the next.
    const { colour, columns } = this.#terminal
    const width = Math.max(1, columns - 1)
    this.#standing = lines.map((pieces) => Math.min(width, widthOf(pieces)))
    this.#below = lines.map((pieces) => `${paintedText(pieces, { colour, width })}\n`).join("")
    this.#out(`${erase}${this.#below}`)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#standing = []
    this.#below = ""
    this.#out(showCursor)
  }

  /** Goes to the top of the picture and clears from there. A terminal that was made narrower has broken its lines. */
  #erase(): string {
    const { columns } = this.#terminal
    const rows = this.#standing.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / Math.max(1, columns))), 0)
    return rows === 0 ? "" : `\u001b[${rows}A\r${eraseBelow}`
  }
}

function widthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, [text]) => sum + text.length, 0)
}
