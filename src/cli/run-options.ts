// The options of a run, which `debug` (foreground) and `start` (background) share. What is parsed here is handed to a background process
// as it is, so values are plain data.

import { type Command, InvalidArgumentError, Option } from "commander"
import { type LogLevel, logLevels } from "../log.ts"
import type { Address } from "../platform/platform.ts"
import { parseDuration } from "../spec/units.ts"
import { httpOption } from "./http-option.ts"

/** How a bootstrap file is run. */
export interface GraphOptions {
  readonly config: string
  readonly set?: readonly string[]
  readonly report?: string
  readonly queueSize?: number
  readonly stopTimeout: number
  readonly loglevel: LogLevel
  readonly logFormat: "text" | "json"
  readonly http?: Address
  readonly watch?: boolean
}

/** Adds all of them but `--config`. */
export function declareGraphOptions(command: Command): Command {
  return command
    .option("--set <path=value...>", "set an argument (output_1.port=9000) or anything (modules.output_1.timeout=5s)")
    .option("--report <file>", "write the ledger to a file, as JSON, at the end")
    .option("--queue-size <events>", "events that a queue holds unless the file says otherwise (default: 100)", wholeNumber)
    .addOption(durationOption("--stop-timeout <duration>", "how long the graph may drain once it is told to stop", "10s"))
    .addOption(new Option("--loglevel <level>", "least level that is logged").choices(logLevels).default("info"))
    .addOption(new Option("--log-format <format>", "how logs are written").choices(["text", "json"]).default("text"))
    .addOption(httpOption())
    .option("--watch", "read the file again when it changes, and lead the running graph there")
}

/** An option that takes a duration and gives milliseconds. */
export function durationOption(flags: string, description: string, fallback?: string): Option {
  const option = new Option(flags, description).argParser(durationMs)
  return fallback === undefined ? option : option.default(durationMs(fallback), fallback)
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("Expected a whole number of at least 1.")
  return value
}

function durationMs(text: string): number {
  const ms = parseDuration(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text)
  if (ms === undefined) throw new InvalidArgumentError("Expected a duration such as 500ms, 10s or 2m.")
  return ms
}
