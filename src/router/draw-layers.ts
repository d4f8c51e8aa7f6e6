// Puts the boxes of a drawing into layers from left to right, each right of all that lead to it; in a circle, the arrow that closes it leads
// back. Takes time in proportion to boxes and arrows.

import type { Drawing, DrawnArrow, DrawnBox } from "./draw-model.ts"

export interface Layers {
  /** Boxes by layer, in the order in which they are drawn from top to bottom. */
  readonly layers: readonly (readonly DrawnBox[])[]
  /** The layer of a box, from 0. */
  readonly rankOf: (name: string) => number
  /** Whether an arrow leads back, or nowhere further. */
  readonly leadsBack: (arrow: DrawnArrow) => boolean
}

/** Rounds of putting boxes beside their neighbours; more change next to nothing. */
const sweeps = 4

export function layersOf({ boxes, arrows }: Drawing): Layers {
  const order = new Map(boxes.map(({ name }, index) => [name, index]))
  const indexOf = (name: string): number => order.get(name) ?? 0
  const forward = arrows.filter(({ from, to }) => indexOf(from) < indexOf(to))
  // Boxes come in the order of the graph, so everything that leads to a box is done before it.
  const ranks = new Array<number>(boxes.length).fill(0)
  for (const { from, to } of forward.toSorted((a, b) => indexOf(a.from) - indexOf(b.from))) {
    ranks[indexOf(to)] = Math.max(ranks[indexOf(to)] ?? 0, (ranks[indexOf(from)] ?? 0) + 1)
  }
  const rankOf = (name: string): number => ranks[indexOf(name)] ?? 0
  const layers: DrawnBox[][] = []
  for (const box of boxes) {
    const rank = rankOf(box.name)
    while (layers.length <= rank) layers.push([])
    layers[rank]?.push(box)
  }
  return { layers: untangled(layers, arrows), rankOf, leadsBack: ({ from, to }) => rankOf(to) <= rankOf(from) }
}

/** Each layer in the order of the average place of its neighbours, from the left and from the right in turn: fewer arrows cross. */
function untangled(layers: readonly DrawnBox[][], arrows: readonly DrawnArrow[]): DrawnBox[][] {
  const neighbours = new Map<string, string[]>()
  for (const { from, to } of arrows) {
    neighbours.set(from, [...(neighbours.get(from) ?? []).slice(-neighboursMax), to])
    neighbours.set(to, [...(neighbours.get(to) ?? []).slice(-neighboursMax), from])
  }
  let current = layers.map((layer) => [...layer])
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const places = new Map(current.flatMap((layer) => layer.map(({ name }, index) => [name, index / layer.length] as const)))
    current = current.map((layer) =>
      sortedByPlace(layer, (name) => averagePlace(neighbours.get(name) ?? [], places, places.get(name) ?? 0)),
    )
  }
  return current
}

/** More of them would not change where a box belongs, and a funnel may have thousands. */
const neighboursMax = 64

function averagePlace(names: readonly string[], places: ReadonlyMap<string, number>, own: number): number {
  if (names.length === 0) return own
  return names.reduce((sum, name) => sum + (places.get(name) ?? 0), 0) / names.length
}

function sortedByPlace(layer: readonly DrawnBox[], place: (name: string) => number): DrawnBox[] {
  return layer
    .map((box) => ({ box, at: place(box.name) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ box }) => box)
}
