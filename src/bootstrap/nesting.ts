// How deep maps and lists lie in each other, measured on the tokens of a YAML text before anything is parsed. Where a text is correct
// the measure is exact to a factor of two; where it is not, it follows what the parser would build from it before complaining.

/** Maps and lists may lie this deep in each other. */
export const nestingMax = 64

// Tokens that stand for no text.
const scalarFollows = "\u001F"
const documentStarts = "\u0002"
const flowBreaksOff = "\u0018"

/**
 * Follows the nesting of a token stream without building anything. Block nesting is the number of columns in which something is still
 * open, as the parser counts them: a line that starts further left closes what is open to its right. What nests without going to the
 * right (each `: ` after the first of a line, or of an item between brackets) is wrong, but the parser nests it before it says so.
 */
export class Nesting {
  tokenStart = 0
  #offset = 0
  /** Columns at which block entries are open; never falling. */
  readonly #columns: number[] = []
  /** Indicators in the current item of each open bracket. */
  readonly #brackets: number[] = []
  #crowded = 0
  /** Column of the line, as the parser counts it: spaces and indicators at its start, but no tabs. */
  #column = 0
  /** Only white space and indicators have been seen on this line. */
  #atStart = true
  #colons = 0
  #scalarNext = false
  #blockScalar = false

  /** Takes the next token; gives the depth reached. */
  take(token: string): number {
    this.tokenStart = this.#offset
    if (!this.#scalarNext && (token === scalarFollows || token === documentStarts || token === flowBreaksOff)) {
      if (token === flowBreaksOff) this.#breakOff()
      this.#scalarNext = token === scalarFollows
    } else {
      this.#offset += token.length
      if (!this.#scalarNext) this.#structure(token)
      else if (this.#blockScalar) this.#newLine()
      else this.#content()
      this.#scalarNext = false
    }
    return this.#columns.length + this.#brackets.length + this.#crowded
  }

  #structure(token: string): void {
    if (token === "[" || token === "{") {
      this.#content()
      this.#brackets.push(0)
    } else if (token === "]" || token === "}") this.#leaveBrackets(Math.max(0, this.#brackets.length - 1))
    else if (token === ",") this.#nextItem()
    else if (token === "\n" || token === "\r\n") this.#newLine()
    else if (token === "-" || token === "?" || token === ":") this.#indicator(token)
    else if (token.startsWith(" ")) this.#column += this.#atStart ? token.length : 0
    else if (/^[^\s#]/.test(token)) {
      this.#content()
      this.#blockScalar = token.startsWith("|") || token.startsWith(">")
    }
  }

  #indicator(token: string): void {
    const item = this.#brackets.at(-1)
    if (item !== undefined) {
      if (item > 0) this.#crowded++
      this.#brackets[this.#brackets.length - 1] = item + 1
    } else if (this.#atStart) {
      this.#open()
      this.#column++
    } else if (token !== ":" || this.#colons++ > 0) this.#columns.push(this.#columns.at(-1) ?? 0)
  }

  #nextItem(): void {
    if (this.#brackets.length === 0) return
    this.#crowded -= Math.max(0, (this.#brackets.pop() ?? 0) - 1)
    this.#brackets.push(0)
  }

  #leaveBrackets(left: number): void {
    for (const item of this.#brackets.slice(left)) this.#crowded -= Math.max(0, item - 1)
    this.#brackets.length = left
  }

  /** A line too far left ends all brackets, but the parser leaves behind those that hold something crowded. */
  #breakOff(): void {
    if (this.#crowded === 0) return this.#leaveBrackets(0)
    this.#crowded += this.#brackets.length
    this.#brackets.length = 0
  }

  #content(): void {
    if (this.#atStart && this.#brackets.length === 0) this.#open()
    this.#atStart = false
  }

  /** Something begins a line: close what lies further right, open this column. */
  #open(): void {
    while ((this.#columns.at(-1) ?? -1) > this.#column) this.#columns.pop()
    if (this.#columns.at(-1) !== this.#column) this.#columns.push(this.#column)
  }

  #newLine(): void {
    this.#blockScalar &&= !this.#scalarNext
    this.#column = 0
    this.#atStart = true
    this.#colons = 0
  }
}
