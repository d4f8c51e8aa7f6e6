// Entries of the error catalogue (src/error-catalogue.ts) for what flow and process modules meet at start.

import { listed, nearest } from "./error-text.ts"

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 1 | 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

function targetHint(instance: unknown, queue: unknown, known: readonly string[]): string {
  const near = nearest(String(queue), known)
  if (near !== undefined) return `Did you mean \`${near}\`?`
  const route = `\`- ${String(instance)}.${String(queue)} -> destination.inbox\``
  return known.length === 0 ? `Add a route: ${route}.` : `Routes start from ${listed(known)}: name one of these, or add ${route}.`
}

export const moduleErrors = {
  WB_TARGET_UNCONNECTED: {
    exitStatus: 2,
    message: (d) => `\`${d["instance"]}\` sends events to its queue \`${d["queue"]}\` (\`${d["argument"]}\`), which no route starts from`,
    hint: (d) => targetHint(d["instance"], d["queue"], Array.isArray(d["known"]) ? d["known"].map(String) : []),
  },
  WB_TEMPLATE_FILE: {
    exitStatus: 2,
    message: (d) => `\`${d["instance"]}\` cannot use the template file \`${d["file"]}\`: ${d["problem"]}`,
    hint: (d) =>
      d["code"] === "ENOENT" ? "Relative paths count from the folder of the bootstrap file." : "Name a text file that this user may read.",
  },
  WB_PATTERN_SYNTAX: {
    exitStatus: 2,
    message: (d) => `The regular expression \`${d["pattern"]}\` cannot be read: ${d["problem"]}`,
    hint: (d) =>
      String(d["problem"]).includes("Perl syntax")
        ? "Patterns are those of RE2: without look-arounds and back references."
        : "In YAML, single quotes keep backslashes as they are: `'\\d+'`.",
  },
} as const satisfies Readonly<Record<string, Entry>>
