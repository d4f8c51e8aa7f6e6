// A graph for a terminal: instances by layer, from the sources down, each with its routes below it. A number in brackets is the layer that a
// route leads to.
//
//   1  dictgenerator  wishbone.input.dictgenerator
//        outbox ──▶ funnel.one (2)
//   2  funnel  wishbone.flow.funnel
//        outbox ──▶ output_1.inbox (3)

import { layersOf } from "./draw-layers.ts"
import type { Drawing, DrawnArrow, DrawnBox } from "./draw-model.ts"

/** How parts stand out; the identity where nothing may. */
export interface Paint {
  readonly name: (text: string) => string
  readonly faint: (text: string) => string
  readonly failed: (text: string) => string
}

const noPaint: Paint = { name: (text) => text, faint: (text) => text, failed: (text) => text }

/** Text for a terminal; ends with a newline. */
export function drawText(drawing: Drawing, paint: Paint = noPaint): string {
  const { layers, rankOf, leadsBack } = layersOf(drawing)
  const width = String(layers.length).length
  const from = new Map<string, DrawnArrow[]>()
  for (const arrow of drawing.arrows) {
    const known = from.get(arrow.from)
    if (known === undefined) from.set(arrow.from, [arrow])
    else known.push(arrow)
  }
  const lines = layers.flatMap((layer, rank) =>
    layer.flatMap((box, index) => {
      const number = (index === 0 ? String(rank + 1) : "").padStart(width)
      const arrows = from.get(box.name) ?? []
      const queues = Math.max(0, ...arrows.map(({ fromQueue }) => fromQueue.length))
      return [
        `${number}  ${boxText(box, paint)}`,
        ...arrows.map((arrow) => {
          const text = arrowText(arrow, { queues, rank: rankOf(arrow.to) + 1, back: leadsBack(arrow) }, paint)
          return `${" ".repeat(width + 4)}${text}`
        }),
      ]
    }),
  )
  const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`
  const instances = drawing.boxes.filter(({ kind }) => kind !== undefined).length
  const routes = drawing.arrows.filter(({ way }) => way !== "disk").length
  const head = `${oneLine(drawing.title)}: ${count(instances, "instance")}, ${count(routes, "route")}`
  return `${[head, "", ...lines].join("\n")}\n`
}

function boxText({ name, module, description }: DrawnBox, paint: Paint): string {
  const more = description === "" ? "" : `  ${paint.faint(oneLine(description))}`
  return `${paint.name(name)}  ${paint.faint(oneLine(module))}${more}`
}

function arrowText(arrow: DrawnArrow, at: { queues: number; rank: number; back: boolean }, paint: Paint): string {
  const { fromQueue, to, toQueue, way, notes, implied } = arrow
  const where = `(${at.back ? "back to " : ""}${at.rank})`
  const shaft = way === "failed" ? "──✗" : way === "usual" ? "──▶" : "┄┄▶"
  const rest = [...notes, ...(implied ? ["by the catch-all"] : [])].join(", ")
  const target = way === "disk" ? `${to}, which reads its directory` : `${to}.${toQueue}`
  const text = `${fromQueue.padEnd(at.queues)} ${shaft} ${target} ${where}${rest === "" || way === "disk" ? "" : `  ${rest}`}`
  return way === "failed" ? paint.failed(text) : way === "usual" ? text : paint.faint(text)
}

/** What a file says, as one line that does nothing to a terminal but to be seen. */
function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\u{FFFD}")
    .trim()
}
