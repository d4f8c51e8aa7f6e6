// A log entry as one line for people, in the manner of Wishbone: time, program and pid, level, module, message, then fields.
//
// A line stays one line and cannot move the cursor or change colours: control characters of what others wrote are escaped. The one
// exception is the field `stack`, which follows on lines of its own, indented.

/** WARN: no data was lost. ERROR: data was lost or a person is needed. FATAL: the program ends. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "fatal"

/** One thing that was logged. */
export interface LogEntry {
  /** Wall time in milliseconds since 1970. */
  readonly timeMs: number
  readonly level: LogLevel
  /** The instance or part of the program that speaks. */
  readonly module: string
  readonly message: string
  readonly fields?: Readonly<Record<string, unknown>> | undefined
}

/** Longer text is cut: an entry tells what happened, it does not carry payloads. */
const textMax = 8192

const levelWords: Readonly<Record<LogLevel, string>> = { debug: "debug", info: "info", warn: "warning", error: "error", fatal: "fatal" }

/** Colours a piece of text. */
export type Paint = (text: string) => string

/** A colour for each level, and one for what matters less. */
export type Palette = Readonly<Record<LogLevel | "quiet", Paint>>

const plain: Paint = (text) => text
const uncoloured: Palette = { debug: plain, info: plain, warn: plain, error: plain, fatal: plain, quiet: plain }

/**
 * The line of an entry, without its newline: `2026-01-01T00:00:00.000Z wishbone-ts[42] warning output_1: message  key=value`.
 * Several lines when the field `stack` is given.
 */
export function formatLogLine(entry: LogEntry, options: { pid: number; palette?: Palette }): string {
  const paint = options.palette ?? uncoloured
  const { stack, ...fields } = entry.fields ?? {}
  const head = paint.quiet(`${new Date(entry.timeMs).toISOString()} wishbone-ts[${options.pid}]`)
  const level = paint[entry.level](levelWords[entry.level])
  const tail = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : `${escapeControls(name)}=${fieldText(value)}`))
  const line = `${head} ${level} ${escapeControls(entry.module)}: ${escapeControls(cut(entry.message))}`
  return [tail.length === 0 ? line : `${line}  ${paint.quiet(tail.join(" "))}`, ...stackLines(stack)].join("\n")
}

/** Text in which nothing moves the cursor, starts a new line or turns the direction of writing. */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu,
    (character) => shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

/** A field as JSON can hold it: errors with their message and stack, which JSON would leave out. */
export function plainField(value: unknown): unknown {
  if (!(value instanceof Error)) return value
  const { name, message, stack } = value
  return { type: name, message, stack }
}

function fieldText(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=\\]+$/.test(value)) return escapeControls(cut(value))
  return escapeControls(cut(value instanceof Error ? JSON.stringify(value.message) : jsonText(value)))
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    // A circle, or a number JSON does not know.
    return String(value)
  }
}

function stackLines(stack: unknown): string[] {
  if (stack === undefined) return []
  const text = typeof stack === "string" ? stack : jsonText(stack)
  return cut(text)
    .split("\n")
    .map((line) => `    ${escapeControls(line.trim())}`)
}

function cut(text: string): string {
  return text.length <= textMax ? text : `${text.slice(0, textMax)}… (${text.length} characters)`
}
