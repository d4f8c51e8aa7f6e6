// Regular expressions that somebody wrote in a bootstrap file. The one door to re2js, loaded when the first one is met.
//
// A match takes time that grows with the text, whatever pattern and text are; there are no look-arounds and no back references. Finding
// all matches can still take the square of it (a match that must look to the end of the text before it knows itself short), so that has
// a limit in time. Named groups are written `(?P<name>…)` or `(?<name>…)`.

import { createRequire } from "node:module"
import type { RE2JS } from "re2js"
import { Invalid, isWishboneError, WishboneError } from "../errors.ts"
import type { Clock } from "../platform/platform.ts"
import { z } from "../spec/schema.ts"

/** Longest text that a pattern is applied to, in characters. */
export const patternTextMax = 1024 * 1024
/** How long finding all matches in one text may take, in milliseconds. */
const patternTimeMaxMs = 1000
/** Characters that may have been looked at before the clock is asked. */
const clockEveryCharacters = 64 * 1024

type Matcher = ReturnType<RE2JS["matcher"]>

/** A regular expression ready to run. */
export interface Pattern {
  readonly source: string
  /** How many groups it has, and the numbers of those that have names. */
  readonly groupCount: number
  readonly names: Readonly<Record<string, number>>
  /** Whether it matches anywhere in `text`. @throws Invalid when the text is too long. */
  test(text: string): boolean
  /** The named groups of a match that begins where the text begins, `null` for those that took no part; `undefined` without a match. @throws Invalid */
  matchStart(text: string): Record<string, string | null> | undefined
  /** The text with every match replaced by what `make` gives for it. @throws Invalid when it takes too long, or gets too long. */
  replaceAll(text: string, make: (group: (number: number) => string) => string, clock: Pick<Clock, "monotonic">): string
}

const forbiddenNames = new Set(["__proto__", "constructor", "prototype"])

const engine = lazily(() => (createRequire(import.meta.url)("re2js") as { RE2JS: typeof RE2JS }).RE2JS)

function lazily<Value>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => (made ??= make())
}

/**
 * Makes a pattern from text of the bootstrap file.
 *
 * @throws WishboneError `WB_PATTERN_SYNTAX` when it cannot be read.
 */
export function compilePattern(source: string): Pattern {
  const compiled = compiledOf(source)
  const names = compiled.namedGroups()
  const matcherOf = (text: string): Matcher => compiled.matcher(checkedLength(text))
  return {
    source,
    names,
    groupCount: compiled.groupCount(),
    test: (text) => compiled.test(checkedLength(text)),
    matchStart(text) {
      const matcher = matcherOf(text)
      if (!matcher.lookingAt()) return undefined
      return Object.fromEntries(Object.entries(names).map(([name, number]) => [name, matcher.group(number)]))
    },
    replaceAll: (text, make, clock) => replaceAll({ source, text, matcher: matcherOf(text), make, clock }),
  }
}

/** An argument that is a regular expression (RE2). */
export function pattern(): z.ZodString {
  return z.string().superRefine((source, context) => {
    try {
      compiledOf(source)
    } catch (thrown) {
      if (!isWishboneError(thrown)) throw thrown
      context.addIssue({ code: "custom", message: `${thrown.message} ${thrown.hint}`.trim(), input: source })
    }
  })
}

function compiledOf(source: string): RE2JS {
  let compiled: RE2JS
  try {
    compiled = engine().compile(source)
  } catch (cause) {
    const problem = (cause instanceof Error ? cause.message : String(cause)).replace("error parsing regexp: ", "")
    throw new WishboneError("WB_PATTERN_SYNTAX", { pattern: source, problem }, { cause })
  }
  const refused = Object.keys(compiled.namedGroups()).find((name) => forbiddenNames.has(name))
  if (refused !== undefined)
    throw new WishboneError("WB_PATTERN_SYNTAX", { pattern: source, problem: `no group may be called \`${refused}\`` })
  return compiled
}

function checkedLength(text: string): string {
  if (text.length <= patternTextMax) return text
  throw new Invalid(`text of ${text.length} characters is too long for a regular expression, which takes ${patternTextMax}`)
}

function replaceAll(parts: {
  source: string
  text: string
  matcher: Matcher
  make: (group: (number: number) => string) => string
  clock: Pick<Clock, "monotonic">
}): string {
  const { source, text, matcher, make, clock } = parts
  const group = (number: number): string => matcher.group(number) ?? ""
  const pieces: string[] = []
  let length = 0
  let rest = 0
  let looked = 0
  const startMs = clock.monotonic()
  while (matcher.find()) {
    const made = make(group)
    pieces.push(text.slice(rest, matcher.start()), made)
    length += matcher.start() - rest + made.length
    rest = matcher.end()
    if (length > patternTextMax) throw new Invalid(`replacing \`${source}\` makes more than ${patternTextMax} characters`)
    // Each further match may look at all that is left.
    looked += text.length - rest
    if (looked < clockEveryCharacters) continue
    looked = 0
    if (clock.monotonic() - startMs > patternTimeMaxMs)
      throw new Invalid(`replacing \`${source}\` in ${text.length} characters took longer than ${patternTimeMaxMs} ms`, {
        code: "pattern_slow",
      })
  }
  return rest === 0 && pieces.length === 0 ? text : [...pieces, text.slice(rest)].join("")
}
