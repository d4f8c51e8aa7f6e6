// Templates in arguments: text of the bootstrap file that holds `{{`, filled in once at start or anew for each event. The one door to
// nunjucks.
//
// A lone `{{ path }}` is that value itself, whatever its type, and is read straight from the event; anything longer is text, made by
// nunjucks, but with a runtime of our own in place of its own, so that templates are strict and closed:
// - what is missing fails the event (kind `invalid`) where it is used; `default`, `is defined`, `or` and `if` may ask for it;
// - values are reached by their own properties only, and nothing can be called but the functions handed in, by their plain names. So
//   no path leads from event data to `Function`, whatever names the data holds;
// - nothing is loaded from files, and nothing is random: a simulated run must repeat.
// The text itself comes from the bootstrap file; event data is never compiled.

import { createRequire } from "node:module"
import type { Callable, default as Nunjucks } from "@11ty/nunjucks"
import { Invalid, WishboneError } from "../errors.ts"
import { readSteps } from "../event-path.ts"
import { collectNames, harden, type Library, requireFilter, type TemplateNode, textFilter, type UsedNames } from "./template-language.ts"
import {
  checkNames,
  EventNames,
  isEventRoot,
  isStartCall,
  noEvent,
  startValue,
  type TemplateContext,
  type TemplateSetting,
} from "./template-names.ts"
import { attributeFilters, callWrap, forbiddenNames, guarded, memberLookup, RenderContext } from "./template-runtime.ts"
import { required, textOf } from "./template-value.ts"

export { isTaken, noEvent, type TemplateContext, type TemplateSetting } from "./template-names.ts"

/** A template ready to render. */
export interface Template {
  readonly source: string
  /** Whether it must be rendered for each event; otherwise once at start is enough. */
  readonly usesEvent: boolean
  /** @throws Invalid naming the template and the path when something is missing or has no text. */
  render(context: TemplateContext): unknown
}

/**
 * Makes a template from text of the bootstrap file. Never pass it anything that came with an event.
 *
 * @throws WishboneError `WB_TEMPLATE_SYNTAX` when it cannot be read, with `line` and `column` (1-based, inside `source`) among its
 * details where they are known; `WB_TEMPLATE_NAME` when it uses a name or a function that does not exist.
 */
export function compileTemplate(source: string, setting: TemplateSetting): Template {
  const steps = lonePath(source)
  return steps === undefined ? general(source, setting) : lone(source, steps, setting)
}

/** Names of the functions that a template calls, those that every template has left out. Checks it for that as {@link compileTemplate} does,
 *  `known` being the functions there are, and makes none of them. @throws WishboneError `WB_TEMPLATE_SYNTAX`, `WB_TEMPLATE_NAME` */
export function functionsCalled(source: string, known: readonly string[]): readonly string[] {
  if (lonePath(source) !== undefined) return []
  const used = engine().namesIn(source)
  const functions = Object.fromEntries(known.map((name) => [name, () => undefined]))
  checkNames(source, used, { env: {}, version: "", pid: 0, functions })
  return [...used.calls].filter((name) => known.includes(name))
}

type Steps = readonly (string | number)[]

/** The steps of a template that is one path and nothing else. */
function lonePath(source: string): Steps | undefined {
  const path = /^\{\{-?\s*([A-Za-z_]\w*(?:\.\w+|\[\d+\])*)(?:\(\))?\s*-?\}\}$/.exec(source)
  if (path?.[1] === undefined) return undefined
  const steps = [...path[1].matchAll(/\[(\d+)\]|\w+/g)].map(([name, index]) => (index === undefined ? name : Number(index)))
  const called = source.includes("(")
  const root = String(steps[0])
  const plain = isEventRoot(root) || root === "env" ? !called : (root === "version" || root === "pid") && steps.length === 1
  return plain ? steps : undefined
}

function lone(source: string, steps: Steps, setting: TemplateSetting): Template {
  const root = String(steps[0])
  const path = source.replace(/^\{\{-?\s*|\s*-?\}\}$/g, "")
  if (steps.some((step) => forbiddenNames.has(String(step)))) {
    return failing(source, new Invalid(`\`${path}\` holds a name that templates may not reach`, { code: "template_name" }))
  }
  if (!isEventRoot(root)) {
    const value = readSteps(startValue(root, setting), steps, 1)
    return { source, usesEvent: false, render: () => present(source, value, path) }
  }
  return {
    source,
    usesEvent: true,
    render(context) {
      return present(source, readSteps(context.read(root), steps, 1), path)
    },
  }
}

function present(source: string, value: unknown, path: string): unknown {
  if (value === undefined) throw named(source, new Invalid(`\`${path}\` is missing`, { code: "template_missing" }))
  return value
}

function failing(source: string, error: Invalid): Template {
  const render = (): never => {
    throw named(source, error)
  }
  return { source, usesEvent: true, render }
}

function general(source: string, setting: TemplateSetting): Template {
  const compiled = engine().compile(source)
  checkNames(source, compiled, setting)
  const usesEvent = [...compiled.reads].some(isEventRoot) || [...compiled.calls].some((name) => !isStartCall(name, setting))
  const names = new EventNames(withCalled(setting, compiled.calls))
  return {
    source,
    usesEvent,
    render(context) {
      names.context = context
      try {
        return compiled.render(names)
      } catch (error) {
        throw named(source, error)
      } finally {
        names.context = noEvent
      }
    },
  }
}

/** The setting with the functions that a template calls, and no others: reading them from the setting is what makes them. */
function withCalled(setting: TemplateSetting, calls: ReadonlySet<string>): TemplateSetting {
  const { functions = {} } = setting
  const called = [...calls].filter((name) => Object.hasOwn(functions, name))
  return { ...setting, functions: Object.fromEntries(called.flatMap((name) => (functions[name] ? [[name, functions[name]]] : []))) }
}

const shownCharacters = 60

function named(source: string, error: unknown): Invalid {
  const text = source.length > shownCharacters ? `${source.slice(0, shownCharacters)}…` : source
  const { message, code } = error as { message?: unknown; code?: unknown }
  return new Invalid(`The template \`${text}\`: ${String(message ?? error)}`, {
    code: typeof code === "string" ? code : "template",
    cause: error,
  })
}

/** A template ready to run, and what it uses. */
interface Compiled extends UsedNames {
  render(names: EventNames): string
}

type Root = (env: object, context: object, frame: object, runtime: object, done: (error: unknown, text?: string) => void) => void

/** Nunjucks, made strict. Loaded when the first template needs it: most files hold none, or only lone paths. */
const engine = lazily(() => new Engine(createRequire(import.meta.url)("@11ty/nunjucks") as typeof Nunjucks))

function lazily<Value>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => (made ??= make())
}

class Engine {
  private readonly nunjucks: typeof Nunjucks
  private readonly runtime: object
  private readonly environment: object
  private readonly library: Library

  constructor(nunjucks: typeof Nunjucks) {
    const { filters, tests } = standardLibrary(nunjucks)
    this.nunjucks = nunjucks
    this.runtime = { ...nunjucks.runtime, memberLookup, callWrap, suppressValue: (value: unknown) => value }
    this.environment = {
      opts: { autoescape: false, throwOnUndefined: false },
      getFilter: (name: string) => filters[name],
      getTest: (name: string) => tests[name],
    }
    this.library = {
      filters: new Set(Object.keys(filters)),
      tests: new Set(Object.keys(tests)),
      wrap(node, filter, spelling) {
        const { Filter, Literal, NodeList, Symbol: Name } = nunjucks.nodes
        const { lineno, colno } = node
        const args = new NodeList(lineno, colno, [node, new Literal(lineno, colno, spelling)])
        return new Filter(lineno, colno, new Name(lineno, colno, filter), args)
      },
    }
  }

  compile(source: string): Compiled {
    const root = this.parsed(source)
    const names = collectNames(root, source)
    harden(root, source, this.library)
    const compiler = new this.nunjucks.compiler.Compiler("template", false)
    compiler.compile(root)
    // The code comes from nunjucks' compiler, the source from the bootstrap file: nothing of an event gets here.
    // oxlint-disable-next-line typescript/no-implied-eval
    const make = new Function(compiler.getCode()) as () => { root: Root }
    const body = make().root
    return { ...names, render: (values) => this.run(body, values) }
  }

  /** The names a template uses, without making it. */
  namesIn(source: string): UsedNames {
    const root = this.parsed(source)
    const names = collectNames(root, source)
    harden(root, source, this.library)
    return names
  }

  private run(root: Root, names: EventNames): string {
    const frame = new this.nunjucks.runtime.Frame()
    frame.topLevel = true
    let failure: unknown
    let result = ""
    root(this.environment, new RenderContext(names, this.environment), frame, this.runtime, (error, text) => {
      failure = error
      result = text ?? ""
    })
    // nunjucks wraps what was thrown; the original says more.
    if (failure) throw ((failure as { cause?: unknown }).cause ?? failure) as unknown
    return result
  }

  private parsed(source: string): TemplateNode {
    try {
      return this.nunjucks.parser.parse(source, [], {})
    } catch (error) {
      const { message, lineno: line, colno: column } = error as { message: string; lineno?: number; colno?: number }
      const problem = message === "expected variable end" ? "`{{` is not closed by `}}`" : message
      throw new WishboneError("WB_TEMPLATE_SYNTAX", { template: source, line, column, problem }, { cause: error })
    }
  }
}

function standardLibrary(nunjucks: typeof Nunjucks): { filters: Record<string, Callable>; tests: Record<string, Callable> } {
  const standard = new nunjucks.Environment([], {})
  const { random: _, ...known } = standard.filters
  for (const name of attributeFilters) known[name] = guarded(known[name])
  const own: Record<string, Callable> = {
    tojson: (value) => JSON.stringify(value),
    [requireFilter]: (value, what) => required(value, String(what)),
    [textFilter]: (value, what) => textOf(value instanceof nunjucks.runtime.SafeString ? String(value) : value, String(what)),
  }
  return { filters: { ...known, ...own }, tests: standard.tests }
}
