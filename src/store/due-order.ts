// Entries in the order in which they are due, ties by id: a sorted list in chunks, so that putting in and taking out costs the same for a
// million as for a few, and a page can begin anywhere.

/** Where an entry stands in the order. */
export interface DuePlace {
  readonly dueMs: number
  readonly id: string
}

const chunkMax = 512

/** Negative when `a` comes before `b`. */
export function compareDue(a: DuePlace, b: DuePlace): number {
  return a.dueMs - b.dueMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

export class DueOrder<Item extends DuePlace> {
  /** Never empty ones, except when there is nothing at all. */
  readonly #chunks: Item[][] = []

  add(item: Item): void {
    const at = Math.min(this.#chunkOf(item), this.#chunks.length - 1)
    const chunk = this.#chunks[at]
    if (chunk === undefined) {
      this.#chunks.push([item])
      return
    }
    chunk.splice(lowerBound(chunk, item), 0, item)
    if (chunk.length > chunkMax) this.#chunks.splice(at + 1, 0, chunk.splice(chunkMax / 2))
  }

  /** Takes out the item at this place; answers whether there was one. */
  remove(place: DuePlace): boolean {
    const at = this.#chunkOf(place)
    const chunk = this.#chunks[at]
    const index = chunk === undefined ? 0 : lowerBound(chunk, place)
    if (chunk?.[index]?.id !== place.id) return false
    chunk.splice(index, 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
    return true
  }

  /** From the first item behind `after`, or the very first. Do not change the order meanwhile. */
  *from(after?: DuePlace): Generator<Item> {
    const begin = after === undefined ? 0 : this.#chunkOf(after)
    for (let at = begin; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as Item[]
      let index = after !== undefined && at === begin ? lowerBound(chunk, after) : 0
      if (after !== undefined && at === begin && chunk[index]?.id === after.id) index += 1
      for (; index < chunk.length; index++) yield chunk[index] as Item
    }
  }

  /** The first chunk whose last item is not before `place`. */
  #chunkOf(place: DuePlace): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const last = this.#chunks[middle]?.at(-1)
      if (last !== undefined && compareDue(last, place) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function lowerBound(items: readonly DuePlace[], place: DuePlace): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareDue(items[middle] as DuePlace, place) < 0) low = middle + 1
    else high = middle
  }
  return low
}
