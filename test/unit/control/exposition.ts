// A strict reader of Prometheus' text format 0.0.4, written from its description and not from our writer.

/** One family as it was read. */
export interface ReadFamily {
  readonly help: string
  readonly type: string
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
}

const nameForm = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const labelForm = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const types = ["counter", "gauge", "histogram", "summary", "untyped"]

/** Reads a page; throws, with the line, at the first thing that the format does not allow. */
export function readExposition(text: string): Map<string, ReadFamily> {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no newline")
  const families = new Map<string, ReadFamily>()
  const seen = new Set<string>()
  let current = ""
  let help: string | undefined
  for (const line of text.split("\n").slice(0, -1)) {
    const fail = (problem: string): never => {
      throw new Error(`${problem}: ${line}`)
    }
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (word === "HELP") {
      if (!nameForm.test(name) || families.has(name) || help !== undefined) fail("misplaced HELP")
      help = unescape(rest, { quotes: false }, fail)
      current = name
    } else if (word === "TYPE") {
      if (name !== current || help === undefined || !types.includes(rest)) fail("misplaced TYPE")
      families.set(name, { help: help ?? "", type: rest, samples: [] })
      help = undefined
    } else {
      const sample = readSample(line, fail)
      const family = families.get(sample.name)
      if (sample.name !== current || family === undefined) return fail("a sample outside its family")
      const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`
      if (seen.has(series)) fail("a series that comes twice")
      seen.add(series)
      family.samples.push(sample)
    }
  }
  if (help !== undefined) throw new Error("HELP without TYPE at the end")
  return families
}

function readSample(line: string, fail: (problem: string) => never): { name: string; labels: Record<string, string>; value: number } {
  const [, name = "", inner, number = ""] = /^([^\s{]+)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)$/.exec(line) ?? []
  if (!nameForm.test(name)) fail("no sample")
  const labels: Record<string, string> = Object.create(null) as Record<string, string>
  let rest = inner ?? ""
  if (inner === "") fail("empty braces")
  while (rest !== "") {
    const [whole = "", label = "", value = "", comma = ""] = /^([^=]+)="((?:[^"\\\n]|\\.)*)"(,?)/.exec(rest) ?? []
    if (!labelForm.test(label) || label in labels) fail("bad label")
    labels[label] = unescape(value, { quotes: true }, fail)
    rest = rest.slice(whole.length)
    if ((comma === "") !== (rest === "")) fail("labels are not separated")
  }
  return { name, labels, value: readNumber(number, fail) }
}

function readNumber(text: string, fail: (problem: string) => never): number {
  if (text === "NaN") return Number.NaN
  if (text === "+Inf") return Number.POSITIVE_INFINITY
  if (text === "-Inf") return Number.NEGATIVE_INFINITY
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) ? Number(text) : fail("no number")
}

function unescape(text: string, { quotes }: { quotes: boolean }, fail: (problem: string) => never): string {
  return text.replaceAll(/\\(.?)/g, (_, escaped: string) => {
    if (escaped === "n") return "\n"
    if (escaped === "\\" || (quotes && escaped === '"')) return escaped
    return fail("bad escape")
  })
}
