// The target of a request in its parts. Keys are a stranger's: none may be one that means the prototype.

import { Invalid } from "../errors.ts"

const forbiddenKeys = new Set(["__proto__", "constructor", "prototype"])

export interface RequestTarget {
  /** As it was sent, without the query. */
  readonly path: string
  /** Percent-decoded; a name that came several times has a list. */
  readonly query: Readonly<Record<string, string | string[]>>
}

/** Takes `/in?a=1&b=2` apart. @throws Invalid when its path is none, or a key of its query means the prototype */
export function requestTarget(target: string): RequestTarget {
  const at = target.indexOf("?")
  const path = at < 0 ? target : target.slice(0, at)
  if (!path.startsWith("/")) throw new Invalid("the target is no path", { code: "target" })
  const query: Record<string, string | string[]> = {}
  if (at < 0) return { path, query }
  for (const [name, value] of new URLSearchParams(target.slice(at + 1))) {
    if (forbiddenKeys.has(name)) throw new Invalid("the query has a key that means the prototype", { code: "prototype_key" })
    const known = Object.hasOwn(query, name) ? query[name] : undefined
    query[name] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value]
  }
  return { path, query }
}
