import { describe, expect, test } from "vitest"
import { drawDot, drawMermaid } from "../../../src/router/draw-markup.ts"
import { type Drawing, drawingOf } from "../../../src/router/draw-model.ts"
import { drawSvg } from "../../../src/router/draw-svg.ts"
import { drawText } from "../../../src/router/draw-text.ts"
import { check } from "../bootstrap/fakes.ts"

const failover = `failed: diskout.inbox
modules:
  source: { module: wishbone.input.tcp }
  funnel: { module: wishbone.flow.funnel }
  output_1: { module: wishbone.output.tcp, description: the first choice }
  output_2: { module: wishbone.output.tcp, queues: { inbox: { when_full: drop_old } } }
  diskout: { module: wishbone.output.disk, arguments: { directory: ./buffer } }
  diskin: { module: wishbone.input.disk, arguments: { directory: ./buffer } }
  log: { module: wishbone.output.stdout }
routingtable:
  - source.outbox -> funnel.one
  - diskin.outbox -> funnel.two
  - funnel.outbox -> output_1.inbox
  - output_1.failed -> output_2.inbox
  - _logs.outbox -> log.inbox
`

async function drawing(text: string): Promise<Drawing> {
  const { graph, plan, problems } = await check(text)
  if (graph === undefined || plan === undefined) throw new Error(JSON.stringify(problems))
  return drawingOf(graph, plan)
}

const instances = ["source", "funnel", "output_1", "output_2", "diskout", "diskin", "log", "_logs"]

describe("a drawing", () => {
  test("has every instance, every route with its queues, and what the file implies", async () => {
    const { boxes, arrows } = await drawing(failover)
    expect(boxes.map(({ name }) => name).toSorted()).toEqual(instances.toSorted())
    const told = arrows.map(
      ({ from, fromQueue, to, toQueue, way, implied }) => `${from}.${fromQueue}>${to}.${toQueue} ${way}${implied ? " implied" : ""}`,
    )
    expect(told).toEqual([
      "source.outbox>funnel.one usual",
      "diskin.outbox>funnel.two usual",
      "funnel.outbox>output_1.inbox usual",
      "output_1.failed>output_2.inbox failed",
      "_logs.outbox>log.inbox logs",
      "source.failed>diskout.inbox failed implied",
      "funnel.failed>diskout.inbox failed implied",
      "output_2.failed>diskout.inbox failed implied",
      "diskin.failed>diskout.inbox failed implied",
      "log.failed>diskout.inbox failed implied",
      "diskout.>diskin. disk",
    ])
  })
})

describe("for a terminal", () => {
  test("instances stand in layers, and each route says where it leads", async () => {
    const text = drawText(await drawing(failover))
    const lines = text.split("\n")
    expect(lines[0]).toBe("test.yaml: 7 instances, 10 routes")
    for (const name of instances) expect(text).toMatch(new RegExp(`^ *\\d* +${name}  `, "m"))
    expect(text).toMatch(/^2 {2}.*funnel {2}wishbone\.flow\.funnel$/m)
    expect(text).toMatch(/^ +outbox ──▶ funnel\.one \(2\)$/m)
    expect(text).toMatch(/^ +failed ──✗ output_2\.inbox \(4\) {2}drop_old$/m)
    expect(text).toMatch(/^ +failed ──✗ diskout\.inbox \(\d\) {2}by the catch-all$/m)
    expect(text).toMatch(/^ +┄┄▶ diskin, which reads its directory \(back to 1\)$/m)
    expect(text).toContain("output_1  wishbone.output.tcp  the first choice")
    expect(text).not.toContain("\u001b")
  })

  test("what stands out is painted, and only that", async () => {
    const mark = (sign: string) => (text: string) => `${sign}${text}${sign}`
    const text = drawText(await drawing(failover), { name: mark("*"), faint: mark("~"), failed: mark("!") })
    expect(text).toContain("*funnel*  ~wishbone.flow.funnel~")
    expect(text).toContain("!failed ──✗ output_2.inbox (4)  drop_old!")
    expect(text).toMatch(/ outbox ──▶ output_1\.inbox \(3\)$/m)
  })
})

describe("in the language of Graphviz", () => {
  test("every instance is a node and every route an edge; failed ones are red", async () => {
    const text = drawDot(await drawing(failover))
    for (const name of instances) expect(text).toMatch(new RegExp(`^  "${name}" \\[label="${name}\\\\n`, "m"))
    expect(text).toContain('"output_1" -> "output_2" [label="failed → inbox (drop_old)", color=red, fontcolor=red]')
    expect(text).toContain('"diskout" -> "diskin" [label="directory", style=dotted]')
    expect(text.match(/ -> /g)).toHaveLength(11)
  })
})

describe("in the language of Mermaid", () => {
  test("every instance is a node and every route an edge; failed ones are red", async () => {
    const text = drawMermaid(await drawing(failover))
    expect(text).toMatch(/^---\ntitle: "test\.yaml"\n---\nflowchart LR\n/)
    for (const name of instances) expect(text).toContain(`"${name}<br/>`)
    expect(text.match(/-->\||-\.->\|/g)).toHaveLength(11)
    expect(text).toContain("linkStyle 3,5,6,7,8,9 stroke:red,color:red")
  })
})

const tagOrText = /<(\/?)([a-z]+)(?:\s+[a-zA-Z:-]+="[^"<&]*")*\s*(\/?)>|((?:[^<&>]|&(?:amp|lt|gt|quot|#39);)+)/y

/** Reads XML as strictly as need be: tags are balanced, attributes quoted, entities known. Gives the texts between tags. */
function readXml(xml: string): string[] {
  const open: (string | undefined)[] = []
  const texts: string[] = []
  const text = xml.trim()
  tagOrText.lastIndex = 0
  while (tagOrText.lastIndex < text.length) {
    const at = tagOrText.lastIndex
    const [found, ends, name, empty, between] = tagOrText.exec(text) ?? []
    if (found === undefined) throw new Error(`no XML: ${text.slice(at, at + 80)}`)
    if (between !== undefined) texts.push(between)
    else if (ends === "/" && open.pop() !== name) throw new Error(`not closed before ${found}`)
    else if (ends === "" && empty === "") open.push(name)
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(" ")}`)
  return texts
}

/** Characters that do something to whoever shows them. */
function actors(text: string, allowed = ""): string[] {
  return (text.match(/[\p{Cc}\p{Cf}\u2028\u2029]/gu) ?? []).filter((character) => !allowed.includes(character))
}

describe("as a picture", () => {
  test("is whole, names everything, and loads nothing", async () => {
    const svg = drawSvg(await drawing(failover))
    const texts = readXml(svg)
    for (const name of instances) expect(texts).toContain(name)
    expect(texts).toContain("output_1 → output_2: failed → inbox (drop_old)")
    expect(svg.match(/<path [^>]*class="arrow failed/g)).toHaveLength(6)
    // A dot for each queue that a route uses.
    expect(svg.match(/<circle /g)?.length).toBeGreaterThan(12)
    expect(svg).not.toMatch(/href|script|url\(|@import/)
  })

  test("boxes do not lie on one another", async () => {
    const svg = drawSvg(await drawing(failover))
    const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map(([, ...numbers]) =>
      numbers.map(Number),
    )
    expect(boxes).toHaveLength(instances.length)
    boxes.forEach(([x = 0, y = 0, width = 0, height = 0], index) => {
      for (const [otherX = 0, otherY = 0, otherWidth = 0, otherHeight = 0] of boxes.slice(index + 1)) {
        const apart = x + width <= otherX || otherX + otherWidth <= x || y + height <= otherY || otherY + otherHeight <= y
        expect(apart).toBe(true)
      }
    })
  })
})

const hostile = [
  '"] ; evil [label="',
  '\\" -> \\N \\G',
  '</text><script>alert(1)</script><text x="',
  "`; --> evil; end #quot; <br/>",
  "a\nb\r\nc\td",
  "\u001b[2J\u202eevil\u2028",
  "]]>&amp;&#0;",
  "x".repeat(5000),
  "𝕏é漢字",
]

describe.each(hostile)("a description of %j", (description) => {
  const text = JSON.stringify({
    modules: { a: { module: "wishbone.input.tcp", description }, b: { module: "wishbone.output.stdout", description } },
    routingtable: ["a.outbox -> b.inbox"],
  })

  test("is one line of a terminal that does nothing", async () => {
    const drawn = drawText(await drawing(text))
    expect(drawn.trimEnd().split("\n")).toHaveLength(5)
    expect(actors(drawn, "\n")).toEqual([])
  })

  test("stays inside its quotes in the language of Graphviz", async () => {
    const lines = drawDot(await drawing(text))
      .trimEnd()
      .split("\n")
    expect(lines).toHaveLength(9)
    // Quoted text holds quotes and backslashes only as escapes.
    for (const line of lines.slice(1, -1)) expect(line).toMatch(/^ {2}(?:[^"\\]|"(?:[^"\\\n]|\\["\\n])*")*$/)
  })

  test("stays inside its quotes in the language of Mermaid", async () => {
    const lines = drawMermaid(await drawing(text))
      .trimEnd()
      .split("\n")
    expect(lines).toHaveLength(7)
    for (const line of lines.slice(4, 6)) expect(line).toMatch(/^ {2}i\d\[\/"(?:[^"#<>`]|#\d+;|<br\/>)*"\/\]$/)
  })

  test("stays text in a picture", async () => {
    const svg = drawSvg(await drawing(text))
    expect(readXml(svg).length).toBeGreaterThan(5)
    expect(svg).not.toContain("<script")
    expect(actors(svg, "\n\t\u2028")).toEqual([])
  })
})

describe("graphs of any shape", () => {
  const draw = (made: Drawing): string[] => [drawText(made), drawDot(made), drawMermaid(made), drawSvg(made)]

  test("circles, also of one instance with itself, are drawn", async () => {
    const names = ["a", "b", "c"]
    const arrow = (from: string, to: string) =>
      ({ from, to, fromQueue: "outbox", toQueue: "inbox", way: "usual", notes: [], implied: false }) as const
    const boxes = names.map((name) => ({ name, module: "m.flow.x", kind: "flow", description: "" }) as const)
    const made = { title: "t", boxes, arrows: [arrow("a", "b"), arrow("b", "c"), arrow("c", "a"), arrow("b", "b")] }
    for (const text of draw(made)) for (const name of names) expect(text).toContain(name)
    expect(drawText(made)).toContain("──▶ a.inbox (back to 1)")
    expect(drawText(made)).toContain("──▶ b.inbox (back to 2)")
  })

  test("nothing but one instance", async () => {
    for (const text of draw(await drawing("modules: { a: { module: wishbone.input.tcp } }\nroutingtable: []\n")))
      expect(text).toContain("a")
  })

  test.each([
    ["a chain", (index: number) => index - 1],
    ["a star", () => 0],
    ["a tree", (index: number) => Math.floor((index - 1) / 2)],
  ])("1,000 instances in %s take less than a second", (_, leaderOf) => {
    const boxes = Array.from(
      { length: 1000 },
      (__, index) => ({ name: `i${index}`, module: "m.flow.x", kind: "flow", description: "" }) as const,
    )
    const arrows = boxes.slice(1).flatMap(({ name }, index) => {
      const from = `i${leaderOf(index + 1)}`
      const usual = { from, to: name, fromQueue: `q${index}`, toQueue: "inbox", way: "usual", notes: [], implied: false } as const
      return [usual, { ...usual, from: name, to: from, fromQueue: "failed", way: "failed" } as const]
    })
    for (const form of [drawText, drawDot, drawMermaid, drawSvg]) {
      const before = process.cpuUsage()
      const drawn = form({ title: "t", boxes, arrows })
      // Time of the processor: others use the machine too.
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000)
      expect(drawn).toContain("i999")
    }
  })
})
