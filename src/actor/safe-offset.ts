// How far a file is safe. Pieces of it are taken in order and become safe in any order; the offset is the end of the last piece before
// which nothing is unsafe. What a crash repeats begins there.

interface Piece {
  readonly end: number
  safe: boolean
}

/** The safe offset of one file. */
export class SafeOffset {
  private at: number
  private readonly pieces: Piece[] = []
  private first = 0

  constructor(offset: number) {
    this.at = offset
  }

  /** Everything before this byte is safe. */
  get offset(): number {
    return this.at
  }

  /** A piece that ends before the byte `end` was taken; the answered function says that it is safe. */
  take(end: number): () => void {
    const piece: Piece = { end, safe: false }
    this.pieces.push(piece)
    return () => {
      piece.safe = true
      this.advance()
    }
  }

  /** A piece of which nothing can be lost. */
  skip(end: number): void {
    this.take(end)()
  }

  private advance(): void {
    for (let piece = this.pieces[this.first]; piece?.safe === true; piece = this.pieces[this.first]) {
      this.at = piece.end
      this.first += 1
    }
    if (this.first < 64 && this.first < this.pieces.length) return
    this.pieces.splice(0, this.first)
    this.first = 0
  }
}
