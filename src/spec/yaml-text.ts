// Plain data as YAML text, for examples in `show`. Only writes; reading is the bootstrap room's business.

/** Block style for maps and lists, two spaces a level; no trailing newline. */
export function yamlText(value: unknown, indent = 0): string {
  const pad = " ".repeat(indent)
  if (Array.isArray(value) && value.length > 0) return value.map((item) => `${pad}- ${yamlText(item, indent + 2).trimStart()}`).join("\n")
  const entries = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : []
  if (entries.length === 0) return pad + scalar(value)
  return entries
    .map(([key, inner]) => `${pad}${scalar(key)}:${isNested(inner) ? `\n${yamlText(inner, indent + 2)}` : ` ${scalar(inner)}`}`)
    .join("\n")
}

/** One value on one line. */
export function yamlInline(value: unknown): string {
  return isNested(value) ? JSON.stringify(value) : scalar(value)
}

function isNested(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0
}

// Words that YAML, or somebody's memory of YAML 1.1, reads as something else than text.
const loaded = /^(true|false|yes|no|on|off|null|y|n|~)$/i

const plain = /^(?:[A-Za-z_/.][\w ./-]*|\d+(?:ms|s|m|h|d)|\d+(?:\.\d+){3})$/

function scalar(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value) ?? "null"
  return plain.test(value) && !loaded.test(value) && value === value.trim() && !/^\.\d/.test(value) ? value : JSON.stringify(value)
}
