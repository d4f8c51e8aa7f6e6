// Changes to an event that happen all or not at all. A draft copies the maps and lists on the way to what it changes, each once and only
// one level deep, and leaves the event as it is until `commit`. So a change that fails half-way has changed nothing, and what it costs
// grows with what is changed, not with the event.
//
// Values put in are not copied: whoever puts in what belongs to somebody else copies it before.

import { Invalid } from "./errors.ts"
import type { Event } from "./event.ts"
import { readSteps } from "./event-path.ts"

/** A parsed path: names, and numbers for places in lists. */
export type PathSteps = readonly (string | number)[]

type Container = Record<string | number, unknown>

const settableRoots = new Set<unknown>(["data", "tmp", "tags"])
const deletableRoots = new Set<unknown>(["data", "tmp", "tags", "errors"])

/**
 * An event about to be changed.
 *
 * @example
 * const draft = new EventDraft(event)
 * draft.set(parsePath("data.seen"), true)
 * draft.commit()
 */
export class EventDraft {
  readonly #event: Event
  /** Roots as they will be. */
  readonly #roots = new Map<string, unknown>()
  /** Maps and lists made by this draft: these may be changed in place. */
  readonly #own = new Set<object>()

  constructor(event: Event) {
    this.#event = event
  }

  /** The value of a root (`data`, `uuid`, …) as it will be. A draft can stand for its event when a template is rendered. */
  read(root: string): unknown {
    return this.#roots.has(root) ? this.#roots.get(root) : this.#event.read(root)
  }

  /** The value under a path as it will be; `undefined` when it is not there. */
  get(steps: PathSteps): unknown {
    return readSteps(this.read(String(steps[0])), steps, 1)
  }

  /** Puts a value under a path below `data`, `tmp` or `tags`, making missing maps and lists on the way. @throws Invalid */
  set(steps: PathSteps, value: unknown): void {
    const root = String(steps[0])
    if (!settableRoots.has(root)) throw new Invalid(`\`${root}\` of an event cannot be set`)
    const last = steps.at(-1)
    if (steps.length === 1 || last === undefined) return this.#setRoot(root, value)
    put(this.#containerOf(steps), last, value)
  }

  /** Takes out what lies under a path below `data`, `tmp`, `tags` or `errors`; answers whether it was there. @throws Invalid */
  delete(steps: PathSteps): boolean {
    const last = steps.at(-1)
    if (steps.length < 2 || last === undefined || !deletableRoots.has(steps[0]))
      throw new Invalid(`\`${pathText(steps)}\` is part of every event and cannot be deleted`)
    const parent = this.get(steps.slice(0, -1))
    if (!isContainer(parent) || !Object.hasOwn(parent, last)) return false
    const own = this.#containerOf(steps)
    if (Array.isArray(own) && typeof last === "number") own.splice(last, 1)
    else delete own[last]
    return true
  }

  /** Makes the event what the draft is. @throws Invalid, with the event as it was, when it cannot be. */
  commit(): void {
    const tags = this.#roots.get("tags")
    if (Array.isArray(tags) && tags.some((tag) => typeof tag === "object" || tag === undefined))
      throw new Invalid("`tags` of an event holds text only")
    const event = this.#event
    for (const [root, value] of this.#roots) {
      if (root === "errors") replaceErrors(event, value as Event["errors"])
      else event.set(root, value)
    }
  }

  #setRoot(root: string, value: unknown): void {
    if (root === "tmp" && (!isContainer(value) || Array.isArray(value))) throw new Invalid("`tmp` of an event is a map")
    if (root === "tags" && !Array.isArray(value)) throw new Invalid("`tags` of an event is a list")
    this.#roots.set(root, value)
  }

  /** The map or list that holds the last step, this draft's own, and all above it too. */
  #containerOf(steps: PathSteps): Container {
    const root = String(steps[0])
    let container = this.#owned(this.read(root), steps, 1)
    this.#roots.set(root, container)
    for (let at = 1; at < steps.length - 1; at++) {
      const step = steps[at] as string | number
      const next = this.#owned(Object.hasOwn(container, step) ? container[step] : undefined, steps, at + 1)
      put(container, step, next)
      container = next
    }
    return container
  }

  /** `value`, which `steps[at]` is to be found in, as a map or list of this draft. */
  #owned(value: unknown, steps: PathSteps, at: number): Container {
    if (value !== undefined && !isContainer(value)) throw new Invalid(`\`${pathText(steps.slice(0, at))}\` is neither a map nor a list`)
    if (value !== undefined && this.#own.has(value)) return value
    const made =
      value === undefined ? (typeof steps[at] === "number" ? [] : {}) : Array.isArray(value) ? [...(value as unknown[])] : { ...value }
    this.#own.add(made)
    return made as Container
  }
}

/** Puts a value in its place in a map or list. A list grows by one at its end at most: a number in a path makes no list of a billion holes. */
function put(container: Container, step: string | number, value: unknown): void {
  if (!Array.isArray(container)) {
    container[step] = value
    return
  }
  if (typeof step !== "number") throw new Invalid(`\`${step}\` is no place in a list`)
  if (step > container.length) throw new Invalid(`place ${step} of a list that has ${container.length} items`)
  container[step] = value
}

function replaceErrors(event: Event, errors: Event["errors"]): void {
  for (const instance of Object.keys(event.errors)) delete event.errors[instance]
  Object.assign(event.errors, errors)
}

function isContainer(value: unknown): value is Container {
  if (typeof value !== "object" || value === null) return false
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function pathText(steps: PathSteps): string {
  return steps.map((step, at) => (typeof step === "number" ? `[${step}]` : `${at === 0 ? "" : "."}${step}`)).join("")
}
