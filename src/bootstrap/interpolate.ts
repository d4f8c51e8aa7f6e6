// `${NAME}`, `${NAME:-default}` and `${file:path}` in values. It works on the parsed document, so nothing that comes from outside can
// add a key, a comment or a list; and what comes from outside is never a template, which only the file itself may bring.
//
// A value that is nothing but a variable is read again as YAML would read it without quotes, so `${PORT}` gives a number. What comes
// from a file is a secret and stays text.

import { readScalar } from "./file.ts"
import { type MapEntry, placeWithin, type ScalarNode, type YamlNode } from "./node.ts"
import { type Problem, problemAt } from "./problem.ts"

/** A secret that was read, or why it was not. */
export type SecretText = { readonly text: string } | { readonly reason: string }

/** Where values come from; `secrets` by the paths as the file has them. */
export interface Outside {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly secrets: ReadonlyMap<string, SecretText>
}

/** What came of a document; `secrets` are the texts that nobody may print. */
export interface Interpolated {
  readonly node: YamlNode
  readonly problems: readonly Problem[]
  readonly secrets: readonly string[]
}

const reference = /\$\$\{|\$\{([^}]*)(\}?)/g

/** The paths of all secrets that a document asks for. */
export function secretPaths(node: YamlNode): Set<string> {
  const paths = new Set<string>()
  const visit = (at: YamlNode): void => {
    if (at.kind === "list") at.items.forEach(visit)
    else if (at.kind === "map") for (const entry of at.entries.values()) visit(entry.value)
    else if (typeof at.value === "string") {
      for (const [, inside] of at.value.matchAll(reference)) {
        const path = inside === undefined ? undefined : secretPath(inside)
        if (path !== undefined) paths.add(path)
      }
    }
  }
  visit(node)
  return paths
}

/** Fills in the values of a document; keys stay as they are. */
export function interpolate(node: YamlNode, outside: Outside): Interpolated {
  const filler = new Filler(outside)
  return { node: filler.fill(node), problems: filler.problems, secrets: [...filler.secrets] }
}

function secretPath(inside: string): string | undefined {
  return inside.startsWith("file:") && !inside.startsWith("file:-") ? inside.slice("file:".length).trim() : undefined
}

class Filler {
  readonly problems: Problem[] = []
  readonly secrets = new Set<string>()
  readonly #outside: Outside

  constructor(outside: Outside) {
    this.#outside = outside
  }

  fill(node: YamlNode): YamlNode {
    if (node.kind === "list") return { ...node, items: node.items.map((item) => this.fill(item)) }
    if (node.kind === "scalar") return typeof node.value === "string" ? this.#scalar(node, node.value) : node
    const entries = [...node.entries].map(([name, entry]): [string, MapEntry] => [name, { ...entry, value: this.fill(entry.value) }])
    return { ...node, entries: new Map(entries) }
  }

  #scalar(node: ScalarNode, value: string): ScalarNode {
    if (!value.includes("${")) return node
    let failed = false
    const text = value.replace(reference, (found: string, inside: string | undefined, close: string, offset: number) => {
      if (inside === undefined) return "${"
      const part = this.#lookUp(node, { found, inside, closed: close === "}", offset })
      failed ||= part === undefined
      return part ?? ""
    })
    if (failed) return { ...node, value: null, unknown: true }
    const [only] = value.match(reference) ?? []
    const again = only === value.trim() && only.startsWith("${") && !only.startsWith("${file:")
    return { ...node, text, value: again ? readScalar(text) : text, filled: true }
  }

  #lookUp(node: ScalarNode, at: { found: string; inside: string; closed: boolean; offset: number }): string | undefined {
    const fail = (code: Problem["code"], details: Record<string, unknown>): undefined => {
      this.problems.push(problemAt(placeWithin(node, at.offset), code, { found: at.found, ...details }))
    }
    const path = secretPath(at.inside)
    const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/.exec(at.inside) ?? []
    if (!at.closed || path === "" || (path === undefined && name === undefined)) return fail("WB_VARIABLE_SYNTAX", {})
    const text = path === undefined ? this.#variable(name ?? "") : this.#secret(path, fail)
    if (text?.includes("{{")) return fail("WB_VARIABLE_TEMPLATE", {})
    // As in a shell, `:-` stands in for what is empty too.
    if (fallback !== undefined && (text === undefined || text === "")) return fallback
    return text ?? (path === undefined ? fail("WB_VARIABLE_MISSING", { name }) : undefined)
  }

  #variable(name: string): string | undefined {
    return Object.hasOwn(this.#outside.environment, name) ? this.#outside.environment[name] : undefined
  }

  #secret(path: string, fail: (code: Problem["code"], details: Record<string, unknown>) => undefined): string | undefined {
    const secret = this.#outside.secrets.get(path) ?? { reason: "nobody reads secrets here" }
    if ("reason" in secret) return fail("WB_SECRET_UNREADABLE", { path, reason: secret.reason })
    const text = secret.text.replace(/\r?\n$/, "")
    if (text !== "") this.secrets.add(text)
    return text
  }
}

/** Problems with every secret in their texts hidden, also one that a message shows only the beginning of. */
export function withoutSecrets(problems: readonly Problem[], secrets: readonly string[]): Problem[] {
  if (secrets.length === 0) return [...problems]
  // The longest first: one secret may be the beginning of another.
  const parts = secrets.flatMap((secret) => [secret, secret.slice(0, 40)]).toSorted((a, b) => b.length - a.length)
  const hide = (text: string): string => parts.reduce((left, part) => left.replaceAll(part, "***"), text)
  return problems.map((problem) => ({ ...problem, message: hide(problem.message), hint: hide(problem.hint) }))
}
