// The language of templates as trees: what one may be made of, which names it uses, and where it must be strict. Knows nothing of
// nunjucks but the shape of its trees.

import { suggestion } from "../error-text.ts"
import { WishboneError } from "../errors.ts"

/** A node of a parsed template. Which fields it has depends on its type. */
export interface TemplateNode {
  readonly typename: string
  /** 0-based. */
  readonly lineno: number
  readonly colno: number
  readonly fields: readonly string[]
  children?: TemplateNode[]
  value?: unknown
  [field: string]: unknown
}

/** What the templates of a run may use, and how a node is wrapped in a filter. */
export interface Library {
  readonly filters: ReadonlySet<string>
  readonly tests: ReadonlySet<string>
  /** The node behind a filter that gets `spelling` as its argument. */
  wrap(node: TemplateNode, filter: string, spelling: string): TemplateNode
}

// Names with a space cannot be written in a template: these two are put in by `harden` alone.

/** Filter that refuses what is missing. */
export const requireFilter = "require value"

/** Filter that makes text, and refuses what has none. */
export const textFilter = "make text"

// All that a template may be made of. Whatever loads, defines or includes is not among them.
const allowedNodes = new Set(
  (
    "Root NodeList Output TemplateData Literal Symbol Group Array Dict Pair KeywordArgs LookupVal FunCall Filter If InlineIf For Set Capture " +
    "Switch Case Not Neg Pos And Or In Is Add Sub Mul Div FloorDiv Mod Pow Concat Compare CompareOperand"
  ).split(" "),
)

function part(node: TemplateNode, field: string): TemplateNode {
  return node[field] as TemplateNode
}

/** What a filter, a function or a test is called. */
function nameOf(node: TemplateNode): string {
  return String(part(node, "name").value)
}

function complain(source: string, node: TemplateNode, problem: string, hint = ""): never {
  throw new WishboneError("WB_TEMPLATE_SYNTAX", { template: source, line: node.lineno + 1, column: node.colno + 1, problem, hint })
}

function childrenOf(node: TemplateNode): TemplateNode[] {
  const inside = node.children ?? node.fields.flatMap((field) => node[field])
  return inside.filter((child): child is TemplateNode => typeof child === "object" && child !== null && "typename" in child)
}

/** Names that a template uses. */
export interface UsedNames {
  /** Read as values, its own among them. */
  readonly reads: ReadonlySet<string>
  /** Called as functions. */
  readonly calls: ReadonlySet<string>
  /** Made by the template itself, with `for` or `set`. */
  readonly own: ReadonlySet<string>
}

/** The names that a template uses. @throws WishboneError `WB_TEMPLATE_SYNTAX` when it is made of more than may be. */
export function collectNames(root: TemplateNode, source: string): UsedNames {
  const reads = new Set<string>()
  const calls = new Set<string>()
  const own = new Set(["loop"])
  const visit = (node: TemplateNode): void => {
    if (!allowedNodes.has(node.typename)) complain(source, node, `\`${node.typename.toLowerCase()}\` is not available here`)
    if (node.typename === "Symbol") reads.add(String(node.value))
    if (node.typename === "FunCall" && part(node, "name").typename === "Symbol") calls.add(nameOf(node))
    for (const name of definedBy(node)) own.add(name)
    for (const child of childrenOf(node)) {
      if (node.typename === "Is" && child === node["right"])
        childrenOf(child)
          .filter((inner) => !isName(child, inner))
          .forEach(visit)
      else if (!isName(node, child)) visit(child)
    }
  }
  visit(root)
  return { reads, calls, own }
}

/** Names that a `for` or a `set` makes. */
function definedBy(node: TemplateNode): string[] {
  const made = node.typename === "For" ? [part(node, "name")] : node.typename === "Set" ? (node["targets"] as TemplateNode[]) : []
  return made.flatMap((target) => (target.typename === "Symbol" ? [target] : childrenOf(target))).map((target) => String(target.value))
}

/** Whether `child` only names something: a filter, a function, a test, a key, a variable being set. */
function isName(parent: TemplateNode, child: TemplateNode): boolean {
  switch (parent.typename) {
    case "Filter":
    case "For":
      return child === parent["name"]
    case "FunCall":
      return child === parent["name"] && child.typename === "Symbol"
    case "Pair":
      return child === parent["key"]
    case "Set":
      return (parent["targets"] as TemplateNode[]).includes(child)
    default:
      return false
  }
}

const arithmetic = new Set(["Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow", "Concat"])
const tolerant = new Set(["default", "d"])

/**
 * Wraps, in place, every spot where a missing value would otherwise turn into text or a number of its own accord.
 * @throws WishboneError `WB_TEMPLATE_SYNTAX` for an unknown filter or test.
 */
export function harden(node: TemplateNode, source: string, library: Library): void {
  for (const child of childrenOf(node)) harden(child, source, library)
  const wrapped = (child: TemplateNode, filter: string): TemplateNode => library.wrap(child, filter, spelling(child))
  for (const field of strictFields(node)) node[field] = wrapped(part(node, field), node.typename === "Concat" ? textFilter : requireFilter)
  if (node.typename === "Output") {
    node.children = (node.children ?? []).map((child) => (child.typename === "TemplateData" ? child : wrapped(child, textFilter)))
  } else if (node.typename === "Filter") {
    checkKnown(nameOf(node), library.filters, (problem, hint) => complain(source, node, `there is no filter ${problem}`, hint))
    const { children = [] } = part(node, "args")
    if (!tolerant.has(nameOf(node)) && children[0] !== undefined) children[0] = wrapped(children[0], requireFilter)
  } else if (node.typename === "Is") {
    const test = part(node, "right")
    const name = test.typename === "FunCall" ? nameOf(test) : String(test.value)
    checkKnown(name, library.tests, (problem, hint) => complain(source, test, `there is no test ${problem}`, hint))
  }
}

/** Fields of a node that must hold something. */
function strictFields(node: TemplateNode): readonly string[] {
  if (arithmetic.has(node.typename)) return ["left", "right"]
  switch (node.typename) {
    case "Neg":
    case "Pos":
      return ["target"]
    case "For":
      return ["arr"]
    case "Compare":
      return (node["ops"] as TemplateNode[]).some(isOrdering) ? ["expr"] : []
    case "CompareOperand":
      return isOrdering(node) ? ["expr"] : []
    default:
      return []
  }
}

// Asking whether something missing equals something is a question; asking whether it is less is a mistake.
function isOrdering(operand: TemplateNode): boolean {
  return /^[<>]/.test(String(operand["type"]))
}

function checkKnown(name: string, known: ReadonlySet<string>, complaint: (problem: string, hint: string) => never): void {
  if (!known.has(name))
    complaint(
      `\`${name}\``,
      suggestion(
        name,
        [...known].filter((other) => !other.includes(" ")),
      ),
    )
}

const operators: Readonly<Record<string, string>> = {
  Add: "+",
  Sub: "-",
  Mul: "*",
  Div: "/",
  FloorDiv: "//",
  Mod: "%",
  Pow: "**",
  Concat: "~",
}

/** A node as one would write it, for messages. */
function spelling(node: TemplateNode): string {
  const operator = operators[node.typename]
  if (operator !== undefined) return `${spelling(part(node, "left"))} ${operator} ${spelling(part(node, "right"))}`
  switch (node.typename) {
    case "Symbol":
      return String(node.value)
    case "Literal":
      return typeof node.value === "string" ? `"${node.value}"` : String(node.value)
    case "FunCall":
      return `${spelling(part(node, "name"))}(${(part(node, "args").children ?? []).map(spelling).join(", ")})`
    case "Filter":
      return spellingOfFilter(node)
    case "LookupVal":
      return spellingOfLookup(spelling(part(node, "target")), part(node, "val"))
    default:
      return "…"
  }
}

function spellingOfFilter(node: TemplateNode): string {
  const name = nameOf(node)
  const [target] = part(node, "args").children ?? []
  const text = target === undefined ? "…" : spelling(target)
  return name === requireFilter || name === textFilter ? text : `${text} | ${name}`
}

function spellingOfLookup(target: string, key: TemplateNode): string {
  return typeof key.value === "string" && /^\w+$/.test(key.value) ? `${target}.${key.value}` : `${target}[${spelling(key)}]`
}
