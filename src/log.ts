// Logging as modules and rooms see it, and the one door to pino. Text for people comes from log-format.ts, JSON from pino; both are
// written synchronously, one call of `write` an entry, so that the last words before an end are not lost.

import { createRequire } from "node:module"
import pc from "picocolors"
import type { pino as Pino } from "pino"
import { formatLogLine, type LogLevel, type Palette, plainField } from "./log-format.ts"
import type { Platform } from "./platform/platform.ts"

export { formatLogLine, type LogEntry, type LogLevel, type Palette } from "./log-format.ts"

/** Logging as modules and rooms see it. WARN: no data was lost. ERROR: data was lost or a person is needed. `fields` are plain values. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
  fatal(message: string, fields?: Record<string, unknown>): void
}

/** Makes the log of an instance or of a part of the program, by name. */
export type LogFactory = (module: string) => Log

/** All levels, quietest first. */
export const logLevels: readonly LogLevel[] = ["debug", "info", "warn", "error", "fatal"]

/** What {@link createLogs} needs. */
export interface LogOptions {
  /** Time, pid and host name of the entries. */
  readonly platform: Pick<Platform, "clock" | "pid" | "hostname">
  /** Entries below it are left out. */
  readonly level: LogLevel
  readonly format: "text" | "json"
  /** Takes one whole entry, newline included. It must not throw. */
  readonly write: (text: string) => void
  /** Colours per level; text format only. */
  readonly colour: boolean
}

/** Logs that write to one place. Times come from the platform's clock. */
export function createLogs(options: LogOptions): LogFactory {
  return options.format === "json" ? jsonLogs(options) : textLogs(options)
}

/** What colours a line when colours are asked for. */
function palette(): Palette {
  const { bold, dim, green, red, yellow } = pc.createColors(true)
  return { debug: dim, info: green, warn: yellow, error: red, fatal: (text) => bold(red(text)), quiet: dim }
}

function textLogs({ platform, level: lowest, write, colour }: LogOptions): LogFactory {
  const style = { pid: platform.pid, ...(colour && { palette: palette() }) }
  return (module) => {
    const at = (level: LogLevel): Log[LogLevel] => {
      if (logLevels.indexOf(level) < logLevels.indexOf(lowest)) return () => undefined
      return (message, fields) => write(`${formatLogLine({ timeMs: platform.clock.now(), level, module, message, fields }, style)}\n`)
    }
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), fatal: at("fatal") }
  }
}

function jsonLogs({ platform, level, write }: LogOptions): LogFactory {
  // Loaded by those who ask for JSON alone.
  const { pino } = createRequire(import.meta.url)("pino") as { pino: typeof Pino }
  const root = pino(
    {
      level,
      base: { pid: platform.pid, hostname: platform.hostname },
      messageKey: "message",
      timestamp: () => `,"time":"${new Date(platform.clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  )
  return (module) => {
    const child = root.child({ module })
    const at =
      (entryLevel: LogLevel): Log[LogLevel] =>
      (message, fields) =>
        child[entryLevel](jsonFields(fields), message)
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), fatal: at("fatal") }
  }
}

const ownKeys = new Set(["level", "time", "pid", "hostname", "module", "message"])

/** Fields of an entry; one named like a key of every entry gets a `_`, since a key that comes twice is read differently by each reader. */
function jsonFields(fields: Record<string, unknown> | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields ?? {}).map(([name, value]) => [ownKeys.has(name) ? `${name}_` : name, plainField(value)]))
}
