// A graph as a picture, complete in itself: boxes in layers from left to right, a dot for each queue that a route uses, failed routes in red.
// Nothing in it runs, and nothing is loaded from elsewhere.

import { layersOf } from "./draw-layers.ts"
import { arrowLabel, type Drawing, type DrawnArrow, type DrawnBox } from "./draw-model.ts"

const letter = 7.3
const line = 16
const gap = { x: 150, y: 28 }
const margin = 24
const head = 40
const portHeight = 18
const widest = 320

interface Placed {
  readonly box: DrawnBox
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly inside: readonly string[]
  readonly outside: readonly string[]
}

/** SVG; ends with a newline. */
export function drawSvg(drawing: Drawing): string {
  const { layers, leadsBack } = layersOf(drawing)
  const placed = place(layers, portsOf(drawing))
  const width = Math.max(...[...placed.values()].map(({ x, width: own }) => x + own), 200) + margin
  const lowest = Math.max(...[...placed.values()].map(({ y, height }) => y + height), head)
  const back = drawing.arrows.filter(leadsBack)
  const depth = new Map(back.map((arrow, index) => [arrow, lowest + gap.y + (index % backLanes) * 12]))
  const height = lowest + (back.length === 0 ? margin : gap.y + Math.min(back.length, backLanes) * 12 + margin)
  const arrows = drawing.arrows.flatMap((arrow) => arrowSvg(arrow, placed, depth.get(arrow)))
  const boxes = [...placed.values()].map(boxSvg)
  const size = `width="${Math.ceil(width)}" height="${Math.ceil(height)}" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">
<title>${xml(drawing.title)}</title>
<style>${style}</style>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${margin}" y="${margin}" class="name">${xml(shortened(drawing.title, 100))}</text>
${[...arrows, ...boxes].join("\n")}
</svg>
`
}

/** Arrows that lead back run below the boxes, one beside the other up to so many. */
const backLanes = 24

const style = [
  "text{font:12px ui-monospace,monospace;fill:#1f2937}",
  ".name{font-weight:700}",
  ".faint{fill:#6b7280}",
  ".label{font-size:10px}",
  ".box{fill:#f8fafc;stroke:#475569}",
  ".arrow{fill:none;stroke:#475569}",
  ".failed{stroke:#dc2626}",
  "text.failed{stroke:none;fill:#dc2626}",
  ".port{fill:#475569}",
  ".port.failed{fill:#dc2626;stroke:none}",
  ".dotted{stroke-dasharray:2 4}",
  ".dashed{stroke-dasharray:6 4}",
].join("")

interface Ports {
  readonly inside: string[]
  readonly outside: string[]
}

/** Queues by instance, in the order of the routes. */
function portsOf({ arrows }: Drawing): Map<string, Ports> {
  const ports = new Map<string, { inside: Set<string>; outside: Set<string> }>()
  const of = (name: string): { inside: Set<string>; outside: Set<string> } => {
    const known = ports.get(name) ?? { inside: new Set(), outside: new Set() }
    ports.set(name, known)
    return known
  }
  for (const { from, to, fromQueue, toQueue } of arrows) {
    of(from).outside.add(fromQueue)
    of(to).inside.add(toQueue)
  }
  return new Map([...ports].map(([name, { inside, outside }]) => [name, { inside: [...inside], outside: [...outside] }]))
}

function place(layers: readonly (readonly DrawnBox[])[], ports: ReadonlyMap<string, Ports>): Map<string, Placed> {
  const placed = new Map<string, Placed>()
  let x = margin
  for (const layer of layers) {
    const width = Math.max(...layer.map(widthOf))
    let y = head
    for (const box of layer) {
      const { inside = [], outside = [] } = ports.get(box.name) ?? {}
      const height = line * (linesOf(box).length + 1) + Math.max(0, Math.max(inside.length, outside.length) - 2) * portHeight
      placed.set(box.name, { box, x, y, width, height, inside, outside })
      y += height + gap.y
    }
    x += width + gap.x
  }
  return placed
}

function linesOf({ name, module, description }: DrawnBox): string[] {
  return [name, module, ...(description === "" ? [] : [description])].map((text) => shortened(text, Math.floor(widest / letter)))
}

function widthOf(box: DrawnBox): number {
  return Math.max(...linesOf(box).map((text) => Array.from(text).length)) * letter + 24
}

function boxSvg({ box, x, y, width, height, inside, outside }: Placed): string {
  const rounded = box.kind === "flow" ? 14 : 4
  const texts = linesOf(box).map((text, index) => {
    const kind = index === 0 ? "name" : "faint"
    return `<text x="${round(x + 12)}" y="${round(y + line * (index + 1) + 2)}" class="${kind}">${xml(text)}</text>`
  })
  const dots = [
    ...inside.map((queue, index) => dot(queue, x, portY({ y, height }, index, inside.length))),
    ...outside.map((queue, index) => dot(queue, x + width, portY({ y, height }, index, outside.length))),
  ]
  const full = [box.name, box.module, box.description].filter((part) => part !== "").join("\n")
  const rect = `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="${rounded}" class="box"/>`
  return `<g><title>${xml(full)}</title>${rect}${texts.join("")}${dots.join("")}</g>`
}

function dot(queue: string, x: number, y: number): string {
  const kind = queue === "failed" ? "port failed" : "port"
  return `<circle cx="${round(x)}" cy="${round(y)}" r="4" class="${kind}"><title>${xml(queue)}</title></circle>`
}

function portY({ y, height }: Pick<Placed, "y" | "height">, index: number, count: number): number {
  return y + (height * (index + 1)) / (count + 1)
}

/** `below`: how far down an arrow runs that leads back. */
function arrowSvg(arrow: DrawnArrow, placed: ReadonlyMap<string, Placed>, below: number | undefined): string[] {
  const from = placed.get(arrow.from)
  const to = placed.get(arrow.to)
  if (from === undefined || to === undefined) return []
  const x1 = from.x + from.width
  const y1 = portY(from, from.outside.indexOf(arrow.fromQueue), from.outside.length)
  const x2 = to.x
  const y2 = portY(to, to.inside.indexOf(arrow.toQueue), to.inside.length)
  const bend = Math.max(40, (x2 - x1) / 2)
  const path =
    below === undefined
      ? `M${round(x1)} ${round(y1)}C${round(x1 + bend)} ${round(y1)} ${round(x2 - bend)} ${round(y2)} ${round(x2)} ${round(y2)}`
      : `M${round(x1)} ${round(y1)}C${round(x1 + 60)} ${round(y1)} ${round(x1 + 60)} ${round(below)} ${round(x1)} ${round(below)}L${round(x2)} ${round(below)}C${round(x2 - 60)} ${round(below)} ${round(x2 - 60)} ${round(y2)} ${round(x2)} ${round(y2)}`
  const colour = arrow.way === "failed" ? " failed" : ""
  const dash = arrow.way === "logs" || arrow.way === "disk" ? " dotted" : arrow.implied ? " dashed" : ""
  const label = arrowLabel(arrow)
  const text = `<text x="${round(x1 + 8)}" y="${round(y1 - 5)}" class="label${colour}">${xml(shortened(label, 24))}</text>`
  return [`<path d="${path}" class="arrow${colour}${dash}"><title>${xml(`${arrow.from} → ${arrow.to}: ${label}`)}</title></path>${text}`]
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function shortened(text: string, letters: number): string {
  const line = text.replaceAll(/\s+/g, " ").trim()
  const characters = Array.from(line)
  return characters.length <= letters ? line : `${characters.slice(0, letters - 1).join("")}…`
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }

/** Text in XML; characters that no XML may hold are replaced. */
function xml(text: string): string {
  return text
    .replaceAll(/(?![\n\t])[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\uFFFE\uFFFF]/gu, "\u{FFFD}")
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? "")
}
