// A graph in the languages of Graphviz and Mermaid. Whatever names and descriptions hold, it stays text inside quotes.

import { arrowLabel, type Drawing, type DrawnArrow, type DrawnBox } from "./draw-model.ts"

const shapes = { input: "cds", flow: "ellipse", process: "box", output: "house" } as const

/** Graphviz; ends with a newline. */
export function drawDot({ title, boxes, arrows }: Drawing): string {
  const nodes = boxes.map(({ name, module, kind, description }) => {
    const label = [name, module, ...(description === "" ? [] : [description])].map(dotText).join("\\n")
    return `  ${dotQuoted(name)} [label="${label}", shape=${kind === undefined ? "note" : shapes[kind]}]`
  })
  const edges = arrows.map((arrow) => {
    const attributes = [`label="${dotText(arrowLabel(arrow))}"`, ...dotStyle(arrow)]
    return `  ${dotQuoted(arrow.from)} -> ${dotQuoted(arrow.to)} [${attributes.join(", ")}]`
  })
  const head = [
    `  label=${dotQuoted(title)}`,
    "  rankdir=LR",
    '  node [fontname="sans-serif"]',
    '  edge [fontname="sans-serif", fontsize=10]',
  ]
  return `digraph {\n${[...head, ...nodes, ...edges].join("\n")}\n}\n`
}

function dotStyle({ way, implied }: DrawnArrow): string[] {
  const colour = way === "failed" ? ["color=red", "fontcolor=red"] : []
  return [...colour, ...(way === "logs" || way === "disk" ? ["style=dotted"] : implied ? ["style=dashed"] : [])]
}

function dotQuoted(text: string): string {
  return `"${dotText(text)}"`
}

/** A backslash begins an escape to Graphviz, also one that stands for the name of the graph. */
function dotText(text: string): string {
  return printable(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
}

/** Mermaid; ends with a newline. */
export function drawMermaid({ title, boxes, arrows }: Drawing): string {
  // Names of our own: words such as `end` mean something to Mermaid.
  const ids = new Map(boxes.map(({ name }, index) => [name, `i${index}`]))
  const nodes = boxes.map((box) => `  ${ids.get(box.name)}${mermaidShape(box)}`)
  const edges = arrows.map((arrow) => {
    const shaft = arrow.way === "usual" || arrow.way === "failed" ? "-->" : "-.->"
    return `  ${ids.get(arrow.from)} ${shaft}|"${mermaidText(arrowLabel(arrow))}"| ${ids.get(arrow.to)}`
  })
  const failed = arrows.flatMap(({ way }, index) => (way === "failed" ? [index] : []))
  const style = failed.length === 0 ? [] : [`  linkStyle ${failed.join(",")} stroke:red,color:red`]
  return `---\ntitle: ${JSON.stringify(printable(title))}\n---\nflowchart LR\n${[...nodes, ...edges, ...style].join("\n")}\n`
}

function mermaidShape({ name, module, kind, description }: DrawnBox): string {
  const label = [name, module, ...(description === "" ? [] : [description])].map(mermaidText).join("<br/>")
  const [open, close] = kind === "flow" ? ["([", "])"] : kind === "input" || kind === "output" ? ["[/", "/]"] : ["[", "]"]
  return `${open}"${label}"${close}`
}

/** Everything but letters, digits and harmless signs as an entity, which Mermaid writes with `#`. */
function mermaidText(text: string): string {
  return printable(text)
    .replaceAll("\n", " ")
    .replaceAll(/[^\p{L}\p{N} ._,:/()=+\u2192-]/gu, (character) => `#${character.codePointAt(0)};`)
}

/** Without characters that are no text: they would end a line, or the file for its reader. */
function printable(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\u{FFFD}")
}
