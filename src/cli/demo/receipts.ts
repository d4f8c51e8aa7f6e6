// What the listeners have received, by what they told before they answered: the count that the graph's own is held against.

import { eventWord } from "./graph-file.ts"

const line = new RegExp(`^${eventWord}_(\\d+)$`)

export class Receipts {
  /** Lines that each listener has received, repeated ones too. */
  readonly byListener: number[]
  /** Lines that came again. */
  repeated = 0
  /** Lines that are no event of the demo. */
  strange = 0
  readonly #numbers = new Set<number>()
  readonly #waiting: ((atMs: number) => void)[][]

  constructor(listeners: number) {
    this.byListener = Array.from({ length: listeners }, () => 0)
    this.#waiting = Array.from({ length: listeners }, () => [])
  }

  /** Different numbers received. */
  get distinct(): number {
    return this.#numbers.size
  }

  /** A listener (counted from 0) has received a line. */
  add(listener: number, text: string, atMs: number): void {
    const number = Number(line.exec(text)?.[1])
    if (Number.isNaN(number)) {
      this.strange += 1
      return
    }
    this.byListener[listener] = (this.byListener[listener] ?? 0) + 1
    if (this.#numbers.has(number)) this.repeated += 1
    this.#numbers.add(number)
    for (const tell of this.#waiting[listener]?.splice(0) ?? []) tell(atMs)
  }

  /** Resolves to the time of the next line that this listener receives. */
  next(listener: number): Promise<number> {
    return new Promise((resolve) => {
      this.#waiting[listener]?.push(resolve)
    })
  }

  /** The numbers from 1 to `sent` that nobody received. */
  missing(sent: number): number[] {
    const found: number[] = []
    for (let number = 1; number <= sent; number++) if (!this.#numbers.has(number)) found.push(number)
    return found
  }
}
