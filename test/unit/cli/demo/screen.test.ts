import { expect, test } from "vitest"
import { PlainScreen, TerminalScreen } from "../../../../src/cli/demo/screen.ts"

const escapes = new RegExp(`${"\u001b"}\\[(?:(\\d+)A|\\?25([hl])|J|\\d+m)|[^]`, "g")

/** A terminal that understands what the screen says: text, newline, return, up, erase below, colours and the cursor's visibility. */
class Emulator {
  readonly terminal = { columns: 20, rows: 30, colour: true }
  cursor = true
  #rows: string[] = [""]
  #row = 0
  #column = 0

  get lines(): string[] {
    return this.#rows.slice(0, this.#row)
  }

  readonly out = (text: string): void => {
    for (const [part, up, shown] of text.matchAll(escapes)) {
      if (up !== undefined) this.#row = Math.max(0, this.#row - Number(up))
      else if (shown !== undefined) this.cursor = shown === "h"
      else if (part === "\u001b[J") this.#rows = [...this.#rows.slice(0, this.#row), this.#rows[this.#row]?.slice(0, this.#column) ?? ""]
      else if (part === "\r") this.#column = 0
      else if (part === "\n") this.#next()
      else if (part.length === 1) this.#put(part)
    }
  }

  /** Breaks lines anew for another width, as terminals do. */
  resize(columns: number): void {
    const text = this.lines
    this.terminal.columns = columns
    this.#rows = [""]
    this.#row = 0
    for (const line of text) this.out(`${line}\n`)
  }

  #put(letter: string): void {
    if (this.#column >= this.terminal.columns) this.#next()
    this.#rows[this.#row] = (this.#rows[this.#row] ?? "").slice(0, this.#column).padEnd(this.#column) + letter
    this.#column += 1
  }

  #next(): void {
    this.#row += 1
    this.#column = 0
    this.#rows[this.#row] ??= ""
  }
}

test("a picture replaces the one before it, and lines stay above", () => {
  const emulator = new Emulator()
  const screen = new TerminalScreen(emulator.out, emulator.terminal)
  screen.line(["first", "strong"])
  screen.picture([[["a"]], [["b", "good"]]])
  screen.line(["second"])
  screen.picture([[["c"]], [["d"]], [["e"]]])
  expect(emulator.lines).toEqual(["first", "second", "c", "d", "e"])
  screen.picture([[["f"]]])
  expect(emulator.lines).toEqual(["first", "second", "f"])
})

test("what is wider than the terminal is cut, and a narrower terminal leaves nothing behind", () => {
  const emulator = new Emulator()
  const screen = new TerminalScreen(emulator.out, emulator.terminal)
  screen.line(["first"])
  screen.picture([[["x".repeat(50)]], [["short"]]])
  expect(emulator.lines).toEqual(["first", "x".repeat(19), "short"])
  emulator.resize(8)
  screen.picture([[["y".repeat(50)]], [["short"]]])
  expect(emulator.lines).toEqual(["first", "yyyyyyy", "short"])
})

test("the cursor is hidden meanwhile, and the last picture stays", () => {
  const emulator = new Emulator()
  const screen = new TerminalScreen(emulator.out, emulator.terminal)
  screen.picture([[["a"]]])
  expect(emulator.cursor).toBe(false)
  screen.close()
  screen.close()
  screen.picture([[["b"]]])
  screen.line(["after"])
  expect(emulator.cursor).toBe(true)
  expect(emulator.lines).toEqual(["a", "after"])
})

test("a plain screen has lines alone, without colours", () => {
  let text = ""
  const screen = new PlainScreen((more) => {
    text += more
  })
  screen.line(["a", "bad"], ["b"])
  screen.picture()
  screen.line()
  screen.close()
  expect(text).toBe("ab\n\n")
})
