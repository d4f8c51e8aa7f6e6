// The one door to `yaml`: text to a tree of values with their places, or the problems that stand in the way. It holds that
//
// - nesting is measured with the lexer alone before anything is parsed, because the parser recurses: some 100 KB of brackets would
//   end the process, and no handler could catch it;
// - the core schema of YAML 1.2 is read and nothing else: no tags of other languages, no merge keys, no second document;
// - aliases cannot multiply a small file into a big one: what they bring in is counted;
// - a key comes once, and the second one is named with the place of the first.
//
// What the values mean is `check.ts`'s business.

import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, type Node, Parser, type YAMLError } from "yaml"
import { Nesting, nestingMax } from "./nesting.ts"
import type { MapEntry, ScalarNode, YamlNode } from "./node.ts"
import { type Place, type Problem, problemAt } from "./problem.ts"
import { syntaxDetails } from "./syntax.ts"
import { Lines } from "./text.ts"

/** Values that aliases may bring in altogether. */
export const aliasedValuesMax = 10_000

/** Syntax errors reported of one file; the rest is as likely an echo. */
const syntaxErrorsMax = 20

/** A document that was read. `root` is missing when the text is empty or could not be understood. */
export interface ParsedFile {
  readonly root?: YamlNode
  readonly problems: readonly Problem[]
}

/** Reads one YAML document. Never throws for what the text holds. */
export function parseYaml(file: string, text: string): ParsedFile {
  const lines = new Lines(file, text)
  const deep = firstTooDeep(text)
  if (deep !== undefined) return { problems: [problemAt(lines.placeAt(deep), "WB_YAML_TOO_DEEP", { nestingMax })] }
  const composed = compose(text)
  if (composed.errors.length > 0) return { problems: syntaxProblems(composed.errors, lines) }
  const problems: Problem[] = []
  if (composed.second !== undefined)
    problems.push(problemAt(lines.placeAt(composed.second, composed.second + 3), "WB_YAML_SECOND_DOCUMENT"))
  if (composed.contents === null) return { problems }
  const builder = new TreeBuilder(lines)
  const root = builder.build(composed.contents)
  return { root, problems: [...problems, ...builder.problems] }
}

/** Reads text as YAML would read it as a plain scalar: number, boolean, nothing, else the text itself. */
export function readScalar(text: string): ScalarNode["value"] {
  if (text.trim() === "") return null
  const { contents } = compose(text)
  if (!isScalar(contents) || contents.type !== "PLAIN" || contents.source !== text.trim()) return text
  const { value } = contents
  return typeof value === "number" || typeof value === "boolean" || value === null ? value : text
}

interface Composed {
  readonly contents: Node | null
  readonly errors: readonly YAMLError[]
  /** Offset of a second document. */
  readonly second?: number
}

function compose(text: string): Composed {
  const composer = new Composer({
    schema: "core",
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // Its own check compares every key with every other; ours (TreeBuilder) is a look-up, and can say where the first one is.
    uniqueKeys: false,
    logLevel: "silent",
  })
  let documents = 0
  let failures = 0
  let second: number | undefined
  for (const token of new Parser().parse(text)) {
    if (token.type === "document") documents++
    if (token.type === "error") failures++
    if (documents > 1) second ??= token.offset
    if (documents > 1 || failures > syntaxErrorsMax) break
    // It would give back a finished document only at the start of a second one, which never gets here.
    composer.next(token).next()
  }
  const [document] = composer.end(true, text.length)
  if (document === undefined) return { contents: null, errors: [] }
  // An unknown tag is only a warning to the library: it would read `!!python/object` as plain text.
  const errors = [...document.errors, ...document.warnings.filter((warning) => warning.code === "TAG_RESOLVE_FAILED")]
  return { contents: document.contents, errors, ...(second !== undefined && { second }) }
}

/** After a syntax error the parser guesses, so only the first of each top-level section is told. */
function syntaxProblems(errors: readonly YAMLError[], lines: Lines): Problem[] {
  const problems: Problem[] = []
  let trusted = 0
  for (const error of [...errors].sort((a, b) => a.pos[0] - b.pos[0])) {
    if (error.pos[0] < trusted || problems.length === syntaxErrorsMax) continue
    const place = lines.placeAt(...error.pos)
    problems.push(problemAt(place, "WB_YAML_SYNTAX", syntaxDetails(error.code, error.message, lines.lineText(place.line))))
    trusted = lines.nextSection(error.pos[0])
  }
  return problems
}

/** Offset of the first bracket or entry that lies deeper than {@link nestingMax}. Reads tokens only up to there. */
function firstTooDeep(text: string): number | undefined {
  const nesting = new Nesting()
  for (const token of new Lexer().lex(text)) if (nesting.take(token) > nestingMax) return nesting.tokenStart
  return undefined
}

/** Makes our tree from the library's, resolving aliases as it goes. */
class TreeBuilder {
  readonly problems: Problem[] = []
  readonly #lines: Lines
  readonly #anchors = new Map<string, { node: YamlNode; values: number; depth: number } | "open">()
  #aliasedValues = 0
  /** Values made or shared so far, and the depth of the deepest: differences measure a subtree. */
  #values = 0

  constructor(lines: Lines) {
    this.#lines = lines
  }

  build(source: Node | null): YamlNode {
    return this.#build(source).node
  }

  #build(source: Node | null): { node: YamlNode; depth: number } {
    const anchor = isAlias(source) ? undefined : (source as { anchor?: string } | null)?.anchor
    if (anchor !== undefined) this.#anchors.set(anchor, "open")
    const before = this.#values
    this.#values++
    const built = this.#one(source)
    if (anchor !== undefined) this.#anchors.set(anchor, { ...built, values: this.#values - before })
    return built
  }

  #one(source: Node | null): { node: YamlNode; depth: number } {
    const at = this.#place(source)
    if (isAlias(source)) return this.#alias(source.source, at)
    if (isSeq<Node>(source)) {
      const items = source.items.map((item) => this.#build(item))
      return { node: { kind: "list", at, items: items.map((item) => item.node) }, depth: deepest(items) }
    }
    if (isMap<Node, Node | null>(source)) return this.#map(source.items, at)
    const { value, type, source: text } = isScalar(source) ? source : { value: null, type: undefined, source: undefined }
    const plain = type === undefined || type === "PLAIN"
    return { node: { kind: "scalar", at, value: scalarValue(value), text: text ?? "", plain, lines: this.#linesOf(source) }, depth: 0 }
  }

  #map(pairs: readonly { key: Node; value: Node | null }[], at: Place): { node: YamlNode; depth: number } {
    const entries = new Map<string, MapEntry>()
    const built = pairs.map(({ key, value }) => {
      const name = isScalar(key) ? String(key.source ?? key.value) : ""
      const keyAt = this.#place(key)
      const child = this.#build(value)
      const first = entries.get(name)
      if (name === "<<" && isScalar(key) && key.type === "PLAIN") this.problems.push(problemAt(keyAt, "WB_YAML_MERGE_KEY"))
      else if (name === "__proto__") this.problems.push(problemAt(keyAt, "WB_YAML_KEY_REFUSED", { name }))
      else if (first !== undefined) this.problems.push(problemAt(keyAt, "WB_YAML_KEY_TWICE", { name, line: first.keyAt.line }))
      else entries.set(name, { name, keyAt, value: child.node })
      return child
    })
    return { node: { kind: "map", at, entries }, depth: deepest(built) }
  }

  #alias(name: string, at: Place): { node: YamlNode; depth: number } {
    const target = this.#anchors.get(name)
    if (typeof target === "object") {
      this.#aliasedValues += target.values
      this.#values += target.values
      if (this.#aliasedValues <= aliasedValuesMax && target.depth <= nestingMax) return target
    }
    const known = [...this.#anchors.keys()]
    if (target === undefined) this.problems.push(problemAt(at, "WB_YAML_ALIAS_UNKNOWN", { name, known }))
    else if (target === "open") this.problems.push(problemAt(at, "WB_YAML_ALIAS_INSIDE", { name }))
    else if (!this.problems.some((problem) => problem.code === "WB_YAML_ALIAS_BOMB"))
      this.problems.push(problemAt(at, "WB_YAML_ALIAS_BOMB", { name, aliasedValuesMax, nestingMax }))
    return { node: { kind: "scalar", at, value: null, text: "", plain: true, lines: 1 }, depth: 0 }
  }

  #linesOf(source: Node | null): number {
    const [start, end] = source?.range ?? [0, 0]
    return this.#lines.placeAt(Math.max(start, end - 1)).line - this.#lines.placeAt(start).line + 1
  }

  #place(source: Node | null): Place {
    const [start, end] = source?.range ?? [0, 1]
    return this.#lines.placeAt(start, end)
  }
}

function deepest(children: readonly { depth: number }[]): number {
  return children.reduce((most, child) => Math.max(most, child.depth), 0) + 1
}

function scalarValue(value: unknown): ScalarNode["value"] {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? value
    : value === null
      ? null
      : String(value)
}
