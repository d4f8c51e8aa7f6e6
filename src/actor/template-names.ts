// The names that templates know: the roots of an event, `env`, `version`, `pid`, and functions.

import { Invalid, WishboneError } from "../errors.ts"
import { readSteps } from "../event-path.ts"
import type { UsedNames } from "./template-language.ts"

/** The event as templates see it: its root keys, each read only when a template asks for it. */
export interface TemplateContext {
  /** The value under a root key (`data`, `uuid`, …); undefined when the event has none. */
  read(root: string): unknown
}

/** What templates can use beside the event. */
export interface TemplateSetting {
  /** Environment variables: `env.NAME` and `env("NAME")`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Version of this package: `version` and `version()`. */
  readonly version: string
  /** Process id: `pid` and `pid()`. */
  readonly pid: number
  /** Further functions by name, called for each event. */
  readonly functions?: Readonly<Record<string, (...args: readonly unknown[]) => unknown>>
  /** Names of those of them that give the same all through a run: a template that uses nothing else is filled in at start. */
  readonly constants?: ReadonlySet<string>
}

/** Root keys of an event. */
const eventRoots = ["data", "uuid", "timestamp", "ttl", "tags", "errors", "tmp", "meta", "bulk"] as const

const startNames = ["env", "version", "pid"] as const

/** A context for templates that use no event. */
export const noEvent: TemplateContext = { read: () => undefined }

/** Names and functions of one template. One object for all its renderings, which end before the next begins. */
export class EventNames {
  context: TemplateContext = noEvent
  readonly #setting: TemplateSetting

  constructor(setting: TemplateSetting) {
    this.#setting = setting
  }

  value(name: string): unknown {
    return isStartName(name) ? startValue(name, this.#setting) : isEventRoot(name) ? this.context.read(name) : undefined
  }

  call(name: string, args: readonly unknown[]): unknown {
    if (name === "env") return readSteps(this.#setting.env, [String(args[0])])
    if (isStartName(name)) return startValue(name, this.#setting)
    const { functions = {} } = this.#setting
    if (!Object.hasOwn(functions, name)) throw new Invalid(`\`${name}\` is no function that templates can call`, { code: "template_name" })
    return functions[name]?.(...args)
  }
}

/** The value of `env`, `version` or `pid`. */
export function startValue(name: string, setting: TemplateSetting): unknown {
  return name === "env" ? setting.env : name === "pid" ? setting.pid : setting.version
}

/** Whether every event has this root. */
export function isEventRoot(name: string): boolean {
  return (eventRoots as readonly string[]).includes(name)
}

/** Whether the name is known before there is any event. */
function isStartName(name: string): boolean {
  return (startNames as readonly string[]).includes(name)
}

/** Whether what a call gives is known before there is any event. */
export function isStartCall(name: string, { constants }: TemplateSetting): boolean {
  return isTaken(name) || constants?.has(name) === true
}

/** Whether every template has a function of that name already, so that no other can have it. */
export function isTaken(name: string): boolean {
  return isStartName(name) || name === "range"
}

/** Refuses names that no event will ever have, at start rather than once for each event. */
export function checkNames(source: string, used: UsedNames, setting: TemplateSetting): void {
  const functions = Object.keys(setting.functions ?? {})
  const known = [...eventRoots, ...startNames]
  for (const name of used.reads) {
    if (used.own.has(name) || isEventRoot(name) || isStartName(name) || name === "range") continue
    const problem = functions.includes(name) ? `\`${name}\` is a function` : `there is nothing called \`${name}\``
    const hint = functions.includes(name) ? `Write \`${name}()\`.` : undefined
    throw new WishboneError("WB_TEMPLATE_NAME", { template: source, name, known, problem, hint })
  }
  for (const name of used.calls) {
    if (functions.includes(name) || isStartName(name) || name === "range") continue
    const problem = `there is no function \`${name}\``
    throw new WishboneError("WB_TEMPLATE_NAME", { template: source, name, known: [...startNames, "range", ...functions], problem })
  }
}
