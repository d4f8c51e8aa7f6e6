// From checked arguments to what a handler gets: templates that need no event are filled in once at start, the others anew for each
// event. An instance without the latter has one frozen object for all its life.

import { isInvalid, isWishboneError, WishboneError } from "../errors.ts"
import { type ArgumentProblem, type ArgumentTemplate, checkRendered } from "../spec/arguments.ts"
import type { ComponentSpec } from "../spec/spec.ts"
import { pathText } from "../spec/words.ts"
import { compileTemplate, noEvent, type Template, type TemplateContext, type TemplateSetting } from "./template.ts"

/** Arguments as handlers see them; frozen. */
type RenderedArguments = Readonly<Record<string, unknown>>

/** What {@link compileArguments} gives. */
export interface CompiledArguments {
  /** What is known at start. Where `perEvent` exists, arguments that need the event still hold their template's text here. */
  readonly fixed: RenderedArguments
  /** The arguments for one event; undefined when none needs it. @throws Invalid when a template fails or makes the wrong type. */
  readonly perEvent: ((context: TemplateContext) => RenderedArguments) | undefined
  /** Makes a template of text from the bootstrap file or a file it names. @throws WishboneError `WB_TEMPLATE_SYNTAX`, `WB_TEMPLATE_NAME` */
  readonly compile: (source: string) => Template
}

/** A template that stands in the arguments of a module which fills it in itself (`lateTemplates`), when its turn has come. */
export class LateTemplate {
  readonly source: string
  /** Fills it in, for an event or a draft of one. @throws Invalid */
  readonly render: (context: TemplateContext) => unknown

  constructor(source: string, render: (context: TemplateContext) => unknown) {
    this.source = source
    this.render = render
  }
}

/** Every template that cannot work, for the report on a bootstrap file. Empty when all can. */
export function templateProblems(
  spec: ComponentSpec,
  templates: readonly ArgumentTemplate[],
  setting: TemplateSetting,
): readonly ArgumentProblem[] {
  const problems: ArgumentProblem[] = []
  for (const template of templates) {
    try {
      startOrLater(spec, template, setting)
    } catch (error) {
      if (!isWishboneError(error)) throw error
      problems.push({ path: template.written, code: error.code, message: error.message, hint: error.hint })
    }
  }
  return problems
}

/**
 * Prepares the arguments of an instance: `values` and `templates` as `checkArguments` gave them.
 *
 * @throws WishboneError `WB_TEMPLATE_SYNTAX` or `WB_TEMPLATE_NAME` for a template that cannot be read, `WB_TEMPLATE_START` for one
 * that should be filled in at start and cannot be, or makes the wrong type.
 */
export function compileArguments(
  spec: ComponentSpec & { readonly lateTemplates?: boolean },
  values: Readonly<Record<string, unknown>>,
  templates: readonly ArgumentTemplate[],
  setting: TemplateSetting,
): CompiledArguments {
  const ready = templates.map((template) => startOrLater(spec, template, setting))
  const compile = (source: string): Template => compileTemplate(source, setting)
  const atStart = ready.filter((leaf) => leaf.start)
  const filledIn = spec.lateTemplates === true ? [...atStart, ...ready.filter((leaf) => !leaf.start).map(lateLeaf)] : atStart
  const fixed = deepFreeze(fill(values, filledIn, noEvent)) as RenderedArguments
  const names = new Set(ready.filter((leaf) => !leaf.start).map((leaf) => String(leaf.path[0])))
  if (names.size === 0 || spec.lateTemplates === true) return { fixed, perEvent: undefined, compile }
  const slots = [...names].map((name) => makerOf(name, fixed[name], ready))
  const perEvent = (context: TemplateContext): RenderedArguments => {
    const args: Record<string, unknown> = { ...fixed }
    for (const slot of slots) args[slot.name] = slot.make(context)
    return Object.freeze(args)
  }
  return { fixed, perEvent, compile }
}

/** The leaf whose value is the template itself, to be filled in by the module. */
function lateLeaf(leaf: Leaf): Leaf {
  const late = new LateTemplate(leaf.source, leaf.make)
  return { ...leaf, make: () => late }
}

/** One template in its place. */
interface Leaf {
  readonly path: readonly (string | number)[]
  readonly source: string
  readonly start: boolean
  readonly make: (context: TemplateContext) => unknown
}

function startOrLater(spec: ComponentSpec, { path, written, source, schema }: ArgumentTemplate, setting: TemplateSetting): Leaf {
  const template = compileTemplate(source, setting)
  const argument = pathText(written)
  if (!template.usesEvent) {
    const value = atStart(argument, source, () => checkRendered(schema, template.render(noEvent), `\`${source}\``))
    return { path, source, start: true, make: () => value }
  }
  const what = `Argument \`${argument}\` of \`${spec.name}\``
  return { path, source, start: false, make: (context) => checkRendered(schema, template.render(context), what) }
}

function atStart(argument: string, source: string, make: () => unknown): unknown {
  try {
    return make()
  } catch (error) {
    if (!isInvalid(error)) throw error
    const hint = error.code === "template_type" ? typeHint(source) : ""
    throw new WishboneError("WB_TEMPLATE_START", { argument, template: source, problem: error.message, hint }, { cause: error })
  }
}

function typeHint(source: string): string {
  const variable = /\benv\b\W*(\w+)/.exec(source)?.[1]
  if (variable !== undefined)
    return `Write \`\${${variable}}\` instead: it is read like any other value of the file, so a number stays one.`
  return "A template longer than one path makes text; a lone `{{ path }}` keeps the type."
}

function makerOf(name: string, value: unknown, leaves: readonly Leaf[]): { name: string; make: (context: TemplateContext) => unknown } {
  const own = leaves.filter((leaf) => !leaf.start && leaf.path[0] === name)
  const [first] = own
  // The usual case, an argument that is one template, needs no walk.
  if (own.length === 1 && first?.path.length === 1) return { name, make: first.make }
  const inside = own.map((leaf) => ({ ...leaf, path: leaf.path.slice(1) }))
  return { name, make: (context) => fill(value, inside, context) }
}

/** A copy of `value` with the leaves rendered; what holds none of them is shared. */
function fill(value: unknown, leaves: readonly Leaf[], context: TemplateContext, depth = 0): unknown {
  const here = leaves.find((leaf) => leaf.path.length === depth)
  if (here !== undefined) return here.make(context)
  if (leaves.length === 0 || typeof value !== "object" || value === null) return value
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string | number, unknown>
  for (const step of new Set(leaves.map((leaf) => leaf.path[depth] as string | number))) {
    const inside = leaves.filter((leaf) => leaf.path[depth] === step)
    copy[step] = fill(copy[step], inside, context, depth + 1)
  }
  return copy
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
