// Bounds how many syncs are under way at once, over all spools of a platform: more only make each other slower and hold the threads that
// other files need. First come, first served.

const syncsMax = 4

export class Committer {
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** Runs `sync` when its turn has come; settles as it does. */
  async run(sync: () => Promise<void>): Promise<void> {
    if (this.#running >= syncsMax) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      await sync()
    } finally {
      const next = this.#waiting.shift()
      // The place is handed on rather than freed, so that nobody who comes now overtakes.
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
