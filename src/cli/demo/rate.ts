// How fast a count grows, over the last second or so.

interface Reading {
  readonly atMs: number
  readonly total: number
}

const windowMs = 1000

export class Rate {
  #readings: Reading[] = []

  /** Notes the count as it is now; answers its growth a second. */
  note(atMs: number, total: number): number {
    this.#readings = [...this.#readings.filter((reading) => atMs - reading.atMs <= windowMs), { atMs, total }]
    const first = this.#readings[0]
    return first === undefined || first.atMs === atMs ? 0 : ((total - first.total) * 1000) / (atMs - first.atMs)
  }
}
