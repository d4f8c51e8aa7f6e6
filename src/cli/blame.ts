// Whose fault an error was that nobody caught: its stack names files, files belong to packages, and modules of packages to instances.
// An error without a stack (anything may be thrown) cannot be led back.

import { sep } from "node:path"
import type { LoadedComponents } from "../router/packages.ts"
import type { InstancePlan } from "../spec/plan.ts"

/** Answers in words where an error came from; `undefined` when no code from outside is in its stack. */
export type Blame = (error: unknown) => string | undefined

/** What is known of a graph: the components that came from outside, and the instances. */
export interface Suspects {
  readonly loaded: readonly LoadedComponents[]
  readonly instances: readonly Pick<InstancePlan, "name" | "module">[]
}

/** `suspects` is asked when something happened: a graph may change while it runs. */
export function blameAmong(suspects: () => Suspects): Blame {
  return (error) => {
    const { loaded, instances } = suspects()
    const stack = (error as { stack?: unknown } | null | undefined)?.stack
    if (typeof stack !== "string") return undefined
    const culprit = loaded
      .map((from) => ({ from, at: placeIn(stack, from.place) }))
      .filter(({ at }) => at >= 0)
      .toSorted((a, b) => a.at - b.at)[0]
    if (culprit === undefined) return undefined
    const ids = culprit.from.components.map(({ spec }) => spec.name)
    const users = instances.filter(({ module }) => ids.includes(module))
    const named = users.map(({ name }) => `\`${name}\``)
    if (named.length === 0) return `\`${culprit.from.name}\``
    return `\`${culprit.from.name}\` (instance ${named.length > 5 ? `${named.slice(0, 5).join(" or ")} or another` : named.join(" or ")})`
  }
}

/** Where a stack names a file, or one in a folder; -1 for nowhere. Stacks have paths as they are, or as URLs. */
function placeIn(stack: string, place: string): number {
  const found = [place, encodeURI(place)].flatMap((text) => [`${text}:`, `${text}${sep}`].map((start) => stack.indexOf(start)))
  return found.filter((at) => at >= 0).toSorted((a, b) => a - b)[0] ?? -1
}
