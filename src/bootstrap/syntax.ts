// What the YAML parser complains about, told to somebody who writes bootstrap files: what was found and what usually helps.

import type { ErrorDetails } from "../error-catalogue.ts"

interface Advice {
  /** Takes the place of the parser's own words. */
  readonly problem?: string
  readonly hint: string
}

const quoteIt = "Put the text in quotes."
const quoteOdd = "Text that holds brackets, braces, `: ` or ` #` needs quotes; and is every bracket closed?"

/** By the parser's error codes. */
const advice: Readonly<Record<string, Advice>> = {
  TAB_AS_INDENT: { problem: "A tab is used to indent", hint: "YAML indents with spaces only: put spaces in its place." },
  BAD_INDENT: {
    problem: "This line is not indented like its neighbours",
    hint: "Entries of one map or list begin in the same column, further in than the key they belong to.",
  },
  BLOCK_AS_IMPLICIT_KEY: {
    problem: "One line holds two keys, or a list where a key should be",
    hint: "Put text that holds `: ` in quotes, or the second entry on a line of its own.",
  },
  MULTILINE_IMPLICIT_KEY: { problem: "A key runs over several lines", hint: "Is a `:` missing after the key, or a quote not closed?" },
  BAD_SCALAR_START: { hint: quoteIt },
  BAD_DQ_ESCAPE: { hint: "In double quotes a backslash begins an escape; in single quotes it is a plain character." },
  BAD_ALIAS: { problem: "`*` refers to a part of the file that was named with `&`, and no name follows", hint: quoteIt },
  TAG_RESOLVE_FAILED: { hint: "Bootstrap files take no tags of their own: leave the `!…` out, or put the text in quotes." },
  NON_STRING_KEY: {
    problem: "A key has to be plain text, and this one is a list or a map",
    hint: "Text that begins with `{` or `[` needs quotes.",
  },
  KEY_OVER_1024_CHARS: { problem: "A key is longer than 1024 characters", hint: "Is a quote not closed?" },
}

const byText: readonly (readonly [RegExp, Advice])[] = [
  [/Missing closing (["'])/, { problem: "A quote is opened and never closed", hint: "Close it before the end of the line." }],
  [/followed by map values/, { problem: "A key is followed by no `:`", hint: "Write `key: value`, with a space after the colon." }],
  [/end with a \}/, { problem: "`{` is never closed", hint: "Close it with `}`; text that begins with `{` needs quotes." }],
  [/end with a \]/, { problem: "`[` is never closed", hint: "Close it with `]`; text that begins with `[` needs quotes." }],
]

const unquotedTemplate: Advice = {
  problem: "A value begins with `{{`, which YAML reads as a map",
  hint: 'Put templates in quotes: `"{{ data }}"`.',
}

const unquotedVariable: Advice = {
  problem: "A value with `${…}` stands inside `{ }` or `[ ]`, where YAML takes its braces for a map",
  hint: 'Put it in quotes: `"${NAME}"`.',
}

/** Message and hint for one complaint of the parser; `line` is the text of the line it is about. */
export function syntaxDetails(code: string, message: string, line: string): ErrorDetails {
  const found = ofLine(message, line) ?? byText.find(([text]) => text.test(message))?.[1] ?? advice[code]
  return { problem: found?.problem ?? `YAML cannot be read from here: ${message}`, hint: found?.hint ?? quoteOdd }
}

/** What the line itself shows. */
function ofLine(message: string, line: string): Advice | undefined {
  if (/(^|[:,[-])\s*\{\{/.test(line)) return unquotedTemplate
  return message.includes("flow-map-start") && /[^"'$]\$\{/.test(line) ? unquotedVariable : undefined
}
