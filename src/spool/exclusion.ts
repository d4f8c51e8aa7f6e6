// Keeps a reader's taking of records and edits by hand apart: while one is under way the other waits.

export class Exclusion {
  #taking: Promise<unknown> = Promise.resolve()
  #editing: Promise<unknown> | undefined

  /** Resolves when no edit is under way. Look at `isFree` again afterwards: the next one may have begun. */
  async whenFree(): Promise<void> {
    while (this.#editing !== undefined) await this.#editing
  }

  get isFree(): boolean {
    return this.#editing === undefined
  }

  /** Notes that records are being taken; call it within the turn in which `isFree` was so. */
  take<T>(taking: Promise<T>): Promise<T> {
    this.#taking = taking
    return taking
  }

  /** Runs an edit, after those before it, while no record is being taken. */
  edit<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#editing
    const result = (async () => {
      await before
      await this.#taking.catch(() => undefined)
      return work()
    })()
    const editing = result
      .catch(() => undefined)
      .then(() => {
        if (this.#editing === editing) this.#editing = undefined
      })
    this.#editing = editing
    return result
  }
}
